"""The index of the standard library, against what Go's own tools say."""

from __future__ import annotations

import re

import pytest

from underglass.toolchain import find_go
from underglass.toolchain.stdindex import builtins, exports, first_sentence, linknamed

ROOT = find_go().root


@pytest.mark.parametrize("package", ["fmt", "strings", "math/bits", "sync/atomic", "time", "errors"])
def test_the_index_has_what_go_doc_has(package):
    """`go doc` parses the source by go/parser; this index reads its lines."""
    shown = find_go().run(["doc", "-short", package]).stdout
    names = set(re.findall(r"^\s*(?:func|type) ([A-Z]\w*)", shown, re.MULTILINE))
    names |= set(re.findall(r"^\s*(?:var|const) ([A-Z]\w*)", shown, re.MULTILINE))
    assert len(names) > 3
    assert names <= set(exports(ROOT, package))
    functions = set(re.findall(r"^\s*(func [A-Z].*)$", shown, re.MULTILINE))
    ours = {e.declaration for e in exports(ROOT, package).values() if e.kind == "func"}
    assert {f for f in functions if not f.endswith("...")} <= ours


@pytest.mark.parametrize(
    "name", ["append", "len", "int64", "string", "true", "nil", "any", "error", "max", "iota"]
)
def test_predeclared_names(name):
    assert builtins(ROOT)[name].name == name


def test_methods_and_fields_stand_under_their_type():
    assert exports(ROOT, "strings")["Builder.WriteString"].kind == "method"
    assert exports(ROOT, "net/http")["Client.Timeout"].declaration == "Timeout time.Duration"
    assert exports(ROOT, "fmt")["State.Width"].kind == "method"


def test_what_others_may_link_to():
    """That they link is tested with completion; that others do not, by the linker's rule."""
    assert linknamed(ROOT, "runtime")["memmove"].declaration.startswith("func memmove(")
    assert "getStaticuint64s" not in linknamed(ROOT, "runtime")  # blocked by name
    assert "AddInt64" not in linknamed(ROOT, "sync/atomic")  # linknamestd: for the standard library only


def test_what_is_no_package_has_nothing():
    assert exports(ROOT, "no/such") == {}
    assert exports(ROOT, "../../etc") == {}
    assert exports(ROOT / "nowhere", "fmt") == {}


@pytest.mark.parametrize(
    ("comment", "sentence"),
    [
        ("Abs returns |x|. Special cases are", "Abs returns |x|."),
        ("One, e.g. two, is\nthree. Four.", "One, e.g. two, is three."),
        ("No end", "No end"),
        ("", ""),
    ],
)
def test_first_sentence(comment, sentence):
    assert first_sentence(comment) == sentence
