"""What grading a submission gives: one verdict, made of one part for each graded cell of the lab.

Everything here is plain data and goes through JSON unchanged: a verdict is what the child process hands over,
what the grader writes, and what tables, feedback and reports are made from.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from underglass.errors import UnderglassError

__all__ = ["UNJUDGED", "Answer", "BadVerdict", "Part", "State", "Verdict", "read_verdict", "write_verdict"]

State = Literal["graded", "limit", "unreadable", "quarantined"]
"""graded: every part has been judged. limit: the child reached a limit; parts judged before count, the rest
has 0. unreadable: the file is no notebook of this lab. quarantined: two workers ended on it."""
_STATES = ("graded", "limit", "unreadable", "quarantined")
_FORMAT = 1

UNJUDGED = "This was not judged."
"""What a part says that the grader did not come to."""


class BadVerdict(UnderglassError):
    """A text that is no verdict: of another version, or damaged."""


@dataclass(frozen=True)
class Answer:
    """What a student put into one answer cell."""

    id: str  # grade_id of the answer cell in the solution
    text: str  # as handed in; "" if there is none
    found: Literal["by id", "by content", "missing", "untouched"]  # untouched: still the stub
    note: str = ""  # a sentence if it was not where it should be, or is not what was asked


@dataclass(frozen=True)
class Part:
    """What became of one graded cell."""

    id: str  # grade_id of the test cell
    title: str  # the heading it stands under
    points: float  # given
    out_of: float
    said: str = ""  # what the student may read: the visible case, the rule, the step; "" if all is right
    rules: tuple[str, ...] = ()  # ids of the sentinel's rules that were broken
    is_hidden: bool = False  # the visible tests passed, and a hidden one failed
    answers: tuple[str, ...] = ()  # ids of the answer cells that it judges


@dataclass(frozen=True)
class Verdict:
    """What became of one submission."""

    student: str  # as the folder or file name tells
    lab: str  # the solution's stem: "05_frames"
    key: str  # digest of the submission's bytes, the solution, the variant and the grader's version
    state: State
    parts: tuple[Part, ...] = ()  # in the lab's order; every graded cell has one
    answers: tuple[Answer, ...] = ()  # in the lab's order
    notes: tuple[str, ...] = ()  # sentences about the submission as a whole, which the student may read
    variant: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # name → drawn value, as plain data

    @property
    def points(self) -> float:
        return math.fsum(part.points for part in self.parts)

    @property
    def out_of(self) -> float:
        return math.fsum(part.out_of for part in self.parts)


def write_verdict(verdict: Verdict) -> str:
    """Return a verdict as JSON, the same text for the same verdict."""
    held = {"format": _FORMAT, **dataclasses.asdict(verdict)}
    return json.dumps(held, ensure_ascii=True, sort_keys=True, indent=1) + "\n"


def read_verdict(text: str) -> Verdict:
    """Return the verdict that a JSON text holds.

    Raises:
        BadVerdict: it holds none, or points outside 0 … out_of.
    """
    try:
        held = json.loads(text)
        if held.pop("format") != _FORMAT:
            raise BadVerdict("The verdict is of another version of the grader. Grade again without --resume.")
        parts = tuple(
            Part(**{**p, "rules": tuple(map(str, p["rules"])), "answers": tuple(map(str, p["answers"]))})
            for p in held.pop("parts")
        )
        answers = tuple(Answer(**a) for a in held.pop("answers"))
        notes = tuple(map(str, held.pop("notes")))
        verdict = Verdict(parts=parts, answers=answers, notes=notes, **held)
        sound = verdict.state in _STATES and all(
            0 <= float(part.points) <= float(part.out_of) < math.inf for part in parts
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadVerdict(f"This is no verdict: {error}. Delete the file and grade again.") from error
    if not sound:
        raise BadVerdict(
            "This is no verdict: its state or its points cannot be. Delete the file, grade again."
        )
    return verdict
