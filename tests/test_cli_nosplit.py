"""`underglass nosplit`, in this process: what it prints for programs that link and for some that do not."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from underglass.cli.command import main

GO = "package main\n\nfunc first()\nfunc last() { println() }\nfunc main() { first() }\n"
ASM = """\
TEXT ·first(SB), 4, $64-0
	CALL ·second(SB)
	RET

// func second()
TEXT ·second(SB), 4, $%d-0
	CALL ·last(SB)
	RET
"""


def files(folder: Path, frame: int) -> list[str]:
    (folder / "main.go").write_text(GO)
    (folder / "a.s").write_text(ASM % frame)
    return [str(folder / "main.go"), str(folder / "a.s")]


def test_a_chain_frame_by_frame_as_text_json_and_drawing(tmp_path, capsys):
    sources = files(tmp_path, 128)
    second = ["--function", "second", "--abi", "ABI0"]
    assert main(["nosplit", *second, *sources, "--svg", str(tmp_path / "out.svg")]) == 0
    text = capsys.readouterr().out
    assert "main.second" in text
    assert f"{tmp_path / 'a.s'}, line 6" in text
    assert ET.parse(tmp_path / "out.svg").getroot().get("role") == "img"
    assert main(["nosplit", *second, "--json", *sources]) == 0
    (chain,) = json.loads(capsys.readouterr().out)["chains"]
    grows = [(s["symbol"], s["abi"], s["grows"]) for s in chain["steps"]]
    assert grows[-4:] == [
        ("main.first", "ABI0", 80),
        ("main.second", "ABI0", 144),
        ("main.last", "ABI0", 8),
        ("main.last", "ABIInternal", 8),
    ]
    assert chain["left"] == 792 - sum(g for *_, g in grows)


def test_a_link_that_fails_is_drawn_and_told(tmp_path, capsys):
    sources = files(tmp_path, 800)
    assert main(["nosplit", *sources, "--svg", str(tmp_path / "out.svg")]) == 1
    said = capsys.readouterr()
    assert "bytes over the limit" in said.out
    assert "nosplit stack over 792 byte limit" in said.err
    assert f"main.second ({tmp_path / 'a.s'}, line 6), which takes 816" in said.err
    assert "over the limit" in (tmp_path / "out.svg").read_text(encoding="utf-8")
    assert main(["run", *sources]) == 1
    assert "which takes 816 and calls main.last" in capsys.readouterr().err


def test_prologues_with_reasons_and_of_one_function_the_code(tmp_path, capsys):
    sources = files(tmp_path, 128)
    assert main(["nosplit", "--prologues", *sources]) == 0
    text = capsys.readouterr().out
    assert "main.first (ABI0): no check" in text
    assert "underglass" not in text
    counts = text.splitlines()[-1]
    assert all(form in counts for form in ("none", "small", "big", "huge"))
    assert main(["nosplit", "--prologues", "--function", "last", *sources]) == 0
    text = capsys.readouterr().out
    assert "CMPQ SP, 0x10(R14)" in text
    assert "runtime.morestack_noctxt" in text
    assert main(["nosplit", "--prologues", "--json", "--function", "last", *sources]) == 0
    (row,) = json.loads(capsys.readouterr().out)["prologues"]
    assert (row["form"], row["guard"]) == ("small", "g.stackguard0")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--function", "secnd"], "Did you mean second"),
        (["--svg", "nowhere/x.svg"], "no directory"),
        (["--svg", "."], "directory"),
        (["--abi", "ABI0"], "--function"),
        (["--prologues", "--worst", "2"], "leave one out"),
    ],
)
def test_wrong_input_gets_one_paragraph(words, told, tmp_path, capsys):
    assert main(["nosplit", *files(tmp_path, 128), *words]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.startswith("underglass: ")
    assert error.count("\n") == 1
