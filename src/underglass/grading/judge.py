"""From a submission's bytes to its verdict: a child process judges, and what it says is checked here."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import underglass
from underglass.grading.children import Children, Outcome
from underglass.grading.lab import Lab, LabCell, plain
from underglass.grading.record import UNJUDGED, Answer, Part, State, Verdict
from underglass.toolchain.go import find_go
from underglass.trace.rules import RULES

__all__ = ["Task", "empty_verdict", "judge", "key_of"]

_RECIPE = "1"  # part of each key: raise it when the grader judges otherwise
_MOST = 1 << 20  # characters of one text in a verdict
_FOUND = ("by id", "by content", "missing", "untouched")  # of Answer.found


@dataclass(frozen=True)
class Task:
    """One submission that can be graded."""

    student: str
    lab: Lab  # for this student
    data: bytes = field(repr=False)  # the notebook file
    key: str = ""
    variant: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # about the file: that another one was handed in, too


def key_of(data: bytes, solution: str, variant: Mapping[str, Any]) -> str:
    """Return the digest of all that a verdict depends on."""
    digest = hashlib.sha256()
    for part in (
        _RECIPE, underglass.__version__, find_go().version, solution,
        json.dumps(variant, sort_keys=True, default=str),
    ):  # fmt: skip
        piece = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(piece) + piece)
    digest.update(data)
    return digest.hexdigest()


def judge(task: Task, children: Children) -> Verdict:
    """Return the verdict on a submission, whatever it holds."""
    limits = children.limits
    outcome = children.run(
        {
            "lab": plain(task.lab),
            "notebook": base64.b64encode(task.data).decode(),
            "limits": dataclasses.asdict(limits.guest),
            "build": {"timeout": limits.build_seconds, "cpu": limits.build_cpu},
        }
    )
    return _verdict(task, outcome)


def empty_verdict(task: Task, state: State, *notes: str) -> Verdict:
    """Return the verdict on what could not be judged: every part is there, with 0 points."""
    made = Verdict(task.student, task.lab.name, task.key, state, variant=task.variant)
    return dataclasses.replace(
        made,
        parts=tuple(_unjudged(cell) for cell in task.lab.graded),
        answers=tuple(Answer(cell.id, "", "missing") for cell in task.lab.answers),
        notes=(*task.notes, *notes),
    )


def _verdict(task: Task, outcome: Outcome) -> Verdict:
    verdict = empty_verdict(task, "graded")
    wanted = list(task.lab.graded)
    parts: list[Part] = []
    lied = False
    for kind, held in outcome.lines:
        if kind == "unreadable" and not parts and isinstance(held, str):
            return empty_verdict(task, "unreadable", held[:_MOST])
        if kind == "end":
            break
        if kind == "answers":
            answers, notes = _answers(task.lab, held)
            verdict = dataclasses.replace(verdict, answers=answers, notes=(*task.notes, *notes))
            lied = lied or not answers
        elif kind == "part":
            part = _part(wanted[len(parts)], held) if len(parts) < len(wanted) else None
            if part is None:
                lied = True
                break
            parts.append(part)
    is_whole = len(parts) == len(wanted) and not lied and not outcome.stopped
    rest = tuple(_unjudged(cell) for cell in wanted[len(parts) :])
    verdict = dataclasses.replace(verdict, parts=(*parts, *rest))
    if is_whole:
        return verdict
    why = outcome.stopped or "The process that handled it did not keep to its form."
    note = f"Grading was stopped. {why} Parts judged before count."
    return dataclasses.replace(verdict, state="limit", notes=(*verdict.notes, note))


def _unjudged(cell: LabCell) -> Part:
    return Part(cell.id, cell.title, 0.0, cell.out_of, UNJUDGED, answers=cell.judges)


def _part(cell: LabCell, held: object) -> Part | None:
    """Return a part as a child may say it: what the lab says of it is not the child's to say."""
    if not isinstance(held, dict) or held.get("id") != cell.id:
        return None
    points, said, rules, is_hidden = (held.get(name) for name in ("points", "said", "rules", "is_hidden"))
    if not isinstance(points, int | float) or isinstance(points, bool) or not math.isfinite(points):
        return None
    if not (0 <= points <= cell.out_of and isinstance(said, str) and len(said) <= _MOST):
        return None
    if not isinstance(rules, list) or not all(isinstance(r, str) and r in RULES for r in rules):
        return None
    if not isinstance(is_hidden, bool):
        return None
    return Part(cell.id, cell.title, float(points), cell.out_of, said, tuple(rules), is_hidden, cell.judges)


def _answers(lab: Lab, held: object) -> tuple[tuple[Answer, ...], tuple[str, ...]]:
    """Return the answers as a child may say them; none if one is not."""
    if not isinstance(held, dict) or not isinstance(held.get("answers"), list):
        return (), ()
    made = []
    given = held["answers"]
    if len(given) != len(lab.answers):
        return (), ()
    for cell, one in zip(lab.answers, given, strict=True):
        if not isinstance(one, dict) or one.get("id") != cell.id or one.get("found") not in _FOUND:
            return (), ()
        text, note = one.get("text"), one.get("note")
        if not isinstance(text, str) or not isinstance(note, str) or len(text) + len(note) > _MOST:
            return (), ()
        made.append(Answer(cell.id, text, one["found"], note))
    notes = held.get("notes")
    sound = [n for n in notes if isinstance(n, str)][:20] if isinstance(notes, list) else []
    return tuple(made), tuple(n[:_MOST] for n in sound)
