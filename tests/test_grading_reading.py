"""Reading submissions: layouts, limits, answers found again, values that are data."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from grading_class import LAB, RIGHT, ROOT, answered, cell_of
from underglass.cli.command import main
from underglass.grading.answers import Unreadable, find_answers, read_cells
from underglass.grading.archives import Refused
from underglass.grading.lab import Lab, lab_of, plain, read_lab, read_plain
from underglass.grading.literals import assigned_names, literals
from underglass.grading.submissions import find_submissions, safe_name


def files(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{}", encoding="utf-8")
    return root


def found(root: Path, *labs: str) -> list[tuple[str, str, str]]:
    return [(s.student, s.lab, s.origin) for s in find_submissions(root, labs or (LAB,))[0]]


def test_nbgraders_layout(tmp_path: Path) -> None:
    files(tmp_path, f"submitted/ada/{LAB}/{LAB}.ipynb", f"submitted/bob/{LAB}/{LAB}.ipynb")
    wanted = [(s, LAB, f"{s}/{LAB}/{LAB}.ipynb") for s in ("ada", "bob")]
    assert found(tmp_path) == found(tmp_path / "submitted") == wanted


def test_moodles_layouts(tmp_path: Path) -> None:
    files(
        tmp_path,
        "Ada Lovelace_12_assignsubmission_file_/mine.ipynb",
        "Bob B_13_assignsubmission_file_x.ipynb",
    )
    assert [s for s, *_ in found(tmp_path)] == ["Ada Lovelace_12", "Bob B_13"]


def test_canvas_layout_takes_the_newest(tmp_path: Path) -> None:
    files(tmp_path, f"adal_12_99_{LAB}.ipynb", f"adal_LATE_12_100_{LAB}-1.ipynb", f"bobb_13_7_{LAB}.ipynb")
    assert found(tmp_path) == [
        ("adal_12", LAB, f"adal_LATE_12_100_{LAB}-1.ipynb"),
        ("bobb_13", LAB, f"bobb_13_7_{LAB}.ipynb"),
    ]


def test_a_zip_of_all_and_a_zip_for_each(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("work/mine.ipynb", "{}")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tmp_path / "one.zip", "Ada_1_assignsubmission_file_/one.zip")
        archive.writestr("Bob_2_assignsubmission_file_/x.ipynb", "{}")
    assert [s for s, *_ in found(tmp_path / "all.zip")] == ["Ada_1", "Bob_2"]


def test_a_notebook_of_no_lab_is_told(tmp_path: Path) -> None:
    files(tmp_path, f"ada/{LAB}/{LAB}.ipynb", "ada/other/thing.ipynb")
    submissions, strays = find_submissions(tmp_path, (LAB, "06_calls"))
    assert [s.lab for s in submissions] == [LAB]
    assert strays == ("ada/other/thing.ipynb",)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="There is no folder or zip"):
        find_submissions(tmp_path / "none", (LAB,))
    (tmp_path / "no.zip").write_text("no zip")
    with pytest.raises(Refused, match=r"no\.zip: the file is no zip .+ Name a folder"):
        find_submissions(tmp_path / "no.zip", (LAB,))


def test_the_command_says_what_there_is_instead(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given, out = tmp_path / "given", str(tmp_path / "grades")
    given.mkdir()
    assert main(["grade", str(given), "--out", out]) == 1
    assert capsys.readouterr().err.startswith(f"underglass: {given} holds no notebook.")
    files(given, "ada/mine.ipynb")
    assert main(["grade", str(given), "--out", out]) == 1
    said = capsys.readouterr().err
    assert "the first is 'ada/mine.ipynb'" in said
    assert "--lab" in said
    assert main(["grade", str(given), "--lab", "5_frames", "--out", out]) == 1
    assert "Did you mean 05_frames" in capsys.readouterr().err


def test_the_command_counts_one_submission_and_names_strays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`underglass grade` said "1 submissions"."""
    files(tmp_path / "given", "bob/mine.ipynb")
    (tmp_path / "given" / f"ada/{LAB}").mkdir(parents=True)  # handed in without a notebook
    assert main(["grade", str(tmp_path / "given"), "--out", str(tmp_path / "grades")]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("1 submission, 1 graded now; 1 unreadable\n")
    assert "'bob/mine.ipynb' is named after none of these labs" in said.err


def test_names_for_files_differ_and_are_safe() -> None:
    names = ["ada", "Ada", "../ada", "a" * 300, "con", "", "ada-12345678", "=1+1", "ünï", "x.", "\n"]
    safe = [safe_name(name) for name in names]
    assert len({name.casefold() for name in safe}) == len(names)
    assert all(len(name) < 80 and not set(name) & set('/\\:<>"|?*\n ') and name[0] != "." for name in safe)


@pytest.fixture(scope="module")
def lab() -> Lab:
    return lab_of(read_lab(ROOT / "solutions" / f"{LAB}.ipynb")[0], LAB)


def test_a_lab_is_data_and_has_no_reference_answer(lab: Lab) -> None:
    held = json.dumps(plain(lab))
    assert read_plain(json.loads(held)) == lab
    assert "MOVQ xx-8(SP), AX" not in held
    assert sum(cell.out_of for cell in lab.graded) == 16


@pytest.mark.parametrize("how", ["by id", "by content", "untouched", "missing"])
def test_answers_are_found(lab: Lab, how: str) -> None:
    notebook = answered({} if how == "untouched" else RIGHT)
    for name in RIGHT:
        cell = cell_of(notebook, name)
        if how == "missing":
            notebook["cells"].remove(cell)
        elif how == "by content":
            cell["metadata"], cell["id"] = {}, f"other-{name}"
    answers = find_answers(lab, read_cells(json.dumps(notebook).encode())).answers
    assert [a.id for a in answers] == list(RIGHT)
    assert {a.found for a in answers} == {how}
    if how.startswith("by"):
        assert [a.text for a in answers] == list(RIGHT.values())


def test_scratch_below_does_not_take_an_answers_place(lab: Lab) -> None:
    notebook = answered(RIGHT)
    text = RIGHT["spread"].replace("$40", "$16")
    notebook["cells"].append({"cell_type": "code", "id": "mine", "metadata": {}, "source": text})
    spread = find_answers(lab, read_cells(json.dumps(notebook).encode())).answers[-1]
    assert spread.text == RIGHT["spread"]


def test_a_notebook_of_another_format_is_told() -> None:
    with pytest.raises(Unreadable, match="no notebook of format 4"):
        read_cells(b'{"nbformat": 3, "cells": []}')


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a = 18", 18), ("a = 30 - 12", 18), ("a = -0x12", -18), ("a: int = 18", 18), ("b = a = 18", 18),
        ("a, b = 18, ...", 18), ("a = 1\na = 18", 18),
        ("a = ('x', [1, 2])", ("x", [1, 2])), ("a = {1: 2}", {1: 2}),
        ("a = True", True), ("a = 1 << 10", 1024),
    ],
)  # fmt: skip
def test_values_are_read(text: str, value: object) -> None:
    assert literals(text, {"a"}) == ({"a": value}, ())


@pytest.mark.parametrize(
    "text", ["a = f()", "a = x.y", "a = 9**9**9", "a = 1 << 9**9", "a = [1][0]", "a = 1 // 0", "a = f'{1}'"]
)
def test_what_is_no_value_is_not_run(text: str) -> None:
    values, notes = literals(text, {"a"})
    assert (values, notes) == ({}, ("line 1: the value of a is no literal, and is not run",))


def test_what_is_no_assignment_is_told() -> None:
    assert literals("import os", {"a"}) == ({}, ("line 1: this is no assignment, and is not run",))
    assert literals("a = (", {"a"})[0] == {}
    assert assigned_names("a, (b, *c) = d = 1, 2") == ("a", "b", "d")
