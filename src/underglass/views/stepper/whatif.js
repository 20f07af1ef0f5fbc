// What if: a change at this step, the run from there, and both runs side by side.

import { h } from "./elements.js";
import { number, replay, value } from "./record.js";
import { evaluate, symbols, written } from "./values.js";

const BEFORE = 3, AFTER = 9; // rows around the present step

export function whatIfPane(v, pane, options) {
  const all = pane("whatif", "What if");
  const problem = h("p", { class: "ug-problem", role: "alert" }), busy = h("span", { class: "ug-note", role: "status" });
  const body = h("div", { class: "ug-both" });
  let other = null, run = null, symbol = null, parted = -1, strayed = -1;
  const kind = h("select", { class: "ug-select", "aria-label": "What to change", onchange: () => suggest() },
    ...[["register", "register"], ["word", "word"], ["instruction", "instruction"]].map(([held, words]) => h("option", { value: held }, words)));
  const name = h("input", { type: "text", class: "ug-field", autocomplete: "off", spellcheck: "false", "aria-label": "Which one" });
  const to = h("input", { type: "text", class: "ug-field", autocomplete: "off", spellcheck: "false", "aria-label": "New value", placeholder: "5" });
  const form = h("form", { class: "ug-change", onsubmit: send }, h("span", {}, "At this step, let"), kind, name, h("span", {}, "be"), to, h("button", { type: "submit", class: "ug-button" }, "Run on"), busy);
  form.hidden = !options.onChange;
  all.body.append(form, problem, body);
  all.all.hidden = true;

  /** Put what the reader picked into the form. */
  function suggest() {
    const { register, word, wordName } = v.picked, at = v.record.at[v.step];
    name.hidden = kind.value === "instruction";
    if (kind.value === "register") name.value = register ?? "AX";
    else if (kind.value === "word") name.value = word === null ? "0(SP)" : wordName ?? `0x${word.toString(16)}`;
    to.placeholder = kind.value === "instruction" ? (at >= 0 ? v.record.code[at][2] : "NOP") : "5";
  }
  function send(event) {
    event.preventDefault();
    const typed = kind.value === "instruction" ? to.value.trim() : evaluate(to.value, { record: v.record, run: v.run, step: v.step })?.toString(16);
    problem.textContent = typed ? "" : `“${to.value}” is no value. Type a number (7, -7, 0x7) or an expression (SP-8).`;
    if (!typed) return;
    busy.textContent = "running …";
    options.onChange({ step: v.step, kind: kind.value, name: name.value, value: typed });
  }
  /** A second run to compare with; null takes it away. */
  function compare(record, said = "") {
    busy.textContent = "";
    problem.textContent = said;
    if (said) { all.all.hidden = false; all.unfold(); }
    if (!record) {
      if (!said) { other = null; body.replaceChildren(); }
      return;
    }
    other = record;
    run = replay(record);
    symbol = symbols(record);
    parted = -1;
    strayed = -1;
    for (let at = 0; at <= Math.max(v.run.steps, run.steps) && strayed < 0; at++) {
      if (line(v.record, v.run, at) !== line(other, run, at)) strayed = at;
      if (parted < 0 && (strayed >= 0 || differs(at))) parted = at;
    }
    all.all.hidden = false;
    all.unfold();
    draw(v.step);
  }
  const line = (record, its, at) => (at > its.steps ? "" : at === its.steps ? "end" : record.at[at] < 0 ? "elsewhere" : `${its.address(record.at[at])} ${record.code[record.at[at]][1]}`);

  const differs = (at) => effect(v.record, v.run, at, v.symbol) !== effect(other, run, at, symbol);

  /** What the instruction of a step made of registers and memory. */
  function effect(record, its, at, name) {
    if (at >= its.steps) return "";
    if (record === other && at < (other.changed ?? 0)) return effect(v.record, v.run, at, v.symbol); // the change is not the instruction's doing
    const delta = record.deltas[at], stores = record.writes[at], sp = its.sp(at), told = [];
    for (let i = 0; i < Math.min(stores.length, 6); i += 3) told.push(`${number(stores[i]) - sp}(SP) = ${written(value(stores[i + 2]), v.show.format, stores[i + 1], name)}`);
    for (let i = 0; i < delta.length; i += 2) {
      const register = record.registers[delta[i]];
      if (register !== "PC" && register !== "SP" && register !== "FLAGS") told.push(`${register} = ${written(value(delta[i + 1]), v.show.format, 8, name)}`);
    }
    return told.join(", ");
  }
  const did = (...which) => { const said = effect(...which); return said ? h("b", {}, said) : null; };
  function draw(step) {
    if (all.all.hidden || all.folded()) return null;
    if (form.contains(document.activeElement) === false) suggest();
    all.note.textContent = other ? (other.change ?? "the other run") : "nothing changed yet";
    if (!other) return null;
    const first = Math.max(0, step - BEFORE), rows = [], changedAt = other.changed ?? -1;
    for (let at = first; at <= Math.min(first + BEFORE + AFTER, Math.max(v.run.steps, run.steps)); at++) {
      const marks = [[at === changedAt, "△", "changed here"], [at === parted, "≠", "first difference"]].filter(([is]) => is);
      rows.push(h("tr", { "aria-current": at === step ? "step" : null, class: `${at === parted ? "ug-parted" : ""} ${differs(at) ? "ug-differs" : ""}`.trim() || null },
        h("th", { scope: "row" }, `${at}`, ...marks.map(([, sign, words]) => h("b", { title: words, "aria-label": words, role: "img" }, ` ${sign}`))), h("td", {}, told(v.record, v.run, at), did(v.record, v.run, at, v.symbol)), h("td", {}, told(other, run, at), did(other, run, at, symbol))));
    }
    body.replaceChildren(
      h("table", { class: "ug-sides" }, h("caption", { class: "ug-hidden" }, "Both runs, step by step"), h("colgroup", {}, h("col"), h("col"), h("col")),
        h("thead", {}, h("tr", {}, ...["Step", "As recorded", "What if"].map((t) => h("th", { scope: "col" }, t)))), h("tbody", {}, ...rows)),
      h("div", { class: "ug-differ" }, h("p", {}, verdict()), differences(step)));
  }
  const told = (record, its, at) => (at > its.steps ? "" : at === its.steps ? ending(record) : its.go(at) || "outside");
  const ending = (record) => record.fault ? `ends: ${record.fault}` : record.results?.length ? `returned ${record.results.join(", ")}` : record.returned ? "returned" : "the record ends";
  function verdict() {
    const where = parted < 0 ? "Nothing differs." : `The first difference is at step ${parted}; ${strayed < 0 ? "both run the same instructions" : `from step ${strayed} on they run different instructions`}.`;
    return `${where} As recorded: ${ending(v.record)}. What if: ${ending(other)}.`;
  }
  /** The registers and the words of the frame that differ at this step. */
  function differences(step) {
    const rows = [], mine = Math.min(step, v.run.steps), its = Math.min(step, run.steps);
    const one = (name, a, b, size = 8) => {
      if (a !== b) rows.push(h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, written(a, v.show.format, size, v.symbol)), h("td", {}, written(b, v.show.format, size, symbol))));
    };
    for (const name of v.record.registers) if (run.column.has(name)) one(name, v.run.named(name, mine), run.named(name, its));
    for (const frame of v.run.stack(mine).slice(0, 2)) for (const slot of frame.slots) one(slot.expression || slot.kind, v.run.slot(slot.address, slot.size, mine), run.slot(slot.address, slot.size, its), Math.min(8, slot.size));
    if (!rows.length) return h("p", { class: "ug-empty" }, "At this step no register and no word of the frame differs.");
    return h("table", { class: "ug-sides" }, h("caption", {}, `What differs at step ${step}`), h("colgroup", {}, h("col"), h("col"), h("col")), h("tbody", {}, ...rows.slice(0, 16)));
  }
  function show() {
    all.all.hidden = !all.all.hidden;
    if (!all.all.hidden) { all.unfold(); draw(v.step); (form.hidden ? all.body : to).focus(); }
  }
  return { ...all, draw, compare, show, get parted() { return parted; }, get changed() { return other?.changed ?? -1; } };
}
