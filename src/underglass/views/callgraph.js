/* A call graph whose nodes open their code. The drawing is there without this; it adds the buttons and the panel. */

const SVG_NODES = "g.node[data-symbol]";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, held] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), held);
    else if (held !== null && held !== undefined && held !== false) element.setAttribute(name, held === true ? "" : held);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

export function mount(root, data) {
  const { nodes } = data;
  const svg = root.querySelector("svg"), scroller = svg.parentElement;
  const groups = new Map([...svg.querySelectorAll(SVG_NODES)].map((group) => [group.dataset.symbol, group]));
  const group = (index) => groups.get(nodes[index].symbol);
  let past = [], future = [], shown = null;

  // An image's parts are hidden from assistive technology; now they are controls.
  svg.setAttribute("role", "group");
  scroller.removeAttribute("tabindex"); // its nodes take the focus now, and scroll it
  nodes.forEach((node, index) => {
    const g = group(index);
    if (!g) return;
    g.setAttribute("role", "button");
    g.setAttribute("aria-expanded", "false");
    g.setAttribute("aria-label", [node.name, ...node.facts, `calls ${count(node.calls.length + node.beyond, "function")}`].join(", "));
    g.addEventListener("click", () => open(index));
  });

  const title = h("h2", { class: "ug-name", tabindex: "-1" });
  const facts = h("div", { class: "ug-facts" });
  const body = h("div", { class: "ug-code", tabindex: "0", role: "group", "aria-label": "Machine code" });
  const [back, forth] = [["←", "Back", () => step(past, future)], ["→", "Forward", () => step(future, past)]].map(
    ([sign, name, act]) => h("button", { type: "button", "aria-label": name, title: name, onclick: act }, sign));
  const close = h("button", { type: "button", "aria-label": "Close", title: "Close (Escape)", onclick: () => shut() }, "×");
  const panel = h("section", { class: "ug-panel", "aria-label": "Code of the function", hidden: true },
    h("div", { class: "ug-bar" }, title, h("div", { class: "ug-buttons" }, back, forth, close)), facts, body);
  root.querySelector(".ug-split").append(panel);

  function link(index, words) {
    const abi = nodes[index].abi;
    return h("button", { type: "button", class: "ug-link", "data-abi": abi || null, onclick: () => open(index) }, words ?? nodes[index].name);
  }

  function neighbours(heading, ends, beyond) {
    if (!ends.length && !beyond) return null;
    const items = ends.map(([index, words]) => h("li", {}, link(index), h("span", { class: "ug-muted" }, [nodes[index].abi, words].filter(Boolean).join(", "))));
    if (beyond) items.push(h("li", { class: "ug-muted" }, `${count(beyond, "function")} beyond the picture`));
    return h("details", { open: ends.length <= 6 }, h("summary", {}, `${heading}: ${ends.length + beyond}`), h("ul", {}, ...items));
  }

  function row([address, line, text, target]) {
    const at = text.indexOf(" "); // CALL and the name it calls: the name is the link
    const code = target === undefined ? [text] : [text.slice(0, at + 1), link(target, text.slice(at + 1))];
    return h("tr", {}, h("td", { class: "ug-at" }, address), h("td", { class: "ug-line" }, line ? String(line) : ""), h("td", {}, ...code));
  }

  function listing(node) {
    const rows = [];
    let line = null;
    for (const instruction of node.code) {
      const text = node.source[instruction[1]];
      if (instruction[1] !== line && text) rows.push(h("tr", { class: "ug-source" }, h("td"), h("td", { class: "ug-line" }, String(instruction[1])), h("td", {}, text)));
      line = instruction[1];
      rows.push(row(text ? [instruction[0], 0, ...instruction.slice(2)] : instruction));
    }
    return h("table", {},
      h("caption", { class: "ug-hidden" }, `Machine code of ${node.name}`),
      h("thead", { class: "ug-hidden" }, h("tr", {}, ...["Address", "Line", "Instruction"].map((words) => h("th", { scope: "col" }, words)))),
      h("tbody", {}, ...rows));
  }

  function fill(index) {
    const node = nodes[index];
    title.textContent = node.name;
    facts.replaceChildren(...[
      node.abi ? h("p", {}, h("b", { "data-abi": node.abi }, node.abi), node.facts.join(" · ").slice(node.abi.length)) : h("p", {}, `${count(node.folded, "function")}, folded into one node`),
      node.where ? h("p", { class: "ug-muted" }, node.where) : null,
      neighbours("Callers in the picture", node.called, 0),
      neighbours("Calls", node.calls, node.beyond),
    ].filter(Boolean));
    if (node.abi) {
      body.replaceChildren(listing(node));
      if (node.cut) body.append(h("p", { class: "ug-muted" }, `${count(node.cut, "more instruction")}, left out of this page.`));
      if (!node.code.length) body.replaceChildren(h("p", { class: "ug-muted" }, "Its machine code is not shown."));
    } else {
      const rest = node.folded - node.members.length;
      body.replaceChildren(h("ul", {}, ...node.members.map((name) => h("li", {}, name)), rest > 0 ? h("li", { class: "ug-muted" }, `and ${rest} more`) : null));
    }
    body.scrollTop = panel.scrollTop = 0;
    back.setAttribute("aria-disabled", String(!past.length));
    forth.setAttribute("aria-disabled", String(!future.length));
  }

  function mark(index) {
    for (const lit of svg.querySelectorAll(".ug-open, .ug-near")) lit.classList.remove("ug-open", "ug-near");
    for (const g of groups.values()) g.setAttribute("aria-expanded", "false");
    if (index === null) return;
    group(index).classList.add("ug-open");
    group(index).setAttribute("aria-expanded", "true");
    for (const edge of svg.querySelectorAll("g.edge"))
      if ([edge.dataset.from, edge.dataset.to].includes(nodes[index].symbol)) edge.classList.add("ug-near");
  }

  function show(index) {
    const fresh = panel.hidden;
    shown = index;
    panel.hidden = false;
    fill(index);
    mark(index);
    rove(index);
    bring(group(index));
    title.focus({ preventScroll: true });
    if (fresh) root.scrollIntoView({ block: "nearest" });
  }

  function open(index) {
    if (index === shown) { title.focus(); return; }
    if (shown !== null) past.push(shown);
    future = [];
    show(index);
  }

  function step(from, to) {
    if (!from.length) return;
    to.push(shown);
    show(from.pop());
  }

  function shut() {
    if (shown === null) return;
    const last = group(shown);
    [past, future, shown] = [[], [], null];
    panel.hidden = true;
    mark(null);
    last.focus();
  }

  // One node is in the Tab order; arrows go to the next in their direction.
  function rove(index) {
    groups.forEach((g, symbol) => g.setAttribute("tabindex", symbol === nodes[index].symbol ? "0" : "-1"));
  }

  /** Scroll the picture, never the page, so that a node is in sight. */
  function bring(g) {
    const box = scroller.getBoundingClientRect(), at = g.getBoundingClientRect();
    if (at.left < box.left || at.right > box.right) scroller.scrollLeft += (at.left + at.right - box.left - box.right) / 2;
    if (at.top < box.top || at.bottom > box.bottom) scroller.scrollTop += (at.top + at.bottom - box.top - box.bottom) / 2;
  }

  function nearest(from, [dx, dy]) {
    const middle = (g) => { const box = g.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; };
    const [x, y] = middle(from);
    let best = null, least = Infinity;
    nodes.forEach((node, index) => {
      const g = group(index);
      if (!g || g === from) return;
      const [gx, gy] = middle(g), along = (gx - x) * dx + (gy - y) * dy, across = Math.abs((gx - x) * dy) + Math.abs((gy - y) * dx);
      if (along > 4 && along + 2 * across < least) [least, best] = [along + 2 * across, index];
    });
    return best;
  }

  // Captured at the window, while the focus is here: JupyterLab takes keys of an output for commands otherwise.
  function onKey(event) {
    if (!root.contains(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target.closest(SVG_NODES), index = at ? nodes.findIndex((node) => node.symbol === at.dataset.symbol) : -1;
    let act = null;
    if (event.key === "Escape" && shown !== null) act = shut;
    else if (at && (event.key === "Enter" || event.key === " ")) act = () => open(index);
    else if (at && event.key === "Home") act = () => { rove(data.focus); group(data.focus).focus(); };
    else if (at && ARROWS[event.key]) act = () => {
      const next = nearest(at, ARROWS[event.key]);
      if (next !== null) { rove(next); group(next).focus(); bring(group(next)); }
    };
    if (act) { event.preventDefault(); act(); }
    if (act || event.key === "Enter" || event.key === " ") event.stopPropagation();
  }
  root.addEventListener("focusin", () => window.addEventListener("keydown", onKey, true));
  root.addEventListener("focusout", () => window.removeEventListener("keydown", onKey, true));
  rove(data.focus);
  bring(group(data.focus));
}

/** Mount every call graph of the page that waits for it. */
export function mountAll(page = document) {
  for (const root of page.querySelectorAll(".ug-callgraph:not([data-mounted])")) {
    root.setAttribute("data-mounted", "");
    mount(root, JSON.parse(root.querySelector("script[type='application/json']").textContent));
  }
}
