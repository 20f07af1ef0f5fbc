"""The class's points as tables: grades.csv for a spreadsheet or a platform, grades.json for programs.

The same verdicts give the same bytes, in whatever order they come.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from underglass.grading.labfacts import LabFacts, verdicts_by_student
from underglass.grading.pages import number, shown
from underglass.grading.record import Verdict

__all__ = ["defused", "grades_csv", "grades_json"]

# What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection"), full-width forms included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_FORMAT = 1


def defused(text: str) -> str:
    """Return a text of one line that no spreadsheet takes for a formula: an apostrophe goes before one.

    >>> defused("=1+1"), defused("Ada")
    ("'=1+1", 'Ada')
    """
    starts = text.lstrip(" \u00a0\u200b\u200e\u200f\ufeff\"'")
    line = shown(text).replace("\n", "⟨U+000A⟩").replace("\t", "⟨U+0009⟩")
    return f"'{line}" if starts.startswith(_FORMULA) else line


def grades_csv(labs: Sequence[LabFacts]) -> str:
    """Return a row a student: for each lab its parts' points, total, points to be had, and state.

    What a student has not handed in is empty. Text stands in quotes, so that a semicolon in a name ends no
    cell where lists are separated by it.
    """
    held = io.StringIO()
    table = csv.writer(held, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    head = ["student"]
    for lab in labs:
        head += [*(f"{lab.lab}/{part.id}" for part in lab.parts)]
        head += [f"{lab.lab} total", f"{lab.lab} out of", f"{lab.lab} state"]
    table.writerow([defused(name) for name in head])
    for student, verdicts in verdicts_by_student(labs).items():
        row: list[object] = [defused(student)]
        for lab in labs:
            row += _cells(lab, verdicts.get(lab.lab))
        table.writerow(row)
    return held.getvalue()


class _Points(float):
    """Points that the csv module writes as people do: it writes a number by its repr."""

    def __repr__(self) -> str:
        return number(self)

    __str__ = __repr__


def _cells(lab: LabFacts, verdict: Verdict | None) -> list[object]:
    if verdict is None:
        return [""] * (len(lab.parts) + 3)
    points = {part.id: part.points for part in verdict.parts}
    return [
        *(_Points(points.get(part.id, 0.0)) for part in lab.parts),
        _Points(verdict.points),
        _Points(lab.out_of),
        verdict.state,
    ]


def grades_json(labs: Sequence[LabFacts]) -> str:
    """Return the same as JSON, with what each lab is made of and each submission's notes.

    Names stand in it as they are, so that a program can compare them.
    """
    held: dict[str, Any] = {
        "format": _FORMAT,
        "labs": [
            {
                "lab": lab.lab,
                "title": lab.title,
                "out_of": lab.out_of,
                "parts": [{"id": p.id, "title": p.title, "out_of": p.out_of} for p in lab.parts],
            }
            for lab in labs
        ],
        "students": [
            {"student": student, "labs": {lab: _verdict(v) for lab, v in verdicts.items()}}
            for student, verdicts in verdicts_by_student(labs).items()
        ],
    }
    return json.dumps(held, ensure_ascii=True, indent=1) + "\n"


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "state": verdict.state,
        "points": verdict.points,
        "parts": {part.id: part.points for part in verdict.parts},
        "rules": sorted({rule for part in verdict.parts for rule in part.rules}),
        "notes": list(verdict.notes),
        "variant": dict(verdict.variant),
        "key": verdict.key,
    }
