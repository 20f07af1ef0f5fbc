"""From a solution to the lab that students get: one pure function, and what writes the files.

The metadata is nbgrader's, schema version 3 (nbgrader 0.9, nbgrader/nbgraderformat/v3.py), so that its
formgrader and autograder take both notebooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from underglass.course.shipped import there_instead
from underglass.course.variants import BadVariants, filled
from underglass.errors import UnderglassError

__all__ = ["NotReleasable", "Student", "read_notebook", "release", "release_files", "solution_source"]

_MARK = re.compile(
    r"^(?P<indent>\s*)(?P<comment>//|#+)\s*(?P<edge>BEGIN|END) (?P<what>SOLUTION|HIDDEN TESTS)\s*$"
)
_STUB = re.compile(r"^\s*(//|#+)\s*STUB\s*$")
_BEHIND_COMMENT = re.compile(r"^(\s*)(?://|#) ?(.*)$")
_CLOSED = "from underglass.course import hide_solutions\n\nhide_solutions()"
_NBFORMAT: Any = nbformat  # its functions carry no types
_NBGRADER_KEYS = ("schema_version", "grade", "solution", "locked", "grade_id")


class NotReleasable(UnderglassError):
    """A solution that no lab can be made from; the message names notebook, cell and line."""


@dataclass(frozen=True)
class Student:
    """Whose lab it is: what is drawn for a variant."""

    id: str  # as the grader will find it in the name of the submission
    term: str = ""


def release(notebook: Any, student: Student | None = None, *, reveal: bool = True) -> Any:
    """Return the student's form of a solution notebook; the argument is left as it is.

    Between `// BEGIN SOLUTION` and `// END SOLUTION` (`#` in Python cells) stands a stub instead: what
    follows a line `// STUB` there, each line without its comment mark, or else `// YOUR CODE HERE`. What
    stands between the marks of hidden tests is gone, variants are filled in, and outputs and counts are
    cleared. Cell ids stay, so that a submission's cells can be told whatever was moved or added.

    Args:
        student: whose variant; None is the first.
        reveal: whether `solution` may show a reference answer in this lab.

    Raises:
        NotReleasable: a mark without its partner or in a cell of another kind, or a grade_id twice.
        BadVariants: a variant that cannot be filled in.
    """
    made = solution_source(notebook, student)
    seen: dict[str, int] = {}
    if not reveal:
        _close(made)
    for number, cell in enumerate(made.cells, 1):
        about = cell.metadata.get("nbgrader")
        if about is not None:
            _checked(about, number, seen)
        kinds = {what for what, _, _ in _regions(cell.source, number)}
        if "SOLUTION" in kinds and not (about and about["solution"]):
            raise NotReleasable(
                f"Cell {number} marks a solution and is no solution cell. Set nbgrader.solution."
            )
        if "HIDDEN TESTS" in kinds and not (about and about["grade"] and about["locked"]):
            raise NotReleasable(
                f"Cell {number} marks hidden tests and is no locked test cell. "
                "Set nbgrader.grade and nbgrader.locked."
            )
        if about and about["solution"] and "SOLUTION" not in kinds and cell.cell_type == "code":
            raise NotReleasable(
                f"Cell {number} is a solution cell without BEGIN SOLUTION: the answer would be given away."
            )
        cell.source = _without(cell.source, number)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return made


def solution_source(notebook: Any, student: Student | None = None) -> Any:
    """Return a solution with its variants filled in: what replays an answer, and nbgrader's source notebook.

    Raises:
        BadVariants: a variant that cannot be filled in.
    """
    return filled(notebook, student.id if student else None, student.term if student else "")


def read_notebook(path: Path) -> tuple[Any, str]:
    """Return a solution notebook and its text.

    Raises:
        NotReleasable: there is none, or it is none.
    """
    invalid: dict[str, Exception] = {}
    try:
        text = path.read_text(encoding="utf-8")
        notebook = _NBFORMAT.reads(text, as_version=4, capture_validation_error=invalid)
    except FileNotFoundError as error:
        raise NotReleasable(f"There is no notebook {path}. {there_instead(path)}") from error
    except (
        nbformat.ValidationError,
        ValueError,
    ) as error:  # no JSON, no UTF-8, or of a version that lacks keys
        invalid["read"] = error
    except (AttributeError, KeyError, TypeError):  # what nbformat makes of JSON of another shape
        invalid["read"] = TypeError("its JSON has another shape")
    for wrong in invalid.values():
        reason = (str(wrong).strip().splitlines() or [type(wrong).__name__])[0][:200]
        raise NotReleasable(f"{path} is no notebook: {reason}. Save it in Jupyter again.")
    return notebook, text


def _close(made: Any) -> None:
    """Have the lab's first locked Python cell close `solution`."""
    for cell in made.cells:
        about = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and about.get("locked") and not cell.source.startswith("%"):
            cell.source = f"{cell.source}\n{_CLOSED}"
            return
    raise NotReleasable(
        "The notebook has no locked Python cell that could close its solutions. Add one with its imports."
    )


def _checked(about: Any, number: int, seen: dict[str, int]) -> None:
    missing = [key for key in _NBGRADER_KEYS if key not in about]
    if missing or about["schema_version"] != 3:
        raise NotReleasable(
            f"Cell {number}: nbgrader's metadata lacks {', '.join(missing) or 'schema_version 3'}. Add it."
        )
    if about["grade"] and "points" not in about:
        raise NotReleasable(f"Cell {number} is graded and has no points. Add nbgrader.points.")
    if about["grade_id"] in seen:
        raise NotReleasable(
            f"Cells {seen[about['grade_id']]} and {number} have the grade_id {about['grade_id']!r}. "
            "Name one otherwise."
        )
    seen[about["grade_id"]] = number


def _regions(source: str, number: int) -> Iterator[tuple[str, int, int]]:
    """(what, first line, last line) of each marked region, marks included."""
    open_: tuple[str, int] | None = None
    for index, line in enumerate(source.split("\n")):
        mark = _MARK.match(line)
        if mark is None:
            continue
        what = mark["what"]
        if mark["edge"] == "BEGIN" and open_ is None:
            open_ = (what, index)
        elif mark["edge"] == "END" and open_ is not None and open_[0] == what:
            yield what, open_[1], index
            open_ = None
        else:
            raise NotReleasable(
                f"Cell {number}, line {index + 1}: {line.strip()!r} has no partner. Marks come in pairs."
            )
    if open_ is not None:
        raise NotReleasable(
            f"Cell {number}, line {open_[1] + 1}: BEGIN {open_[0]} without an END. Marks come in pairs."
        )


def _without(source: str, number: int) -> str:
    lines = source.split("\n")
    for what, first, last in reversed(list(_regions(source, number))):
        mark = _MARK.match(lines[first])
        assert mark is not None
        stub = f"{mark['indent']}{'//' if mark['comment'] == '//' else '#'} YOUR CODE HERE"
        lines[first : last + 1] = _stub(lines[first:last], stub) if what == "SOLUTION" else []
    return "\n".join(lines).rstrip("\n")


def _stub(region: list[str], default: str) -> list[str]:
    """What the student starts from, of a SOLUTION region without its last line."""
    at = next((index for index, line in enumerate(region) if _STUB.match(line)), None)
    if at is None:
        return [default]
    return [_BEHIND_COMMENT.sub(r"\1\2", line) for line in region[at + 1 :]]


def release_files(
    solutions: Iterable[Path],
    out: Path,
    student: Student | None = None,
    *,
    reveal: bool = True,
    is_source: bool = False,
) -> tuple[Path, ...]:
    """Write the lab of each solution notebook into the folder `out`, and return the paths.

    Args:
        student, reveal: as for `release`.
        is_source: write the solutions themselves, variants filled in: nbgrader's source notebooks.

    Raises:
        NotReleasable: one cannot be released; none is written then.
    """
    made = []
    for path in solutions:
        notebook, _ = read_notebook(path)
        try:
            lab = solution_source(notebook) if is_source else release(notebook, student, reveal=reveal)
        except (NotReleasable, BadVariants) as error:
            raise NotReleasable(f"{path}: {error}") from error
        made.append((out / path.name, lab))
    out.mkdir(parents=True, exist_ok=True)
    for target, notebook in made:
        text = _NBFORMAT.writes(notebook, version=4).rstrip("\n") + "\n"
        target.write_text(text, encoding="utf-8", newline="\n")
    return tuple(target for target, _ in made)
