// Questions at steps that the author marked: the run does not go on until the reader has said what comes.

import { h } from "./elements.js";
import { value } from "./record.js";
import { evaluate, written } from "./values.js";

/** What this browser keeps of the reader's answers, by the record's own key; nothing where it may not keep anything. */
function kept(key) {
  const name = `underglass:${key}`;
  return {
    read() {
      try { return JSON.parse(localStorage.getItem(name)) ?? {}; } catch { return {}; }
    },
    write(answers) {
      try {
        if (Object.keys(answers).length) localStorage.setItem(name, JSON.stringify(answers)); else localStorage.removeItem(name);
      } catch { /* a page that may store nothing asks again */ }
    },
  };
}

/** Text in which backquotes stand around code. */
const marked = (text) => text.split("`").map((part, i) => (i % 2 ? h("code", {}, part) : part));

export function questions(v) {
  const { record, run } = v, store = kept(record.key), asked = record.predict;
  const answers = asked.length ? store.read() : {};
  const box = h("section", { class: "ug-question", "aria-label": "Predict", hidden: true });
  let drawn = null;
  const isOpen = (one) => !answers[one.step];
  const told = (one, held) => (one.kind === "flag" ? `${held}` : written(held, v.show.format, one.size, v.symbol));

  function ask(one) {
    const field = h("input", { type: "text", class: "ug-field", id: `${v.id}-answer`, autocomplete: "off", spellcheck: "false", "aria-describedby": `${v.id}-answer-how` });
    const problem = h("p", { class: "ug-problem", role: "alert" });
    const give = (given) => {
      const said = given ? undefined : evaluate(field.value, { record, run, step: one.step });
      if (!given && said === undefined) {
        problem.textContent = field.value.trim() ? `“${field.value}” is no value. Type a number (7, -7, 0x7) or an expression (SP-8).` : "Type a value first.";
        field.focus();
        return;
      }
      const bits = one.kind === "flag" ? 64 : 8 * one.size;
      answers[one.step] = { typed: given ? "" : field.value.trim(), right: !given && BigInt.asUintN(bits, said) === value(one.answer), given, held: given ? "" : BigInt.asUintN(bits, said).toString(16) };
      store.write(answers);
      v.draw();
      box.querySelector("button")?.focus();
    };
    return [h("form", { onsubmit: (event) => { event.preventDefault(); give(false); } },
      h("label", { for: field.id }, ...marked(one.ask)), h("div", { class: "ug-answer" }, field,
        h("button", { type: "submit", class: "ug-button" }, "Check"), h("button", { type: "button", class: "ug-button ug-quiet", onclick: () => give(true) }, "Show me"),
        h("span", { class: "ug-note", id: `${v.id}-answer-how` }, "7, -7, 0x7, SP-8 …")), problem)];
  }
  function verdict(one) {
    const { typed, right, given, held } = answers[one.step], answer = value(one.answer);
    const wrong = one.wrong[held], word = right ? "Yes." : given ? "Shown." : "No.";
    const is = `${one.name} is ${told(one, answer)}${right || given ? "." : `, not ${typed}.`}`;
    return [h("p", { class: "ug-asked" }, ...marked(one.ask)),
      h("div", { class: right ? "ug-why ug-right" : "ug-why", role: "status" }, h("strong", {}, word), " ", is, " ", ...marked(wrong && !right ? `${wrong} ` : ""), ...marked(one.says || reason(one))),
      h("div", { class: "ug-answer" }, h("button", { type: "button", class: "ug-button", onclick: () => { v.go(one.step + 1); v.root.focus(); } }, "Go on"),
        h("button", { type: "button", class: "ug-button ug-quiet", onclick: () => { delete answers[one.step]; store.write(answers); v.go(one.step); v.draw(); box.querySelector("input")?.focus(); } }, "Ask again"))];
  }
  /** Where the author gives no reason: the instruction's own, with what its operands held. */
  function reason(one) {
    const go = run.go(one.step), meaning = v.meaning(record.at[one.step]), parts = [];
    for (const operand of go.matchAll(/(-?0x[\da-f]+|0)?\(([A-Z]\w*)\)|\b(?:[A-D]X|[SD]I|BP|R\d+)\b/g)) {
      const isMemory = operand[0].includes("("), at = evaluate(operand[0], { record, run, step: one.step });
      const held = isMemory ? run.slot(Number(at ?? 0n), 8, one.step) : at;
      if (held !== undefined && !go.startsWith("LEA") && !parts.some((part) => part.startsWith(`\`${operand[0]}\``))) parts.push(`\`${operand[0]}\` was ${written(held, v.show.format, 8, v.symbol)}`);
    }
    return `\`${go}\`: ${meaning}${parts.length ? ` Before it, ${parts.join(" and ")}.` : ""}`;
  }
  return {
    box,
    /** The last step that may be shown. */
    get limit() { return Math.min(run.steps, ...asked.filter(isOpen).map((one) => one.step)); },
    stamps: () => asked.map((one) => {
      const { right, given } = answers[one.step] ?? {};
      return { step: one.step, kind: isOpen(one) ? "open" : right ? "right" : "wrong", sign: isOpen(one) ? "?" : right ? "✓" : given ? "–" : "✗", title: `Question at step ${one.step}` };
    }),
    open: (step) => asked.some((one) => one.step === step && isOpen(one)),
    draw(step) {
      const one = asked.find((each) => each.step === step), key = one ? `${step} ${isOpen(one)} ${v.show.format}` : "";
      box.hidden = !one;
      if (key === drawn) return;
      drawn = key;
      box.replaceChildren(...(one ? (isOpen(one) ? ask(one) : verdict(one)) : []));
    },
  };
}
