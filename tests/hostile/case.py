"""A hostile submission: what writes it, and the most that its honest parts are worth."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading_class import LAB

__all__ = ["CASES", "Case", "hostile"]


@dataclass(frozen=True)
class Case:
    """One hostile submission."""

    name: str
    family: str
    make: Callable[[Path], Any]  # gets the folder STUDENT/LAB; returns a notebook, bytes, or None if it wrote
    points: float  # what its honest parts are worth, and what it has to get
    state: str
    student: str  # how the student's folder is called

    def write(self, folder: Path) -> None:
        """Write the submission below a folder of submissions, in nbgrader's layout."""
        home = folder / self.student / LAB
        home.mkdir(parents=True)
        made = self.make(home)
        if made is None:
            return
        data = (
            made
            if isinstance(made, bytes)
            else json.dumps(made, ensure_ascii=False).encode("utf-8", "surrogatepass")
        )
        (home / f"{LAB}.ipynb").write_bytes(data)


CASES: list[Case] = []


def hostile(
    points: float = 0.0, state: str = "graded", student: str = ""
) -> Callable[[Callable[[Path], Any]], Callable[[Path], Any]]:
    """Register a function that makes a hostile submission."""

    def register(make: Callable[[Path], Any]) -> Callable[[Path], Any]:
        name, family = make.__name__, make.__module__.rpartition(".")[2]
        CASES.append(Case(name, family, make, points, state, student or f"{family}-{name}"))
        return make

    return register
