"""The stepper in headless Chromium: the size of its page, how soon it opens, how long a step takes.

Prints one JSON line. `page_1000_bytes` is the whole page of a call of about 1,000 steps, script and style
included, and `packed_over_json` what its record takes in the page over the same record as plain JSON.
Of a page of 10,000 steps: `open_ms` from the navigation to the first paint with the stepper in it (median),
`step_ms` from the key to the end of style and layout (median over single steps and jumps all over the run),
`task_ms` the main thread's whole time a step (mean; script, style, layout and paint, by the browser's own
count), and `step_over_small` the ratio of `step_ms` to that of a page of 200 steps, measured side by side.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

import underglass
from underglass.trace import Trace
from underglass.views.html import stepper_html
from underglass.views.payload import MOST_STEPS, packed_text, payload

GO = """package main

//go:noinline
func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func main() { println(fib(3)) }
"""
ROUNDS = 3
STEPS = 150
WATCH = """new MutationObserver((_, it) => {
  if (!document.querySelector('.ug-counter')) return;
  it.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.opened = performance.now(); }));
}).observe(document, {childList: true, subtree: true});"""
OPENED = """() => new Promise((done) => {
  const look = () => (window.opened ? done(window.opened) : setTimeout(look, 10));
  look();
})"""
STEP = """async ([steps, keys]) => {
  const root = document.querySelector('.ug-stepper'), slider = root.querySelector('.ug-slider'), took = [];
  const last = Number(slider.max);
  root.focus();
  for (let i = 0; i < steps; i++) {
    const from = performance.now();
    if (i % 2) root.dispatchEvent(new KeyboardEvent('keydown', {key: keys[i % keys.length], bubbles: true}));
    else { slider.value = Math.floor(last * ((i * 0.618) % 1)); slider.dispatchEvent(new Event('input')); }
    document.body.offsetHeight;
    took.push(performance.now() - from);
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  }
  return took;
}"""


def measured(browser: Browser, page_file: Path) -> tuple[float, list[float], float]:
    """(open ms, ms of each step, main thread ms a step) of a page from the disk."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH)
    page.goto(page_file.as_uri())
    opened: float = page.evaluate(OPENED)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def task() -> float:
        metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
        return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

    before = task()
    took: list[float] = page.evaluate(STEP, [STEPS, ["ArrowRight", "ArrowLeft"]])
    per_step = 1000 * (task() - before) / STEPS
    page.close()
    return opened, took, per_step


def main() -> None:
    """Measure and print."""
    program = underglass.build(GO)
    traces: dict[str, Trace] = {
        "small": program.record("fib", 4),
        "1000": program.record("fib", 8),
        "10000": program.record("fib", 14),
    }
    assert len(traces["1000"]) > 900
    assert len(traces["10000"]) > MOST_STEPS
    record = payload(traces["1000"])
    plain = len(json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode())
    line: dict[str, object] = {
        "bench": "stepper",
        "packed_over_json": round(len(packed_text(record)) / plain, 3),
    }
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        files = {}
        for key, trace in traces.items():
            files[key] = Path(name) / f"{key}.html"
            files[key].write_text(stepper_html(trace), encoding="utf-8")
            line[f"page_{key}_bytes"] = files[key].stat().st_size
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        measured(browser, files["small"])
        opened, small, large, tasks = [], [], [], []
        for _ in range(ROUNDS):
            small += measured(browser, files["small"])[1]
            one, took, task = measured(browser, files["10000"])
            opened.append(one)
            large += took
            tasks.append(task)
        browser.close()
    line |= {
        "open_ms": round(statistics.median(opened)),
        "step_ms": round(statistics.median(large), 2),
        "step_p95_ms": round(statistics.quantiles(large, n=20)[-1], 2),
        "task_ms": round(statistics.median(tasks), 2),
        "step_over_small": round(statistics.median(large) / statistics.median(small), 2),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
