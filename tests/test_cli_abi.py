"""`underglass abi`, run as a reader runs it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from underglass.cli.command import main

POINT = """package main

type point struct{ x, y int32 }

func move(p point, by [2]int32) (point, error) { return point{p.x + by[0], p.y + by[1]}, nil }

func main() {}
"""


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command prints when all is well."""
    assert main(["abi", *words]) == 0
    out, error = capsys.readouterr()
    assert error == ""
    return out


def test_a_prototype_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "func(a int8, b string, c [2]float64, d struct{x, y int32}) (int, error)")
    assert "ABI0: 72 bytes of arguments and results on the stack" in out
    assert "The array has length 2, so it goes to the stack: offset 0." in out
    assert "cmd/compile/internal/abi/abiutils.go" in out
    assert "ABI0" not in said(capsys, "func f(x int)", "--abi", "ABIInternal")


def test_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    declared = ("--type", "type pair struct{ a point; b *pair }", "--type", "type point struct{ x, y int8 }")
    found = json.loads(said(capsys, "func (p pair) f(...int) error", *declared, "--json"))
    assert list(found["layouts"]) == ["ABI0", "ABIInternal"]
    internal = found["layouts"]["ABIInternal"]
    receiver, rest = internal["params"]
    assert [(r["register"], r["offset"], r["size"], r["part"]) for r in receiver["registers"]] == [
        ("AX", 0, 1, "_a_x"),
        ("BX", 1, 1, "_a_y"),
        ("CX", 8, 8, "_b"),
    ]
    assert (receiver["stack"], receiver["spill"], rest["spill"]) == (None, 0, 16)
    assert (rest["name"], rest["type"]) == ("arg0", "...int")
    assert internal["results"][0]["registers"][0]["register"] == "AX"
    assert (internal["args_size"], internal["spill_size"]) == (0, 40)
    assert len(found["sources"]) == 2


def test_a_function_of_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "point.go"
    file.write_text(POINT, encoding="utf-8")
    for words in (("main.move", str(file)), ("move", str(file))):
        found = json.loads(said(capsys, *words, "--json"))
        assert found["signature"] == "func move(p point, by [2]int32) (point, error)"
        params = found["layouts"]["ABIInternal"]["params"]
        assert [r["register"] for r in params[0]["registers"]] == ["AX", "BX"]
        assert params[1]["stack"] == 0
    # A prototype may use the program's types, and --type may build on them.
    out = said(capsys, "func f(p two)", str(file), "--type", "type two struct{ a, b point }")
    assert "AX, BX, CX, DI" in out


def test_the_picture_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "f.svg"
    said(capsys, "func f(x, y int) string", "--svg", str(picture))
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["func f(a int, b Foo)"], "names the type Foo"),
        (["func f(a (int"], "ends where ')' is due"),
        (["func f(a int8, 3)"], "'3' where a type is due"),
        (["func f(a b)", "--type", "type b struct{ c c }"], "names the type c"),
        (["func f(a b)", "--type", "type b"], "ends where a type is due"),
    ],
)
def test_an_error_has_a_caret(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["abi", *words]) == 1
    head, shown, caret, remedy = capsys.readouterr().err.splitlines()
    assert head.startswith("underglass: The ")
    assert message in head
    at = caret.index("^")
    assert head.endswith(f"at character {at - 3}:")
    assert at <= len(shown)
    assert remedy.startswith("Write it as Go does")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["add"], "no prototype, since it does not begin with func"),
        ([""], "no prototype"),
        (["add(x int)"], "as in 'func add(x, y int64) int64'"),
        (["main.add", "nowhere.go"], "nowhere.go: there is no such file"),
        (["func f()", "--svg", "/no/such/place/f.svg"], "There is no directory"),
    ],
)
def test_other_errors(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["abi", *words]) == 1
    assert message in capsys.readouterr().err


def test_errors_about_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "point.go"
    file.write_text(POINT, encoding="utf-8")
    broken = tmp_path / "broken.go"
    broken.write_text("package main\nfunc f( {}\n", encoding="utf-8")
    for words, message in (
        (["mvoe", str(file)], "Did you mean move?"),
        (["move", str(file), "--type", "type x int"], "--type is for a prototype"),
        (["f", str(broken)], "broken.go, line 2"),
    ):
        assert main(["abi", *words]) == 1
        assert message in capsys.readouterr().err
