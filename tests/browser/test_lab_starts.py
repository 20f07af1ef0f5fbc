"""JupyterLab with the package installed: the kernel is offered, and the launcher comes up clean."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect


def test_the_kernel_is_registered_with_its_logos(lab_server: Any) -> None:
    specs = json.loads(lab_server.get("api/kernelspecs"))["kernelspecs"]
    assert specs["underglass"]["spec"]["display_name"] == "Go under glass"
    assert {"logo-svg", "logo-32x32", "logo-64x64"} <= set(specs["underglass"]["resources"])
    for path in specs["underglass"]["resources"].values():
        assert lab_server.get(path.lstrip("/"))


def test_the_launcher_offers_it(
    lab_server: Any, new_page: Callable[..., Page], screenshot: Callable[..., None]
) -> None:
    page = new_page("light", 1280)
    page.goto(f"{lab_server.url}lab/workspaces/launcher?reset&token={lab_server.token}")
    card = page.locator(".jp-LauncherCard[title='Go under glass'][data-category='Notebook']")
    expect(card).to_be_visible(timeout=60_000)
    expect(page.get_by_text("official Jupyter news")).to_have_count(0)
    screenshot(page, "launcher")


def test_its_first_tile_opens_the_book(
    lab_server: Any, new_page: Callable[..., Page], screenshot: Callable[..., None]
) -> None:
    page = new_page("light", 1280, expected=("Could not restore the debugger state",))
    page.goto(f"{lab_server.url}lab/workspaces/tile?reset&token={lab_server.token}")
    tile = page.locator(".jp-LauncherCard").first
    expect(tile).to_have_attribute("title", "Start the book", timeout=60_000)
    expect(tile.locator("img")).to_have_js_property("complete", True)
    tile.click()
    expect(page.locator(".jp-Notebook .jp-MarkdownCell h1").first).to_be_visible(timeout=60_000)
    expect(page.locator(".lm-DockPanel-tabBar .lm-mod-current")).to_contain_text("00_intro.ipynb")
    chapter = page.locator(".jp-DirListing-itemName", has_text="01_registers.ipynb")
    expect(chapter).to_be_visible(timeout=20_000)
    screenshot(page, "book")


def test_a_server_without_the_book_says_how_to_open_one(
    lab_server: Any, new_page: Callable[..., Page]
) -> None:
    page = new_page("light", 1280)
    page.goto(f"{lab_server.url}lab/workspaces/none?reset&token={lab_server.token}")
    tile = page.locator(".jp-LauncherCard").first
    expect(tile).to_contain_text("Start the book", timeout=60_000)
    (lab_server.root / "book").rename(lab_server.root / "away")
    try:
        tile.click()
        expect(page.locator(".jp-Dialog")).to_contain_text("underglass lab", timeout=60_000)
    finally:
        (lab_server.root / "away").rename(lab_server.root / "book")


def test_chapters_stand_in_order(lab_server: Any, new_page: Callable[..., Page]) -> None:
    page = new_page("light", 1280, expected=("Could not restore the debugger state",))
    page.goto(lab_server.page_of("book/00_intro.ipynb", workspace="order"))
    names = page.locator(".jp-DirListing-content .jp-DirListing-itemName")
    expect(names.filter(has_text="00_intro.ipynb")).to_be_visible(timeout=60_000)
    shown = [name for name in names.all_inner_texts() if name[:1].isdigit()]
    assert shown == sorted(path.name for path in (lab_server.root / "book").glob("[0-9]*.ipynb"))
