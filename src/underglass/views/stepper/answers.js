// What the reader answered: kept in the browser, read in any notation, and told why. The stepper's questions and the quizzes share it.

import { h } from "./elements.js";

/** What this browser keeps of the reader's answers, by a key that names what was asked; nothing where it may not keep anything. */
export function kept(key) {
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
export const marked = (text) => text.split("`").map((part, i) => (i % 2 ? h("code", {}, part) : part));

/** The verdict on an answer: one word, and why. */
export const verdict = (right, word, ...why) => h("div", { class: right ? "ug-why ug-right" : "ug-why", role: "status" }, h("strong", {}, word), " ", ...why);

/** A whole number as Go and C write it: 27, -27, 0x1b, 0b11011, 0o33, 033, 1_000, 27u. As a BigInt; undefined if it is none. */
export function integer(text) {
  const said = text.trim().replaceAll("−", "-").replace(/(?<=[\da-fx])_(?=[\da-f])/gi, "");
  const found = /^([-+]?)(0x[\da-f]+|0b[01]+|0o?[0-7]+|0|[1-9]\d*)(?:u?l{0,2}|l{1,2}u)$/i.exec(said);
  if (!found) return undefined;
  const size = BigInt(found[2].replace(/^0(?=[0-7])/, "0o"));
  return found[1] === "-" ? -size : size;
}
