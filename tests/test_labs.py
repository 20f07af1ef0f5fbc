"""Labs run unanswered, solutions run with the outputs they store, and nbgrader grades both as it should."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest

from underglass.course.release import release_files
from underglass.course.variants import filled
from underglass.grading.record import read_verdict

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
            assert not re.search(r"0x[0-9a-f]{6,}", str(output)), cell.id


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda p: p.stem)
def test_a_failing_check_stops_no_lab(solution: Path) -> None:
    for cell in nbformat.read(solution, as_version=4).cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade") and cell.cell_type == "code":
            assert "raises-exception" in cell.metadata.get("tags", []), cell.id


# nbgrader takes 20 seconds for each: three in every run, all of them with --every-lab. Between them they have
# typed answers, partial credit, variants, a stub of its own and cells of Go.
BY_NBGRADER = ("03_instructions", "05_frames", "06_calls")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "by_nbgrader" in metafunc.fixturenames:
        every = metafunc.config.getoption("--every-lab")
        chosen = [path for path in SOLUTIONS if every or path.stem in BY_NBGRADER]
        metafunc.parametrize("by_nbgrader", chosen, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of nbgrader's own."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        f"c.CourseDirectory.root = {str(folder)!r}\n"
        "c.ClearSolutions.code_stub = {'python': '# YOUR CODE HERE'}\n"
        "c.ExecutePreprocessor.timeout = 120\n"
    )
    return folder


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[float, float]]:
    """(student, lab) → points, out of: all labs graded by `underglass grade`."""
    folder = tmp_path_factory.mktemp("class")
    for path in SOLUTIONS:
        for student, text in submissions(path).items():
            handed = folder / "submitted" / student / path.stem / path.name
            handed.parent.mkdir(parents=True)
            handed.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "underglass", "grade", str(folder / "submitted")]
    command += ["--solutions", str(ROOT / "solutions"), "--out", str(folder / "out"), "--jobs", "1"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-4000:]
    verdicts = [read_verdict(path.read_text()) for path in (folder / "out" / "verdicts").rglob("*.json")]
    return {(verdict.student, verdict.lab): (verdict.points, verdict.out_of) for verdict in verdicts}


def submissions(solution: Path) -> dict[str, str]:
    """What three students hand in: the solution, the lab as it is, and every second answer."""
    lab = ROOT / "labs" / solution.name
    half = nbformat.read(lab, as_version=4)
    solved = filled(nbformat.read(solution, as_version=4))
    answers = {c.id: c.source for c in solved.cells if c.metadata.get("nbgrader", {}).get("solution")}
    for cell in half.cells:
        if cell.id in list(answers)[::2]:
            cell.source = answers[cell.id]
    return {
        "solved": nbformat.writes(solved),
        "blank": lab.read_text(encoding="utf-8"),
        "half": nbformat.writes(half),
    }


def grader(folder: Path, *arguments: str) -> None:
    # It calls alembic by its bare name (nbgrader 0.9.6, api.py), so the environment has to be on PATH.
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1", "PATH": path},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-6000:]


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda p: p.stem)
def test_a_solution_gets_full_marks_and_an_empty_lab_none(
    ours: dict[tuple[str, str], tuple[float, float]], solution: Path
) -> None:
    points, out_of = ours["solved", solution.stem]
    assert points == out_of > 0
    assert ours["blank", solution.stem] == (0, out_of)
    assert 0 < ours["half", solution.stem][0] < out_of


def test_nbgrader_gives_the_same_points(
    course: Path, ours: dict[tuple[str, str], tuple[float, float]], by_nbgrader: Path
) -> None:
    from nbgrader.api import Gradebook

    lab = by_nbgrader.stem
    release_files([by_nbgrader], course / "source" / lab, is_source=True)
    grader(course, "generate_assignment", lab, "--create")
    for student, text in submissions(by_nbgrader).items():
        handed = course / "submitted" / student / lab / by_nbgrader.name
        handed.parent.mkdir(parents=True)
        handed.write_text(text, encoding="utf-8")
    grader(course, "autograde", lab)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for student in submissions(by_nbgrader):
            theirs = book.find_submission_notebook(lab, lab, student)
            assert (theirs.score, theirs.max_score) == ours[student, lab], student
    hides_what_ours_hides(course / "release" / lab / by_nbgrader.name, by_nbgrader)


def hides_what_ours_hides(release: Path, solution: Path) -> None:
    theirs = nbformat.read(release, as_version=4)
    lab = nbformat.read(ROOT / "labs" / solution.name, as_version=4)
    assert [c.id for c in theirs.cells] == [c.id for c in lab.cells]
    stubs = {c.id for c in nbformat.read(solution, as_version=4).cells if "STUB" in c.source}
    for cell, mine in zip(theirs.cells, lab.cells, strict=True):
        if cell.id in stubs:  # nbgrader has one stub for all; ours begins with the bug that is to be found
            assert "YOUR CODE HERE" in cell.source
            assert "SOLUTION" not in mine.source
            continue
        words = cell.source.replace("# YOUR", "// YOUR").split()
        assert words == mine.source.replace("# YOUR", "// YOUR").split()
