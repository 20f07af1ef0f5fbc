"""A notebook in a real JupyterLab: an assembly cell, the stepper of a recording, an error and its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

ADD = """\
%%asm
#include "textflag.h"

// func add(x, y int64) int64
TEXT ·add(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET
"""
CELLS = [ADD, "prog.record('add', 23, 4)", ADD.replace("ADDQ", "ADDX"), "prog.call('add', 23, 4)"]
KERNEL = {"display_name": "Go under glass", "language": "python", "name": "underglass"}
SLOW = 60_000  # ms: a kernel starts and a build runs, on a machine with two cores


@pytest.fixture
def notebook(lab_server: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh notebook; its kernel ends with the test."""
    made = nbformat.v4.new_notebook(
        metadata={"kernelspec": KERNEL}, cells=[nbformat.v4.new_code_cell(text) for text in CELLS]
    )
    name = re.sub(r"\W+", "_", request.node.name) + ".ipynb"
    nbformat.write(made, lab_server.root / name)
    yield lab_server.page_of(name, workspace=name.removesuffix(".ipynb"))
    for session in json.loads(lab_server.get("api/sessions")):
        lab_server.get(f"api/sessions/{session['id']}", method="DELETE")


def run_all(page: Page, address: str) -> list[Locator]:
    """Open the notebook, run its cells one after the other, errors included, and return the cells."""
    page.goto(address)
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    expect(cells).to_have_count(len(CELLS), timeout=SLOW)
    expect(page.get_by_text("Go under glass | Idle")).to_be_visible(timeout=SLOW)
    cells.first.locator(".cm-content").click()
    for index in range(len(CELLS)):
        page.keyboard.press("Shift+Enter")
        expect(cells.nth(index).locator(".jp-InputPrompt")).to_have_text(f"[{index + 1}]:", timeout=SLOW)
    return [cells.nth(i) for i in range(len(CELLS))]


def test_an_assembly_cell_a_stepper_and_an_error(
    page: Page,
    notebook: str,
    screenshot: Callable[..., None],
    assert_accessible: Callable[..., None],
) -> None:
    built, recorded, broken, called = run_all(page, notebook)

    expect(built.locator(".jp-OutputArea-output").first).to_have_text("prog: add(x, y int64) int64")
    expect(built.locator(".ug-listing td.code")).to_have_count(4)

    stepper = recorded.locator(".ug-stepper")
    expect(stepper).to_have_count(1)
    counter = stepper.locator(".ug-counter")
    expect(counter).to_contain_text("step 0 of")
    stepper.scroll_into_view_if_needed()
    stepper.get_by_role("button", name=re.compile("forward", re.IGNORECASE)).first.click()
    expect(counter).to_contain_text("step 1 of")
    page.keyboard.press("ArrowRight")
    expect(counter).to_contain_text("step 2 of")
    page.keyboard.press("End")
    expect(stepper.locator(".ug-next")).to_contain_text("End")
    page.keyboard.press("Home")
    expect(counter).to_contain_text("step 0 of")
    # The keys were the stepper's: JupyterLab has neither left the cell nor made another one (the last
    # Shift+Enter had made one).
    expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(len(CELLS) + 1)
    expect(recorded).to_have_class(re.compile(r"jp-mod-active"))
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    screenshot(page, "stepper")
    assert_accessible(page, ".ug-stepper")

    error = broken.locator(".jp-OutputArea-output")
    expect(error).to_contain_text('BuildError: cell 3, line 7: unrecognized instruction "ADDX"')
    expect(error).to_contain_text("prog stays the program of cell 1")
    expect(error).not_to_contain_text("Traceback")
    expect(called.locator(".jp-OutputArea-output")).to_have_text("27")
    error.scroll_into_view_if_needed()
    called.scroll_into_view_if_needed()
    screenshot(page, "error")


def test_the_widget_and_python_show_the_same_step(new_page: Callable[..., Page], notebook: str) -> None:
    page = new_page("light", 1280)
    cells = run_all(page, notebook)
    last = cells[-1]
    last.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(
        "from underglass import stepper\nw = stepper(prog.record('add', 23, 4), step=3)\nw"
    )
    page.keyboard.press("Shift+Enter")
    counter = last.locator(".ug-counter")
    expect(counter).to_contain_text("step 3 of", timeout=SLOW)
    last.get_by_role("button", name=re.compile("forward", re.IGNORECASE)).first.click()
    expect(counter).to_contain_text("step 4 of")
    added = page.locator(".jp-Notebook .jp-CodeCell").nth(len(CELLS))
    added.locator(".cm-content").click()
    page.keyboard.insert_text("w.step += 1; w.step")
    page.keyboard.press("Shift+Enter")
    expect(added.locator(".jp-OutputArea-output")).to_have_text("5", timeout=SLOW)
    expect(counter).to_contain_text("step 5 of")
