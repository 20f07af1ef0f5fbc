// Time: a bar for each call, what stack the run is on, questions, and the slider over all of it.

import { h, s } from "./elements.js";
import { plain } from "./values.js";

const TALLEST = 91; // px
const ROW = 17, NAMED = 13; // px: a bar, and one that still has room for its name

export function timeline(v) {
  const { record, run } = v, count = Math.max(1, run.steps);
  const slider = h("input", { type: "range", min: 0, max: run.steps, value: 0, step: 1, class: "ug-slider", "aria-label": "Step",
    oninput: () => v.go(Number(slider.value)) });
  const head = h("span", { class: "ug-head" });
  const chart = h("div", { class: "ug-chart", "aria-hidden": "true" }, head);
  const marks = h("div", { class: "ug-stamps", "aria-hidden": "true" });
  const seek = (event) => {
    const box = chart.getBoundingClientRect();
    v.go(Math.round(((event.clientX - box.left) / box.width) * run.steps));
  };
  chart.addEventListener("pointerdown", (event) => { seek(event); chart.setPointerCapture(event.pointerId); });
  chart.addEventListener("pointermove", (event) => { if (event.buttons & 1) seek(event); });

  let stamped = null;
  const spans = [], stack = [];
  for (let at = 0; at <= run.steps; at++) {
    const depth = run.depth(at), f = run.functionAt(at);
    while (stack.length && (stack.length > depth || (stack.length === depth && stack[depth - 1].f !== f))) stack.pop().end = at;
    while (stack.length < depth && f >= 0) { // at the first step those below wait already: the frames tell who they are
      const waits = stack.length < depth - 1 ? run.stack(at)[depth - 1 - stack.length]?.owner : undefined;
      stack.push({ f: waits ?? f, depth: stack.length, start: at, end: run.steps });
      spans.push(stack[stack.length - 1]);
    }
  }
  const rows = spans.reduce((most, span) => Math.max(most, span.depth + 1), 1), tall = Math.max(2, Math.min(ROW, Math.floor(TALLEST / rows)));
  const height = Math.min(rows * tall, TALLEST), finest = run.steps / 1200;
  chart.style.height = `${height}px`;
  // Two paths hold all bars, however many: a row of elements each would take seconds to lay out.
  const paths = {}, edges = {};
  for (const { f, depth, start, end } of spans) {
    if (end - start < finest || depth * tall >= height) continue;
    const abi = record.functions[f].abi;
    paths[abi] = `${paths[abi] ?? ""}M${start} ${depth * tall}H${end}V${(depth + 1) * tall - 1}H${start}z`;
    edges[abi] = `${edges[abi] ?? ""}M${start} ${depth * tall}v${tall - 1}`;
    if (tall < NAMED || end - start < run.steps / 100) continue;
    const label = h("span", { class: "ug-span", "data-abi": abi }, plain(record.functions[f].name));
    Object.assign(label.style, { left: `${(100 * start) / count}%`, width: `${(100 * (end - start)) / count}%`, top: `${depth * tall}px` });
    chart.append(label);
  }
  const picture = s("svg", { viewBox: `0 0 ${count} ${height}`, preserveAspectRatio: "none", class: tall < NAMED ? "ug-thin" : "" });
  for (const abi of Object.keys(paths)) picture.append(s("path", { d: paths[abi], "data-abi": abi, class: "ug-bar" }), s("path", { d: edges[abi], "data-abi": abi, class: "ug-edge" }));
  chart.prepend(picture);

  // Where the run changes stacks: a line over the bars, and the name of the stack below, as far as there is room.
  const lane = h("div", { class: "ug-lane", "aria-hidden": "true" });
  if (record.switches.length > 1) {
    record.switches.forEach(([from, kind], i) => {
      const end = i + 1 < record.switches.length ? record.switches[i + 1][0] : run.steps;
      const part = h("span", { "data-kind": kind.split(" ")[0], title: `${kind}, steps ${from} to ${end}` }, end - from > run.steps / 12 ? kind : "");
      Object.assign(part.style, { left: `${(100 * from) / count}%`, width: `${(100 * (end - from)) / count}%` });
      lane.append(part);
    });
  }
  const place = (step) => `${run.steps ? (100 * step) / run.steps : 0}%`;
  return {
    all: h("div", { class: "ug-time" }, chart, lane, marks, slider),
    slider,
    draw(step) {
      slider.value = step;
      slider.setAttribute("aria-valuetext", `${step} of ${run.steps}, on the ${run.kind(step)} stack`);
      head.style.left = place(step);
    },
    stamp(stamps) {
      const key = stamps.map(({ step, sign }) => `${step}${sign}`).join();
      if (key === stamped) return;
      stamped = key;
      marks.replaceChildren(...stamps.map(({ step, sign, kind, title }) => {
        const one = h("span", { class: "ug-stamp", "data-kind": kind, title }, sign);
        one.style.left = place(step);
        return one;
      }));
      marks.hidden = stamps.length === 0;
    },
  };
}
