"""The Go lexer: what looks like code in strings and comments is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underglass.toolchain import find_go
from underglass.toolchain.golex import parse, tokens, unquote

TRICKY = """\
// func no1() {}
package main // package other

/* func no2() {}
import "C"
*/
import (
	"fmt"
	r "math/rand"
	_ "embed"; . "strings"
)
import single "os"

const text = "func no3() {"
const raw = `
func no4() {
import "nothing"
`
const rune1, rune2 = '{', '\\''

var f = func(x int) int { return x }
type F func(int)

func add(x, y int64 /* func no5() */) int64
func sum(s []int) (total int) {
	func() { fmt.Println("}") }()
	return
}
func (p *T) method() {}
func anonymous(v struct{ a int }, w interface{ M() }) struct{ b int } { return struct{ b int }{} }
func last[T any](x T) T { return x }; func second() {}
func long(
	a int, // with a comment
	b string,
) (n int, err error)
"""


def test_a_file_full_of_traps() -> None:
    file = parse(TRICKY)
    assert file.package == "main"
    assert [(name, path) for name, path, _ in file.imports] == [
        ("", "fmt"),
        ("r", "math/rand"),
        ("_", "embed"),
        (".", "strings"),
        ("single", "os"),
    ]
    functions = {function.name: function for function in file.functions}
    assert list(functions) == ["add", "sum", "method", "anonymous", "last", "second", "long"]
    assert functions["add"].declaration == "func add(x, y int64 ) int64"
    assert not functions["add"].has_body
    assert functions["sum"].has_body
    assert functions["sum"].declaration == "func sum(s []int) (total int)"
    assert functions["method"].receiver == "(p *T)"
    assert functions["anonymous"].has_body
    assert functions["anonymous"].declaration.endswith("struct{ b int }")
    assert functions["last"].is_generic
    assert functions["long"].declaration == "func long( a int, b string, ) (n int, err error)"
    assert not functions["long"].has_body
    lines = TRICKY.split("\n")
    for function in functions.values():
        assert lines[function.line - 1][function.column - 1 :].startswith("func ")


def test_no_package_clause() -> None:
    assert parse("import `fmt`\nfunc main() {}\n").package is None
    assert parse("").package is None


@pytest.mark.parametrize(
    ("literal", "value"),
    [('"C"', "C"), ('"\\x43"', "C"), ('"\\103"', "C"), ('"\\u0043"', "C"), ("`C`", "C"), ('"é"', "é")],
)
def test_escapes_in_import_paths(literal: str, value: str) -> None:
    assert unquote(literal) == value


def test_strings_end_where_their_line_ends() -> None:
    assert [f.name for f in parse('var s = "\\\nfunc f() {}\n').functions] == ["f"]


@pytest.mark.parametrize("piece", ["func a()\n", "import import\n", "import (", "func (\n}\n", "/*", '"'])
def test_long_texts_are_read_in_a_time_that_grows_with_their_length(piece: str) -> None:
    parse(piece * 20_000)  # quadratic reading would take minutes here


GO_PIECES = ["func ", "main", "(", ")", "{", "}", "[", "]", '"', "`", "'", "//", "/*", "*/", "\n", "\\", ";"]
go_like = st.lists(st.one_of(st.sampled_from([*GO_PIECES, "import ", "package ", "·"]), st.text(max_size=3)))


@given(go_like)
def test_any_text_is_read_without_an_exception_and_without_a_gap(pieces: list[str]) -> None:
    text = "".join(pieces)
    parse(text)
    end, line = 0, 1
    for token in tokens(text):
        between = text[end : token.start]
        assert not between.strip(" \t\r\ufeff")
        assert text.startswith(token.text, token.start)
        line += between.count("\n")
        assert token.line == line
        line += token.text.count("\n")
        end = token.end


def own_functions(path: Path) -> set[str]:
    """The independent source: gofmt'd files start each top-level function in column 1."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return set(re.findall(r"^func (\w+)[(\[]", text, re.MULTILINE))


@pytest.mark.parametrize("package", ["sort", "strings", "strconv", "math", "sync/atomic"])
def test_agrees_with_the_layout_of_the_standard_library(package: str) -> None:
    paths = sorted((find_go().root / "src" / package).glob("*.go"))
    assert paths
    for path in paths:
        if path.name.endswith("_test.go"):  # they hold Go text in raw strings
            continue
        file = parse(path.read_text(encoding="utf-8"))
        assert {f.name for f in file.functions if not f.receiver} == own_functions(path), path
