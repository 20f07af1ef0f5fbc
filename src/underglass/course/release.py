"""From a solution to the lab that students get: one pure function, and the command that writes the files.

The metadata is nbgrader's, schema version 3 (nbgrader 0.9, nbgrader/nbgraderformat/v3.py), so that its
formgrader and autograder take both notebooks.
"""

from __future__ import annotations

import argparse
import copy
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat

from underglass.errors import UnderglassError

__all__ = ["NotReleasable", "main", "release", "release_files"]

_MARK = re.compile(
    r"^(?P<indent>\s*)(?P<comment>//|#+)\s*(?P<edge>BEGIN|END) (?P<what>SOLUTION|HIDDEN TESTS)\s*$"
)
_NBFORMAT: Any = nbformat  # its functions carry no types
_NBGRADER_KEYS = ("schema_version", "grade", "solution", "locked", "grade_id")


class NotReleasable(UnderglassError):
    """A solution that no lab can be made from; the message names notebook, cell and line."""


def release(notebook: Any) -> Any:
    """Return the student's form of a solution notebook; the argument is left as it is.

    Between `// BEGIN SOLUTION` and `// END SOLUTION` (`#` in Python cells) stands a stub instead, what
    stands between the marks of hidden tests is gone, and outputs and counts are cleared. Cell ids stay,
    so that a submission's cells can be told whatever was moved or added.

    Raises:
        NotReleasable: a mark without its partner or in a cell of another kind, or a grade_id twice.
    """
    made = copy.deepcopy(notebook)
    seen: dict[str, int] = {}
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
        lines[first : last + 1] = [stub] if what == "SOLUTION" else []
    return "\n".join(lines).rstrip("\n")


def release_files(solutions: Iterable[Path], out: Path) -> tuple[Path, ...]:
    """Write the lab of each solution notebook into the folder `out`, and return the paths.

    Raises:
        NotReleasable: one cannot be released; none is written then.
    """
    made = []
    for path in solutions:
        try:
            notebook = _NBFORMAT.read(path, as_version=4)
            made.append((out / path.name, release(notebook)))
        except FileNotFoundError as error:
            raise NotReleasable(f"There is no notebook {path}. Give a notebook of solutions/.") from error
        except nbformat.reader.NotJSONError as error:
            raise NotReleasable(f"{path} is no notebook. Give a notebook of solutions/.") from error
        except NotReleasable as error:
            raise NotReleasable(f"{path}: {error}") from error
    out.mkdir(parents=True, exist_ok=True)
    for target, notebook in made:
        text = _NBFORMAT.writes(notebook, version=4).rstrip("\n") + "\n"
        target.write_text(text, encoding="utf-8", newline="\n")
    return tuple(target for target, _ in made)


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m underglass.course.release [LAB…] [--from DIR] --out DIR`."""
    parser = argparse.ArgumentParser(
        prog="underglass release",
        description="Make the students' labs from the solutions.",
        epilog="example: underglass release 05_frames --out labs",
    )
    parser.add_argument(
        "labs", nargs="*", metavar="LAB", help="name of a notebook, as 05_frames; without any, all"
    )
    parser.add_argument(
        "--from", dest="folder", type=Path, default=Path("solutions"), help="default: solutions"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the labs go")
    given = parser.parse_args(arguments)
    named = [given.folder / f"{lab.removesuffix('.ipynb')}.ipynb" for lab in given.labs]
    try:
        paths = named or sorted(given.folder.glob("*.ipynb"))
        if not paths:
            raise NotReleasable(
                f"{given.folder} holds no notebook. Name the folder of the solutions with --from."
            )
        for path in release_files(paths, given.out):
            sys.stdout.write(f"{path}\n")
    except UnderglassError as error:
        sys.stderr.write(f"underglass: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
