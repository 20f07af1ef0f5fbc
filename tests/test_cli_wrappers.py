from __future__ import annotations

import json
from pathlib import Path

import pytest

from underglass.cli import main
from wrapper_programs import SIX_GO, SIX_S


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "main.go").write_text(SIX_GO, encoding="utf-8")
    (tmp_path / "a.s").write_text(SIX_S, encoding="utf-8")
    return [str(tmp_path / "main.go"), str(tmp_path / "a.s")]


def test_the_report(files: list[str], capsys) -> None:
    assert main(["wrappers", *files]) == 0
    out = capsys.readouterr().out
    assert out.startswith("ABI wrappers of package main\n")
    assert "What an address taken refers to" in out


def test_the_report_as_json(files: list[str], capsys) -> None:
    assert main(["wrappers", *files, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    uses = {w["function"]: (w["direction"], w["use"]) for w in record["wrappers"]}
    assert uses["main.inc"] == ("ABI0 → ABIInternal", "called")
    assert uses["main.sum"] == ("ABIInternal → ABI0", "kept only")
    cases = {(c["caller"], c["callee"]): c["case"] for c in record["calls"]}
    assert cases["main.main", "main.sum.abi0"] == "G3"
    assert {tuple(c["cases"]) for c in record["indirect_calls"]} == {("G2",), ("G2", "G4")}


def test_one_function(files: list[str], capsys) -> None:
    assert main(["wrappers", *files, "--function", "sum"]) == 0
    assert "x: AX → 0(SP); sum reads it as x+0(FP)" in capsys.readouterr().out
    assert main(["wrappers", *files, "--function", "main.sum", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["wrapper"], record["target"], record["lost"]) == ("main.sum", "main.sum.abi0", [])
    assert all(line["note"] for line in record["code"])


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["--function", "nosuch"], 1, "no function nosuch"),
        (["--function", ""], 1, "no function"),
        (["--function", "main"], 1, "has no ABI wrapper"),
        (["--package", "net/http"], 1, "no function of package net/http"),
        (["--package", "main", "--function", "sum"], 2, "not allowed with"),
    ],
)
def test_wrong_input_is_one_paragraph(
    words: list[str], code: int, part: str, files: list[str], capsys
) -> None:
    assert main(["wrappers", *files, *words]) == code
    err = capsys.readouterr().err
    assert part in err
    assert "Traceback" not in err


def test_a_file_that_is_no_program(tmp_path: Path, capsys) -> None:
    (tmp_path / "x").write_bytes(b"not a program")
    for name in ("x", "missing"):
        assert main(["wrappers", str(tmp_path / name)]) == 1
    assert capsys.readouterr().err.count("underglass: ") == 2


def test_help_has_examples(capsys) -> None:
    assert main(["wrappers", "--help"]) == 0
    assert "--function add" in capsys.readouterr().out
