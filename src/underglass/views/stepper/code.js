// Two panes, linked both ways: the source, and the machine code that was made of it.

import { h, pickable, reveal, tag } from "./elements.js";
import { number } from "./record.js";
import { plain } from "./values.js";

export function sourcePane(v, pane) {
  const { record } = v, select = record.sources.length > 1
    ? h("select", { class: "ug-select", "aria-label": "Source file", onchange: () => { chosen = Number(select.value); draw(v.step); } },
      h("option", { value: -1, hidden: true }, "no source"), ...record.sources.map((one, i) => h("option", { value: i }, one.name))) : null;
  const all = pane("source", "Source", select);
  const lists = new Map();
  let drawn = null, chosen = -1, before = -2;

  function listing(file) {
    if (lists.has(file)) return lists.get(file);
    const list = h("ol", { class: "ug-lines" }, ...record.sources[file].lines.map((text, i) => sourceLine(text, `${v.id}-s${file}-${i}`)));
    const ran = new Set();
    record.functions.forEach((f) => { if (f.source === file) for (let row = f.code[0]; row < f.code[1]; row++) ran.add(record.code[row][4]); });
    for (const line of ran) list.children[line - 1]?.setAttribute("data-code", "");
    pickable(list, `Source, ${record.sources[file].name}`, {
      onPick: (index) => v.pickLine(index < 0 ? null : { file, line: index + 1 }), onEnter: () => v.toLine(1) });
    lists.set(file, list);
    return list;
  }
  function draw(step) {
    const { f, row } = v.here(step), own = f ? f.source : -1;
    if (before !== own) { before = own; chosen = -1; }
    const file = chosen >= 0 ? chosen : own, key = file >= 0 ? file : f ? `none ${f.name}` : "end";
    all.note.textContent = file >= 0 ? (select ? "" : record.sources[file].name) : "";
    if (select) select.value = file;
    if (key !== drawn) {
      drawn = key;
      all.body.replaceChildren(file < 0 ? h("p", { class: "ug-empty" }, missing(f)) : listing(file));
      all.body.tabIndex = file < 0 ? 0 : -1;
    }
    if (file < 0) return null;
    const list = listing(file), line = file === own && row >= 0 ? record.code[row][4] : 0;
    const now = list.children[line - 1], old = list.querySelector("[aria-current]");
    if (old !== now) { old?.removeAttribute("aria-current"); now?.setAttribute("aria-current", "step"); }
    link();
    return now;
  }
  function missing(f) {
    if (!f) return "The call has returned to whoever made it.";
    if (f.made) return f.symbol ? `The program wrote this code over ${plain(f.symbol)} while it ran: it has no source line.`
      : "The program made this code while it ran: it has no source line.";
    if (!f.file) return `${f.name} is C: Go's tables do not tell where it was written.`;
    return f.wrapper ? `No one wrote ${plain(f.name)} ${f.abi}: the toolchain made this wrapper, which carries a call from one ABI to the other.`
      : `${f.name} is in ${f.file}, which is not part of this program's own text.`;
  }
  /** Mark the line that the picked instruction was made of. */
  function link(sees) {
    for (const old of all.body.querySelectorAll(".ug-linked")) old.classList.remove("ug-linked");
    const row = v.picked.row;
    if (row === null) return;
    const f = record.functions[v.run.functionOf(row)];
    const line = lists.get(f.source)?.children[record.code[row][4] - 1];
    line?.classList.add("ug-linked");
    if (line && drawn === f.source && sees) reveal([all.body, line]);
  }
  return { ...all, draw, link };
}

function sourceLine(text, id) {
  const comment = text.search(/(^|\s)\/\//);
  return h("li", { id, role: "option", "aria-selected": "false", dir: "ltr", "aria-label": text.trim() ? null : "empty line" }, h("span", {}, comment < 0 ? text || " " : text.slice(0, comment)),
    comment < 0 ? null : h("span", { class: "ug-comment" }, text.slice(comment)));
}

export function codePane(v, pane, toggle) {
  const { record, run } = v, all = pane("code", "Code", toggle("intel", "Intel"), toggle("bytes", "Bytes"));
  let drawn = null, list = null, linked = false;

  function lines(f) {
    list = h("ol", { class: "ug-lines" }, ...record.code.slice(f.code[0], f.code[1]).map(([offset, bytes, go, intel], i) => {
      const text = v.show.intel ? intel : go, space = text.startsWith("LOCK ") || text.startsWith("REP") ? text.indexOf(" ", text.indexOf(" ") + 1) : text.indexOf(" ");
      const before = i ? record.code[f.code[0] + i - 1] : null, gap = before ? before[0] + before[1].length / 2 !== offset : offset !== 0;
      return h("li", { class: gap ? "ug-gap" : null, id: `${v.id}-c${f.code[0] + i}`, role: "option", "aria-selected": "false", "data-help": `code ${f.code[0] + i}` },
        h("span", { class: "ug-address" }, (number(f.address) + offset).toString(16)),
        v.show.bytes ? h("span", { class: "ug-bytes" }, bytes.replace(/(..)(?=.)/g, "$1 ")) : null,
        h("span", { class: "ug-op" }, space < 0 ? text : text.slice(0, space)), h("span", { class: "ug-args" }, space < 0 ? "" : text.slice(space + 1)));
    }));
    pickable(list, `Machine code of ${f.name}`, { onEnter: () => v.toLine(1), onPick: (index, item, byKey) => {
      v.pickRow(index < 0 ? null : f.code[0] + index);
      if (byKey && item) v.tips.show(item);
    } });
    return list;
  }
  function draw(step) {
    const { f, row, where } = v.here(step), key = `${where} ${v.show.intel} ${v.show.bytes}`;
    if (key !== drawn) {
      drawn = key;
      all.note.replaceChildren(...(f ? [h("span", { class: "ug-clip", title: f.symbol }, plain(f.name)), tag(f), f.wrapper ? "wrapper" : ""] : []));
      all.body.replaceChildren(f && f.code[1] > f.code[0] ? lines(f) : h("p", { class: "ug-empty" }, f ? "Its code is not in this record." : "No code of this record runs any more."));
    }
    const now = f && row >= 0 ? list?.children[row - f.code[0]] : null, old = all.body.querySelector("[aria-current]");
    if (old !== now) { old?.removeAttribute("aria-current"); now?.setAttribute("aria-current", "step"); }
    link();
    return now;
  }
  /** Mark the instructions that the picked source line became. */
  function link(sees) {
    const { line } = v.picked, f = v.here(v.step).f;
    if (!list || !f || (!line && !linked)) return;
    let first = null;
    linked = Boolean(line);
    [...list.children].forEach((item, i) => {
      const made = Boolean(line) && f.source === line.file && record.code[f.code[0] + i]?.[4] === line.line;
      item.classList.toggle("ug-linked", made);
      if (made) first ??= item;
    });
    if (first && sees) reveal([all.body, first]);
  }
  return { ...all, draw, link };
}
