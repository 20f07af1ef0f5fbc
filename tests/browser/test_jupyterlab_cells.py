"""Cells of assembly and Go in a real JupyterLab: their colours, and the keys that interrupt a guest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

ASM = """\
%%asm
#include "textflag.h"

// func add(x, y int64) int64
TEXT ·add(SB), NOSPLIT, $0-24
again:
	MOVQ x+0(FP), AX // the first
	ADDQ $16, AX
	RET
"""
GO = '%%expect_error\n\n%%go\n// f is short.\nfunc f(x int) string { return "1" }\n'
PYTHON = "def f(x):  # short\n    return len('MOVQ AX')\n"
LOOP = "%%asm\n// func loop()\nTEXT ·loop(SB), 4, $0-0\nagain:\n\tJMP again\n"
CALL = "import underglass\nprog.call('loop', limits=underglass.Limits(instructions=10**12, seconds=600))"
CELLS = [ASM, GO, PYTHON, LOOP, CALL, "6*7"]
FENCED = "%%asm is no magic here.\n\n```goasm\n\tMOVQ AX, BX // moved\n```\n"
KERNEL = {"display_name": "Go under glass", "language": "python", "name": "underglass"}
SLOW = 60_000  # ms: a kernel starts and a build runs, on a machine with two cores

# The colour of each piece of a cell, by its text; where a text has several, those that are not the plain one.
COLOURS = """content => {
    const plain = getComputedStyle(content).color, found = {};
    for (const line of content.querySelectorAll(".cm-line"))
        for (const span of line.querySelectorAll("span"))
            if (span.children.length === 0) found[span.textContent] = getComputedStyle(span).color;
    return {plain, found};
}"""


@pytest.fixture
def notebook(lab_server: Any) -> Iterator[str]:
    """The address of a fresh notebook; its kernel ends with the test."""
    made = nbformat.v4.new_notebook(
        metadata={"kernelspec": KERNEL},
        cells=[*map(nbformat.v4.new_code_cell, CELLS), nbformat.v4.new_markdown_cell(FENCED)],
    )
    nbformat.write(made, lab_server.root / "cells.ipynb")
    yield lab_server.page_of("cells.ipynb", workspace="cells")
    for session in json.loads(lab_server.get("api/sessions")):
        lab_server.get(f"api/sessions/{session['id']}", method="DELETE")


def colours(cell: Locator) -> dict[str, str]:
    """Return the colours of what a cell's theme does not leave plain."""
    answer = cell.locator(".cm-content").evaluate(COLOURS)
    return {text: colour for text, colour in answer["found"].items() if colour != answer["plain"]}


def check_colours(cells: list[Locator]) -> None:
    assembly = colours(cells[0])
    kinds = ["MOVQ", "AX", "FP", "16", "// the first", '"textflag.h"', "%%asm", "again", "NOSPLIT", "·add"]
    assert set(kinds) <= set(assembly)
    assert assembly["FP"] != assembly["AX"]
    assert len({assembly[kind] for kind in ("MOVQ", "AX", "// the first", "again", "%%asm")}) == 5
    assert assembly["ADDQ"] == assembly["RET"] == assembly["TEXT"] == assembly["MOVQ"]

    go = colours(cells[1])
    assert go["%%expect_error"] == go["%%go"] == assembly["%%asm"]
    assert go["func"] == go["return"] == assembly["MOVQ"]
    assert go["// f is short."] == assembly["// the first"]
    assert go['"1"'] == assembly['"textflag.h"']
    assert go["int"] == go["string"] != go["f"]

    python = colours(cells[2])
    assert python["def"] == python["return"] == assembly["MOVQ"]
    assert python["# short"] == assembly["// the first"]
    assert python["'MOVQ AX'"] == assembly['"textflag.h"']
    assert "MOVQ" not in python


def check_help(page: Page, cell: Locator, shoot: Callable[..., None]) -> None:
    """Tab completes what the prototype says, Shift-Tab explains an instruction; nothing was run before."""
    line = cell.locator(".cm-line").filter(has_text="ADDQ")
    line.click()
    page.keyboard.press("End")
    page.keyboard.type("\n\tMOVQ y")
    page.keyboard.press("Tab")
    popup = page.locator(".jp-Completer:not(.lm-mod-hidden)")
    expect(popup).to_contain_text("y+8(FP)", timeout=SLOW)
    shoot(page, "completion")
    page.keyboard.press("Enter")
    expect(cell.locator(".cm-content")).to_contain_text("MOVQ y+8(FP)")
    for _ in range(len("\n\tMOVQ y+8(FP)") + 3):
        if "y+8(FP)" not in cell.locator(".cm-content").inner_text():
            break
        page.keyboard.press("ControlOrMeta+z")
    line.locator("span", has_text="ADDQ").click()
    page.keyboard.press("Shift+Tab")
    told = page.locator(".jp-Tooltip")
    expect(told).to_contain_text("ADDQ", timeout=SLOW)
    expect(told).to_contain_text("8 bytes")
    shoot(page, "inspection")
    page.keyboard.press("Escape")
    expect(told).to_have_count(0)


def test_cells_have_the_colours_of_their_language_and_keys_interrupt_a_guest(
    new_page: Callable[..., Page], notebook: str, screenshot: Callable[..., None]
) -> None:
    page = new_page("light", 1280)
    page.goto(notebook)
    found = page.locator(".jp-Notebook .jp-CodeCell")
    expect(found).to_have_count(len(CELLS), timeout=SLOW)
    cells = [found.nth(i) for i in range(len(CELLS))]
    expect(page.get_by_text("Go under glass | Idle")).to_be_visible(timeout=SLOW)
    expect(cells[0].locator(".cm-line").nth(6).locator("span").first).to_be_visible()
    check_colours(cells)
    shown = page.locator(".jp-MarkdownCell code span")
    assert {"MOVQ", "AX", "// moved"} <= set(shown.all_inner_texts())
    screenshot(page, "light")
    check_help(page, cells[0], screenshot)
    light = colours(cells[0])
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    check_colours(cells)
    assert colours(cells[0])["AX"] != light["AX"]
    screenshot(page, "dark")

    # The language follows the first line as it is typed, there and back.
    content = cells[2].locator(".cm-content")
    content.click()
    page.keyboard.press("ControlOrMeta+Home")
    page.keyboard.type("%%go\n")
    as_go = colours(cells[2])
    assert "return" in as_go
    assert "def" not in as_go
    for _ in range(5):
        page.keyboard.press("ControlOrMeta+z")
        if content.inner_text().startswith("def"):
            break
    check_colours(cells)

    cells[3].locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(cells[3].locator(".jp-OutputArea").first).to_contain_text("loop()", timeout=SLOW)
    expect(cells[3].locator(".jp-InputPrompt")).to_contain_text("[1]", timeout=SLOW)  # the listing is done
    page.keyboard.press("Shift+Enter")
    expect(cells[4].locator(".jp-InputPrompt")).to_contain_text("[*]", timeout=SLOW)
    expect(page.get_by_text("Go under glass | Busy")).to_be_visible(timeout=SLOW)
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    page.keyboard.press("i")
    expect(cells[4].locator(".jp-OutputArea").first).to_contain_text("KeyboardInterrupt", timeout=SLOW)
    # A cell that is sent before the kernel has answered the one that failed is not run.
    expect(cells[4].locator(".jp-InputPrompt")).to_have_text("[2]:", timeout=SLOW)
    expect(page.get_by_text("Go under glass | Idle")).to_be_visible(timeout=SLOW)
    cells[5].locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(cells[5].locator(".jp-OutputArea-output")).to_have_text("42", timeout=SLOW)
