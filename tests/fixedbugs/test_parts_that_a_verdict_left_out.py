"""A failed hidden test hid what the parts above it had said, and of parts without a point one was told."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest

from underglass.grading.answers import Given, find_answers
from underglass.grading.lab import lab_of
from underglass.grading.record import Part
from underglass.grading.replay import replay
from underglass.machine import Limits

ANSWER = "### BEGIN SOLUTION\nlow, high = 3, 7\n### END SOLUTION"
CHECK = """\
from underglass.course import Marks, check_answer
marks = Marks()
with marks(1): check_answer("low", low, 3, {4: "That is the length."})
with marks(1): check_answer("high", high, 7, {8: "That is one beyond."})
# BEGIN HIDDEN TESTS
check_answer("both", low + high, 10)
# END HIDDEN TESTS
marks.total"""


def cell(id: str, source: str, **kind: object) -> dict[str, Any]:
    held = {"schema_version": 3, "grade_id": id, "grade": False, "solution": False, "locked": False, **kind}
    made = {"id": id, "cell_type": "code", "source": source, "metadata": {"nbgrader": held}}
    return {**made, "execution_count": None, "outputs": []}


def judged(answer: str) -> Part:
    """What the check says of an answer: two parts that are to be seen, and a hidden sum."""
    cells = [
        cell("answer", ANSWER, solution=True),
        cell("check", CHECK, grade=True, locked=True, points=2),
    ]
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    solution = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    lab = lab_of(solution, "small")
    found = find_answers(lab, (Given(answer, True, "answer", "answer"),))
    parts: list[Part] = []
    replay(lab, found, limits=Limits(), build={"timeout": 60, "cpu": 60}, judged=parts.append)
    (part,) = parts
    return part


def test_every_part_that_failed_is_told() -> None:
    part = judged("low, high = 4, 8")
    assert "That is the length." in part.said
    assert "That is one beyond." in part.said
    assert part.points == 0
    assert not part.is_hidden


@pytest.mark.parametrize("answer", ["low, high = 4, 8", "low, high = 9, 1"])
def test_each_part_is_told_whether_a_hidden_test_fails_or_not(answer: str) -> None:
    said = judged(answer).said
    assert "low: " in said
    assert "high: " in said


def test_an_answer_that_is_no_python_is_called_so() -> None:
    assert judged("low, high = 3f, 7").said == "Line 1: this is no Python, and nothing of it counts."
