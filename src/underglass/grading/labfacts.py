"""What the outputs need to know of a lab besides its verdicts: its graded cells, and what answers start from.

Read from the solution notebook, in nbgrader's cell metadata (nbgrader 0.9, nbgrader/nbgraderformat/v3.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underglass.errors import UnderglassError
from underglass.grading.record import Verdict

__all__ = ["AnswerFacts", "LabFacts", "PartFacts", "lab_facts", "read_solution", "verdicts_by_student"]

_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class PartFacts:
    """A graded cell."""

    id: str  # its grade_id
    title: str  # the heading it stands under; "" if no verdict tells
    out_of: float  # points


@dataclass(frozen=True)
class AnswerFacts:
    """An answer cell: what students start from, and what the author wrote."""

    id: str  # its grade_id
    language: str  # "asm", "go", or "" for typed answers
    stub: str  # the cell as released
    reference: str  # the cell of the solution


@dataclass(frozen=True)
class LabFacts:
    """A lab, as all of its verdicts see it."""

    lab: str  # the solution's stem: "05_frames"
    title: str  # its first heading, or the stem
    parts: tuple[PartFacts, ...]  # in the lab's order
    answers: tuple[AnswerFacts, ...]  # in the lab's order
    verdicts: tuple[Verdict, ...]  # by student

    @property
    def out_of(self) -> float:
        return sum(part.out_of for part in self.parts)


def lab_facts(verdicts: Sequence[Verdict], solutions: Mapping[str, Path]) -> tuple[LabFacts, ...]:
    """Return the labs that the verdicts are of, by name.

    A lab without a solution is made of what its verdicts tell.

    Raises:
        UnderglassError: a solution cannot be read, or a student has two verdicts of one lab.
    """
    seen: set[tuple[str, str]] = set()
    for verdict in verdicts:
        if (verdict.student, verdict.lab) in seen:
            raise UnderglassError(
                f"{verdict.student!a} has two verdicts of {verdict.lab}. Leave one submission in the folder, "
                "and grade again."
            )
        seen.add((verdict.student, verdict.lab))
    held: dict[str, list[Verdict]] = {}
    for verdict in sorted(verdicts, key=lambda v: (v.lab, v.student)):
        held.setdefault(verdict.lab, []).append(verdict)
    return tuple(_facts(lab, of_lab, solutions.get(lab)) for lab, of_lab in held.items())


def verdicts_by_student(labs: Iterable[LabFacts]) -> dict[str, dict[str, Verdict]]:
    """Return student → lab → verdict, in order of the students' names."""
    found: dict[str, dict[str, Verdict]] = {}
    for lab in labs:
        for verdict in lab.verdicts:
            found.setdefault(verdict.student, {})[lab.lab] = verdict
    return dict(sorted(found.items()))


def _facts(lab: str, verdicts: Sequence[Verdict], solution: Path | None) -> LabFacts:
    title, parts, answers = (lab, {}, ()) if solution is None else _read(lab, solution)
    for verdict in verdicts:
        for part in verdict.parts:
            known = parts.get(part.id)
            if known is None or not known.title:
                parts[part.id] = PartFacts(part.id, part.title, known.out_of if known else part.out_of)
    return LabFacts(lab, title, tuple(parts.values()), answers, tuple(verdicts))


def read_solution(path: Path) -> Any:
    """Return a solution notebook.

    Raises:
        UnderglassError: it cannot be read.
    """
    import nbformat

    library: Any = nbformat  # its functions carry no types
    try:
        return library.read(path, as_version=4)
    except (
        OSError, ValueError, AttributeError, library.reader.NotJSONError, library.ValidationError
    ) as error:  # fmt: skip
        said = (str(error).splitlines() or ["it is empty"])[0][:200]
        raise UnderglassError(
            f"The solution {path} cannot be read: {said}. Name the folder that holds it."
        ) from error


def _read(lab: str, path: Path) -> tuple[str, dict[str, PartFacts], tuple[AnswerFacts, ...]]:
    from underglass.course.release import release, solution_source

    read = read_solution(path)
    notebook = solution_source(read)
    parts: dict[str, PartFacts] = {}
    answers = []
    for cell, released in zip(notebook.cells, release(read).cells, strict=True):
        about = cell.metadata.get("nbgrader") or {}
        name = about.get("grade_id", "")
        if about.get("grade"):
            parts[name] = PartFacts(name, "", float(about["points"]))
        if about.get("solution") and cell.cell_type == "code":
            word = cell.source.partition("\n")[0].split()
            language = word[0].removeprefix("%%") if word and word[0] in ("%%asm", "%%go") else ""
            answers.append(AnswerFacts(name, language, released.source, cell.source))
    texts = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    heading = next((found for text in texts if (found := _HEADING.search(text))), None)
    return heading[1].strip() if heading else lab, parts, tuple(answers)
