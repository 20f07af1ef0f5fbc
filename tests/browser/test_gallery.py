"""The gallery as its readers meet it, static and in a real JupyterLab: every view, a quiz of each kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from underglass.views.quiz import Question, quiz_html

BOOK = Path(__file__).parent.parent.parent / "book"
NOTEBOOK = BOOK / "gallery.ipynb"
WIDTHS = (1600, 1000, 400)
SLOW = 120_000  # ms: a kernel starts, programs are built and run, on a machine with two cores
VIEWS = {  # a part of the page → how many the gallery has at least
    ".ug-stepper": 2, ".ug-svg": 14, ".ug-wrapper": 1, ".ug-compare": 2, ".ug-quiz": 4,
}  # fmt: skip


def check(quiz: Locator) -> Locator:
    """Press Check, and return what the quiz says."""
    quiz.get_by_role("button", name="Check", exact=True).click()
    return quiz.get_by_role("status")


def answer_each(page: Page) -> None:
    """Answer the four quizzes: first wrong, then right."""
    one, several, number, address = (page.locator(".ug-quiz").nth(n) for n in range(4))
    one.get_by_role("button", name="Check", exact=True).click()
    expect(one.get_by_role("alert")).to_have_text("Choose an answer first.")
    one.get_by_label("the runtime's").check()
    expect(check(one)).to_contain_text("No. Between the two functions runs the wrapper")
    one.get_by_label("total's").check()
    expect(one.get_by_role("status")).to_have_count(0)
    expect(check(one)).to_contain_text("Yes. The caller keeps the room")
    several.get_by_label("SP").check()
    several.get_by_label("R12").check()
    expect(check(several)).to_contain_text("2 right answers are missing.")
    for name, is_right in (("R12", False), ("BP", True), ("R14", True)):
        several.get_by_label(name).set_checked(is_right)
    expect(check(several)).to_contain_text("Yes.")
    for quiz, wrong, why, right in (
        (number, "0x20", "That is the frame size", "0x30"),
        (address, "0x8( SP )", "It is the copy that add reads.", "SP+56"),
    ):
        field = quiz.get_by_label("Your answer")
        field.fill("three")
        expect(check(quiz)).to_have_count(0)
        expect(quiz.get_by_role("alert")).to_contain_text("“three” is no")
        field.fill(wrong)
        expect(check(quiz)).to_contain_text(why)
        field.fill(right)
        field.press("Enter")
        expect(quiz.get_by_role("status")).to_contain_text("Yes.")


def expect_the_answers(page: Page) -> None:
    """The page has kept what `answer_each` gave."""
    quizzes = page.locator(".ug-quiz")
    for n in range(4):
        expect(quizzes.nth(n).get_by_role("status")).to_contain_text("Yes.")
    expect(quizzes.nth(0).get_by_label("total's")).to_be_checked()
    expect(quizzes.nth(1).locator("input:checked")).to_have_count(3)
    expect(quizzes.nth(3).get_by_label("Your answer")).to_have_value("SP+56")


def look_at_all(page: Page, root: Locator) -> None:
    """Each view is there, and none widens the page."""
    for part, count in VIEWS.items():
        assert root.locator(part).count() >= count, part
    for cell in (".ug-compare td.held", ".ug-wrapper td"):  # the host dresses bare tables in its own way
        style = root.locator(cell).first.evaluate("e => getComputedStyle(e).textAlign")
        assert style == "left", cell
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_static_gallery(
    site: Path,
    new_page: Callable[..., Page],
    scheme: str,
    screenshot: Callable[..., None],
    assert_accessible: Callable[..., None],
) -> None:
    page = new_page(scheme, WIDTHS[0])
    page.goto((site / "gallery.html").as_uri())
    expect(page.locator(".ug-quiz form")).to_have_count(4)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        look_at_all(page, page.locator("article"))
        screenshot(page, str(width), full_page=True)
    answer_each(page)
    for part in (".ug-picture", ".ug-compare", ".ug-quiz"):  # the stepper has tests of its own
        assert_accessible(page, part)
    page.reload()
    expect_the_answers(page)
    first = page.locator(".ug-quiz").first
    first.get_by_role("button", name="Ask again").click()
    expect(first.get_by_role("status")).to_have_count(0)
    assert first.locator("input").first.evaluate("e => e === document.activeElement")
    first.get_by_role("button", name="Show me").click()
    expect(first.get_by_role("status")).to_contain_text("Shown.")
    page.reload()
    expect(page.locator(".ug-quiz").first.get_by_role("status")).to_contain_text("Shown.")


@pytest.fixture
def kernels_end(lab_server: Any) -> Iterator[None]:
    yield
    for session in json.loads(lab_server.get("api/sessions")):
        lab_server.get(f"api/sessions/{session['id']}", method="DELETE")


@pytest.mark.usefixtures("kernels_end")
def test_the_gallery_in_jupyterlab(
    lab_server: Any, new_page: Callable[..., Page], screenshot: Callable[..., None]
) -> None:
    page = new_page("light", WIDTHS[0])
    page.goto(lab_server.page_of("book/gallery.ipynb", workspace="gallery"))
    expect(page.get_by_text("Go under glass | Idle")).to_be_visible(timeout=SLOW)
    page.get_by_role("menuitem", name="View", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^File Browser")).click()  # room for the text
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    count = sum(cell["cell_type"] == "code" for cell in notebook["cells"])
    expect(page.locator(".jp-InputPrompt", has_text=f"[{count}]:")).to_have_count(1, timeout=SLOW)
    expect(page.locator("[data-mime-type='application/vnd.jupyter.error']")).to_have_count(0)
    look_at_all(page, page.locator(".jp-Notebook"))
    answer_each(page)
    page.keyboard.press("Control+s")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for number in range(8):
                page.locator(".jp-WindowedPanel-outer").first.evaluate(
                    "(e, part) => e.scrollTo(0, e.scrollHeight * part)", number / 8
                )
                screenshot(page, f"{scheme}-{width}-{number}")
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    page.reload()
    expect(page.locator(".ug-quiz form")).to_have_count(4, timeout=SLOW)
    expect_the_answers(page)


NOTATIONS = {
    27: [
        "27",
        " 27 ",
        "+27",
        "0x1b",
        "0X1B",
        "0b11011",
        "0o33",
        "033",
        "2_7",
        "27u",
        "0x1bUL",
        "27.0",
        "2.7e1",
    ],
    -1: ["-1", "−1", "0xffffffffffffffff", "0xFFFF_FFFF_FFFF_FFFF"],
    2.5: ["2.5", "25e-1", "+2.50"],
    "8(SP)": ["8(SP)", "0x8(SP)", "+8(SP)", "8 ( sp )", "SP+8", "sp + 0x8", "`8(SP)`"],
    "x+8(FP)": ["x+8(FP)", "x+0x8(FP)", "8(FP)", "FP+8"],
    "kept-8(SP)": ["kept-8(SP)", "pseudo-SP-8"],
    "0(SP)": ["0(SP)", "(SP)", "SP"],
}
OTHERS = {
    27: "28",
    -1: "1",
    2.5: "2",
    "8(SP)": "8(FP)",
    "x+8(FP)": "x+0(FP)",
    "kept-8(SP)": "-8(SP)",
    "0(SP)": "0",
}


def test_an_answer_counts_in_every_notation(
    new_page: Callable[..., Page], tmp_path: Path, assert_accessible: Callable[..., None]
) -> None:
    questions = [Question(f"{answer}?", answer=answer, says="Right.") for answer in NOTATIONS]
    body = "".join(map(quiz_html, questions))
    path = tmp_path / "quiz.html"
    path.write_text(f"<!doctype html><html lang=en><title>Quiz</title><main>{body}</main>", encoding="utf-8")
    page = new_page("dark", 800)
    page.goto(path.as_uri())
    for n, (answer, notations) in enumerate(NOTATIONS.items()):
        quiz = page.locator(".ug-quiz").nth(n)
        field, said = quiz.get_by_label("Your answer"), quiz.get_by_role("status")
        field.fill(OTHERS[answer])
        field.press("Enter")
        expect(said).to_have_text(f"No. {OTHERS[answer]} is not the answer.")
        for words in notations:
            field.fill(words)
            field.press("Enter")
            assert said.inner_text() == "Yes. Right.", (answer, words)
    assert_accessible(page, "main")
    field.fill("08")
    field.press("Enter")
    expect(quiz.get_by_role("alert")).to_contain_text("“08” is no")
    assert field.get_attribute("aria-invalid") is not None


def test_a_page_that_may_keep_nothing_asks_all_the_same(
    new_page: Callable[..., Page], tmp_path: Path
) -> None:
    path = tmp_path / "quiz.html"
    text = quiz_html(Question("How many?", answer=27, says="Right."))
    path.write_text(f"<!doctype html><html lang=en><title>Quiz</title><main>{text}</main>", encoding="utf-8")
    page = new_page()
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied'); } })"
    )
    page.goto(path.as_uri())
    page.get_by_label("Your answer").fill("27")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Yes. Right.")
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)
