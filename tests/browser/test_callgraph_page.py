"""The call graph in Chromium: nodes open their code by mouse and by key, on a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from callgraph_programs import shapes
from underglass.views.callgraph import CallGraphPicture
from views_traces import program


@pytest.fixture
def open_graph(new_page: Callable[..., Page], tmp_path: Path) -> Callable[..., Page]:
    """Open a picture's page from the disk, which asks for nothing else."""

    def open_page(picture: CallGraphPicture, *, html: str | None = None, **look: Any) -> Page:
        path = tmp_path / "calls.html"
        path.write_text(html or picture.html(), encoding="utf-8")
        page = new_page(**look)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        expect(page.locator("g.node[role=button]")).to_have_count(len(picture.graph.nodes))
        assert asked == [path.as_uri()]
        return page

    return open_page


def node(page: Page, symbol: str) -> Locator:
    return page.locator(f'g.node[data-symbol="{symbol}"]')


def title(page: Page) -> str:
    return page.locator(".ug-panel h2").inner_text()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1600), ("dark", 400)])
def test_a_node_opens_its_code_and_a_call_in_it_the_next(
    scheme, width, open_graph, assert_accessible, screenshot
):
    picture = CallGraphPicture(program().program, nosplit=True)
    page = open_graph(picture, scheme=scheme, width=width)
    assert_accessible(page)
    screenshot(page, "closed")
    node(page, "main.output.abi0").click()
    panel = page.locator(".ug-panel")
    expect(panel).to_contain_text("cell 7, lines 4 to 13")
    expect(node(page, "main.output.abi0")).to_have_attribute("aria-expanded", "true")
    expect(node(page, "main.output.abi0")).to_be_in_viewport()
    expect(panel.locator("h2")).to_be_in_viewport()
    shown = panel.locator("tbody tr:not(.ug-source) td:last-child").all_inner_texts()
    function = picture.program.functions["main.output.abi0"]
    assert shown == [i.go for i in picture.program.instructions(function)]
    screenshot(page, "open")
    assert_accessible(page)
    panel.get_by_role("button", name="main.add.abi0(SB)").click()
    expect(panel.locator(".ug-facts")).to_contain_text("wrapper")
    panel.get_by_role("button", name="Back").click()
    assert title(page) == "output"
    panel.get_by_role("button", name="Forward").click()
    assert title(page) == "add"
    node(page, "runtime").click()
    expect(panel).to_contain_text("runtime.printint")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()


def test_all_of_it_by_keyboard(open_graph):
    page = open_graph(CallGraphPicture(program().program))
    page.keyboard.press("Tab")
    expect(node(page, "main.main")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(node(page, "main.add")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(node(page, "main.add.abi0")).to_be_focused()
    assert "ABI0, wrapper" in (node(page, "main.add.abi0").get_attribute("aria-label") or "")
    page.keyboard.press("Enter")
    expect(page.locator(".ug-panel h2")).to_be_focused()
    link = page.locator(".ug-code").get_by_role("button", name="main.add(SB)")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ug-panel .ug-facts")).to_contain_text("ABIInternal, Go")
    page.keyboard.press("Escape")
    expect(page.locator(".ug-panel")).to_be_hidden()
    expect(node(page, "main.add")).to_be_focused()
    page.keyboard.press("Home")
    expect(node(page, "main.main")).to_be_focused()
    page.keyboard.press("Space")
    assert title(page) == "main"


def test_two_pieces_of_one_page_each_open_their_own(open_graph):
    picture = CallGraphPicture(shapes().program, "fmt.Fprintln", 1, callers=2)
    once = picture._repr_html_()
    page = open_graph(picture, html=f"<!doctype html><title>two</title>{picture.svg}{once}")
    second = page.locator(".ug-callgraph")
    second.locator('g.node[data-symbol="main.(*pair).log"]').click()
    expect(second.locator(".ug-panel h2")).to_have_text("(*pair).log")
    second.get_by_role("button", name="fmt.Fprintln(SB)").first.click()
    expect(second.locator(".ug-panel h2")).to_have_text("fmt.Fprintln")
    expect(second.locator('g.edge.ug-near[data-to="fmt.Fprintln"]')).to_have_count(
        sum(edge.callee == "fmt.Fprintln" for edge in picture.graph.edges)
    )


def test_words_of_a_program_are_text(open_graph):
    picture = CallGraphPicture(shapes().program, "main.(*pair).swap", 1)
    page = open_graph(picture)
    node(page, "main.(*pair).swap").click()
    expect(page.locator(".ug-source").filter(has_text="</script><b>")).to_have_count(1)
