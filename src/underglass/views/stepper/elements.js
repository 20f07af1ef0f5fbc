// Elements: a short way to make them, icons, lists with a picked row, the tip with an item's meaning.

export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, held] of Object.entries(attributes ?? {})) {
    if (held === false || held === null || held === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), held);
    else element.setAttribute(name, held === true ? "" : held);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export function s(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, held] of Object.entries(attributes)) element.setAttribute(name, held);
  element.append(...children);
  return element;
}

const ICONS = {
  start: "M4 3v10M13 3 6 8l7 5z", back: "M11 3 4 8l7 5z", forward: "M5 3l7 5-7 5z", end: "M12 3v10M3 3l7 5-7 5z",
  over: "M2 10a6 5.5 0 0 1 11-2.5M13.4 3.2v4.6H8.8M8 12.5h.01", out: "M8 13V4M4 7.5 8 3.5l4 4M3 13.5h10",
  call: "M8 2.5v8M4 7l4 4 4-4M3 13.5h10", write: "M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3zM8.5 13.5H13", line: "M2 4h12M2 12h12M2 8h7M8 5.8 10.5 8 8 10.2",
};
export const icon = (name) => s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: ICONS[name] }));

export const tag = (f) => h("span", { class: "ug-abi", "data-abi": f.abi }, f.abi);

/** Write only what differs: an unchanged text costs no layout. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function attribute(element, name, held) {
  if (held === null || held === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(held)) element.setAttribute(name, held);
}

/** Scroll panes, never the page, so that a row of each is in sight with two rows around it. First all is measured,
    then all is moved: between a change and a measure the browser would lay the page out anew. */
export function reveal(...pairs) {
  const moves = pairs.map(([body, row]) => {
    const box = body.getBoundingClientRect(), at = row.getBoundingClientRect(), tall = at.height || 1, spare = 2 * tall;
    const above = box.top - at.top + spare, below = at.bottom - box.bottom + spare, top = body.scrollTop;
    return [body, top, above > 0 ? Math.floor((top - above) / tall) * tall : below > 0 ? Math.ceil((top + below) / tall) * tall : top];
  });
  for (const [body, from, to] of moves) if (from !== to) body.scrollTop = to;
}

/** Make `list` a listbox: a click or the up and down keys pick an item; `onPick(index)` is told, Enter runs `onEnter(index)`. */
export function pickable(list, label, { onPick, onEnter = () => {} }) {
  let picked = -1;
  for (const [name, held] of [["role", "listbox"], ["tabindex", "0"], ["aria-label", label]]) list.setAttribute(name, held);
  function pick(index, byKey) {
    const items = list.children;
    items[picked]?.setAttribute("aria-selected", "false");
    picked = index === picked && !byKey ? -1 : Math.max(-1, Math.min(items.length - 1, index));
    const item = items[picked];
    if (item) {
      item.setAttribute("aria-selected", "true");
      list.setAttribute("aria-activedescendant", item.id);
      if (byKey) reveal([list.closest(".ug-body"), item]);
    } else list.removeAttribute("aria-activedescendant");
    onPick(picked, item, byKey);
  }
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item?.parentNode === list && !String(getSelection())) pick([...list.children].indexOf(item), false);
  });
  list.addEventListener("dblclick", () => { if (picked >= 0) onEnter(picked); });
  list.ugKey = (key) => { // asked by the stepper, which sees a key before the host page does
    const way = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (way) {
      const now = [...list.children].findIndex((item) => item.hasAttribute("aria-current"));
      pick(picked >= 0 ? picked + way : Math.max(0, now), true);
    } else if (key === "Enter" && picked >= 0) onEnter(picked);
    else return false;
    return true;
  };
}

/** The tip: the meaning of what the pointer rests on, or of what the keys picked. `meaning(element)` gives [title, sentence, …]. */
export function tips(root, id, meaning) {
  const tip = h("div", { class: "ug-tip", id: `${id}-tip`, role: "tooltip", hidden: true });
  let wait = 0, shown = null;
  function show(element) {
    const told = meaning(element);
    if (!told) return hide();
    hide();
    const [title, ...rest] = told;
    tip.replaceChildren(h("b", {}, title), ...rest.filter(Boolean).map((line) => h("span", {}, line)));
    tip.hidden = false;
    shown = element;
    element.setAttribute("aria-describedby", tip.id);
    const box = root.getBoundingClientRect(), at = element.getBoundingClientRect(), wide = tip.offsetWidth, tall = tip.offsetHeight;
    tip.style.left = `${Math.max(0, Math.min(at.left - box.left, box.width - wide))}px`;
    const above = at.top - box.top - tall - 4;
    tip.style.top = `${at.bottom + tall + 8 > innerHeight && above > 0 ? above : at.bottom - box.top + 4}px`;
  }
  function hide() {
    clearTimeout(wait);
    tip.hidden = true;
    shown?.removeAttribute("aria-describedby");
    shown = null;
  }
  root.addEventListener("pointerover", (event) => {
    const element = event.target.closest?.("[data-help]");
    if (element === shown || tip.contains(event.target)) return;
    clearTimeout(wait);
    wait = setTimeout(() => (element ? show(element) : hide()), element ? 350 : 120);
  });
  root.addEventListener("pointerleave", hide);
  root.addEventListener("focusout", (event) => { if (!root.contains(event.relatedTarget)) hide(); });
  return { tip, show, hide, get open() { return !tip.hidden; } };
}
