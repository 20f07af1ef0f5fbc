// The stack as frames, high addresses first: what each word is called, what it holds, and where it points.

import { h, reveal, s, tag } from "./elements.js";
import { WORD } from "./record.js";
import { both, plain, written } from "./values.js";

const POINTERS = ["BP", "AX", "BX", "CX", "DX", "SI", "DI", "R8", "R9", "R10", "R11", "R12", "R13", "R15"];
const LANES = 3;

export function stackPane(v, pane) {
  const { record, run } = v, all = pane("frame", "Stack"), open = new Set();
  const arrows = s("svg", { class: "ug-arrows", "aria-hidden": "true" });
  let drawn = null, rows = [], blocks = [];
  all.body.ugKey = (key) => { // asked by the stepper, which sees a key before the host page does
    const way = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (!way || !rows.length) return false;
    const now = rows.findIndex(({ word }) => word === v.picked.word);
    const next = rows[now < 0 ? Math.max(0, rows.findIndex(({ row }) => row.dataset.sp)) : Math.max(0, Math.min(rows.length - 1, now + way))];
    v.pickWord(next.word, next.name);
    reveal([all.body, next.row]);
    return true;
  };

  /** The frames to draw, and what the table's shape depends on: while it is the same, only values are written. */
  function draw(step) {
    let at = step, frames = run.stack(at);
    const lost = frames.length > 0 ? "" : run.isOver(step) ? "its frame is gone" : "the last frame known";
    while (!frames.length && at > 0) frames = run.stack(--at);
    const key = `${run.stackRow(at)} ${lost} ${[...open].join()} ${v.show.format === "hex"} ${run.sp(step)}`;
    if (key !== drawn) {
      drawn = key;
      build(frames, lost, run.sp(step));
    }
    all.note.textContent = run.isOver(step) ? "returned" : lost ? "no frame is known for this code" : record.switches.length > 1 ? `${run.kind(step)} · high addresses first` : "high addresses first";
    return write(step);
  }
  function build(frames, lost, sp) {
    const keep = all.body.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    rows = [];
    blocks = [];
    let top = -Infinity;
    const parts = [];
    frames.forEach((one, depth) => {
      parts.unshift(block(one, frames[depth + 1], { depth, sp, above: top, key: frames.length - depth, lost }));
      top = Math.max(top, one.fp, ...one.slots.map((slot) => slot.address + slot.size));
    });
    const columns = ["marks", "name", "kind", "value", "gutter", "where", "offset"].map((one) => h("col", { class: `ug-col-${one}` }));
    all.body.replaceChildren(h("table", {}, h("caption", { class: "ug-hidden" }, "The stack, high addresses first"), h("colgroup", {}, ...columns),
      h("thead", { class: "ug-hidden" }, h("tr", {}, ...["Pointer", "Name", "Kind", "Value", "Points to", "Address", "Distance from SP"].map((t) => h("th", { scope: "col" }, t)))),
      ...parts), arrows);
    if (keep) all.body.querySelector(`[data-key="${keep}"]`)?.focus({ preventScroll: true });
  }
  function block(one, caller, { depth, sp, above, key, lost }) {
    const f = record.functions[one.owner], folded = depth > 0 && !open.has(key);
    const name = [h("b", { class: "ug-clip", title: f.symbol }, plain(f.name)), tag(f), f.wrapper ? "wrapper" : ""];
    const state = depth ? (f.wrapper || !one.line ? "" : `called at line ${one.line}`) : lost || (one.complete ? "" : "frame not complete");
    const title = depth
      ? h("button", { type: "button", class: "ug-fold", "data-key": key, "aria-expanded": String(!folded), onclick: () => {
        if (!open.delete(key)) open.add(key);
        draw(v.step);
      } }, ...name) : h("span", { class: "ug-fold" }, ...name);
    const owner = h("tr", { class: "ug-owner" }, h("th", { colspan: 7, scope: "rowgroup" }, h("div", {}, title, h("span", { class: "ug-note" }, state))));
    const low = Math.max(above, one.sp), high = Math.max(one.fp, ...one.slots.map((slot) => slot.address + slot.size));
    if (folded) blocks.push({ low, high, row: owner });
    return h("tbody", { "data-abi": f.abi, class: depth ? "ug-caller" : "ug-current" }, owner,
      ...(folded ? [] : one.slots.filter((slot) => slot.address >= above).flatMap((slot) => slotRows(slot, one, caller, sp))));
  }
  function slotRows(slot, one, caller, sp) {
    const made = [];
    for (let off = Math.floor((slot.size - 1) / WORD) * WORD; off >= 0; off -= WORD) {
      const address = slot.address + off, size = Math.min(WORD, slot.size - off), name = slot.size > WORD && off ? `${slot.name} +${off}` : slot.expression || slot.name || slot.kind;
      const kind = slot.expression || slot.name ? slot.kind : "", callers = caller && ["argument", "result", "spill"].includes(slot.kind);
      const marks = h("td", { class: "ug-marks" }), value = h("td", { class: "ug-value" });
      const bytes = address - sp, told = v.show.format === "hex" ? `${bytes < 0 ? "-" : ""}0x${Math.abs(bytes).toString(16)}` : `${bytes}`;
      const row = h("tr", { "data-kind": slot.kind, "data-owner": callers ? record.functions[caller.owner].abi : null, "data-sp": address === sp,
        class: address < sp ? "ug-below" : null, onclick: () => v.pickWord(v.picked.word === address - (address % WORD) ? null : address - (address % WORD), name) },
      marks, h("th", { scope: "row", title: [slot.type, slot.kind].filter(Boolean).join(", ") }, name), h("td", { class: "ug-kind" }, kind), value,
      h("td", { class: "ug-gutter" }), h("td", { class: "ug-where", title: `0x${address.toString(16)}` }, `…${address.toString(16).slice(-4)}`), h("td", { class: "ug-offset" }, `${told}(SP)`));
      rows.push({ row, marks, value, address, size, slot, one, name, word: address - (address % WORD) });
      made.push(row);
    }
    return made;
  }
  function write(step) {
    const sp = run.sp(step), held = new Map();
    for (const name of POINTERS) {
      const at = Number(run.named(name, step));
      held.set(at, [...(held.get(at) ?? []), name]);
    }
    let wrote = null, low = null;
    for (const { row, marks, value, address, size, slot, one, word } of rows) {
      const is = run.slot(address, size, step), isReturn = slot.kind === "return address";
      const names = [address === one.fp && "FP", address === one.pseudo && "pseudo-SP", address === sp && "SP"].filter(Boolean);
      const shown = names.length ? names : (held.get(address) ?? []).slice(0, 3); // BP at the saved BP, where it belongs, goes without saying
      const key = shown.join();
      if (marks.dataset.held !== key) {
        marks.dataset.held = key;
        marks.title = shown.length ? `${shown.join(", ")} point${shown.length > 1 ? "" : "s"} here` : "";
        marks.replaceChildren(...(shown.length ? [h("span", { "data-mark": names.includes("SP") ? "SP" : names[0] ?? "register" }, shown.join(" "))] : []));
      }
      const symbol = v.symbol(is), format = isReturn && v.show.format === "auto" ? "hex" : v.show.format;
      const text = symbol && isReturn && v.show.format === "auto" ? symbol : written(is, format, size, v.symbol);
      if (value.textContent !== text) {
        value.textContent = text;
        value.title = `${symbol} ${both(is, size)}`.trim();
      }
      value.classList.toggle("ug-symbol", text === symbol && symbol !== "");
      const changed = run.touched(step).has(word);
      row.classList.toggle("ug-changed", changed);
      row.classList.toggle("ug-picked", v.picked.word === word);
      if (changed) wrote = row;
      if (row.dataset.sp !== undefined) low = row;
    }
    return wrote ?? low;
  }
  /** Arrows from the words that hold an address of this picture to the word, or to the folded frame, that lies there. */
  function point(step) {
    const links = [], paths = [];
    for (const { row, value, address, size } of rows) {
      const at = size === WORD ? Number(run.slot(address, size, step) ?? 0n) : 0;
      if (at < 4096) continue;
      const target = rows.find((other) => other.address <= at && at < other.address + other.size)?.row ?? blocks.find(({ low, high }) => low <= at && at < high)?.row;
      if (target && target !== row) links.push([row, target, value]);
    }
    const gutter = rows[0]?.row.querySelector(".ug-gutter"), left = links.length ? gutter.offsetLeft : 0;
    if (links.length && !gutter.offsetWidth) links.length = 0; // a narrow page has no room for arrows
    links.slice(0, 24).forEach(([from, to], i) => {
      const x = left + 8 + 5 * (i % LANES), start = from.offsetTop + from.offsetHeight / 2, end = to.offsetTop + to.offsetHeight / 2;
      paths.push(s("path", { d: `M${left} ${start}H${x}V${end}H${left + 2}` }), s("path", { d: `M${left + 5} ${end - 3}L${left + 1} ${end}L${left + 5} ${end + 3}`, class: "ug-tip-of" }));
    });
    arrows.replaceChildren(...paths);
  }
  return { ...all, draw, point };
}
