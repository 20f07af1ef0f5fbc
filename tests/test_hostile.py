"""Hostile submissions, all graded in one run with honest ones: none gets what it has not earned."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from grading_class import LAB, OUT_OF, RIGHT, ROOT, answered, write_class
from hostile import builds, cells, files, forgeries, guest, honest, words
from hostile.case import CASES, Case
from underglass.course.release import release_files
from underglass.grading.children import ChildLimits
from underglass.grading.grader import Grader, find_solutions
from underglass.grading.record import Verdict
from underglass.machine import Limits

FAMILIES = (builds, cells, files, forgeries, guest, honest, words)
SECRET = "the-graders-own-secret"
LIMITS = ChildLimits(
    seconds=100.0,
    build_cpu=1,
    guest=Limits(
        instructions=30_000_000, seconds=5.0, memory=256 << 20, output=1 << 20, files=64, storage=64 << 20
    ),
)
HIDDEN = ("HIDDEN", "8589934593", "1099511627776", "2**33", "2**40", "1048576", "2**20")  # of the lab's tests


@dataclass(frozen=True)
class Graded:
    folder: Path
    out: Path
    verdicts: Mapping[str, Verdict]  # by student
    honest: Mapping[str, float]  # points of those among them


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    folder = tmp_path_factory.mktemp("hostile")
    submitted, out = folder / "submitted", folder / "out"
    among = write_class(submitted, 6)
    for case in CASES:
        case.write(submitted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_SECRET", SECRET)
        patch.setenv("HOME", str(folder))
        (folder / "tmp").mkdir()
        patch.setattr(tempfile, "tempdir", str(folder / "tmp"))
        grader = Grader(find_solutions(ROOT / "solutions", [LAB]), out, limits=LIMITS)
        given = grader.grade(submitted, jobs=min(2, os.cpu_count() or 1), progress=lambda *_: None)
    return Graded(folder, out, {v.student: v for v in given.verdicts}, among)


def test_there_are_enough_of_them() -> None:
    hostile = [case for case in CASES if case.family != "honest"]
    assert len(hostile) >= 40
    assert len({case.student for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.family}-{c.name}")
def test_it_gets_what_its_honest_parts_are_worth(case: Case, graded: Graded) -> None:
    verdict = graded.verdicts[case.student]
    assert (verdict.points, verdict.state) == (case.points, case.state), (verdict.parts, verdict.notes)
    assert verdict.out_of == OUT_OF


def test_those_among_them_get_theirs(graded: Graded) -> None:
    assert {s: graded.verdicts[s].points for s in graded.honest} == graded.honest
    assert set(graded.verdicts) == {*graded.honest, *(case.student for case in CASES)}


def test_nothing_hidden_is_in_what_comes_out(graded: Graded) -> None:
    texts = [path.read_text(encoding="utf-8") for path in graded.out.rglob("*") if path.is_file()]
    assert len(texts) > len(CASES)
    written = "\n".join(texts)
    for hidden in (*HIDDEN, SECRET, "root:x:", "/bin/sh"):
        assert hidden not in written


def test_nothing_was_written_elsewhere(graded: Graded) -> None:
    assert {path.name for path in graded.folder.iterdir()} == {"submitted", "out", "tmp"}
    assert not list(Path("/tmp").glob("underglass-was-here*"))
    below = {path.relative_to(graded.out).parts[0] for path in graded.out.rglob("*")}
    assert "verdicts" in below


def test_no_process_and_no_folder_is_left(graded: Graded) -> None:
    import psutil

    assert graded.verdicts
    lines = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
    assert [line for line in lines if "underglass.grading" in line] == []
    assert list((graded.folder / "tmp").iterdir()) == []


def test_three_of_them_get_full_marks_from_nbgrader(tmp_path: Path, graded: Graded) -> None:
    from nbgrader.api import Gradebook

    by_name = {case.name: case for case in CASES}
    forged = [by_name[name] for name in forgeries.FULL_AT_NBGRADER]
    for case in forged:
        case.write(tmp_path / "submitted")
    source = tmp_path / "source" / LAB
    release_files([ROOT / "solutions" / f"{LAB}.ipynb"], source, is_source=True)
    for command in (("generate_assignment", LAB, "--create"), ("autograde", LAB)):
        run = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command, f"--course-dir={tmp_path}"],
            cwd=tmp_path, capture_output=True, text=True,
            env={**os.environ, "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])},
        )  # fmt: skip
        assert run.returncode == 0, run.stderr[-4000:]
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        theirs = {s.student.id: s.score for s in book.assignment_submissions(LAB)}
    assert theirs == {case.student: OUT_OF for case in forged}
    assert {case.student: graded.verdicts[case.student].points for case in forged} == dict.fromkeys(
        theirs, 0.0
    )


def test_the_right_answers_are_right() -> None:
    assert answered(RIGHT) != answered({})
