"""The static book's start page, from the disk, as a reader sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect


def test_start_page_reads_well(
    site: Path, page: Page, screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    page.goto((site / "index.html").as_uri())
    expect(page.get_by_role("heading", level=1)).to_contain_text("Go Under Glass")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "start")
    assert_accessible(page)


def test_start_page_leads_to_the_chapters(site: Path, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto((site / "index.html").as_uri())
    page.locator("article .toctree-wrapper a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url.endswith(".html")
    assert "index.html" not in page.url
