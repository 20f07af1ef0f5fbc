// Registers with their roles, the flags by name, the vector registers on demand, whole or as lanes.

import { attribute, h, pickable, say } from "./elements.js";
import { FLAGS, both, half, hex, lane, written } from "./values.js";

const LOW = (1n << 64n) - 1n;
const isVector = (name) => /^X\d/.test(name);
const VECTOR_LANES = [[16, "16 × 1"], [8, "8 × 2"], [4, "4 × 4"], [0, "Whole"]];
const LETTERS = { B: 16, W: 8, L: 4, D: 4 };

/** Into how many lanes the code divides its vectors: what most of its packed integer instructions end in says it (PCMPEQB, PADDD). */
function lanesOf(record) {
  const votes = new Map();
  for (const row of record.code) {
    const count = LETTERS[/^P(?:CMPEQ|CMPGT|ADD|SUB|MOVMSK|SLL|SRL|SRA|SHUF|UNPCK\w+)([BWLD])\b/.exec(row[2])?.[1]];
    if (count) votes.set(count, (votes.get(count) ?? 0) + 1);
  }
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}

export function registerPane(v, pane) {
  const { record, run } = v, all = pane("registers", "Registers");
  const general = record.registers.filter((name) => name !== "FLAGS" && !isVector(name)), all16 = record.registers.filter(isVector);
  const moving = all16.filter((name) => { for (let at = 1; at <= run.steps; at++) if (run.changed(run.column.get(name), at)) return true; return false; });
  const moves = moving.length > 0, vectors = moves ? all16.filter((name) => moving.includes(name) || name === "X15") : all16; // what code leaves alone is left out
  const items = new Map();
  const row = (name) => {
    const role = h("span", { class: "ug-role" }), value = h("span", { class: "ug-value" });
    const item = h("li", { id: `${v.id}-r${name}`, role: "option", "aria-selected": "false", "data-help": `register ${name}` }, h("span", { class: "ug-name" }, name), role, value);
    items.set(name, { item, role, value });
    return item;
  };
  const list = h("ul", { class: "ug-list" }, ...general.map(row)), wide = h("ul", { class: "ug-list ug-vectors" }, ...vectors.map(row));
  const onPick = (names) => (index, item, byKey) => {
    v.pickRegister(index < 0 ? null : names[index]);
    if (byKey && item) v.tips.show(item);
  };
  pickable(list, "Registers", { onPick: onPick(general), onEnter: (i) => v.lookAt(general[i]) });
  pickable(wide, "Vector registers", { onPick: onPick(vectors) });
  const vectorsOpen = h("button", { type: "button", class: "ug-fold", "aria-expanded": String(moves), "aria-controls": `${v.id}-vectors`, onclick: () => {
    choices.hidden = wide.hidden = !wide.hidden;
    attribute(vectorsOpen, "aria-expanded", String(!wide.hidden));
    draw(v.step);
  } }, "Vector registers");
  let lanes = lanesOf(record);
  const choices = h("div", { class: "ug-lane-choice", role: "group", "aria-label": "Lanes of the vector registers" }, ...VECTOR_LANES.map(([count, label]) => h("button", {
    type: "button", class: "ug-toggle", "data-lanes": count, "aria-pressed": String(count === lanes), onclick: () => {
      lanes = count;
      for (const one of choices.children) attribute(one, "aria-pressed", String(Number(one.dataset.lanes) === lanes));
      draw(v.step);
    } }, label)));
  choices.hidden = !moves;
  wide.id = `${v.id}-vectors`;
  wide.hidden = !moves;
  const flags = FLAGS.map(([name, bit, word]) => {
    const value = h("b", {}), item = h("li", { "data-help": `flag ${name}` }, h("span", {}, name), h("i", {}, word), value);
    return { item, value, bit };
  });
  all.body.append(list, h("ul", { class: "ug-flags", "aria-label": "Flags" }, ...flags.map(({ item }) => item)), vectorsOpen, choices, wide);
  const atFlags = run.column.get("FLAGS");

  /** The lanes from the lowest on the left, as the bytes lie in memory; those that the last step changed are marked. */
  function drawLanes(value, held, old) {
    if (value.children.length !== lanes) value.replaceChildren(...Array.from({ length: lanes }, () => h("span", {})));
    attribute(value, "data-lanes", lanes);
    const bytes = 16 / lanes, bits = BigInt(8 * bytes), mask = (1n << bits) - 1n;
    for (let i = 0; i < lanes; i++) {
      const at = bits * BigInt(i), now = (held >> at) & mask, cell = value.children[i];
      say(cell, lane(now, v.show.format, bytes));
      cell.classList.toggle("ug-zero", now === 0n);
      cell.classList.toggle("ug-moved", now !== ((old >> at) & mask));
    }
  }

  function draw(step) {
    const { f, row } = v.here(step), other = row < 0 || f?.abi === "ABI0";
    for (const [name, { item, role, value }] of items) {
      if (isVector(name) && wide.hidden) continue;
      const column = run.column.get(name), held = run.register(column, step);
      const part = { SP: "stack", BP: "FP link" }[name];
      say(role, (other ? part : record.roles[name]) ?? "");
      if (isVector(name)) {
        const high = held >> 64n, shown = half(held & LOW, v.show.format);
        item.classList.toggle("ug-wide", high !== 0n || lanes > 0);
        value.classList.toggle("ug-lanes", lanes > 0);
        if (lanes) drawLanes(value, held, step ? run.register(column, step - 1) : held);
        else say(value, high ? `high ${half(high, v.show.format)}\nlow ${shown}` : shown);
        attribute(value, "title", hex(held));
      } else {
        say(value, written(held, name === "PC" && v.show.format === "auto" ? "hex" : v.show.format, 8, name === "PC" ? undefined : v.symbol));
        attribute(value, "title", both(held));
      }
      item.classList.toggle("ug-changed", name !== "PC" && run.changed(column, step));
    }
    const word = run.register(atFlags, step), old = step ? run.register(atFlags, step - 1) : word;
    for (const { item, value, bit } of flags) {
      const set = (word >> BigInt(bit)) & 1n;
      say(value, `${set}`);
      item.classList.toggle("ug-set", set === 1n);
      item.classList.toggle("ug-changed", set !== ((old >> BigInt(bit)) & 1n));
    }
  }
  return { ...all, draw };
}
