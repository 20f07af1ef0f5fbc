// Memory from an address of the reader's choosing, as words or as bytes.

import { attribute, h, say } from "./elements.js";
import { WORD } from "./record.js";
import { both, evaluate, hex, written } from "./values.js";

const ROWS = 8;

export function memoryPane(v, pane, toggle) {
  const { run } = v;
  const field = h("input", { type: "text", class: "ug-field", spellcheck: "false", autocomplete: "off", "aria-label": "Address, for example SP, 8(SP), AX+16, 0xc000012000", value: v.show.place,
    oninput: () => { v.show.place = field.value; draw(v.step); } });
  const all = pane("memory", "Memory", field, toggle("raw", "By byte"));
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const address = h("td", { class: "ug-address" }), value = h("td", { class: "ug-value" }), note = h("td", { class: "ug-ascii" });
    const row = h("tr", { onclick: () => v.pickWord(v.picked.word === row.word ? null : row.word, hex(BigInt(row.word))) }, address, value, note);
    return Object.assign(row, { parts: { address, value, note }, i });
  });
  const table = h("table", {}, h("caption", { class: "ug-hidden" }, "Memory"), h("thead", { class: "ug-hidden" }, h("tr", {}, ...["Address", "Value", "Text"].map((t) => h("th", { scope: "col" }, t)))), h("tbody", {}, ...rows));
  const said = h("p", { class: "ug-empty", hidden: true });
  all.body.append(said, table);

  function draw(step) {
    if (all.folded()) return null;
    const at = evaluate(v.show.place, { record: v.record, run, step });
    attribute(field, "aria-invalid", at === undefined ? "true" : null);
    table.hidden = at === undefined;
    said.hidden = at !== undefined;
    if (at === undefined) {
      say(said, v.show.place.trim() ? "An address is a number, a register, a name of the frame or a function: SP, 8(SP), AX+16, 0xc000." : "Type an address.");
      return null;
    }
    all.note.textContent = v.show.place.trim().startsWith("0x") ? "" : hex(at);
    const first = Number(at) - (Number(at) % WORD), touched = run.touched(step);
    for (const row of rows) {
      const address = first + WORD * row.i, held = run.word(address, step), { parts } = row;
      row.word = address;
      say(parts.address, address.toString(16));
      if (v.show.raw) say(parts.value, held === undefined ? "not recorded" : bytes(held));
      else say(parts.value, held === undefined ? "not recorded" : written(held, v.show.format, WORD, v.symbol));
      attribute(parts.value, "title", both(held));
      say(parts.note, held === undefined ? "" : written(held, "text"));
      row.classList.toggle("ug-missing", held === undefined);
      row.classList.toggle("ug-changed", touched.has(address));
      row.classList.toggle("ug-picked", v.picked.word === address);
    }
    return null;
  }
  const bytes = (held) => Array.from({ length: WORD }, (_, i) => ((held >> BigInt(8 * i)) & 255n).toString(16).padStart(2, "0")).join(" ");
  return { ...all, draw, look(place) { v.show.place = field.value = place; all.unfold(); draw(v.step); } };
}
