"""The chapters as their readers run them, in a real JupyterLab. As static pages test_site.py reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

BOOK = Path(__file__).parent.parent.parent / "book"
CHAPTERS = sorted(path.stem for path in BOOK.glob("[0-9]*.ipynb"))
# JupyterLab takes a minute for each: a few in every run, all of them where pictures are made.
IN_JUPYTERLAB = ["00_intro", "05_frames"]
SLOW = 120_000  # ms: a kernel starts, programs are built and run, on a machine with two cores


@pytest.fixture
def kernels_end(lab_server: Any) -> Iterator[None]:
    yield
    for session in json.loads(lab_server.get("api/sessions")):
        lab_server.get(f"api/sessions/{session['id']}", method="DELETE")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "lab_chapter" in metafunc.fixturenames:
        wanted = CHAPTERS if metafunc.config.getoption("--screenshots") else IN_JUPYTERLAB
        metafunc.parametrize("lab_chapter", [name for name in wanted if name in CHAPTERS])


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 800)])
@pytest.mark.usefixtures("kernels_end")
def test_a_reader_runs_the_chapter_in_jupyterlab(
    lab_server: Any,
    new_page: Callable[..., Page],
    lab_chapter: str,
    scheme: str,
    width: int,
    screenshot: Callable[..., None],
) -> None:
    page = new_page(scheme, width)
    page.goto(lab_server.page_of(f"book/{lab_chapter}.ipynb", workspace=f"{lab_chapter}-{scheme}"))
    expect(page.get_by_text("Go under glass | Idle")).to_be_visible(timeout=SLOW)
    page.get_by_role("menuitem", name="View", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^File Browser")).click()  # room for the text
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    notebook = json.loads((BOOK / f"{lab_chapter}.ipynb").read_text(encoding="utf-8"))
    count = sum(cell["cell_type"] == "code" for cell in notebook["cells"])
    last = page.locator(".jp-InputPrompt", has_text=f"[{count}]:")
    expect(last).to_have_count(1, timeout=SLOW)
    expect(page.locator("[data-mime-type='application/vnd.jupyter.error']")).to_have_count(0)
    stepper = page.locator(".ug-stepper").first
    stepper.scroll_into_view_if_needed()
    expect(stepper).to_be_visible()
    screenshot(page, "stepper")
    for number in range(3):
        page.locator(".jp-WindowedPanel-outer").first.evaluate(
            "(e, part) => e.scrollTo(0, e.scrollHeight * part)", (number + 1) / 5
        )
        page.wait_for_timeout(500)
        screenshot(page, f"part{number + 1}")
