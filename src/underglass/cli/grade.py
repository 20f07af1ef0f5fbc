"""`underglass grade`: a class's submissions, graded."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from underglass.cli.parts import Commands, new_command
from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.grading.record import Verdict

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass grade submitted --out grades                      nbgrader's folder, all labs of the book
  underglass grade moodle.zip --lab 05_frames --out grades     what Moodle or Canvas lets you download
  underglass grade submitted --out grades --resume             go on, or grade what is new
  underglass grade submitted --out grades --gradebook sqlite:///gradebook.db    for formgrader
  underglass grade submitted --out grades --scheduler tcp://10.0.0.1:8786    on a Dask cluster

SUBMISSIONS is a folder or a zip: STUDENT/LAB/LAB.ipynb, Moodle's NAME_ID_assignsubmission_file_/x.ipynb,
Canvas's name_USER_SUBMISSION_x.ipynb, or a folder or notebook for each student. Nothing in it is run but
its Go and assembly, in the emulated machine."""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands, "grade", "Grade submissions: a verdict for each, and the tables of the class.", _EXAMPLES
    )
    parser.add_argument("submissions", type=Path, metavar="SUBMISSIONS", help="a folder or a zip")
    parser.add_argument(
        "--lab", action="append", default=[], metavar="LAB", help="05_frames; without any, all"
    )
    parser.add_argument(
        "--solutions",
        type=Path,
        metavar="DIR",
        help="default: the folder solutions, and where there is none the book's own",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where verdicts and tables go")
    parser.add_argument(
        "--jobs",
        type=_count,
        default=os.cpu_count() or 1,
        metavar="N",
        help="submissions at once; default: all cores",
    )
    parser.add_argument(
        "--resume", action="store_true", help="keep the verdicts that are there and still hold"
    )
    parser.add_argument(
        "--variants", action="store_true", help="labs were released with --student or --roster: one each"
    )
    parser.add_argument("--term", default="", help="the term of that release; implies --variants")
    parser.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="of a Dask cluster, as tcp://host:8786"
    )
    parser.add_argument(
        "--seconds", type=_count, default=120, metavar="N", help="for one submission; default: 120"
    )
    parser.add_argument(
        "--gradebook",
        default="",
        metavar="URL",
        help="write the points into nbgrader's: sqlite:///gradebook.db",
    )
    parser.set_defaults(act=_grade)


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 9999")
    return int(text)


def _grade(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from underglass.course.shipped import solutions_folder
    from underglass.grading.children import ChildLimits
    from underglass.grading.grader import Grader, find_solutions
    from underglass.grading.pages import plural

    out: Path = options.out
    if out.exists() and not out.is_dir():
        raise UnderglassError(f"{out} is a file. Name a folder with --out.")
    grader = Grader(
        find_solutions(solutions_folder(options.solutions), options.lab),
        out,
        options.term if options.variants or options.term else None,
        options.resume,
        ChildLimits(seconds=float(options.seconds), cpu=options.seconds),
    )
    bar = Progress(
        TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(), console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True,
    )  # fmt: skip
    with bar:
        line = bar.add_task("", total=None, rate="")

        def told(_verdict: Verdict, _is_new: bool) -> None:
            task = bar.tasks[0]
            bar.update(line, advance=1, rate=f"{task.speed:.1f}/s" if task.speed else "")

        try:
            given = grader.grade(
                options.submissions,
                jobs=options.jobs,
                scheduler=options.scheduler,
                progress=told,
                total=lambda count: bar.update(line, total=count),
            )
        except KeyboardInterrupt:
            print("underglass: stopped. What is graded is kept; --resume goes on from here.", file=sys.stderr)
            raise
    for stray in given.strays:
        print(
            f"underglass: {stray!r} is named after none of these labs, and was left. Rename it after its "
            f"lab, as {next(iter(grader.solutions))}.ipynb, and grade again with --resume.",
            file=sys.stderr,
        )
    states = [verdict.state for verdict in given.verdicts]
    odd = ", ".join(f"{states.count(s)} {s}" for s in ("limit", "unreadable", "quarantined") if s in states)
    print(f"{plural(len(states), 'submission')}, {given.made} graded now{f'; {odd}' if odd else ''}")
    for path in given.written:
        print(path)
    if options.gradebook:
        from underglass.grading.gradebook import save_to_gradebook

        paths = {name: solution.path for name, solution in grader.solutions.items()}
        print(save_to_gradebook(given.verdicts, paths, options.gradebook))
    return 0
