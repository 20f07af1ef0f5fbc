"""The static book in headless Chromium: what its pages weigh, and how soon they show something.

    python tests/bench/site.py SITE

Prints one JSON line. `paint_ms` is the median over the pages of the first contentful paint, from a server on
this machine, with an empty cache; `slowest_ms` is that of the slowest page, named by `slowest`. `kilobytes`
is the median of a page with all that it loads, compressed as servers do; `most_kilobytes` is that of the page
that `heaviest` names.
"""

from __future__ import annotations

import gzip
import json
import runpy
import statistics
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parent.parent.parent
PAINTED = """() => new Promise((done) => {
  const look = () => {
    const entry = performance.getEntriesByName('first-contentful-paint')[0];
    entry ? done(entry.startTime) : setTimeout(look, 10);
  };
  look();
})"""


class Quiet(SimpleHTTPRequestHandler):
    """A plain server of files that writes no log."""

    def log_message(self, *_: Any) -> None: ...


def measure(browser: Browser, site: Path, origin: str, name: str) -> tuple[float, float]:
    """First contentful paint (ms) and weight (KB) of a page, in a fresh context."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    page.goto(f"{origin}{name}.html", wait_until="load")
    painted = float(page.evaluate(PAINTED))
    context.close()
    files = {site / unquote(urlsplit(url).path).lstrip("/") for url in asked if url.startswith(origin)}
    return painted, sum(len(gzip.compress(file.read_bytes())) for file in files) / 1000


def main() -> None:
    if len(sys.argv) != 2 or not Path(sys.argv[1], "index.html").is_file():
        raise SystemExit("usage: python tests/bench/site.py SITE, a folder that make site wrote")
    site = Path(sys.argv[1]).resolve()
    chromium = runpy.run_path(str(ROOT / "book" / "pdf.py"))["find_chromium"]()
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        origin = f"http://127.0.0.1:{server.server_port}/"
        names = sorted(path.stem for path in site.glob("*.html"))
        measure(browser, site, origin, "index")  # the browser's own start is no page's
        found = {name: measure(browser, site, origin, name) for name in names}
        browser.close()
        server.shutdown()
    slowest, heaviest = (max(found, key=lambda name, part=part: found[name][part]) for part in (0, 1))
    paints, weights = zip(*found.values(), strict=True)
    print(
        json.dumps(
            {
                "pages": len(found),
                "paint_ms": round(statistics.median(paints)),
                "slowest_ms": round(max(paints)),
                "slowest": slowest,
                "kilobytes": round(statistics.median(weights)),
                "most_kilobytes": round(max(weights)),
                "heaviest": heaviest,
            }
        )
    )


if __name__ == "__main__":
    main()
