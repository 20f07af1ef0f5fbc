// Words as people read them, and what people type as words.

import { integer } from "./answers.js";

export const FORMATS = [["auto", "Auto", "small numbers in decimal, addresses by name or in hexadecimal"], ["hex", "Hex", "hexadecimal"],
  ["dec", "Dec", "decimal, signed"], ["float", "Float", "floating point"], ["text", "Text", "characters"]];
export const FLAGS = [["CF", 0, "carry"], ["ZF", 6, "zero"], ["SF", 7, "sign"], ["OF", 11, "overflow"], ["PF", 2, "parity"], ["AF", 4, "adjust"], ["DF", 10, "direction"]];
const SMALL = 1n << 31n;

export const signed = (v, bits = 64) => BigInt.asIntN(bits, v);
export const hex = (v) => `0x${v.toString(16)}`;

function float(v, size) {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, v));
  if (size < 4) return `${signed(v, 8 * size)}`;
  const read = size < 8 ? view.getFloat32(4) : view.getFloat64(0);
  return Number.isNaN(read) ? "NaN" : String(Number(read.toPrecision(size < 8 ? 7 : 12))).replace("-", "−");
}

function text(v, size) {
  let said = "";
  for (let i = 0; i < size; i++) {
    const byte = Number((v >> BigInt(8 * i)) & 255n);
    said += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·";
  }
  return said;
}

/** A value of `size` bytes in one of the FORMATS; `symbolic` names an address where it can. */
export function written(v, format, size = 8, symbolic = () => "") {
  if (v === undefined) return "·";
  if (format === "float") return float(v, size);
  if (format === "text") return text(v, size);
  const wide = signed(v, 8 * size);
  if (format === "dec") return `${wide}`;
  if (format === "hex") return hex(v);
  const name = size === 8 && v > 4096n ? symbolic(v) : "";
  return name || (wide > -SMALL && wide < SMALL ? `${wide}` : hex(v));
}

/** Half a vector register: a number as its bits suggest. */
export function half(v, format) {
  if (format !== "auto") return written(v, format);
  const exponent = Number((v >> 52n) & 2047n);
  return exponent > 800 && exponent < 1300 ? float(v, 8) : written(v, "auto");
}

/** One lane of a vector register: all its hexadecimal digits, unless another form is asked for. */
export const lane = (v, format, bytes) => (format === "auto" || format === "hex" ? v.toString(16).padStart(2 * bytes, "0") : written(v, format, bytes));

export const both = (v, size = 8) => (v === undefined ? "not recorded" : `${hex(v)} = ${signed(v, 8 * size)}`);

/** What a text means at a step, as a BigInt; undefined if nothing. Knows 5, 0x5, -5, 'a', 1.5, SP, SP+8, 8(SP), x+0(FP), main.add. */
export function evaluate(typed, { record, run, step }) {
  const said = typed.trim().replaceAll("−", "-");
  if (/^-?\d+\.\d+(e[+-]?\d+)?$/i.test(said)) {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, Number(said));
    return view.getBigUint64(0);
  }
  const char = /^'(.)'$/u.exec(said);
  if (char) return BigInt(char[1].codePointAt(0));
  if (!said) return undefined;
  const frames = run.stack(step);
  for (const { slots } of frames) {
    const slot = slots.find((s) => s.expression && (s.expression === said || s.name === said));
    if (slot && !/^\d*\(SP\)$/.test(said)) return BigInt(slot.address);
  }
  const plainer = said.replace(/^([-+]?\w*)\((\w[\w-]*)\)$/, "$2+$1").replace("+-", "-").replace(/\+$/, "");
  const pieces = plainer.replace(/pseudo-SP/gi, "pseudoSP").match(/[-+]|[^-+\s]+/g) ?? [];
  let sum = 0n, sign = 1n, wants = true;
  for (const piece of pieces) {
    if (piece === "+" || piece === "-") {
      if (piece === "-") sign = -sign;
      wants = true;
      continue;
    }
    const held = wants ? term(piece) : undefined;
    if (held === undefined) return undefined;
    sum += sign * held;
    [sign, wants] = [1n, false];
  }
  return pieces.length && !wants ? BigInt.asUintN(64, sum) : undefined;

  function term(piece) {
    const size = integer(piece);
    if (size !== undefined) return size;
    const name = piece.toUpperCase();
    if (run.column.has(name)) return run.named(name, step) & (2n ** 64n - 1n);
    if (frames.length && name === "FP") return BigInt(frames[0].fp);
    if (frames.length && name === "PSEUDOSP") return BigInt(frames[0].pseudo);
    const f = record.functions.find((one) => one.symbol === piece || one.name === piece || one.name === `main.${piece}`);
    return f && BigInt(`0x${f.address}`);
  }
}

/** A code address as function+offset, as far as the record knows; "" else. */
export function symbols(record) {
  const starts = record.functions.map((f) => {
    const last = record.code[f.code[1] - 1], start = Number.parseInt(f.address, 16);
    return { start, end: f.code[1] > f.code[0] ? start + last[0] + last[1].length / 2 : start, name: plain(f.name) };
  });
  return (held) => {
    if (held === undefined) return "";
    const at = Number(held), f = starts.find(({ start, end }) => start <= at && at < end);
    return f ? `${f.name}+${at - f.start}` : "";
  };
}

export const plain = (name) => name.replace(/^main\./, "");
