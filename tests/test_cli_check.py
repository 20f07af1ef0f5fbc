"""`underglass check`, `rules` and `vet`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from underglass.cli.command import main
from underglass.trace.rules import RULES

WRONG = """\
// func add(x, y int64) int64
TEXT ·add(SB), 4, $0-24
	MOVQ x+0(FP), AX
	MOVQ AX, t-8(SP)
	ADDQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET
"""
MAIN = "package main\n\nfunc add(x, y int64) int64\n\nfunc main() { println(add(1, 2) + add(3, 4)) }\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "add.s").write_text(WRONG, encoding="utf-8")
    (tmp_path / "main.go").write_text(MAIN, encoding="utf-8")
    return str(tmp_path / "add.s"), str(tmp_path / "main.go")


def test_a_call(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "add(23, 4)", files[0]]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"{files[0]}, line 4, step ")
    assert said.endswith("[below-sp]\n")
    assert main(["check", "add(23, 4)", files[0], "--off", "below-sp"]) == 0
    assert capsys.readouterr().out == ""


def test_a_whole_run_and_json(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", "--run", *files]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert found["rule"] == "below-sp"
    assert found["function"] == "main.add"
    assert found["where"].endswith("add.s, line 4")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["check", "add(1, 2)"], 2, "name the sources"),
        (["check", "add(1, 2)", "ADD", "--off", "bellow-sp"], 1, "Did you mean below-sp"),
        (["check", "add(", "ADD"], 1, "cannot be read"),
        (["check", "sub(1)", "ADD"], 1, "no function sub"),
        (["check", "--run", "ADD"], 1, "no assembly function of its own"),
        (["check", "sum(1)", "GO"], 1, "plain.go: the program has no assembly function of its own"),
        (["check", "sum(1)", "GO", "ADD"], 1, "sum(1) came through no assembly function"),
        (["check", "add(1, 2)", "none.s"], 1, "no such file"),
        (["rules", "nosplit"], 1, "Did you mean nosplit-room"),
        (["vet", "none.s"], 1, "no such file"),
    ],
)
def test_wrong_usage(
    words: list[str], code: int, said: str, files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    plain = Path(files[0]).with_name("plain.go")
    plain.write_text(
        "package main\n\nfunc sum(x int64) int64 { return x + 1 }\n\nfunc main() {}\n", encoding="utf-8"
    )
    assert main([{"ADD": files[0], "GO": str(plain)}.get(word, word) for word in words]) == code
    assert said in capsys.readouterr().err


def test_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(RULES)
    assert main(["rules", *RULES]) == 0
    said = capsys.readouterr().out
    for rule in RULES.values():
        assert f"{rule.id}: {rule.title}" in said
        assert f"In the book: {rule.page}" in said


def test_vet(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vet", *files]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"{files[0]}:4: add: t-8(SP) lies below the frame")
    Path(files[0]).write_text(WRONG.replace("$0-24", "$8-24"), encoding="utf-8")
    assert main(["vet", *files]) == 0
    assert capsys.readouterr().out == ""
