"""A lab is its solution without the answers; nothing else is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from underglass.course.release import NotReleasable, Student, release, release_files, solution_source
from underglass.course.variants import BadVariants, filled
from underglass.grading.lab import NoLab, read_lab

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
    assert lab.read_bytes() == made.read_bytes(), "run: underglass release --out labs"
    text = lab.read_text(encoding="utf-8")
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text


def test_cells_keep_their_ids() -> None:
    for solution in (ROOT / "solutions").glob("*.ipynb"):
        ids = [c.id for c in filled(nbformat.read(solution, as_version=4)).cells]
        assert ids == [c.id for c in nbformat.read(ROOT / "labs" / solution.name, as_version=4).cells]


def test_a_stub_of_its_own() -> None:
    asm = (
        "%%asm\n// BEGIN SOLUTION\nTEXT ·f(SB), 4, $0-8\n\tMOVQ $1, ret+0(FP)\n\tRET\n"
        "// STUB\n// TEXT ·f(SB), 4, $0-8\n// \tMOVL $1, ret+0(FP)  // too short\n\t// RET\n// END SOLUTION"
    )
    made = release(new_notebook(cells=[cell(asm, solution=True)])).cells[0].source
    assert made == "%%asm\nTEXT ·f(SB), 4, $0-8\n\tMOVL $1, ret+0(FP)  // too short\n\tRET"


def variants_notebook() -> Any:
    offered = new_code_cell(
        "%%variants\nfactor: [3, 5, 7]\nkind: [{type: int32, bytes: 4}, {type: int8, bytes: 1}]"
    )
    asked = new_markdown_cell("Multiply by «factor»; «kind.type» has «kind.bytes * 8» bits.")
    answer = cell("%%asm\n// BEGIN SOLUTION\n\tMOVQ $«factor», AX\n// END SOLUTION", solution=True)
    return new_notebook(cells=[offered, asked, answer])


def test_without_a_student_a_variant_is_the_first() -> None:
    made = release(variants_notebook())
    assert [c.source for c in made.cells] == [
        "Multiply by 3; int32 has 32 bits.", "%%asm\n// YOUR CODE HERE",
    ]  # fmt: skip
    assert "MOVQ $3, AX" in solution_source(variants_notebook()).cells[1].source


def test_students_draw_all_variants_and_each_the_same_again() -> None:
    texts = {n: release(variants_notebook(), Student(f"s{n}", "2026")).cells[0].source for n in range(60)}
    assert len(set(texts.values())) == 6
    for n, text in texts.items():
        assert release(variants_notebook(), Student(f"s{n}", "2026")).cells[0].source == text
    later = [release(variants_notebook(), Student(f"s{n}", "2027")).cells[0].source for n in range(60)]
    assert later != list(texts.values())


@pytest.mark.parametrize(
    ("offered", "used", "message"),
    [
        ("factor: 3", "", "Cell 1: .*'factor' without a list"),
        ("- 3", "", "without a list"),
        ("factor: [3", "", "holds YAML, and this is none"),
        ("factor: [3]", "«facto»", "Cell 2: .*'facto' is undefined.*variants are factor"),
        ("factor: [3]", "«factor / 0»", "cannot be filled in"),
        ("factor: [3]", "«factor.__class__.__mro__»", "cannot be filled in"),
    ],
)
def test_variants_that_cannot_be(offered: str, used: str, message: str) -> None:
    notebook = new_notebook(cells=[new_code_cell(f"%%variants\n{offered}"), new_markdown_cell(used)])
    with pytest.raises(BadVariants, match=message):
        release(notebook)


def test_a_minus_stays_a_minus() -> None:
    cells = [new_code_cell("%%variants\nfactor: [3]"), new_markdown_cell("a «-2 * factor» b")]
    assert release(new_notebook(cells=cells)).cells[0].source == "a -6 b"


def test_solutions_can_be_closed() -> None:
    tools = cell("from underglass import check", locked=True)
    assert "hide_solutions()" in release(new_notebook(cells=[tools]), reveal=False).cells[0].source
    with pytest.raises(NotReleasable, match="no locked Python cell"):
        release(new_notebook(cells=[new_markdown_cell("text")]), reveal=False)


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "underglass", "release", *arguments], cwd=ROOT, capture_output=True, text=True
    )


def test_the_command(tmp_path: Path) -> None:
    run = run_command("--out", str(tmp_path / "all"))
    assert run.returncode == 0, run.stderr
    made = sorted(path.name for path in (tmp_path / "all").iterdir())
    assert made == sorted(path.name for path in (ROOT / "labs").glob("*.ipynb"))
    assert run_command("06_missing", "--out", str(tmp_path)).stderr.startswith(
        "underglass: There is no notebook "
    )
    (tmp_path / "bad.ipynb").write_text("no json")
    assert run_command("bad", "--from", str(tmp_path), "--out", str(tmp_path / "out")).returncode == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}',
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}',
    ],
)
def test_what_is_no_notebook_is_refused(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "lab.ipynb"
    path.write_bytes(text)
    with pytest.raises(NotReleasable, match=r"lab\.ipynb is no notebook: .+ Save it in Jupyter again"):
        release_files([path], tmp_path / "out")
    with pytest.raises(NoLab, match="is no notebook"):
        read_lab(path)
    assert not (tmp_path / "out").exists()


def test_the_command_reads_a_roster(tmp_path: Path) -> None:
    roster = tmp_path / "class.csv"
    roster.write_text("id,name\nada,A\nbob@x.org,B\n")
    out = tmp_path / "out"
    given = ["05_frames", "--roster", str(roster), "--out", str(out)]
    run = run_command(*given, "--term", "2026", "--no-reveal")
    assert run.returncode == 0, run.stderr
    assert sorted(path.name for path in out.iterdir()) == ["ada", "bob@x.org"]
    assert "hide_solutions()" in (out / "ada" / "05_frames.ipynb").read_text()
    for text, message in (
        ("../evil\n", "cannot name a folder"),
        ("a\na\n", "there twice"),
        ("", "no student"),
    ):
        roster.write_text(text)
        run = run_command(*given)
        assert run.returncode == 1
        assert message in run.stderr
