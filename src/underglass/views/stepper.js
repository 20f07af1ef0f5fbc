// The stepper: one recorded run, drawn. The same module serves the static page (`mount`, `mountAll`)
// and the notebook widget (the default export). It reads the record that payload.py writes, keeps no
// state but the step and a few switches, and asks the network for nothing. It is one file, since a page
// that is opened from a disk may not import a second one.

const FLAGS = [["CF", 0], ["PF", 2], ["ZF", 6], ["SF", 7], ["OF", 11]];
const WORD = 8;
const MOST_STORES = 4; // of one step that are told one by one
const KEYS = [
  ["→", "one instruction forward"], ["←", "one instruction back"], ["o", "over a call"], ["u", "out of the function"],
  ["Home", "to the start"], ["End", "to the end"], ["?", "this list"],
];
let mounted = 0;

// ---- the record, replayed ----------------------------------------------------------------------

const number = (hex) => Number.parseInt(hex, 16);
const value = (hex) => BigInt(`0x${hex}`);

/** The last entry of [step, …] rows that holds at `step`. */
function holding(rows, step) {
  let low = 0, high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle][0] <= step) low = middle + 1; else high = middle;
  }
  return rows[low - 1];
}

/** Answers what each register and each word of the stack held before any step. */
export function replay(record) {
  const steps = record.at.length - 1;
  const registers = record.base.map((hex) => [[0, value(hex)]]);
  const words = new Map();
  for (const [start, run] of record.memory) {
    run.forEach((hex, i) => words.set(number(start) + WORD * i, [[0, value(hex)]]));
  }
  const touched = record.at.map(() => new Set());
  for (let step = 0; step < steps; step++) {
    const delta = record.deltas[step], stores = record.writes[step];
    for (let i = 0; i < delta.length; i += 2) registers[delta[i]].push([step + 1, value(delta[i + 1])]);
    for (let i = 0; i < stores.length; i += 3) {
      store(number(stores[i]), stores[i + 1], value(stores[i + 2]), step + 1);
    }
  }
  function store(address, size, stored, step) {
    for (let at = address - (address % WORD); at < address + size; at += WORD) {
      const held = words.get(at) ?? [[0, 0n]];
      const first = Math.max(address, at), bytes = Math.min(address + size, at + WORD) - first;
      const mask = ((1n << BigInt(8 * bytes)) - 1n) << BigInt(8 * (first - at));
      const part = ((stored >> BigInt(8 * (first - address))) << BigInt(8 * (first - at))) & mask;
      held.push([step, (held[held.length - 1][1] & ~mask) | part]);
      words.set(at, held);
      touched[step].add(at);
    }
  }
  const depths = new Map();
  const depth = (stack) => {
    let found = 0;
    for (let row = stack; row >= 0; row = record.stacks[row][1]) {
      if (depths.has(row)) { found += depths.get(row); break; }
      found++;
    }
    depths.set(stack, found);
    return found;
  };
  const pc = record.registers.indexOf("PC");
  const functionOf = [];
  record.functions.forEach((f, i) => { for (let row = f.code[0]; row < f.code[1]; row++) functionOf[row] = i; });
  return {
    steps,
    touched,
    register: (column, step) => (column === pc && record.at[step] >= 0
      ? value(record.functions[functionOf[record.at[step]]].address) + BigInt(record.code[record.at[step]][0])
      : holding(registers[column], step)[1]),
    changed: (column, step) => step > 0 && (column === pc || holding(registers[column], step)[0] === step),
    slot(address, size, step) {
      const at = address - (address % WORD), held = words.get(at);
      if (!held) return undefined;
      const [, word] = holding(held, step);
      return (word >> BigInt(8 * (address - at))) & ((1n << BigInt(8 * Math.min(size, WORD))) - 1n);
    },
    functionAt: (step) => (record.at[step] < 0 ? -1 : functionOf[record.at[step]]),
    depth: (step) => depth(holding(record.stack, step)[1]),
    stack(step) {
      const rows = [];
      for (let row = holding(record.stack, step)[1]; row >= 0; row = record.stacks[row][1]) {
        const [layout, fp, sp, pseudo, ret, saved, complete, line] = record.frames[record.stacks[row][0]];
        const [owner, slots] = record.layouts[layout], base = number(fp);
        rows.push({ owner, fp: base, sp: base + sp, pseudo: base + pseudo, ret: base + ret, line, complete,
          saved: saved === null ? null : base + saved,
          slots: slots.map(([name, expression, at, size, kind, type]) => (
            { name, expression, address: base + at, size, kind, type })) });
      }
      return rows;
    },
  };
}

// ---- words and elements ------------------------------------------------------------------------

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, held] of Object.entries(attributes ?? {})) {
    if (held === false || held === null || held === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), held);
    else element.setAttribute(name, held === true ? "" : held);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const ICONS = {
  start: "M4 3v10M13 3 6 8l7 5z", back: "M11 3 4 8l7 5z", forward: "M5 3l7 5-7 5z",
  over: "M2 10a6 5.5 0 0 1 11-2.5M13.4 3.2v4.6H8.8M8 12.5h.01", out: "M8 13V4M4 7.5 8 3.5l4 4M3 13.5h10",
  end: "M12 3v10M3 3l7 5-7 5z",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const plain = (name) => name.replace(/^main\./, "");
const tag = (f) => h("span", { class: "ug-abi", "data-abi": f.abi }, f.abi);
const signed = (v, bits) => BigInt.asIntN(bits, v);

function written(v, hex, bits = 64) {
  if (v === undefined) return "·";
  const wide = signed(v, bits);
  const small = wide > -(1n << 31n) && wide < 1n << 31n;
  return hex || !small ? `0x${v.toString(16)}` : `${wide}`;
}

const both = (v, bits = 64) => (v === undefined ? "not recorded" : `0x${v.toString(16)} = ${signed(v, bits)}`);

// ---- the view ----------------------------------------------------------------------------------

/** Draw a record into `element`. Returns {go(step), step, destroy()}. */
export function mount(element, record, options = {}) {
  const run = replay(record), id = `ug-${++mounted}`;
  const open = new Set();
  const show = { hex: false, intel: false, bytes: false };
  let step = 0, drawnCode = -2, drawnSource = -2;

  // What does not change from step to step is made once.
  const live = h("p", { class: "ug-hidden", "aria-live": "polite", role: "status" });
  const counter = h("span", { class: "ug-counter" });
  const next = h("p", { class: "ug-next" });
  const slider = h("input", { type: "range", min: 0, max: run.steps, value: 0, step: 1, class: "ug-slider",
    "aria-label": "Step", oninput: () => go(Number(slider.value)) });
  const head = h("span", { class: "ug-head" });
  const chart = h("div", { class: "ug-chart", "aria-hidden": "true", onpointerdown: seek }, head);
  const buttons = {};
  const act = (name, words, label, move) => {
    buttons[name] = h("button", { type: "button", "aria-label": words, title: label, onclick: () => move() }, icon(name));
    return buttons[name];
  };
  const controls = h("div", { class: "ug-controls", role: "toolbar", "aria-label": "Stepping" },
    act("start", "To the start", "To the start (Home)", () => go(0)),
    act("back", "Back", "Back (←)", () => go(step - 1)),
    act("forward", "Forward", "Forward (→)", () => go(step + 1)),
    act("over", "Over the call", "Over the call (o)", over),
    act("out", "Out of the function", "Out of the function (u)", out),
    act("end", "To the end", "To the end (End)", () => go(run.steps)));
  const help = h("dl", { class: "ug-help", id: `${id}-help`, hidden: true },
    ...KEYS.map(([key, words]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, words))));
  const helpButton = h("button", { type: "button", class: "ug-toggle", "aria-expanded": "false",
    "aria-controls": `${id}-help`, title: "Keys (?)", onclick: toggleHelp }, "Keys");
  const toggle = (name, label) => h("button", { type: "button", class: "ug-toggle", "aria-pressed": "false",
    onclick: (event) => {
      show[name] = !show[name];
      event.currentTarget.setAttribute("aria-pressed", String(show[name]));
      drawnCode = -2;
      draw();
    } }, label);
  function pane(name, title, ...tools) {
    const heading = h("p", { class: "ug-heading", id: `${id}-${name}` }, title), note = h("span", { class: "ug-note" });
    const body = h("div", { class: "ug-body", tabindex: 0, role: "group", "aria-labelledby": `${id}-${name}` });
    return { note, body, all: h("section", { class: `ug-pane ug-${name}`, "aria-labelledby": `${id}-${name}` },
      h("header", {}, heading, note, h("span", { class: "ug-tools" }, ...tools)), body) };
  }
  const source = pane("source", "Source"), code = pane("code", "Code", toggle("intel", "Intel"), toggle("bytes", "Bytes"));
  const frame = pane("frame", "Stack"), registers = pane("registers", "Registers", toggle("hex", "Hex"));
  const output = pane("output", "Output");
  output.all.hidden = record.output.length === 0;
  const flags = h("ul", { class: "ug-flags", "aria-label": "Flags" });
  const list = h("ul", { class: "ug-list" });
  registers.body.append(list, flags);

  const root = h("div", { class: "ug-stepper", role: "group", "aria-label": `Stepper: ${record.title}`, tabindex: -1 },
    h("div", { class: "ug-top" }, h("p", { class: "ug-title" }, record.title), counter, controls, helpButton),
    help, h("div", { class: "ug-time" }, chart, slider), next, live,
    h("div", { class: "ug-panes" }, h("div", { class: "ug-left" }, source.all, code.all), frame.all, registers.all, output.all));
  element.replaceChildren(root);
  drawChart();
  // Panes keep the height of their longest content, so that nothing jumps while stepping.
  const most = (numbers) => numbers.reduce((a, b) => Math.max(a, b), 1);
  source.body.style.setProperty("--ug-rows", most(record.functions.map((f) => (f.source < 0 ? 1 : record.sources[f.source].lines.length))));
  code.body.style.setProperty("--ug-rows", most(record.functions.map((f) => f.code[1] - f.code[0])));
  frame.body.style.setProperty("--ug-rows", most(record.stack.map(([at]) => {
    const frames = run.stack(at);
    return frames.length + (frames.length ? frames[0].slots.length : 0);
  })));

  // ---- moving
  function go(to, told = true) {
    const bound = Math.max(0, Math.min(run.steps, Math.trunc(to) || 0));
    const moved = bound !== step;
    step = bound;
    draw();
    if (moved && told) options.onStep?.(step);
  }
  function find(from, test) {
    for (let at = from; at < run.steps; at++) if (test(at)) return at;
    return run.steps;
  }
  function over() { const depth = run.depth(step); go(find(step + 1, (at) => run.depth(at) <= depth)); }
  function out() { const depth = run.depth(step); go(find(step + 1, (at) => run.depth(at) < depth)); }
  function seek(event) {
    const box = chart.getBoundingClientRect();
    go(Math.round(((event.clientX - box.left) / box.width) * run.steps));
  }
  function toggleHelp() {
    help.hidden = !help.hidden;
    helpButton.setAttribute("aria-expanded", String(!help.hidden));
  }
  const keys = { ArrowRight: () => go(step + 1), ArrowLeft: () => go(step - 1), Home: () => go(0),
    End: () => go(run.steps), o: over, u: out, "?": toggleHelp };
  // Notebook front ends listen on the document while the event comes down; the window is before them.
  // Only plain keys, only with the focus inside: every other key stays the host's.
  function onKey(event) {
    if (!root.contains(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const own = keys[event.key];
    const press = (event.key === "Enter" || event.key === " ") && event.target.closest("button");
    if (own || press) event.stopPropagation();
    if (own) { event.preventDefault(); own(); }
  }
  window.addEventListener("keydown", onKey, true);

  // ---- drawing
  function draw() {
    const at = record.at[step], inside = at >= 0;
    let where = run.functionAt(step);
    for (let back = step; where < 0 && back > 0;) where = run.functionAt(--back);
    const f = record.functions[where];
    slider.value = step;
    const sentence = wordsOf(at, f);
    slider.setAttribute("aria-valuetext", `${step} of ${run.steps}`);
    if (live.textContent !== sentence) live.textContent = sentence;
    counter.replaceChildren("step ", h("b", {}, `${step}`), ` of ${run.steps}`,
      record.total > run.steps ? ` (the run has ${record.total})` : "");
    head.style.left = `${run.steps ? (100 * step) / run.steps : 0}%`;
    for (const [name, ends] of [["start", 0], ["back", 0], ["forward", run.steps], ["over", run.steps], ["out", run.steps], ["end", run.steps]]) {
      buttons[name].setAttribute("aria-disabled", String(step === ends));
    }
    const done = changes();
    next.replaceChildren(...(at < 0 || step === run.steps ? [h("span", { class: "ug-label" }, "End"), h("span", {}, ending())]
      : [h("span", { class: "ug-label" }, "Next"), h("code", {}, show.intel ? record.code[at][3] : record.code[at][2])]),
      ...(done ? [h("span", { class: "ug-label" }, "Last"), h("span", { class: "ug-did" }, done)] : []));
    drawSource(f, at, inside);
    drawCode(f, where, at, inside);
    drawRegisters(f, inside);
    drawFrame();
    drawOutput();
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
    if (step === 0) return "";
    const did = [], delta = record.deltas[step - 1], stores = record.writes[step - 1];
    const most = 3 * MOST_STORES;
    for (let i = 0; i < Math.min(stores.length, most); i += 3) did.push(`${place(number(stores[i]))} = ${stored(stores[i + 2], stores[i + 1])}`);
    if (stores.length > most) did.push(`… ${(stores.length - most) / 3} more stores`);
    for (let i = 0; i < delta.length; i += 2) {
      const name = record.registers[delta[i]];
      if (name === "PC") continue;
      did.push(name === "FLAGS" ? `flags ${FLAGS.filter(([, bit]) => (value(delta[i + 1]) >> BigInt(bit)) & 1n).map(([flag]) => flag).join(" ") || "none"}`
        : `${name} = ${written(value(delta[i + 1]), show.hex)}`);
    }
    return did.join(", ") || (record.at[step] === record.at[step - 1] + 1 ? "nothing but PC" : "PC moved");
  }
  function stored(hex, size) {
    return (size === WORD && symbolic(value(hex))) || written(value(hex), show.hex, 8 * size);
  }
  function place(address) {
    for (const { slots } of run.stack(step).concat(run.stack(step - 1))) {
      const slot = slots.find((s) => s.address <= address && address < s.address + s.size);
      if (slot) return slot.expression || slot.name || slot.kind;
    }
    return `0x${address.toString(16)}`;
  }
  const fileOf = (f) => (f.source < 0 ? f.file : record.sources[f.source].name);
  function wordsOf(at, f) {
    const done = changes(), last = done ? ` Last: ${done}.` : "";
    if (at < 0 || step === run.steps) return `Step ${step} of ${run.steps}. ${ending()}${last}`;
    return `Step ${step} of ${run.steps}. Next: ${record.code[at][2]}, in ${plain(f.name)} ${f.abi}, ${fileOf(f)} line ${record.code[at][4]}.${last}`;
  }
  function drawSource(f, at, inside) {
    const file = f ? f.source : -1, line = f && inside ? record.code[at][4] : 0;
    source.note.textContent = file >= 0 ? record.sources[file].name : "";
    const key = file >= 0 ? file : f ? `none ${f.symbol}` : "end";
    if (key !== drawnSource) {
      drawnSource = key;
      source.body.replaceChildren(file < 0 ? h("p", { class: "ug-empty" }, missing(f))
        : h("ol", {}, ...record.sources[file].lines.map(sourceLine)));
    }
    if (file >= 0) mark(source.body, line - 1);
  }
  function missing(f) {
    if (!f) return "The call has returned to whoever made it.";
    return f.wrapper ? `No one wrote ${plain(f.name)} ${f.abi}: the toolchain made this wrapper, which carries a call from one ABI to the other.`
      : `${f.name} is in ${f.file}, which is not part of this program's own text.`;
  }
  function drawCode(f, where, at, inside) {
    code.note.replaceChildren(...(f ? [plain(f.name), " ", tag(f), f.wrapper ? " wrapper" : ""] : []));
    if (where !== drawnCode) {
      drawnCode = where;
      code.body.replaceChildren(f ? h("ol", {}, ...codeLines(f)) : h("p", { class: "ug-empty" }, "No code of this record runs any more."));
    }
    if (f) mark(code.body, inside ? at - f.code[0] : -1);
  }
  function codeLines(f) {
    return record.code.slice(f.code[0], f.code[1]).map(([offset, bytes, go, intel], i) => {
      const text = show.intel ? intel : go, space = text.indexOf(" ");
      const before = i ? record.code[f.code[0] + i - 1] : null;
      const gap = before ? before[0] + before[1].length / 2 !== offset : offset !== 0;
      return h("li", { class: gap ? "ug-gap" : null },
        h("span", { class: "ug-address" }, (number(f.address) + offset).toString(16)),
        show.bytes ? h("span", { class: "ug-bytes" }, bytes.replace(/(..)(?=.)/g, "$1 ")) : null,
        h("span", { class: "ug-op" }, space < 0 ? text : text.slice(0, space)),
        h("span", { class: "ug-args" }, space < 0 ? "" : text.slice(space + 1)));
    });
  }
  function drawRegisters(f, inside) {
    list.replaceChildren(...record.registers.flatMap((name, column) => {
      if (name === "FLAGS") return [];
      const held = run.register(column, step), role = !inside || f.abi === "ABI0" ? { SP: "stack", BP: "FP link" }[name] : record.roles[name];
      return [h("li", { class: run.changed(column, step) && name !== "PC" ? "ug-changed" : null },
        h("span", { class: "ug-name" }, name), h("span", { class: "ug-role" }, role ?? ""),
        h("span", { class: "ug-value", title: both(held) }, written(held, show.hex || name === "PC")))];
    }));
    const column = record.registers.indexOf("FLAGS"), word = run.register(column, step);
    const before = step ? run.register(column, step - 1) : word;
    flags.replaceChildren(...FLAGS.map(([name, bit]) => {
      const set = (word >> BigInt(bit)) & 1n, moved = set !== ((before >> BigInt(bit)) & 1n);
      return h("li", { class: `${set ? "ug-set" : ""} ${moved ? "ug-changed" : ""}`.trim() || null }, h("span", {}, name), h("b", {}, `${set}`));
    }));
  }
  function drawFrame() {
    let frames = run.stack(step);
    const returned = frames.length === 0;
    for (let back = step; !frames.length && back > 0;) frames = run.stack(--back);
    const sp = Number(run.register(record.registers.indexOf("SP"), step));
    const blocks = [];
    let top = -Infinity;
    frames.forEach((one, depth) => {
      blocks.unshift(frameBlock(one, frames[depth + 1], { depth, sp, folded: depth > 0 && !open.has(frames.length - depth), above: top, key: frames.length - depth, returned }));
      top = Math.max(top, ...one.slots.map((slot) => slot.address + slot.size));
    });
    frame.note.textContent = returned ? "returned" : "high addresses first";
    const table = h("table", {}, h("caption", { class: "ug-hidden" }, "The stack, high addresses first"),
      h("thead", { class: "ug-hidden" }, h("tr", {}, ...["Pointer", "Name", "Kind", "Value", "Distance from SP"].map((t) => h("th", { scope: "col" }, t)))),
      ...blocks);
    const focused = frame.body.contains(document.activeElement) && document.activeElement.dataset.key;
    frame.body.replaceChildren(table);
    if (focused) frame.body.querySelector(`[data-key="${focused}"]`)?.focus();
    const wrote = frame.body.querySelector(".ug-changed") ?? frame.body.querySelector("[data-sp]");
    if (wrote) reveal(frame.body, wrote);
  }
  function frameBlock(one, caller, { depth, sp, folded, above, key, returned }) {
    const f = record.functions[one.owner], slots = one.slots.filter((slot) => slot.address >= above);
    const name = [h("b", {}, plain(f.name)), " ", tag(f), f.wrapper ? " wrapper" : ""];
    const state = depth ? (f.wrapper ? "" : `called at line ${one.line}`) : returned ? "its frame is gone" : one.complete ? "" : "frame not complete";
    const title = depth
      ? h("button", { type: "button", class: "ug-fold", "data-key": key, "aria-expanded": String(!folded),
        onclick: () => { if (open.has(key)) open.delete(key); else open.add(key); drawFrame(); } }, ...name)
      : h("span", { class: "ug-fold" }, ...name);
    return h("tbody", { "data-abi": f.abi, class: depth ? "ug-caller" : "ug-current" },
      h("tr", { class: "ug-owner" }, h("th", { colspan: 5, scope: "rowgroup" }, title, h("span", { class: "ug-note" }, state))),
      ...(folded ? [] : slots.flatMap((slot) => slotRows(slot, one, caller, sp))));
  }
  function slotRows(slot, one, caller, sp) {
    const rows = [];
    for (let off = Math.floor((slot.size - 1) / WORD) * WORD; off >= 0; off -= WORD) {
      const address = slot.address + off, size = Math.min(WORD, slot.size - off), held = run.slot(address, size, step);
      const marks = [address === one.fp && "FP", address === one.pseudo && "pseudo-SP", address === sp && "SP"].filter(Boolean);
      const kind = slot.expression || slot.name ? slot.kind : "", wide = slot.size > WORD && off ? `${slot.name} +${off}` : "";
      const pointer = slot.kind === "return address" ? symbolic(held) : "";
      const changed = run.touched[step].has(address - (address % WORD));
      const callers = caller && ["argument", "result", "spill"].includes(slot.kind);
      const abi = callers ? record.functions[caller.owner].abi : null;
      rows.push(h("tr", { class: `${changed ? "ug-changed" : ""} ${address < sp ? "ug-below" : ""}`.trim() || null, "data-kind": slot.kind,
        "data-owner": abi, "data-sp": address === sp },
        h("td", { class: "ug-marks" }, ...marks.map((m) => h("span", { "data-mark": m }, m))),
        h("th", { scope: "row", title: slot.type || null }, wide || slot.expression || slot.name || slot.kind),
        h("td", { class: "ug-kind" }, kind),
        h("td", { class: pointer ? "ug-value ug-symbol" : "ug-value", title: `${pointer} ${both(held, 8 * size)}`.trim() }, pointer || written(held, show.hex || slot.kind === "return address", 8 * size)),
        h("td", { class: "ug-offset" }, `${distance(address - sp)}(SP)`)));
    }
    return rows;
  }
  function distance(bytes) {
    return show.hex ? `${bytes < 0 ? "-" : ""}0x${Math.abs(bytes).toString(16)}` : `${bytes}`;
  }
  function symbolic(held) {
    if (held === undefined || show.hex) return "";
    const at = Number(held);
    for (const f of record.functions) {
      const last = record.code[f.code[1] - 1], start = number(f.address);
      if (last && f.code[1] > f.code[0] && start <= at && at < start + last[0] + last[1].length / 2) return `${plain(f.name)}+${at - start}`;
    }
    return "";
  }
  function drawOutput() {
    if (output.all.hidden) return;
    const said = record.output.filter(([at]) => at < step);
    output.body.replaceChildren(h("pre", {}, ...said.map(([, fd, text]) => h("span", { class: fd === 2 ? "ug-err" : null }, text))));
    output.note.textContent = said.length ? "" : "nothing yet";
  }
  function drawChart() {
    const spans = [], stack = [];
    for (let at = 0; at <= run.steps; at++) {
      const depth = run.depth(at), f = run.functionAt(at);
      while (stack.length && (stack.length > depth || (stack.length === depth && stack[depth - 1].f !== f))) stack.pop().end = at;
      while (stack.length < depth && f >= 0) { stack.push({ f, depth: stack.length, start: at, end: run.steps }); spans.push(stack[stack.length - 1]); }
    }
    const rows = Math.max(1, ...spans.map((span) => span.depth + 1)), tall = Math.max(3, Math.min(17, Math.floor(68 / rows)));
    chart.style.height = `${Math.min(rows * tall, 68)}px`;
    const finest = run.steps / 700;
    for (const { f, depth, start, end } of spans) {
      if (end - start < finest) continue;
      const bar = h("span", { class: tall < 13 ? "ug-span ug-thin" : "ug-span", "data-abi": record.functions[f].abi, title: `${record.functions[f].name} ${record.functions[f].abi}, steps ${start} to ${end}` },
        tall >= 13 ? plain(record.functions[f].name) : "");
      Object.assign(bar.style, { left: `${(100 * start) / run.steps}%`, width: `${(100 * (end - start)) / run.steps}%`, top: `${depth * tall}px`, height: `${tall - 1}px` });
      chart.append(bar);
    }
  }
  go(options.step ?? 0, false);
  return { go: (to) => go(to, false), get step() { return step; }, destroy: () => { window.removeEventListener("keydown", onKey, true); root.remove(); } };
}

function sourceLine(text) {
  const comment = text.search(/(^|\s)\/\//);
  return h("li", {}, h("span", {}, comment < 0 ? text || " " : text.slice(0, comment)), comment < 0 ? null : h("span", { class: "ug-comment" }, text.slice(comment)));
}

function mark(body, row) {
  const rows = body.firstElementChild.children, now = rows[row];
  body.querySelector("[aria-current]")?.removeAttribute("aria-current");
  if (!now) return;
  now.setAttribute("aria-current", "step");
  reveal(body, now);
}

/** Scroll the pane, never the page, so that the row is in sight with two rows around it. */
function reveal(body, row) {
  const box = body.getBoundingClientRect(), at = row.getBoundingClientRect(), tall = at.height || 1, spare = 2 * tall;
  const above = box.top - at.top + spare, below = at.bottom - box.bottom + spare;
  if (above > 0) body.scrollTop = Math.floor((body.scrollTop - above) / tall) * tall;
  else if (below > 0) body.scrollTop = Math.ceil((body.scrollTop + below) / tall) * tall;
}

/** Mount every static stepper of the page that waits for it. */
export function mountAll(page = document) {
  for (const place of page.querySelectorAll(".ug-static:not([data-mounted])")) {
    place.setAttribute("data-mounted", "");
    const record = JSON.parse(place.querySelector("script[type='application/json']").textContent);
    mount(place, record, { step: Number(place.dataset.step ?? 0) });
  }
}

/** The widget: the step lives in the model, so Python may read and set it. */
function render({ model, el }) {
  const view = mount(el, model.get("payload"), {
    step: model.get("step"),
    onStep: (step) => { model.set("step", step); model.save_changes(); },
  });
  const follow = () => { if (view.step !== model.get("step")) view.go(model.get("step")); };
  model.on("change:step", follow);
  return () => { model.off("change:step", follow); view.destroy(); };
}

export default { render };
