"""A lab is its solution without the answers; nothing else is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from underglass.course.release import NotReleasable, main, release, release_files

ROOT = Path(__file__).parent.parent


def cell(source: str, **about: object) -> Any:
    made = new_code_cell(source)
    if about:
        made.metadata["nbgrader"] = {
            "schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False,
            "grade_id": "a", **about,
        }  # fmt: skip
    return made


def test_a_solution_is_replaced_by_a_stub_in_its_language() -> None:
    asm = "%%asm\nTEXT ·f(SB), 4, $0\n\t// BEGIN SOLUTION\n\tNOP\n\t// END SOLUTION\n\tRET"
    python = "x = ...\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION"
    notebook = new_notebook(cells=[cell(asm, solution=True), cell(python, solution=True, grade_id="b")])
    made = release(notebook)
    assert made.cells[0].source == "%%asm\nTEXT ·f(SB), 4, $0\n\t// YOUR CODE HERE\n\tRET"
    assert made.cells[1].source == "x = ...\n# YOUR CODE HERE"
    assert notebook.cells[0].source == asm  # a pure function


def test_hidden_tests_and_outputs_are_gone() -> None:
    test = cell(
        "a()\n# BEGIN HIDDEN TESTS\nsecret()\n# END HIDDEN TESTS\nb()", grade=True, locked=True, points=1
    )
    test.outputs = [nbformat.v4.new_output("stream", text="secret")]
    test.execution_count = 3
    made = release(new_notebook(cells=[test])).cells[0]
    assert (made.source, made.outputs, made.execution_count) == ("a()\nb()", [], None)
    assert made.metadata == test.metadata
    assert made.id == test.id


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (cell("# BEGIN SOLUTION\nx", solution=True), "line 1: BEGIN SOLUTION without an END"),
        (cell("x\n# END SOLUTION", solution=True), "line 2: '# END SOLUTION' has no partner"),
        (cell("# BEGIN SOLUTION\n# BEGIN HIDDEN TESTS", solution=True), "line 2.*no partner"),
        (cell("# BEGIN SOLUTION\n# END SOLUTION"), "no solution cell"),
        (cell("# BEGIN HIDDEN TESTS\n# END HIDDEN TESTS", solution=True), "no locked test cell"),
        (cell("x = 1", solution=True), "given away"),
        (cell("x", grade=True, locked=True), "no points"),
        (cell("x", schema_version=2), "schema_version 3"),
    ],
)
def test_what_cannot_be_released(broken: Any, message: str) -> None:
    with pytest.raises(NotReleasable, match=f"Cell 2.*{message}|Cell 2, {message}"):
        release(new_notebook(cells=[new_markdown_cell("first"), broken]))


def test_a_grade_id_twice() -> None:
    two = [cell("x", locked=True), cell("y", locked=True)]
    with pytest.raises(NotReleasable, match="Cells 1 and 2 have the grade_id 'a'"):
        release(new_notebook(cells=two))


@pytest.mark.parametrize("solution", sorted((ROOT / "solutions").glob("*.ipynb")), ids=lambda p: p.stem)
def test_labs_are_exactly_what_the_solutions_release(solution: Path, tmp_path: Path) -> None:
    (made,) = release_files([solution], tmp_path)
    lab = ROOT / "labs" / solution.name
    assert lab.read_bytes() == made.read_bytes(), "run: python -m underglass.course.release --out labs"
    text = lab.read_text(encoding="utf-8")
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text


def test_cells_keep_their_ids() -> None:
    for solution in (ROOT / "solutions").glob("*.ipynb"):
        ids = [c.id for c in nbformat.read(solution, as_version=4).cells]
        assert ids == [c.id for c in nbformat.read(ROOT / "labs" / solution.name, as_version=4).cells]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["05_frames", "--from", str(ROOT / "solutions"), "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / '05_frames.ipynb'}\n"
    assert main(["06_missing", "--from", str(ROOT / "solutions"), "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("underglass: There is no notebook ")
    assert main(["--from", str(tmp_path / "none"), "--out", str(tmp_path)]) == 1
    (tmp_path / "bad.ipynb").write_text("no json")
    assert main(["bad", "--from", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()


def test_the_module_runs(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "underglass.course.release", "--out", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        p.name for p in (ROOT / "labs").glob("*.ipynb")
    )
