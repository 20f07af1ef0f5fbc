"""The class on one page: who has done what, how points fall, which rule is broken most, what needs a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import mean, median
from typing import Any

from underglass.grading.charts import PartCounts, distribution_picture, parts_picture, rules_picture
from underglass.grading.feedback import mark_of, reason_of
from underglass.grading.labfacts import LabFacts, PartFacts, verdicts_by_student
from underglass.grading.pages import figure, file_name, number, page, shown
from underglass.grading.record import Verdict
from underglass.trace.rules import RULES

__all__ = ["report_html"]

_STATES = ("limit", "unreadable", "quarantined")


def report_html(labs: Sequence[LabFacts]) -> str:
    """Return the class's page; each name leads to the student's own."""
    return page(
        "report.html.j2",
        labs=[_lab(lab) for lab in labs],
        students=len(verdicts_by_student(labs)),
        submissions=sum(len(lab.verdicts) for lab in labs),
    )


def _lab(lab: LabFacts) -> dict[str, Any]:
    points = [verdict.points for verdict in lab.verdicts]
    rules = Counter(
        rule for v in lab.verdicts for rule in sorted({rule for part in v.parts for rule in part.rules})
    )
    broken = sorted(rules.items(), key=lambda item: (-item[1], item[0]))
    titled = [(RULES[name].title if name in RULES else shown(name), count) for name, count in broken]
    return {
        "facts": lab,
        "figures": [
            ("submissions", len(points)),
            ("median points", number(median(points))),
            ("mean points", number(round(mean(points), 1))),
            ("full marks", sum(value >= lab.out_of for value in points)),
            ("not graded in full", sum(v.state != "graded" for v in lab.verdicts)),
        ],
        "distribution": figure(distribution_picture(points, lab.out_of)),
        "by_part": figure(parts_picture([_counts(lab, part) for part in lab.parts])) if lab.parts else None,
        "rules": figure(rules_picture(titled)) if titled else None,
        "rows": [_row(lab, verdict) for verdict in lab.verdicts],
        "states": [
            (v.student, file_name(v.student), v.state, reason_of(v))
            for state in _STATES
            for v in lab.verdicts
            if v.state == state
        ],
        "remarks": [
            (v.student, file_name(v.student), answer.id, answer.note)
            for v in lab.verdicts
            for answer in v.answers
            if answer.note
        ],
    }


def _counts(lab: LabFacts, part: PartFacts) -> PartCounts:
    marks = Counter(
        next((mark_of(p, v.state) for p in v.parts if p.id == part.id), "none") for v in lab.verdicts
    )
    return PartCounts(shown(part.id), marks["right"], marks["partly"], marks["wrong"] + marks["none"])


def _row(lab: LabFacts, verdict: Verdict) -> dict[str, Any]:
    held = {part.id: (mark_of(part, verdict.state), part.points) for part in verdict.parts}
    return {
        "student": verdict.student,
        "page": file_name(verdict.student),
        "cells": [held.get(part.id, ("none", 0.0)) for part in lab.parts],
        "total": verdict.points,
        "state": verdict.state,
    }
