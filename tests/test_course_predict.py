from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from underglass.course import Question, predict
from underglass.course.predict import Choice, _questions
from underglass.errors import UnderglassError

QUESTION = Question(
    "Where is `y` & why?",
    (Choice("`8(SP)`", "Not <there>.", False), Choice("`16(SP)`", "One word up.", True)),
)


class Balanced(HTMLParser):
    """Fails on an element that is closed in the wrong order."""

    open: list[str]

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "input":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_text_form_keeps_the_answer_back() -> None:
    assert repr(QUESTION) == "Where is y & why?\n  ( ) 8(SP)\n  ( ) 16(SP)"


def test_the_page_form_needs_no_script_and_no_kernel() -> None:
    page = QUESTION._repr_html_()
    parser = Balanced()
    parser.open = []
    parser.feed(page)
    assert parser.open == []
    assert "<script" not in page
    assert "http" not in page
    assert "Not &lt;there&gt;." in page
    assert "<code>y</code> &amp; why?" in page


def test_each_choice_has_a_label_and_its_sentence_opens_by_choosing_it() -> None:
    page = QUESTION._repr_html_()
    ids = re.findall(r'<input type="radio" name="[^"]+" id="([^"]+)">', page)
    assert len(ids) == 2
    assert re.findall(r'<label for="([^"]+)">', page) == ids
    assert ".ug-question .why{display:none" in page
    assert "input:checked~.why{display:block}" in page
    assert page.count("<strong>Yes.</strong>") == 1


def test_two_questions_on_a_page_do_not_share_their_buttons() -> None:
    pages = [question._repr_html_() for question in (QUESTION, *_questions().values())]
    names = {re.search(r'name="([^"]+)"', page)[1] for page in pages}  # type: ignore[index]
    assert len(names) == len(pages)


def test_the_same_question_is_the_same_page_each_time() -> None:
    assert predict("frame/entry")._repr_html_() == predict("frame/entry")._repr_html_()


@pytest.mark.parametrize("name", sorted(_questions()))
def test_a_question_is_whole(name: str) -> None:
    question = predict(name)
    assert question.text.endswith("?")
    assert sum(choice.is_right for choice in question.choices) == 1
    assert len({choice.text for choice in question.choices}) == len(question.choices) >= 3
    for choice in question.choices:
        assert choice.says.endswith(".")
        assert (question.text + choice.text + choice.says).count("`") % 2 == 0


def test_a_question_that_is_not_there() -> None:
    with pytest.raises(UnderglassError, match="Nearest: frame/entry"):
        predict("frame/entri")
