"""`underglass release`: the students' labs, made from the solutions."""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

from underglass.cli.parts import Commands, new_command
from underglass.errors import UnderglassError

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass release --out labs                 all notebooks of solutions/
  underglass release 05_frames --out labs       one of them
  underglass release --from mine --out out      those of another folder
  underglass release --student ada --term 2026 --out out/ada      the variants of one student
  underglass release --roster class.csv --term 2026 --out out     a folder for each id in its first column
  underglass release 05_frames --source --out source/05_frames    nbgrader's source notebook"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "release",
        "Make the students' labs from the solutions. Reference answers and hidden tests are taken out.",
        _EXAMPLES,
    )
    parser.add_argument(
        "labs", nargs="*", metavar="LAB", help="a notebook's name, 05_frames; without any, all"
    )
    parser.add_argument(
        "--from",
        dest="folder",
        type=Path,
        metavar="DIR",
        help="default: the folder solutions, and where there is none the book's own",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the labs go")
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--student", metavar="ID", help="draw the variants of this student")
    whose.add_argument(
        "--roster", type=Path, metavar="CSV", help="a lab for each student of the first column"
    )
    whose.add_argument(
        "--source",
        action="store_true",
        help="the solution with its variants filled in: nbgrader's source",
    )
    parser.add_argument("--term", default="", help="part of what variants are drawn from: 2026-autumn")
    parser.add_argument(
        "--no-reveal", action="store_true", help="solution() refuses to show a reference answer"
    )
    parser.set_defaults(act=_release)


def _release(options: argparse.Namespace) -> int:
    from underglass.course.release import Student, release_files
    from underglass.course.shipped import solutions_folder

    if options.out.exists() and not options.out.is_dir():
        raise UnderglassError(f"{options.out} is a file. Name a folder with --out.")
    folder = solutions_folder(options.folder)
    named = [folder / f"{lab.removesuffix('.ipynb')}.ipynb" for lab in options.labs]
    paths = named or sorted(folder.glob("*.ipynb"))
    if not paths:
        raise UnderglassError(f"{folder} holds no notebook. Name the folder of the solutions with --from.")
    whose: list[tuple[Path, Student | None]] = [(options.out, None)]
    if options.student is not None:
        whose = [(options.out, Student(options.student, options.term))]
    elif options.roster is not None:
        ids = _ids(options.roster)
        whose = [(options.out / id_, Student(id_, options.term)) for id_ in ids]
    for out, student in whose:
        written = release_files(paths, out, student, reveal=not options.no_reveal, is_source=options.source)
        for path in written:
            print(path)
    return 0


def _ids(roster: Path) -> list[str]:
    """The students' ids: the first column of a CSV file, a heading `id` or `student` left out.

    Raises:
        UnderglassError: no such file, no id in it, one twice, or one that is no name for a folder.
    """
    try:
        with roster.open(encoding="utf-8-sig", newline="") as file:
            ids = [row[0].strip() for row in csv.reader(file) if row and row[0].strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnderglassError(
            f"{roster} cannot be read as CSV: {error}. Give a file with an id a line."
        ) from error
    if ids and ids[0].lower() in ("id", "student", "student id", "student_id"):
        ids = ids[1:]
    for number, id_ in enumerate(ids, 1):
        if id_ in ids[: number - 1] or id_ in (".", "..") or not re.fullmatch(r"[\w.@+-]+", id_):
            raise UnderglassError(
                f"{roster}: student {number}, {id_!r}, is there twice or cannot name a folder. "
                "An id is made of letters, digits and . _ @ + -"
            )
    if not ids:
        raise UnderglassError(f"{roster} names no student. Write one id a line, in the first column.")
    return ids
