from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from underglass.errors import UnderglassError
from underglass.views.html import style_text
from underglass.views.quiz import Choice, Question, quiz_html, quiz_script

ONE = Question(
    "Where is `y` & why?",
    (Choice("`8(SP)`", "Not </script><b>there</b>."), Choice("`16(SP)`", "One word up.", True)),
)
SEVERAL = Question("Which?", (Choice("a", "A.", True), Choice("b", "B.", True), Choice("c", "C.")))
NUMBER = Question("How many?", answer=0x1B, says="23 + 4.", wrong={19: "That is 23 - 4."})
ADDRESS = Question("Where?", answer=("8(SP)", "x+0(FP)"), says="It has two names.")
EVERY = [ONE, SEVERAL, NUMBER, ADDRESS]


class Page(HTMLParser):
    """The elements of a piece; fails on one that is closed in the wrong order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.said.append(data)

    @property
    def record(self) -> dict[str, Any]:
        (found,) = (a["data-quiz"] for _, a in self.tags if "data-quiz" in a)
        held: dict[str, Any] = json.loads(found or "")
        return held


def test_the_text_keeps_the_answer_back() -> None:
    assert [repr(question) for question in EVERY] == [
        "Where is y & why?\n  ( ) 8(SP)\n  ( ) 16(SP)",
        "Which?\n  [ ] a\n  [ ] b\n  [ ] c",
        "How many?\n  ____ (a number: 7, -7, 0x7)",
        "Where?\n  ____ (an address: 8(SP), x+0(FP), 0x7)",
    ]


def test_what_an_author_writes_is_escaped() -> None:
    page = Page(quiz_html(ONE))
    assert page.record["choices"][0]["says"] == "Not </script><b>there</b>."
    assert not [tag for tag, _ in page.tags if tag == "b"]
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    bad = Question("<img src=x onerror=alert(1)>", answer="<b>", says="<i>", wrong={'"': "<u>"})
    assert {tag for tag, _ in Page(quiz_html(bad)).tags}.isdisjoint({"img", "b", "i", "u"})


def test_without_scripts_the_answer_is_folded_below() -> None:
    for question, answer in zip(EVERY, ("16(SP)", "a", "27", "8(SP)"), strict=True):
        text = quiz_html(question)
        assert "<summary>Answer</summary>" in text
        assert answer in "".join(Page(text).said).partition("Answer")[2]


def test_nothing_is_fetched_and_nothing_ends_its_element_early() -> None:
    for question in EVERY:
        text = quiz_html(question)
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
        assert not [a for _, a in Page(text).tags if "src" in a or any(name.startswith("on") for name in a)]
    assert "</script" not in quiz_script().lower()


def test_a_question_has_a_key_of_its_own_and_keeps_it() -> None:
    keys = [Page(quiz_html(question)).record["key"] for question in EVERY]
    assert len(set(keys)) == len(keys)
    assert quiz_html(ONE) == quiz_html(Question(ONE.text, ONE.choices))


def test_the_stepper_s_questions_have_the_same_dress() -> None:
    shared = ":is(.ug-stepper.ug-stepper.ug-stepper, .ug-quiz.ug-quiz.ug-quiz) {"
    assert shared in style_text()
    assert shared in quiz_html(ONE)


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({}, "one of the two"),
        ({"choices": ONE.choices, "answer": 3}, "one of the two"),
        ({"choices": (Choice("a", "A."),)}, "is_right=True"),
        ({"answer": " "}, "is empty"),
    ],
)
def test_a_question_that_nobody_can_answer_is_refused(given: dict[str, Any], part: str) -> None:
    with pytest.raises(UnderglassError, match=part):
        Question("What?", **given)
