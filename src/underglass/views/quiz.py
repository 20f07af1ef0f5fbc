"""A quiz: a question with one or several right answers, or one whose answer is typed, a number or an address.

`quiz/quiz.js` asks it in a page, by itself: no kernel is needed, and the browser keeps what was answered.
Where no script runs, the answers stand below the question, folded.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from underglass.errors import UnderglassError
from underglass.views.html import joined, question_style

__all__ = ["Choice", "Question", "quiz_html", "quiz_script", "quiz_text"]

Kind = Literal["one", "several", "number", "address"]
_MODULES = ("stepper/elements", "stepper/answers", "quiz/quiz")  # each after those that it imports
_FIELDS = {"number": "a number: 7, -7, 0x7", "address": "an address: 8(SP), x+0(FP), 0x7"}


@dataclass(frozen=True)
class Choice:
    """One answer on offer."""

    text: str  # what stands in backquotes is code, here and below
    says: str  # why it is right, or what the reader who chose it believed
    is_right: bool = False


@dataclass(frozen=True)
class Question:
    """A question that shows itself: a form in a page, in text the question without its answer.

    >>> Question("Where is `y`?", answer="16(SP)", says="A word above `x`.", wrong={"8(SP)": "It is `x`."})
    Where is y?
      ____ (an address: 8(SP), x+0(FP), 0x7)

    Raises:
        UnderglassError: it has no right answer, or both choices and an answer to type.
    """

    text: str
    choices: tuple[Choice, ...] = ()  # with one right one, or with several
    answer: (
        int | float | str | tuple[int | float | str, ...]
    ) = ()  # to type; where several forms are right, all
    says: str = ""  # why the typed answer is right
    wrong: Mapping[int | float | str, str] = field(default_factory=dict)  # what was typed → what was believed

    def __post_init__(self) -> None:
        if bool(self.choices) == bool(self.answers):
            raise UnderglassError(
                f"The question {self.text!r} takes choices, or an answer to type, one of the two."
            )
        if not all(answer.strip() for answer in self.answers):
            raise UnderglassError(f"An answer of {self.text!r} is empty. Give what the reader has to type.")
        if self.choices and not any(choice.is_right for choice in self.choices):
            raise UnderglassError(
                f"None of the choices of {self.text!r} is right. Give one of them is_right=True."
            )

    @property
    def answers(self) -> tuple[str, ...]:
        """The right answer to type, in each of its forms."""
        given = self.answer if isinstance(self.answer, tuple) else (self.answer,)
        return tuple(map(str, given))

    @property
    def kind(self) -> Kind:
        """What the reader does: choose one, choose several, type a number or an address."""
        if self.choices:
            return "one" if sum(choice.is_right for choice in self.choices) == 1 else "several"
        return "address" if any("(" in answer for answer in self.answers) else "number"

    def __repr__(self) -> str:
        return quiz_text(self)

    def _repr_html_(self) -> str:
        return quiz_html(self)


def quiz_text(question: Question) -> str:
    """Return the question as lines, without the answer: "( )" where one is right, "[ ]" where several are."""
    box = "[ ]" if question.kind == "several" else "( )"
    rows = [f"  {box} {_bare(choice.text)}" for choice in question.choices]
    return "\n".join([_bare(question.text), *(rows or [f"  ____ ({_FIELDS[question.kind]})"])])


def quiz_html(question: Question) -> str:
    """Return the question as a piece for a page, which may hold many."""
    record: dict[str, Any] = {
        "kind": question.kind,
        "text": question.text,
        "choices": [{"text": c.text, "says": c.says, "right": c.is_right} for c in question.choices],
        "answer": question.answers,
        "says": question.says,
        "wrong": {str(typed): believed for typed, believed in question.wrong.items()},
    }
    text = json.dumps(record, ensure_ascii=False)
    record["key"] = hashlib.sha256(text.encode()).hexdigest()[:16]
    data = html.escape(json.dumps(record, ensure_ascii=False))
    offered = "".join(f"<li>{_marked(choice.text)}</li>" for choice in question.choices)
    right = [f"{_marked(c.text)}: {_marked(c.says)}" for c in question.choices if c.is_right]
    if not right:
        right = [f"<code>{html.escape(question.answers[0])}</code>: {_marked(question.says)}"]
    return (
        f'<style>{question_style()}</style><div class="ug-quiz" data-quiz="{data}">'
        f"<p><strong>{_marked(question.text)}</strong></p><ul>{offered}</ul>"
        f"<details><summary>Answer</summary>{''.join(f'<p>{words}</p>' for words in right)}</details></div>"
        f'<script type="module">{quiz_script()}</script>'
    )


@cache
def quiz_script() -> str:
    """The module that asks, as it is inlined."""
    return f"{joined(_MODULES)}mountQuizzes();\n"


def _bare(text: str) -> str:
    return text.replace("`", "")


def _marked(text: str) -> str:
    """Escape, and set what stands in backquotes as code."""
    pieces = html.escape(text, quote=False).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))
