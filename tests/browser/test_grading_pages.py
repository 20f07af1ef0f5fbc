"""Feedback, report and similar answers in Chromium: nothing of a student's runs, and all can read them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from grading_verdicts import SOLUTIONS, a_class, a_class_with_a_copy, hostile, verdict
from underglass.grading.outputs import write_all
from underglass.grading.pages import file_name, shown
from underglass.grading.record import Verdict

LONG = "A" * 1_000_000


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a class whose last answers are a copy, some hostile submissions among them."""
    out = tmp_path_factory.mktemp("graded")
    long = verdict("long", text=LONG, notes=(LONG,), said=LONG, points=(2.0, 2.0, 3.0, 0.0))
    write_all([*a_class(), *a_class_with_a_copy(12, 2), *hostile(), long], SOLUTIONS, out)
    return out


@pytest.fixture
def open_page(new_page: Callable[..., Page], graded: Path) -> Callable[..., Page]:
    """Open one of the pages, which asks for nothing else and reports nothing."""

    def opened(name: str, **look: object) -> Page:
        page = new_page(**look)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
        page.goto((graded / name).as_uri())
        assert asked == [(graded / name).as_uri()]
        return page

    return opened


def unharmed(page: Page) -> None:
    assert page.evaluate("window.bad") is None
    assert page.locator("script, img, iframe, form, object, embed, math").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the window"
    # The policy would stop an inline handler; none has come in.
    handlers = (
        "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => /^on/.test(n))"
    )
    assert page.evaluate(handlers) == []


def test_a_hostile_submission_runs_nothing_and_is_shown(open_page, graded):
    page = open_page("report.html", width=400)
    for made in hostile():
        page.goto((graded / "feedback" / file_name(made.student)).as_uri())
        shown_text = page.get_by_role("group", name="Text of spread")
        assert shown_text.inner_text() == shown(made.answers[-1].text)
        shown_text.focus()  # autofocus, onfocus
        unharmed(page)


@pytest.mark.parametrize("name", ["report.html", "similarity.html", "feedback/long.html"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 400)])
def test_it_reads_well(open_page, screenshot, assert_accessible, name, scheme, width):
    page = open_page(name, scheme=scheme, width=width)
    screenshot(page, Path(name).stem, full_page=True)
    unharmed(page)
    assert_accessible(page)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_kind_of_feedback_is_accessible(open_page, graded, assert_accessible, scheme):
    made: dict[str, Verdict] = {v.state: v for v in a_class()} | {"wrong": a_class()[0]}
    page = open_page("report.html", scheme=scheme, width=800)
    for each in made.values():
        page.goto((graded / "feedback" / file_name(each.student)).as_uri())
        unharmed(page)
        assert_accessible(page)


def test_the_policy_stops_what_would_be_injected(graded, browser: Browser, tmp_path):
    # A page with a script put into it on purpose: the policy is what stops it, not the lack of scripts.
    text = (graded / "feedback" / "long.html").read_text(encoding="utf-8")
    path = tmp_path / "injected.html"
    strike = (
        "<script>window.bad = 1</script><img src=x onerror='window.bad = 1'>"
        "<p onclick='window.bad = 1' id=x style='color:red'>x</p>"
    )
    path.write_text(text.replace("<main>", f"<main>{strike}"), encoding="utf-8")
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    page.locator("#x").click()
    assert page.evaluate("window.bad") is None
    assert page.evaluate("getComputedStyle(document.querySelector('#x')).color") != "rgb(255, 0, 0)"
    assert len([text for text in said if "Content Security Policy" in text]) >= 3
    page.close()


def test_the_matrix_leads_to_a_students_page_by_keyboard(open_page):
    page = open_page("report.html")
    link = page.locator("table.matrix").get_by_role("link", name="Ada Example", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/feedback/ada-example~"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Example")


def test_plots_have_a_text_that_opens(open_page):
    page = open_page("report.html")
    figures = page.locator("figure")
    expect(figures).to_have_count(3)
    for figure in figures.all():
        assert figure.locator("svg desc").evaluate("e => e.textContent.length") > 20
        figure.locator("summary").click()
        expect(figure.locator("pre")).to_be_visible()


def test_a_pair_stands_side_by_side_and_marked(open_page):
    page = open_page("similarity.html")
    expect(page.locator("main")).to_contain_text("a reason to look, and no proof")
    pair = page.locator("details.pair").first
    expect(pair).to_have_attribute("open", "")
    left, right = (side.bounding_box() for side in pair.locator("pre").all())
    assert left["y"] == right["y"]
    assert left["x"] < right["x"]
    assert pair.locator("mark").count() >= 2


def test_what_is_printed_is_whole(open_page):
    page = open_page("report.html", scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(
        "[...document.querySelectorAll('.scroll')].every(e => e.scrollHeight <= e.clientHeight + 1)"
    )
