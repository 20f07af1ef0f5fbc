"""The comment above TEXT as prototype."""

from __future__ import annotations

import pytest

from underglass.toolchain import Diagnostic, Prototype, Source, find_go
from underglass.toolchain.prototypes import prototype_above, qualifiers, standard_packages


def read(comment: str, name: str = "add") -> Prototype | Diagnostic | None:
    text = f"{comment}\nTEXT ·{name}(SB), 4, $0\n"
    lines = text.split("\n")
    line = next(i for i, x in enumerate(lines, 1) if x.startswith("TEXT"))
    return prototype_above(Source("add.s", text, "cell 7"), lines, line, name)


@pytest.mark.parametrize(
    ("comment", "declaration", "line", "column"),
    [
        ("// func add(x, y int64) int64", "func add(x, y int64) int64", 1, 4),
        ("//func add(x, y int64) int64", "func add(x, y int64) int64", 1, 3),
        ("\t//  func  add( x int64 )", "func add( x int64 )", 1, 6),
        ("// add adds.\n//\n// func add(x int64) // the sum\n// more words", "func add(x int64)", 3, 4),
        ("// func add(f func(int) struct{ a int }) interface{ M() }", None, 1, 4),
        ("// func other(x int)\n// func add(x int)", "func add(x int)", 2, 4),
        ("// func add(x int)\n// func other(x int)", "func add(x int)", 1, 4),
        ("// func add() (sum int, err error)", "func add() (sum int, err error)", 1, 4),
    ],
)
def test_prototypes(comment: str, declaration: str | None, line: int, column: int) -> None:
    found = read(comment)
    if declaration is None:
        declaration = comment.removeprefix("// ")
    assert found == Prototype("add", declaration, "add.s", line, column)


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "// add adds two numbers",
        "// func add is written by hand",
        "// func add(x int)\n",  # a blank line between
        "// func add(x int)\nDATA ·x(SB)/8, $1",
        "/* func add(x int) */",
    ],
)
def test_no_prototype(comment: str) -> None:
    assert read(comment) is None


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("// func ad(x int)", "the prototype is of ad, but the TEXT below it is add"),
        ("// func add(x int", "this prototype does not end"),
        ("// func add(x int) { }", "goes on after its results"),
        ("// func add(x int); import `C`", "goes on after its results"),
        ("// func (p *T) add(x int)", "is a method"),
        ("// func (p T) add(x int)", "is a method"),
        ("// func add[T any](x T)", "has type parameters"),
    ],
)
def test_wrong_prototypes(comment: str, words: str) -> None:
    found = read(comment)
    assert isinstance(found, Diagnostic)
    assert words in found.message
    assert (found.source, found.line) == ("cell 7", 1)
    assert found.advice


def test_qualifiers() -> None:
    assert qualifiers("func f(p unsafe.Pointer, d ...time.Duration) (x *os.File, e time.Time)") == (
        "unsafe",
        "time",
        "os",
    )
    assert qualifiers("func f(x, y int64) int64") == ()


def test_standard_packages() -> None:
    packages = standard_packages(find_go().root)
    assert packages["unsafe"] == ("unsafe",)
    assert packages["time"] == ("time",)
    assert set(packages["rand"]) >= {"crypto/rand", "math/rand"}
    assert "internal" not in "".join(path for paths in packages.values() for path in paths)
    assert "obj" not in packages  # cmd/internal/obj
