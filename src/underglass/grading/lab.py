"""A lab as the grader needs it: what runs, what is asked for, what is judged; without the reference answers.

It is made from the solution notebook, whose metadata is nbgrader's (nbgrader 0.9, nbgraderformat/v3.py),
and goes to the process that handles a submission as plain data.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from underglass.course.release import NotReleasable, Student, read_notebook, release, solution_source
from underglass.course.variants import MAGIC, drawn, read_choices
from underglass.errors import UnderglassError
from underglass.grading.literals import assigned_names
from underglass.kernel.cells import read_cell

__all__ = [
    "Lab",
    "LabCell",
    "NoLab",
    "defined",
    "lab_of",
    "magic_of",
    "plain",
    "read_lab",
    "read_plain",
    "variant_of",
]

Kind = Literal["trusted", "answer", "test", "written"]
_MAGIC = re.compile(
    r"\A(?P<above>\s*)%%(?P<language>asm|go)\b(?P<line>[^\n]*)(?:\n(?P<body>.*))?\Z", re.DOTALL
)
_HEADING = re.compile(r"^#{1,6}\s+(?P<title>.*?)\s*#*\s*$", re.MULTILINE)
_EDGE = re.compile(r"^\s*(?://|#+)\s*(?P<edge>BEGIN|END) HIDDEN TESTS\s*$")


class NoLab(UnderglassError):
    """A solution that nothing can be graded by; the message names it."""


@dataclass(frozen=True)
class LabCell:
    """A code cell of the solution, or an answer in prose."""

    id: str  # nbgrader's grade_id, or else the notebook's cell id
    cell_id: str  # the notebook's cell id; "" in notebooks before 4.5
    kind: Kind
    number: int  # as the front end counts when all cells are run in order, from 1
    source: str  # what runs; of an answer the stub that students get
    defines: frozenset[str] = frozenset()  # of an answer: functions or Python names that it has to define
    title: str = ""  # of a graded cell: the heading it stands under
    out_of: float = 0.0  # points of a graded cell
    hidden: tuple[tuple[int, int], ...] = ()  # lines of hidden tests, first and last, from 1
    judges: tuple[str, ...] = ()  # of a graded cell: ids of the answers it looks at


@dataclass(frozen=True)
class Lab:
    """One lab."""

    name: str  # the solution's stem
    cells: tuple[LabCell, ...]  # in the notebook's order
    texts: frozenset[str] = frozenset()  # ids of the other cells, which hold prose

    @property
    def answers(self) -> tuple[LabCell, ...]:
        return tuple(c for c in self.cells if c.kind in ("answer", "written"))

    @property
    def graded(self) -> tuple[LabCell, ...]:
        return tuple(c for c in self.cells if c.kind in ("test", "written"))

    @property
    def trusted_names(self) -> frozenset[str]:
        """What the lab's own Go and assembly defines."""
        return frozenset(n for c in self.cells if c.kind in ("trusted", "test") for n in defined(c.source))


def read_lab(path: Path) -> tuple[Any, str]:
    """Return a solution notebook and its text.

    Raises:
        NoLab: there is none, or it is none.
    """
    try:
        return read_notebook(path)
    except NotReleasable as error:
        raise NoLab(str(error)) from error


def lab_of(notebook: Any, name: str, student: Student | None = None) -> Lab:
    """Return the lab that a solution notebook stands for, with the variants of a student.

    Raises:
        NoLab: it has no graded cell.
        NotReleasable: no lab can be made from it.
    """
    made: list[LabCell] = []
    texts: set[str] = set()
    title, number, since = "", 0, []  # since: answers after the graded cell before
    whole, stubs = solution_source(notebook, student), release(notebook, student)
    for cell, stub in zip(whole.cells, stubs.cells, strict=True):
        about = cell.metadata.get("nbgrader") or {}
        cell_id = str(cell.get("id", ""))
        id_ = str(about.get("grade_id") or cell_id or f"cell-{len(made)}")
        is_code = cell.cell_type == "code"
        number += is_code
        if cell.cell_type == "markdown":
            title = ([m["title"] for m in _HEADING.finditer(cell.source)] or [title])[-1]
        is_answer, is_graded = bool(about.get("solution")), bool(about.get("grade"))
        if not is_code and not is_answer:
            texts |= {id_, cell_id}
            continue
        kind: Kind = (
            "written" if is_answer and (is_graded or not is_code) else "answer" if is_answer else "trusted"
        )
        if is_graded and not is_answer:
            kind = "test"
        made.append(
            LabCell(
                id_, cell_id, kind, number,
                stub.source if is_answer else cell.source,
                defined(cell.source) if kind == "answer" else frozenset(),
                title,
                float(about.get("points", 0)) if is_graded else 0.0,
                tuple(_hidden(cell.source)) if kind == "test" else (),
            )
        )  # fmt: skip
        if kind == "answer":
            since.append(made[-1])
        elif kind == "test":
            judged = [c.id for c in made if c.kind == "answer" and _names_one(cell.source, c.defines)]
            made[-1] = dataclasses.replace(made[-1], judges=tuple(judged or [c.id for c in since]))
            since = []
        elif kind == "written":
            made[-1] = dataclasses.replace(made[-1], judges=(id_,))
    lab = Lab(name, tuple(made), frozenset(texts - {""}))
    if not lab.graded:
        raise NoLab(f"The solution {name} has no graded cell. Give its tests nbgrader's metadata.")
    return lab


def variant_of(notebook: Any, student: Student) -> dict[str, Any]:
    """Return what a student has drawn for a lab; nothing if the lab has no variants."""
    values: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.lstrip().startswith(MAGIC):
            values |= drawn(read_choices(cell.source.partition("\n")[2]), student.id, student.term)
    return values


def magic_of(source: str) -> tuple[str, str, str, int] | None:
    """Return language, rest of the magic's line, text and empty lines above of a Go or assembly cell."""
    found = _MAGIC.match(source)
    if found is None:
        return None
    return found["language"], found["line"], found["body"] or "", found["above"].count("\n")


def defined(source: str) -> frozenset[str]:
    """Return what a cell defines: functions, variables and types of Go or assembly, or Python names."""
    magic = magic_of(source)
    if magic is None:
        return frozenset(assigned_names(source))
    language, _, body, _ = magic
    return read_cell(language, "", body, number=0, cell_id=None, above=0, taken=()).defines


def plain(lab: Lab) -> dict[str, Any]:
    """Return a lab as data for JSON."""
    cells = [{**dataclasses.asdict(c), "defines": sorted(c.defines)} for c in lab.cells]
    return {"name": lab.name, "cells": cells, "texts": sorted(lab.texts)}


def read_plain(held: Mapping[str, Any]) -> Lab:
    """Return the lab that `plain` made data of."""
    cells = (
        LabCell(
            **{
                **c,
                "defines": frozenset(c["defines"]),
                "hidden": tuple((first, last) for first, last in c["hidden"]),
                "judges": tuple(c["judges"]),
            }
        )
        for c in held["cells"]
    )
    return Lab(held["name"], tuple(cells), frozenset(held["texts"]))


def _hidden(source: str) -> Iterator[tuple[int, int]]:
    """The lines of hidden tests; `release` has made sure that the marks come in pairs."""
    first = 0
    for number, line in enumerate(source.split("\n"), 1):
        mark = _EDGE.match(line)
        if mark and mark["edge"] == "BEGIN":
            first = number
        elif mark:
            yield first, number


def _names_one(source: str, names: Iterable[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", source) for name in names)
