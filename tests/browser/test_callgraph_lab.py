"""The call graph as an output in a running JupyterLab: it opens its code there too, and keeps its keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Page, expect

TESTS = Path(__file__).parent.parent

CELL = f"""\
import sys; sys.path.insert(0, {str(TESTS)!r})
import underglass
from views_traces import program
underglass.call_graph(program())"""


def test_an_output_opens_its_code_without_asking_the_kernel(
    lab_server: Any, new_page: Callable[..., Page], screenshot: Callable[..., None]
) -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, lab_server.root / "calls.ipynb")
    # JupyterLab says this when a page comes up while its kernel is still starting.
    page = new_page("dark", 1280, expected=("Could not restore the debugger state",))
    page.goto(lab_server.page_of("calls.ipynb", workspace="calls"))
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    expect(cells).to_have_count(1, timeout=60_000)
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_visible(timeout=60_000)
    graph = page.locator(".jp-OutputArea .ug-callgraph[data-mounted]")
    for _ in range(20):  # JupyterLab drops a cell until the new kernel's socket is open
        cells.first.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        try:
            expect(graph).to_be_visible(timeout=6_000)
        except AssertionError:
            continue
        break
    graph.locator('g.node[data-symbol="main.main"]').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    panel = graph.locator(".ug-panel")
    expect(panel.locator("h2")).to_have_text("output")
    panel.get_by_role("button", name="main.add.abi0(SB)").click()
    expect(panel.locator(".ug-facts")).to_contain_text("wrapper")
    # JupyterLab's own tables have columns of one width.
    assert panel.locator("td.ug-at").first.evaluate("cell => cell.getBoundingClientRect().width") < 120
    screenshot(page, "open")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(graph.locator('g.node[data-symbol="main.add.abi0"]')).to_be_focused()
    expect(cells).to_have_count(1)  # none of these was taken for a command of the notebook
