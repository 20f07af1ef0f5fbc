"""The stepper as a widget in a running JupyterLab: the step in both directions, and whose keys are whose."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from views_traces import output_trace, step_at

TESTS = Path(__file__).parent.parent

CELLS = [
    f"import sys; sys.path.insert(0, {str(TESTS)!r})\n"
    "from views_traces import output_trace\n"
    "from underglass.views.widgets import Stepper\n"
    "stepper = Stepper(output_trace())\n"
    "stepper",
    "stepper.step = 7; print('set to', stepper.step)",
    "print('now at', stepper.step, 'what if', stepper.what_if and stepper.what_if.results)",
]


@pytest.fixture
def notebook(lab_server: Any) -> str:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, lab_server.root / "stepper.ipynb")
    return "stepper.ipynb"


def run(cell: Locator) -> None:
    """Run a cell, again where JupyterLab dropped it: it does until the new kernel's socket is open."""
    for _ in range(20):
        cell.locator(".cm-content").click()
        cell.page.keyboard.press("Shift+Enter")
        try:
            expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[[*\d]+\]:"), timeout=3_000)
        except AssertionError:
            continue
        return
    raise AssertionError("the kernel never took the cell")


def a_change_runs_on(page: Page, stepper: Locator, screenshot: Callable[..., None]) -> None:
    """Change a register, then an instruction, where the kernel can run the call again; see both runs."""
    step = step_at(output_trace(), "main.add", "ADDQ")
    stepper.get_by_role("slider").fill(str(step))
    stepper.get_by_role("option", name=re.compile("^AX ")).click()
    page.keyboard.press("e")
    pane = stepper.get_by_role("region", name="What if")
    expect(pane.get_by_label("Which one")).to_have_value("AX")
    pane.get_by_label("New value").fill("five")
    page.keyboard.press("Enter")
    expect(pane.get_by_role("alert")).to_contain_text("is no value")
    pane.get_by_label("New value").fill("100")
    page.keyboard.press("Enter")
    expect(pane).to_contain_text("As recorded: returned 27. What if: returned 104.", timeout=60_000)
    screenshot(page, "what-if")
    pane.get_by_label("What to change").select_option("instruction")
    pane.get_by_label("New value").fill("MOVQ $0x123456789abcdef, AX")
    pane.get_by_role("button", name="Run on").click()
    expect(pane.get_by_role("alert")).to_contain_text("takes 10 bytes", timeout=60_000)
    pane.get_by_label("New value").fill("SUBQ BX, AX")
    pane.get_by_role("button", name="Run on").click()
    expect(pane).to_contain_text("What if: returned 19.", timeout=60_000)
    expect(pane.get_by_role("alert")).to_be_empty()
    expect(pane.locator(".ug-parted")).to_contain_text("SUBQ BX, AX")
    stepper.get_by_role("slider").fill(str(len(output_trace())))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_step_is_the_same_on_both_sides(
    lab_server: Any,
    notebook: str,
    new_page: Callable[..., Page],
    screenshot: Callable[..., None],
    scheme: str,
) -> None:
    # JupyterLab says this when a page comes up while its kernel is still starting.
    page = new_page(scheme, 1280, expected=("Could not restore the debugger state",))
    page.goto(lab_server.page_of(notebook, workspace=f"stepper-{scheme}"))
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    expect(cells).to_have_count(3, timeout=60_000)
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_visible(timeout=60_000)
    run(cells.first)
    stepper = page.locator(".jp-OutputArea .ug-stepper")
    expect(stepper).to_be_visible(timeout=60_000)
    counter = stepper.locator(".ug-counter b")

    run(cells.nth(1))  # Python moves the page
    expect(cells.nth(1)).to_contain_text("set to 7", timeout=30_000)
    expect(counter).to_have_text("7")

    forward = stepper.get_by_role("button", name="Forward")
    forward.click()  # the page moves Python
    expect(counter).to_have_text("8")
    for key, step in (("Enter", 9), ("ArrowRight", 10), ("ArrowLeft", 9), ("End", len(output_trace()))):
        page.keyboard.press(key)
        expect(counter).to_have_text(str(step))
    expect(forward).to_be_focused()
    expect(cells).to_have_count(3)  # none of these was taken for a command of the notebook
    screenshot(page, scheme)

    if scheme == "light":
        a_change_runs_on(page, stepper, screenshot)
    cells.nth(2).locator(".cm-content").click()
    page.keyboard.press("Home")  # with the focus elsewhere the keys are the editor's
    page.keyboard.press("ArrowRight")
    expect(counter).to_have_text(str(len(output_trace())))
    run(cells.nth(2))
    expect(cells.nth(2)).to_contain_text(f"now at {len(output_trace())}", timeout=30_000)

    if scheme == "light":
        expect(cells.nth(2)).to_contain_text("what if (19,)")
    ink = stepper.evaluate("e => getComputedStyle(e).color")
    assert ink == ("rgb(29, 33, 38)" if scheme == "light" else "rgb(228, 230, 232)")
