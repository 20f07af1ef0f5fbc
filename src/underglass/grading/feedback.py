"""A student's own page: each part with its points, what failed, which rule broke, and the answer beside it.

What a hidden test says never reaches it: of a part that a hidden test failed, the page has its own sentence
and the broken rules' titles, and not the words of the verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from underglass.grading.labfacts import LabFacts
from underglass.grading.pages import page
from underglass.grading.record import UNJUDGED, Answer, Part, Verdict
from underglass.trace.rules import RULES

__all__ = ["STATES", "feedback_html", "mark_of", "reason_of"]

_HIDDEN = (
    "The tests that you see pass, and a hidden one fails. Try values that the visible cases leave out: zero, "
    "negative numbers, the largest and the smallest of the type, an odd length."
)
STATES: Mapping[str, str] = {
    "graded": "Every part was judged.",
    "limit": "Grading ended at a limit. Parts judged before it count.",
    "unreadable": "The file could not be read as this lab's notebook, so nothing in it was judged.",
    "quarantined": "Grading ended twice without a result. Your teacher looks at this submission.",
}
"""What each state means, in words for the student."""
_FOUND = {
    "by id": "",
    "by content": "Found by its content: the cell is not the one that was handed out.",
    "missing": "No answer was found.",
    "untouched": "Still as it was handed out.",
}


@dataclass(frozen=True)
class _Rule:
    """A broken rule, as the page shows it."""

    title: str
    explanation: str
    place: str  # "chapter 5, 05_frames#results"


@dataclass(frozen=True)
class _Shown:
    """A part, as the page shows it."""

    part: Part
    mark: str  # "right", "partly", "wrong", "none"
    said: str
    rules: tuple[_Rule, ...]
    answers: tuple[tuple[Answer, str], ...]  # each with where it was found
    above: tuple[str, ...]  # ids of answers that stand with an earlier part


def feedback_html(student: str, held: Sequence[tuple[LabFacts, Verdict]]) -> str:
    """Return the page of a student's labs."""
    labs = [
        {
            "facts": facts,
            "verdict": verdict,
            "state": STATES[verdict.state],
            "variant": list(_drawn(verdict.variant)),
            "parts": list(_parts(verdict)),
            "rest": _rest(verdict),
        }
        for facts, verdict in held
    ]
    return page("feedback.html.j2", student=student, labs=labs)


def _drawn(variant: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """The drawn values by their names, those of a row as the lab names them: `kind.type`."""
    for name, value in sorted(variant.items()):
        if isinstance(value, Mapping):
            yield from _drawn(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", str(value)


def mark_of(part: Part, state: str) -> str:
    """Return how a part went: "right", "partly", "wrong", or "none" where nothing was judged."""
    if part.points >= part.out_of:
        return "right"
    if part.points > 0:
        return "partly"
    return "none" if state != "graded" and part.said in ("", UNJUDGED) else "wrong"


def reason_of(verdict: Verdict) -> str:
    """Return why a submission is not graded in full: the grader's notes, or what the state means."""
    return " ".join(verdict.notes) or STATES[verdict.state]


def _parts(verdict: Verdict) -> Iterator[_Shown]:
    answers = {answer.id: answer for answer in verdict.answers}
    done: set[str] = set()
    for part in verdict.parts:
        here = [id for id in part.answers if id in answers and id not in done]
        above = tuple(id for id in part.answers if id in done)
        done |= set(here)
        mark = mark_of(part, verdict.state)
        yield _Shown(
            part,
            mark,
            _HIDDEN if part.is_hidden else "" if mark == "none" else part.said,
            tuple(_rule(name) for name in part.rules),
            tuple((answers[id], _FOUND[answers[id].found]) for id in here),
            above,
        )


def _rest(verdict: Verdict) -> list[tuple[Answer, str]]:
    """The answers that no part judges."""
    judged = {id for part in verdict.parts for id in part.answers}
    return [(answer, _FOUND[answer.found]) for answer in verdict.answers if answer.id not in judged]


def _rule(name: str) -> _Rule:
    known = RULES.get(name)
    if known is None:  # a verdict of a grader that knew more rules
        return _Rule(name, "", "")
    chapter = re.match(r"0*(\d+)", known.page.chapter)
    place = f"chapter {chapter[1]}, {known.page}" if chapter else str(known.page)
    return _Rule(known.title, known.explanation, place)
