"""The picture that others show beside a link to the book: _static/card.png, 1200 by 630 pixels.

    python book/card.py      after a change here; commit what it writes

The frame on it is no drawing either: it is that of a recorded run, by the view that chapters use.
"""

from __future__ import annotations

import html
import runpy
import sys
import tempfile
from pathlib import Path

BOOK = Path(__file__).parent
SIZE = (1200, 630)  # pixels: what og:image and summary_large_image ask for
SOURCE = """\
// func add(x, y int64) int64
TEXT ·add(SB), 4, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET
"""
PAGE = """\
<!doctype html><html lang="en"><meta charset="utf-8"><title>Go Under Glass</title><style>
* { box-sizing: border-box; margin: 0 }
body { width: 1200px; height: 630px; padding: 66px 72px; background: #fff; color: #1d2126; overflow: hidden;
  font: 30px/1.35 system-ui, "DejaVu Sans", sans-serif; border-top: 14px solid #17495e }
h1 { font-size: 74px; line-height: 1; font-weight: 600; letter-spacing: -.02em;
  display: flex; align-items: center }
h1 img { width: 104px; margin: -8px 22px 0 -8px }
p { margin: 26px 0 40px; color: #59616b }
main { display: grid; grid-template-columns: 400px 644px; gap: 12px; align-items: center; overflow: hidden }
pre { font: 20px/38px ui-monospace, "DejaVu Sans Mono", monospace; tab-size: 2 }
pre span { display: block; padding: 0 12px; border-left: 5px solid transparent }
pre .at { background: #f3f5f7; border-color: #1d2126; font-weight: 700 }
main div { overflow: hidden }
/* The brackets on its right stay outside. */
svg { display: block; width: 860px !important; max-width: none !important; height: auto }
</style><h1><img src="{logo}" alt="">Go Under Glass</h1>
<p>Go assembly and calling conventions: every picture is a recorded run.</p>
<main><pre>{lines}</pre><div>{frame}</div></main></html>
"""


def page() -> str:
    """The card as a page: the function, the line that is about to run, and the frame at that step."""
    from underglass import build
    from underglass.views import frame_svg

    trace = build(SOURCE).record("add", 23, 4, abi="ABI0")
    lines = "".join(
        f"<span{' class=at' if 'ADDQ' in line else ''}>{html.escape(line)}</span>"
        for line in SOURCE.splitlines()
    )
    logo = (BOOK.parent / "kernelspec" / "logo-svg.svg").as_uri()
    parts = {"logo": logo, "lines": lines, "frame": frame_svg(trace, 1)}
    text = PAGE
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", part)
    return text


def main() -> None:
    """Have Chromium draw the card."""
    from playwright.sync_api import sync_playwright

    chromium = runpy.run_path(str(BOOK / "pdf.py"))["find_chromium"]()
    if chromium is None:
        raise SystemExit("No Chromium or Chrome is on this machine. Install one, or name it in $CHROMIUM.")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "card.html")
        path.write_text(page(), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme="light")
        shown.goto(path.as_uri())
        shown.screenshot(path=BOOK / "_static" / "card.png")
        browser.close()
    sys.stdout.write("book/_static/card.png\n")


if __name__ == "__main__":
    main()
