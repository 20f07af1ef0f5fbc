"""Labs run unanswered, solutions run with the outputs they store, and nbgrader grades both as it should."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest

from underglass.course.release import release_files

ROOT = Path(__file__).parent.parent
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))


def nbval(*arguments: str) -> str:
    """Run nbval as a reader would, without this repository's own conftest."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--noconftest",
         "-o", "addopts=", "-o", "testpaths=", *arguments],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert "skipped" not in run.stdout.splitlines()[-1]
    return run.stdout


def test_labs_run_as_students_get_them() -> None:
    assert " passed" in nbval("--nbval-lax", "labs")


def test_solutions_give_the_outputs_they_store() -> None:
    assert " passed" in nbval("--nbval", "solutions")


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda p: p.stem)
def test_solutions_store_no_address(solution: Path) -> None:
    for cell in nbformat.read(solution, as_version=4).cells:
        for output in cell.get("outputs", []):
            assert "0x" not in str(output), cell.id


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda p: p.stem)
def test_a_failing_check_stops_no_lab(solution: Path) -> None:
    for cell in nbformat.read(solution, as_version=4).cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade") and cell.cell_type == "code":
            assert "raises-exception" in cell.metadata.get("tags", []), cell.id


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of nbgrader's own: released from the solutions, with one student who hands in the solution
    and one who hands in the lab as it is."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        f"c.CourseDirectory.root = {str(folder)!r}\n"
        "c.ClearSolutions.code_stub = {'python': '# YOUR CODE HERE'}\n"
        "c.ExecutePreprocessor.timeout = 120\n"
    )
    for path in SOLUTIONS:
        source = folder / "source" / path.stem
        release_files([path], source, is_source=True)
        grader(folder, "generate_assignment", path.stem, "--create")
        for student, text in (("solved", path), ("blank", ROOT / "labs" / path.name)):
            handed = folder / "submitted" / student / path.stem
            handed.mkdir(parents=True)
            shutil.copy(text, handed)
        grader(folder, "autograde", path.stem)
    return folder


def grader(folder: Path, *arguments: str) -> None:
    # It calls alembic by its bare name (nbgrader 0.9.6, api.py), so the environment has to be on PATH.
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1", "PATH": path},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-6000:]


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda p: p.stem)
def test_nbgrader_gives_full_marks_and_none(course: Path, solution: Path) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        solved = book.find_submission_notebook(solution.stem, solution.stem, "solved")
        blank = book.find_submission_notebook(solution.stem, solution.stem, "blank")
        assert (solved.score, solved.max_score) == (solved.max_score, blank.max_score)
        assert solved.max_score > 0
        assert blank.score == 0


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda p: p.stem)
def test_nbgraders_release_hides_what_ours_hides(course: Path, solution: Path) -> None:
    theirs = nbformat.read(course / "release" / solution.stem / solution.name, as_version=4)
    ours = nbformat.read(ROOT / "labs" / solution.name, as_version=4)
    assert [c.id for c in theirs.cells] == [c.id for c in ours.cells]
    for cell, mine in zip(theirs.cells, ours.cells, strict=True):
        assert (
            cell.source.replace("# YOUR", "// YOUR").split()
            == mine.source.replace("# YOUR", "// YOUR").split()
        )
