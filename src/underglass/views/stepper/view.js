// The stepper: one recorded run, drawn. The same module serves the static page (`mountAll`) and the notebook
// widget (the default export). It keeps no state but the step, what is picked and a few switches, and asks the
// network for nothing. html.py joins the modules into one, since a page from a disk may not import a second file.

import { timeline } from "./chart.js";
import { codePane, sourcePane } from "./code.js";
import { attribute, h, icon, reveal, say, tips } from "./elements.js";
import { memoryPane } from "./memory.js";
import { questions } from "./predict.js";
import { WORD, number, replay, unpack, value } from "./record.js";
import { registerPane } from "./registers.js";
import { stackPane } from "./stack.js";
import { FLAGS, FORMATS, both, plain, symbols, written } from "./values.js";
import { whatIfPane } from "./whatif.js";

const MOST_STORES = 4; // of one step that are told one by one
const NARROW = 680; // px: below, what is seldom needed starts folded
const KEYS = [
  ["→", "one instruction forward"], ["←", "one instruction back"], ["o", "over a call"], ["u", "out of the function"],
  ["c", "to the next call"], ["w", "to the next write of the picked word"], ["l", "to the picked line"], ["Shift", "with o, u, c, w, l: backwards"],
  ["Home", "to the start"], ["End", "to the end"], ["↑ ↓", "pick a line, an instruction, a register, a word"], ["Enter", "go to the picked line; look at the picked register's address"],
  ["m", "look at the picked word or register in memory"], ["x", "how values are written"], ["i", "Intel syntax"], ["b", "bytes of the code"], ["e", "what if"], ["?", "this list"],
];
// A page may have this module several times; the ids that it gives are unique in all of them.
const mountNumber = () => (globalThis.ugMounted = (globalThis.ugMounted ?? 0) + 1);

/** Draw a record into `element`. Returns {go(step), step, compare(record, problem), destroy()}. */
export function mount(element, record, options = {}) {
  const run = replay(record), id = `ug-${mountNumber()}`;
  const v = {
    record, run, id, step: 0, symbol: symbols(record),
    show: { format: "auto", intel: false, bytes: false, raw: false, place: options.place ?? firstPlace(record) },
    picked: { line: null, row: null, register: null, word: null, wordName: null },
    meaning: (row) => (row >= 0 ? record.meanings.instructions[record.code[row][5]] ?? "" : ""),
    go, draw, toLine, lookAt, pickLine, pickRow, pickRegister, pickWord,
    /** The function and the row of code of a step; past the return those of the last step that had some. */
    here(step) {
      let where = run.functionAt(step);
      for (let back = step; where < 0 && back > 0;) where = run.functionAt(--back);
      return { where, f: record.functions[where], row: record.at[step] };
    },
  };

  // ---- what does not change from step to step is made once
  const live = h("p", { class: "ug-hidden", "aria-live": "polite", role: "status" });
  const count = h("b", {}), counter = h("span", { class: "ug-counter" }, "step ", count, ` of ${run.steps}`, record.total > run.steps ? ` (the run has ${record.total})` : "");
  const nextLabel = h("span", { class: "ug-label" }), nextCode = h("code", {}), nextMeaning = h("span", { class: "ug-meaning" }), did = h("span", { class: "ug-did" }), lastLabel = h("span", { class: "ug-label" }, "Last");
  const next = h("p", { class: "ug-next" }, nextLabel, h("span", {}, nextCode, nextMeaning), lastLabel, did);
  const buttons = {};
  const act = (name, words, label, move) => {
    buttons[name] = h("button", { type: "button", "aria-label": words, title: label, onclick: (event) => move(event.shiftKey ? -1 : 1) }, icon(name));
    return buttons[name];
  };
  const controls = h("div", { class: "ug-controls", role: "toolbar", "aria-label": "Stepping" },
    act("start", "To the start", "To the start (Home)", () => go(0)), act("back", "Back", "Back (←)", () => go(v.step - 1)), act("forward", "Forward", "Forward (→)", () => go(v.step + 1)),
    act("over", "Over the call", "Over the call (o)", over), act("out", "Out of the function", "Out of the function (u)", out), act("call", "To the next call", "To the next call (c)", toCall),
    act("write", "To the next write", "To the next write of the picked word (w)", toWrite), act("line", "To this line", "To the picked line (l)", toLine), act("end", "To the end", "To the end (End)", () => go(run.steps)));
  const formats = h("div", { class: "ug-formats", role: "group", "aria-label": "How values are written" }, ...FORMATS.map(([key, label, words]) => h("button", {
    type: "button", class: "ug-toggle", "data-format": key, title: `${words} (x: the next form)`, "aria-pressed": String(key === "auto"), onclick: () => format(key) }, label)));
  const help = h("div", { class: "ug-help", id: `${id}-help`, hidden: true }, h("p", { class: "ug-heading" }, "Keys"),
    h("dl", {}, ...KEYS.map(([key, words]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)))));
  const helpButton = h("button", { type: "button", class: "ug-toggle", "aria-expanded": "false", "aria-controls": `${id}-help`, title: "Keys (?)", onclick: toggleHelp }, "Keys");
  const toggles = {};
  const toggle = (name, label) => (toggles[name] = h("button", { type: "button", class: "ug-toggle", "aria-pressed": "false", onclick: () => {
    v.show[name] = !v.show[name];
    attribute(toggles[name], "aria-pressed", String(v.show[name]));
    draw();
  } }, label));
  function pane(name, title, ...tools) {
    const folds = ["memory", "output", "whatif"].includes(name);
    const note = h("span", { class: "ug-note" }), body = h("div", { class: "ug-body", tabindex: ["source", "code", "registers"].includes(name) ? null : 0, role: "group", "aria-labelledby": `${id}-${name}`, id: `${id}-${name}-body` });
    const heading = folds ? h("button", { type: "button", class: "ug-heading ug-fold", id: `${id}-${name}`, "aria-expanded": "true", "aria-controls": body.id, onclick: () => fold(!body.hidden) }, title) : h("p", { class: "ug-heading", id: `${id}-${name}` }, title);
    const all = h("section", { class: `ug-pane ug-${name}`, "aria-labelledby": `${id}-${name}` }, h("header", {}, heading, note, h("span", { class: "ug-tools" }, ...tools)), body);
    function fold(shut) {
      body.hidden = shut;
      attribute(heading, "aria-expanded", String(!shut));
      if (!shut) draw();
    }
    return { all, note, body, folded: () => body.hidden, unfold: () => body.hidden && fold(false), fold };
  }
  const root = h("div", { class: "ug-stepper", role: "group", "aria-label": `Stepper: ${record.title}`, tabindex: -1 });
  v.root = root;
  v.tips = tips(root, id, meaningOf);
  const time = timeline(v), quiz = questions(v);
  const source = sourcePane(v, pane), code = codePane(v, pane, toggle), frame = stackPane(v, pane), registers = registerPane(v, pane), memory = memoryPane(v, pane, toggle);
  const output = pane("output", "Output"), whatIf = whatIfPane(v, pane, options);
  const whatIfButton = h("button", { type: "button", class: "ug-toggle", title: "What if (e)", onclick: () => whatIf.show() }, "What if");
  whatIfButton.hidden = !options.onChange && !options.other;
  output.all.hidden = record.output.length === 0;
  root.append(h("div", { class: "ug-top" }, h("p", { class: "ug-title", title: record.title }, record.title), counter, controls, formats, whatIfButton, helpButton),
    help, time.all, next, quiz.box, live,
    h("div", { class: "ug-panes" }, h("div", { class: "ug-left" }, source.all, code.all), h("div", { class: "ug-middle" }, frame.all, memory.all), registers.all, output.all, whatIf.all), v.tips.tip);
  // Panes keep the height of their longest content, so that nothing jumps while stepping.
  const most = (numbers) => numbers.reduce((a, b) => Math.max(a, b), 1);
  source.body.style.setProperty("--ug-rows", most(record.functions.map((f) => (f.source < 0 ? 2 : record.sources[f.source].lines.length))));
  code.body.style.setProperty("--ug-rows", most(record.functions.map((f) => f.code[1] - f.code[0])));
  frame.body.style.setProperty("--ug-rows", most(record.stack.map(([at]) => run.stack(at).length + (run.stack(at)[0]?.slots.length ?? 0))));
  element.replaceChildren(root);
  if (root.clientWidth < NARROW) for (const one of [memory, output]) one.fold(true);

  // ---- moving
  function go(to, told = true) {
    const bound = Math.max(0, Math.min(quiz.limit, Math.trunc(to) || 0)), moved = bound !== v.step;
    v.step = bound;
    draw();
    if ((moved && told) || bound !== to) options.onStep?.(bound);
  }
  function find(way, test) {
    for (let at = v.step + way; at >= 0 && at <= run.steps; at += way) if (test(at)) return at;
    return way > 0 ? run.steps : 0;
  }
  const isCall = (at) => run.go(at).startsWith("CALL");
  /** A call is over where it comes back to: the next instruction, on the same stack, at the same depth. */
  function over(way = 1) {
    const { step } = v, from = way > 0 ? step : step - 1, row = record.at[from];
    if (way < 0) return go(find(-1, (at) => run.kind(at) === run.kind(step) && run.depth(at) <= run.depth(step)));
    if (!isCall(step)) return go(step + 1);
    const back = run.address(row) + record.code[row][1].length / 2, depth = run.depth(step);
    return go(find(1, (at) => record.at[at] >= 0 && run.address(record.at[at]) === back && run.depth(at) === depth));
  }
  function out(way = 1) { const { step } = v; go(find(way, (at) => run.kind(at) === run.kind(step) && run.depth(at) < run.depth(step))); }
  function toCall(way = 1) { go(find(way, (at) => isCall(at))); }
  function toWrite(way = 1) {
    const word = v.picked.word ?? [...run.touched(v.step)][0];
    if (word === undefined) return say(live, "No word is picked. Pick one in the stack or in memory.");
    const at = run.nextWrite(word, v.step, way);
    if (at === undefined) return say(live, `Nothing writes ${v.picked.wordName ?? "it"} ${way > 0 ? "after" : "before"} this step.`);
    if (v.picked.word === null) pickWord(word, null, false);
    return go(at);
  }
  function toLine(way = 1) {
    const { line, row } = v.picked, at = record.at[v.step];
    const made = (i) => i >= 0 && { file: record.functions[run.functionOf(i)].source, line: record.code[i][4], f: run.functionOf(i) };
    const goal = line ?? made(at);
    if (row === null && !goal) return;
    const on = (step) => {
      const i = record.at[step];
      if (row !== null) return i === row;
      const its = made(i);
      return Boolean(its) && its.line === goal.line && its.file === goal.file && (goal.file >= 0 || its.f === goal.f);
    };
    const goes = (step) => on(step) && (step === 0 || row !== null || !on(step - 1) || run.depth(step) !== run.depth(step - 1));
    for (let step = v.step + way; step >= 0 && step <= run.steps; step += way) if (goes(step)) return go(step);
    say(live, `It does not run again ${way > 0 ? "after" : "before"} this step.`);
  }
  function lookAt(name) { memory.look(name ?? v.picked.wordName ?? v.picked.register ?? "SP"); }
  function format(key) {
    v.show.format = key;
    for (const one of formats.children) attribute(one, "aria-pressed", String(one.dataset.format === key));
    draw();
  }
  function toggleHelp() {
    help.hidden = !help.hidden;
    attribute(helpButton, "aria-expanded", String(!help.hidden));
  }

  // ---- picking: what a line, an instruction, a register or a word is picked for
  function pickLine(line) { Object.assign(v.picked, { line, row: null }); code.link(true); source.link(); }
  function pickRow(row) { Object.assign(v.picked, { line: null, row }); source.link(true); code.link(); }
  function pickRegister(register) { v.picked.register = register; if (!whatIf.all.hidden) whatIf.draw(v.step); }
  function pickWord(word, wordName, drawn = true) {
    Object.assign(v.picked, { word, wordName });
    if (!drawn) return;
    say(live, word === null ? "" : `${wordName} is picked.`);
    frame.draw(v.step);
    memory.draw(v.step);
  }

  // ---- keys
  const keys = { ArrowRight: () => go(v.step + 1), ArrowLeft: () => go(v.step - 1), Home: () => go(0), End: () => go(run.steps),
    o: over, u: out, c: toCall, w: toWrite, l: toLine, m: () => lookAt(), x: () => format(FORMATS[(FORMATS.findIndex(([key]) => key === v.show.format) + 1) % FORMATS.length][0]),
    i: () => toggles.intel.click(), b: () => toggles.bytes.click(), e: () => { if (!whatIfButton.hidden) whatIf.show(); }, "?": toggleHelp };
  // Notebook front ends listen on the document while the event comes down; the window is before them.
  // Only plain keys, only with the focus inside: every other key stays the host's.
  function onKey(event) {
    const types = event.target.matches?.("input:not([type=range]), select, textarea");
    if (!root.contains(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && v.tips.open) { event.stopPropagation(); v.tips.hide(); return; }
    if (types) { event.stopPropagation(); return; } // what is typed into a field is the field's, and not the host's
    if (event.target.ugKey?.(event.key)) { event.stopPropagation(); event.preventDefault(); return; }
    const letter = /^[A-Z]$/.test(event.key) && "OUCWL".includes(event.key), own = keys[letter ? event.key.toLowerCase() : event.key];
    const press = (event.key === "Enter" || event.key === " ") && event.target.closest("button");
    if (own || press) event.stopPropagation();
    if (own) { event.preventDefault(); own(letter ? -1 : 1); }
  }
  window.addEventListener("keydown", onKey, true);

  // ---- drawing
  function draw() {
    const { step } = v, at = record.at[step], { f } = v.here(step), asks = quiz.open(step);
    time.draw(step);
    say(count, `${step}`);
    for (const [name, end] of [["start", 0], ["back", 0], ...["forward", "over", "out", "call", "write", "line", "end"].map((one) => [one, quiz.limit])]) attribute(buttons[name], "aria-disabled", String(step === end));
    const done = changes(), ends = at < 0 || step === run.steps;
    say(nextLabel, ends ? "End" : "Next");
    say(nextCode, ends ? "" : v.show.intel ? record.code[at][3] : record.code[at][2]);
    say(nextMeaning, ends ? ending() : v.meaning(at));
    lastLabel.hidden = did.hidden = !done;
    say(did, done);
    say(live, wordsOf(at, f, done) + (asks ? " A question is asked." : ""));
    const seen = [source, code, registers, frame, memory, whatIf].map((one) => [one.body, one.draw(step)]);
    drawOutput();
    quiz.draw(step);
    const parted = [[whatIf.changed, "changed"], [whatIf.parted, "first difference"]].filter(([when]) => when >= 0).map(([when, title]) => ({ step: when, kind: "parted", sign: title === "changed" ? "△" : "≠", title: `${title}, step ${when}` }));
    time.stamp([...quiz.stamps(), ...parted]);
    frame.point(step);
    reveal(...seen.filter(([, row]) => row));
  }
  function ending() {
    const fault = record.fault ?? "";
    if (record.total > run.steps) return `The record shown here ends; the run goes on. ${fault}`.trim();
    if (fault) return fault;
    if (!record.returned) return "The record ends.";
    const results = record.results ?? [];
    return results.length ? `${record.title} returned ${results.join(", ")}.` : `${record.title} returned.`;
  }
  function changes() {
    const { step } = v;
    if (step === 0) return "";
    const told = [], delta = record.deltas[step - 1], stores = record.writes[step - 1], most = 3 * MOST_STORES;
    for (let i = 0; i < Math.min(stores.length, most); i += 3) told.push(`${place(number(stores[i]))} = ${written(value(stores[i + 2]), v.show.format, stores[i + 1], v.symbol)}`);
    if (stores.length > most) told.push(`… ${(stores.length - most) / 3} more stores`);
    for (let i = 0; i < delta.length; i += 2) {
      const name = record.registers[delta[i]], held = value(delta[i + 1]);
      if (name === "PC") continue;
      told.push(name === "FLAGS" ? `flags ${FLAGS.filter(([, bit]) => (held >> BigInt(bit)) & 1n).map(([flag]) => flag).join(" ") || "none"}` : `${name} = ${written(held, v.show.format, WORD, v.symbol)}`);
    }
    return told.join(", ") || (record.at[step] === record.at[step - 1] + 1 ? "nothing but PC" : "PC moved");
  }
  function place(address) {
    for (const { slots } of run.stack(v.step).concat(run.stack(v.step - 1))) {
      const slot = slots.find((one) => one.address <= address && address < one.address + one.size);
      if (slot) return slot.expression || slot.name || slot.kind;
    }
    return `0x${address.toString(16)}`;
  }
  function wordsOf(at, f, done) {
    const last = done ? ` Last: ${done}.` : "", { step } = v;
    if (at < 0 || step === run.steps) return `Step ${step} of ${run.steps}. ${ending()}${last}`;
    const file = f.source < 0 ? f.file : record.sources[f.source].name;
    return `Step ${step} of ${run.steps}. Next: ${record.code[at][2]}, in ${plain(f.name)} ${f.abi}, ${file} line ${record.code[at][4]}.${last}`;
  }
  function drawOutput() {
    if (output.all.hidden || output.folded()) return;
    const said = record.output.filter(([at]) => at < v.step);
    output.body.replaceChildren(h("pre", { dir: "auto" }, ...said.map(([, fd, text]) => h("span", { class: fd === 2 ? "ug-err" : null }, text))));
    say(output.note, said.length ? "" : "nothing yet");
  }
  /** What the tip says of an instruction, a register or a flag. */
  function meaningOf(element) {
    const [kind, name] = element.dataset.help.split(" "), { step } = v;
    if (kind === "code") {
      const row = record.code[Number(name)];
      return [row[2], v.meaning(Number(name)), `${row[3]} · ${row[1].length / 2} bytes${row[4] ? ` · line ${row[4]}` : ""}`];
    }
    if (kind === "flag") return [`${name} = ${(run.named("FLAGS", step) >> BigInt(FLAGS.find(([flag]) => flag === name)[1])) & 1n}`, record.meanings.registers[name]];
    return [`${name}`, record.meanings.registers[name], both(run.named(name, step))];
  }

  go(options.step ?? 0, false);
  if (options.other) whatIf.compare(options.other);
  return { go: (to) => go(to, false), get step() { return v.step; }, compare: (other, problem) => { whatIf.compare(other, problem); draw(); },
    destroy: () => { window.removeEventListener("keydown", onKey, true); root.remove(); } };
}

/** Where memory is looked at first: what the run stores outside its frames, else the stack. */
function firstPlace(record) {
  const sp = number(record.base[record.registers.indexOf("SP")]);
  for (const stores of record.writes) for (let i = 0; i < stores.length; i += 3) if (Math.abs(number(stores[i]) - sp) > 1 << 16) return `0x${stores[i]}`;
  return "SP";
}

/** Mount every static stepper of the page that waits for it. */
export async function mountAll(page = document) {
  for (const place of page.querySelectorAll(".ug-static:not([data-mounted])")) {
    if (place.hasAttribute("data-mounted")) continue; // another stepper's module came first, while this one unpacked
    place.setAttribute("data-mounted", "");
    const [record, other] = await Promise.all([...place.querySelectorAll("script[type='text/plain']")].map((one) => unpack(one.textContent)));
    mount(place, record, { step: Number(place.dataset.step ?? 0), other });
  }
}

/** The widget: the step lives in the model, so Python may read and set it; changes go to Python and come back as a second record. */
async function render({ model, el }) {
  const record = await unpack(model.get("record"));
  const other = async () => (model.get("other").byteLength ? unpack(model.get("other")) : null);
  const view = mount(el, record, {
    step: model.get("step"), other: await other(),
    onStep: (step) => { model.set("step", step); model.save_changes(); },
    onChange: model.get("can_change") ? (change) => { model.set("change", { ...change, count: (model.get("change").count ?? 0) + 1 }); model.save_changes(); } : undefined,
  });
  const follow = () => { if (view.step !== model.get("step")) view.go(model.get("step")); };
  const answer = async () => view.compare(model.get("problem") ? null : await other(), model.get("problem"));
  const names = { "change:step": follow, "change:answered": answer };
  for (const [name, act] of Object.entries(names)) model.on(name, act);
  return () => {
    for (const [name, act] of Object.entries(names)) model.off(name, act);
    view.destroy();
  };
}

export default { render };
