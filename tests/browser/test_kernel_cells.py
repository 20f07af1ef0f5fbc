"""What the magics show in a real JupyterLab: a listing, a line of progress that goes, typed input."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

FRAMED = """\
%%asm
#include "textflag.h"

// func framed(x int64) int64
TEXT ·framed(SB), NOSPLIT, $16-16
	MOVQ x+8(FP), AX
	MOVQ AX, tmp-8(SP)
	MOVQ AX, ret+8(FP)
	RET
"""
LOOP = """\
%%go
import ("bufio"; "fmt"; "os")
func spin(n int) int { s := 0; for i := 0; i < n; i++ { s ^= i }; return s }
func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() { fmt.Println("got", lines.Text()) }
}
"""
CELLS = [
    FRAMED,
    LOOP,
    "from underglass import Limits\nprog.call('spin', 1_500_000_000, limits=Limits(10**12, 600))",
    "%%run",
    "%%expect_error no function\n%%trace nosuch()",
]
KERNEL = {"display_name": "Go under glass", "language": "python", "name": "underglass"}
SLOW = 60_000  # ms: a kernel starts and a build runs, on a machine with two cores


@pytest.fixture
def notebook(lab_server: Any) -> Iterator[str]:
    """The address of a fresh notebook; its kernel ends with the test."""
    made = nbformat.v4.new_notebook(
        metadata={"kernelspec": KERNEL}, cells=[nbformat.v4.new_code_cell(text) for text in CELLS]
    )
    nbformat.write(made, lab_server.root / "magics.ipynb")
    yield lab_server.page_of("magics.ipynb", workspace="magics")
    for session in json.loads(lab_server.get("api/sessions")):
        lab_server.get(f"api/sessions/{session['id']}", method="DELETE")


def test_a_listing_a_line_that_goes_and_typed_input(
    new_page: Callable[..., Page],
    notebook: str,
    screenshot: Callable[..., None],
    assert_accessible: Callable[..., None],
) -> None:
    page = new_page("light", 1280)
    page.goto(notebook)
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    expect(cells).to_have_count(len(CELLS), timeout=SLOW)
    expect(page.get_by_text("Go under glass | Idle")).to_be_visible(timeout=SLOW)

    def run(index: int) -> Locator:
        page.keyboard.press("Shift+Enter")
        return cells.nth(index)

    def has_ended(index: int) -> None:
        expect(cells.nth(index).locator(".jp-InputPrompt")).to_have_text(f"[{index + 1}]:", timeout=SLOW)

    cells.first.locator(".cm-content").click()
    built = run(0)
    has_ended(0)
    listing = built.locator(".ug-listing")
    expect(listing).to_be_visible()
    expect(listing.locator("tr.added td.note")).to_have_text(
        ["frame", "frame", "frame", "frame end", "frame end"]
    )
    expect(listing.locator("tr.finding")).to_contain_text("vet, line 6: ")
    listing.scroll_into_view_if_needed()
    screenshot(page, "listing")
    assert_accessible(page, ".ug-listing")

    run(1)
    has_ended(1)
    long = run(2)
    line = long.get_by_text("running: ")
    expect(line).to_be_visible(timeout=SLOW)
    has_ended(2)
    expect(line).to_have_count(0)

    asking = run(3)
    asking.locator(".jp-Stdin-input").fill("åß", timeout=SLOW)
    page.keyboard.press("Enter")
    expect(asking.get_by_text("got åß")).to_be_visible(timeout=SLOW)
    asking.locator(".jp-Stdin-input").last.fill("^D")
    page.keyboard.press("Enter")
    has_ended(3)

    cells.nth(4).locator(".cm-content").click()
    expected = run(4)
    has_ended(4)
    expect(expected.locator(".jp-OutputArea-output")).to_contain_text(
        "expected: UnknownFunction: cell 5, line 2"
    )
    page.set_viewport_size({"width": 620, "height": 900})  # the cell is narrower by JupyterLab's own parts
    listing.scroll_into_view_if_needed()
    screenshot(page, "narrow")
    assert listing.locator("td.code").first.evaluate("cell => getComputedStyle(cell).display") == "block"
    held = listing.locator(".held").evaluate("part => part.scrollWidth <= part.clientWidth")
    assert held, "the folded listing is wider than its page"
