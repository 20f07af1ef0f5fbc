"""The reference of the library: it tells every public name, and the examples in it give what they say."""

from __future__ import annotations

import builtins
import doctest
import importlib
import io
import re
import sys
import types
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import underglass
from underglass import show
from underglass.toolchain import Source

BOOK = Path(__file__).parent.parent / "book"
sys.path.insert(0, str(BOOK))
api = importlib.import_module("api")  # which conf.py finds beside itself as well
sys.path.remove(str(BOOK))

ENTRIES = [entry for module in api.MODULES for entry in api.entries(module)]
EXAMPLES = {f"{e.module}.{e.name}": e for e in ENTRIES if ">>>" in e.doc}

MAIN = """\
package main

import (
	"errors"
	"runtime"
)

var errZero = errors.New("division by zero")

var counter int64 = 41

type person struct {
	name string
	age  int
}

func add(x, y int64) int64
func second(x, y int64) int64
func sum3(a, b, c int64) int64
func squares(x, y int64) int64
func twice(x int64) int64
func keep(x int64) int64
func careless(x int64) int64

type box struct{ value int64 }

//go:noinline
func newBox() *box { return &box{7} }

//go:noinline
func collect() { runtime.GC() }

func inGo() int64 {
	b := newBox()
	collect()
	return b.value
}

func div(a, b int64) (int64, error) {
	if b == 0 {
		return 0, errZero
	}
	return a / b, nil
}

func describe(x int) (any, error) { return x, errZero }

func older(p *person) *person {
	p.age++
	return p
}

func apply(x int64) int64 { return twice(x) }

func main() { println(add(23, 4), keep(7), counter) }
"""
ASSEMBLY = """\
#include "funcdata.h"

// func keep(x int64) int64
TEXT ·keep(SB), 0, $8-16
	NO_LOCAL_POINTERS
	CALL ·collect(SB)
	MOVQ x+0(FP), AX
	MOVQ AX, ret+8(FP)
	RET

// func careless(x int64) int64
TEXT ·careless(SB), 0, $8-16
	CALL ·collect(SB)
	RET

// func add(x, y int64) int64
TEXT ·add(SB), 4, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET

// func second(x, y int64) int64
TEXT ·second(SB), 4, $0-24
	MOVQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET

// func sum3(a, b, c int64) int64
TEXT ·sum3(SB), 4, $0-32
	MOVQ a+0(FP), AX
	ADDQ b+8(FP), AX
	ADDQ c+16(FP), AX
	MOVQ AX, ret+24(FP)
	RET

// func squares(x, y int64) int64
TEXT ·squares(SB), 4, $0-24
	MOVQ x+0(FP), AX
	MOVQ y+8(FP), CX
	IMULQ AX, AX
	IMULQ CX, CX
	SUBQ CX, AX
	MOVQ AX, ret+16(FP)
	RET

// func twice(x int64) int64
TEXT ·twice(SB), 4, $0-16
	MOVQ x+0(FP), AX
	ADDQ AX, AX
	MOVQ AX, ret+8(FP)
	RET
"""
# Whose example runs a chapter's own program or asks for a release of Go that not every machine has, and the
# file that tests it.
ELSEWHERE = {
    "underglass.course.TwoCpus": "test_course_twocpus.py",
    "underglass.course.moved_words": "test_course_moved.py",
    "underglass.toolchain.go_release": "test_toolchain_releases.py",
    "underglass.toolchain.installed_releases": "test_toolchain_releases.py",
    "underglass.toolchain.on_releases": "test_course_inlined.py",
    "underglass.trace.record_bare": "test_trace_bare.py",
}


@pytest.fixture(scope="module")
def world() -> dict[str, Any]:
    """What the examples take for granted: `prog`, `trace`, and the names of the library."""
    prog = underglass.build(Source("main.go", MAIN, "main.go"), Source("add.s", ASSEMBLY, "add.s"))
    names: dict[str, Any] = {name: getattr(show, name) for name in show.__all__}
    for module in reversed(api.MODULES):
        names |= {e.name: e.thing for e in api.entries(module) if not e.is_member}
    return names | {"underglass": underglass, "show": show, "prog": prog, "trace": prog.record("apply", 5)}


def test_the_reference_tells_every_public_name() -> None:
    told = {id(entry.thing) for entry in ENTRIES}
    for module in api.MODULES:
        found = importlib.import_module("underglass.kernel.show" if module == "underglass.show" else module)
        assert not [
            name
            for name in found.__all__
            if isinstance(getattr(found, name), type | types.FunctionType)
            and id(getattr(found, name)) not in told
        ], module


def test_every_name_says_what_it_is() -> None:
    assert not [f"{entry.module}.{entry.name}" for entry in ENTRIES if not entry.doc]


def same(wanted: str, given: str) -> bool:
    """Whether an output is what the example shows; "…" stands for anything, and runs of blanks for one."""
    pattern = re.escape(" ".join(wanted.split())).replace("…", ".*")
    return re.fullmatch(pattern, " ".join(given.split())) is not None


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in ELSEWHERE])
def test_an_example_gives_what_it_says(
    world: dict[str, Any], name: str, add_files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(add_files[0].parent)
    monkeypatch.setattr(builtins, "_", None, raising=False)  # where "single" keeps the latest value
    names = dict(world)
    for example in doctest.DocTestParser().get_examples(EXAMPLES[name].doc):
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile(example.source, name, "single"), names)
        assert not example.want or same(example.want, out.getvalue()), (example.source, out.getvalue())


def test_what_is_tested_elsewhere_is_tested_there() -> None:
    for name, file in ELSEWHERE.items():
        assert name in EXAMPLES
        assert EXAMPLES[name].name in (Path(__file__).parent / file).read_text(encoding="utf-8")
