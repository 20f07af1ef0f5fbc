// A question with choices or with a field, asked in a page: no kernel is needed, and what was answered stays in the browser.

import { integer, kept, marked, verdict } from "../stepper/answers.js";
import { h } from "../stepper/elements.js";

const LIKE = { number: "7, -7, 0x7 …", address: "8(SP), x+0(FP), 0x7 …" };

const BASE = "pseudo-sp|fp|sp|bp|[a-d]x|[sd]i|r\\d+"; // what an address may begin with, outside parentheses
const SUM = new RegExp(`^(${BASE})([-+]\\d\\w*)?$`, "i");

/** A number, or an address such as 8(SP), SP+8 or x+8(FP), in the one form that all its notations have; undefined: it is none. */
function normal(text, kind) {
  const said = text.replace(/[\s·`]/g, "").replaceAll("−", "-"), size = integer(said);
  if (size !== undefined) return `${BigInt.asUintN(64, size)}`;
  if (/^[-+]?(\d+\.\d*|\.\d+|\d+(?=e))(e[-+]?\d+)?$/i.test(said)) {
    const fraction = Number(said);
    return Number.isInteger(fraction) ? `${BigInt.asUintN(64, BigInt(fraction))}` : `${fraction}`;
  }
  const place = kind === "address" && /^(?:([a-z_][\w./]*)(?=[-+(]))?([-+]?\d\w*)?\(([a-z]\w*)\)$/i.exec(said), added = !place && kind === "address" && SUM.exec(said);
  const [name, from = "0", base] = place ? place.slice(1) : added ? ["", added[2], added[1]] : [];
  const offset = base && integer(from);
  if (offset === undefined) return undefined;
  const root = base.toUpperCase(); // FP's names are for the reader; with SP a name says which SP
  return `${root === "SB" ? `${name}+` : ""}${root === "SP" && name ? "PSEUDO-SP" : root}${offset < 0n ? "" : "+"}${offset}`;
}

function ask(place, asked, id) {
  const store = kept(asked.key), { choices } = asked, isMany = asked.kind === "several";
  let held = store.read(); // {typed | chosen, given}
  const told = h("div", { "aria-live": "polite" }), problem = h("p", { class: "ug-problem", role: "alert" });
  const boxes = choices.map((_, i) => h("input", { type: isMany ? "checkbox" : "radio", name: id, value: i }));
  const marks = choices.map(() => h("b", { "aria-hidden": "true" }));
  const field = choices.length ? null : h("input", { type: "text", class: "ug-field", autocomplete: "off", spellcheck: "false", "aria-label": "Your answer", "aria-describedby": `${id}-like` });
  const rows = field
    ? [h("div", { class: "ug-typed" }, field, h("span", { class: "ug-note", id: `${id}-like` }, LIKE[asked.kind]))]
    : choices.map((one, i) => h("label", { class: "ug-choice" }, boxes[i], h("span", {}, ...marked(one.text)), marks[i]));
  const show = h("button", { type: "button", class: "ug-button ug-quiet", onclick: () => answer({ given: true }) }, "Show me");
  const again = h("button", { type: "button", class: "ug-button ug-quiet", onclick: () => { answer({}); (field ?? boxes[0]).focus(); } }, "Ask again");
  const form = h("form", { class: "ug-question", novalidate: true, onsubmit: check, onkeydown: typed, oninput: () => tell("") },
    h("fieldset", { "aria-describedby": isMany ? `${id}-many` : null }, h("legend", {}, ...marked(asked.text)),
      isMany ? h("p", { class: "ug-note", id: `${id}-many` }, "Choose each that is right.") : null, ...rows),
    h("div", { class: "ug-answer" }, h("button", { type: "submit", class: "ug-button" }, "Check"), show, again), problem, told);

  function check(event) {
    event.preventDefault();
    const chosen = boxes.flatMap((box, i) => (box.checked ? [i] : []));
    const known = field ? normal(field.value, asked.kind) !== undefined : chosen.length > 0;
    if (known) answer(field ? { typed: field.value.trim() } : { chosen });
    else tell(!field ? "Choose an answer first." : field.value.trim() ? `“${field.value}” is no ${asked.kind}. Type one like ${LIKE[asked.kind].replace(" …", "")}.` : "Type an answer first.");
    if (!known) (field ?? boxes[0]).focus();
  }
  /** What is typed is the quiz's and not the notebook's, which takes Enter for itself. */
  function typed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.key !== "Enter" || event.target !== field) return;
    event.preventDefault();
    form.requestSubmit();
  }
  function answer(given) {
    held = given;
    store.write(held);
    draw();
  }
  /** Say what hinders a check; what was said of an answer goes. */
  function tell(words) {
    problem.textContent = words;
    field?.toggleAttribute("aria-invalid", Boolean(words));
    told.replaceChildren();
    for (const mark of marks) mark.textContent = "";
  }
  function draw() {
    const { typed: said = "", chosen = [], given = false } = held, isDone = given || said !== "" || chosen.length > 0;
    if (field) field.value = given ? asked.answer[0] : said;
    boxes.forEach((box, i) => { box.checked = given ? choices[i].right : chosen.includes(i); });
    tell("");
    const [isRight, ...why] = !isDone ? [false] : field ? typedWhy(said, given) : chosenWhy(chosen, given);
    show.hidden = isDone && (given || isRight);
    again.hidden = !isDone;
    if (isDone) told.append(verdict(isRight, isRight ? "Yes." : given ? "Shown." : "No.", ...why));
  }
  function typedWhy(typed, given) {
    const said = normal(typed, asked.kind), is = (one) => normal(one, asked.kind) === said, isRight = !given && asked.answer.some(is);
    const wrong = Object.entries(asked.wrong).find(([one]) => is(one))?.[1];
    return [isRight, ...(isRight || given ? marked(asked.says) : wrong ? marked(wrong) : [h("code", {}, typed), " is not the answer."])];
  }
  function chosenWhy(chosen, given) {
    const right = choices.flatMap((one, i) => (one.right ? [i] : [])), picked = given ? right : chosen;
    const missed = right.filter((i) => !picked.includes(i)).length, isRight = !given && !missed && picked.length === right.length;
    const shown = isRight || given ? right : isMany ? picked.filter((i) => !choices[i].right) : picked;
    for (const i of picked) {
      marks[i].textContent = choices[i].right ? "✓" : "✗";
      marks[i].dataset.kind = choices[i].right ? "right" : "wrong";
    }
    const paragraphs = shown.map((i) => h("p", {}, ...(isMany ? [...marked(choices[i].text), ": "] : []), ...marked(choices[i].says)));
    const count = isMany && missed ? h("p", {}, missed === 1 ? "One right answer is missing." : `${missed} right answers are missing.`) : null;
    if (isMany) return [isRight, ...paragraphs, ...(count ? [count] : [])];
    return [isRight, ...marked(choices[shown[0]].says)];
  }
  place.replaceChildren(form);
  draw();
}

/** Mount every quiz of the page that waits for it. */
export function mountQuizzes(page = document) {
  for (const place of page.querySelectorAll(".ug-quiz:not([data-mounted])")) {
    const asked = JSON.parse(place.dataset.quiz), before = document.querySelectorAll(".ug-quiz[data-mounted]").length;
    place.setAttribute("data-mounted", "");
    ask(place, asked, `ug-quiz-${asked.key}-${before}`);
  }
}
