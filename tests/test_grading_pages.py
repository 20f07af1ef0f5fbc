"""Feedback and report: what they say, and what they never say."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from grading_verdicts import SAID, SOLUTIONS, STRIKES, a_class, hostile, verdict
from underglass.errors import UnderglassError
from underglass.grading.feedback import feedback_html
from underglass.grading.labfacts import lab_facts
from underglass.grading.outputs import write_all
from underglass.grading.pages import file_name, number, shown
from underglass.grading.record import Verdict
from underglass.grading.report import report_html
from underglass.trace.rules import RULES
from underglass.views.html import digest

ODD = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


class Reader(HTMLParser):
    """The elements, their attributes and the words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] != "style":
            self.words += data


def feedback(made: Verdict) -> str:
    (facts,) = lab_facts([made], SOLUTIONS)
    return feedback_html(made.student, [(facts, made)])


def test_it_names_case_rule_and_page_of_the_book() -> None:
    page = Reader(feedback(verdict("ada", (2.0, 2.0, 1.5, 0.0), said=SAID, rules=("outgoing-area",))))
    rule = RULES["outgoing-area"]
    for words in (
        SAID,
        rule.title,
        rule.explanation,
        f"chapter {int(rule.page.chapter[:2])}, {rule.page}",
        "ADDQ b+8(FP), CX",
        "5.5 of 16",
    ):
        assert words in " ".join(page.words.split()), words
    assert page.words.count("✓ right") == 2
    assert page.words.count("◐ partly right") == page.words.count("✗ not right") == 1
    assert page.words.count("No answer was found.") == page.words.count("Still as it was handed out.") == 1


def test_a_hidden_test_stays_hidden() -> None:
    made = verdict(
        "ada",
        (2.0, 2.0, 3.0, 2.5),
        said="spread(-4, -4) gave 7, and -8 was expected",
        hidden=True,
        rules=("result-written",),
    )
    page = feedback(made)
    assert "(-4, -4)" not in page
    assert "-8" not in Reader(page).words.replace("s-8(SP)", "")
    assert RULES["result-written"].title in page
    assert "a hidden one fails" in page


@pytest.mark.parametrize("state", ["limit", "unreadable", "quarantined"])
def test_what_was_not_judged_says_so(state: str) -> None:
    page = Reader(
        feedback(
            replace(
                verdict("ada", (2.0, 0.0, 0.0, 0.0), state=state, notes=("Too slow.",)),
                parts=tuple(
                    replace(part, said="This was not judged." if not part.points else "")
                    for part in verdict("a", (2.0, 0.0, 0.0, 0.0)).parts
                ),
            )
        )
    )
    assert page.words.count("– not judged") == 3
    assert "not right" not in page.words
    assert state in page.words
    assert "Too slow." in page.words


@pytest.mark.parametrize("made", hostile(), ids=range(len(hostile())))
def test_nothing_of_the_students_becomes_markup(made: Verdict) -> None:
    honest = Reader(
        feedback(
            replace(
                verdict("ada", (0.0, 2.0, 1.5, 2.5), said="s", text="t", note="n", notes=("n",)),
                parts=tuple(
                    replace(
                        part,
                        rules=("outgoing-area", "x") if part.id == "spread-check" else (),
                        said="s" if part.said else "",
                    )
                    for part in made.parts
                ),
            )
        )
    )
    page = feedback(made)
    read = Reader(page)
    assert read.tags == honest.tags, "an element has come in"
    assert [name for name, _ in read.attributes] == [name for name, _ in honest.attributes]
    assert shown(made.answers[-1].text) in html.unescape(page)
    assert not ODD.search(page)


def test_the_policy_allows_no_script_and_only_the_styles_that_are_there() -> None:
    for page in (feedback(verdict("ada")), report_html(lab_facts(a_class(), SOLUTIONS))):
        policy = next(
            value
            for name, value in Reader(page).attributes
            if name == "content" and value.startswith("default")
        )
        assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-hashes' 'sha256-")
        assert "script" not in policy
        assert "unsafe-inline" not in policy
        styles = {
            *re.findall(r"<style>(.*?)</style>", page, re.DOTALL),
            *re.findall(r' style="([^"]*)"', page),
        }
        assert set(re.findall(r"'(sha256-[^']*)'", policy)) == {digest(style) for style in styles}
        assert not {"script", "img", "iframe", "form", "link rel=stylesheet"} & set(Reader(page).tags)


def test_a_long_answer_is_cut_and_says_so() -> None:
    page = feedback(verdict("ada", text="x" * 1_000_000))
    assert len(page) < 60_000
    assert "[980,000 more characters]" in page


def test_file_names_are_one_a_student_on_every_system() -> None:
    names = [made.student for made in hostile()] + [
        "Jane Doe",
        "jane doe",
        "jane-doe",
        "jane-doe~1",
        "JANE-DOE",
    ]
    files = [file_name(name) for name in names]
    assert len({file.casefold() for file in files}) == len(names)
    for file in files:
        assert re.fullmatch(r"[a-z0-9_.~-]{1,70}\.html", file)
        assert not file.startswith((".", "-", "~"))
        assert file.partition(".")[0] not in ("con", "nul", "prn", "aux", "com1", "lpt9")


@pytest.mark.parametrize(
    ("value", "words"),
    [(2.0, "2"), (0.5, "0.5"), (1 / 3, "0.333"), (0.0, "0"), (10.0, "10"), (100.25, "100.25")],
)
def test_points_read_as_people_write_them(value: float, words: str) -> None:
    assert number(value) == words


def test_the_report_counts_what_the_verdicts_hold() -> None:
    made = a_class()
    text = Reader(report_html(lab_facts(made, SOLUTIONS))).words
    words = " ".join(text.split())
    assert f"{len(made)} students, {len(made)} submissions" in words
    for id in ("words-check", "spread-check"):
        parts = [part for v in made for part in v.parts if part.id == id]
        right = sum(part.points == part.out_of for part in parts)
        partly = sum(0 < part.points < part.out_of for part in parts)
        assert f"{right} right, {partly} partly, {len(made) - right - partly} not" in words
    broke = sum("outgoing-area" in part.rules for v in made for part in v.parts)
    assert f"{broke} students {RULES['outgoing-area'].title}" in words
    for reason in (
        "The build took more than 20 seconds.",
        "The file is no JSON: it ends at byte 4096.",
        "Grading ended twice",
    ):
        assert reason in words
    assert "A Markdown cell was taken for the answer." in words
    bars = [int(n) for n in re.findall(r"\d+ points +(\d+) student", text)]
    assert sum(bars) == len(made)


def test_every_page_is_written_and_linked(tmp_path: Path) -> None:
    made = [*a_class(), *hostile()]
    written = write_all(made, SOLUTIONS, tmp_path)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(written)
    for page in ("report.html", "similarity.html"):
        links = re.findall(r'href="([^"]+\.html)"', (tmp_path / page).read_text(encoding="utf-8"))
        assert links
        assert all((tmp_path / html.unescape(link)).is_file() for link in links)
    before = {path: path.read_bytes() for path in written}
    assert write_all(made[::-1], SOLUTIONS, tmp_path) == written
    assert {path: path.read_bytes() for path in written} == before


def test_no_page_has_a_character_that_hides_or_turns_others(tmp_path: Path) -> None:
    for path in write_all(hostile(), SOLUTIONS, tmp_path):
        if path.suffix == ".html":
            assert not ODD.search(path.read_text(encoding="utf-8")), path.name


def test_no_submission_is_no_crash(tmp_path: Path) -> None:
    write_all([], SOLUTIONS, tmp_path)
    assert "There is no submission." in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(UnderglassError, match=r"cannot be written: .* Name another folder with --out"):
        write_all([verdict("ada")], SOLUTIONS, tmp_path / "out")


def test_templates_are_plain_of_what_strikes_hold() -> None:
    assert "49" not in Reader(feedback(verdict("ada", text=STRIKES[4]))).words  # {{ 7 * 7 }} is text
