"""What the collector looks at in the frames of a program that loses objects: by tables, and in a run."""

from __future__ import annotations

import pytest

import underglass
from underglass.course import ending, last_words, pointers_at, scan_of
from underglass.errors import GuestFault, UnderglassError, UnknownFunction
from underglass.goprogram import GoProgram
from underglass.trace import Run

GO = """package main

import "runtime"

type box [64]int64

//go:noinline
func newBox(v int64) *box { return &box{v} }

//go:noinline
func value(b *box) int64 { return b[0] }

//go:noinline
func collect() { runtime.GC() }

var shelf = newBox(1)

//go:noinline
func refill() { shelf = newBox(99) }

func inGo(v int64) int64 {
	b := newBox(v)
	collect()
	refill()
	return value(b)
}

func keep(v int64) int64
func mapped(v int64) int64
func careless(v int64) int64
func late(v int64) *box

func divide(a, b int64) int64 { return a / b }

func main() { println(keep(7) + mapped(7)) }
"""

KEEP = """
TEXT ·NAME(SB), 0, $24-16
	TABLE
	MOVQ $0, kept-8(SP)
	MOVQ v+0(FP), AX
	MOVQ AX, 0(SP)
	CALL ·newBox(SB)
	MOVQ 8(SP), AX
	MOVQ AX, kept-8(SP)
	CALL ·collect(SB)
	CALL ·refill(SB)
	MOVQ kept-8(SP), AX
	MOVQ AX, 0(SP)
	CALL ·value(SB)
	MOVQ 8(SP), AX
	MOVQ AX, ret+8(FP)
	RET
"""

ASM = """
#include "funcdata.h"
#include "textflag.h"

DATA ·onlyKept+0(SB)/4, $1
DATA ·onlyKept+4(SB)/4, $3
DATA ·onlyKept+8(SB)/1, $4
GLOBL ·onlyKept(SB), RODATA, $9

TEXT ·late(SB), 0, $16-16
	NO_LOCAL_POINTERS
	MOVQ v+0(FP), AX
	MOVQ AX, 0(SP)
	CALL ·newBox(SB)
	MOVQ 8(SP), AX
	MOVQ AX, ret+8(FP)
	CALL ·collect(SB)
	GO_RESULTS_INITIALIZED
	CALL ·collect(SB)
	RET
"""

TABLES = {
    "keep": "NO_LOCAL_POINTERS",
    "mapped": "FUNCDATA $FUNCDATA_LocalsPointerMaps, ·onlyKept(SB)",
    "careless": "",
}


@pytest.fixture(scope="module")
def program() -> GoProgram:
    keeps = [KEEP.replace("NAME", name).replace("TABLE", table) for name, table in TABLES.items()]
    return underglass.build(GO, ASM + "".join(keeps))


@pytest.fixture(scope="module")
def run(program: GoProgram) -> Run:
    return program.record_run()


def test_the_words_that_a_map_names_change_from_call_to_call(program: GoProgram) -> None:
    told = pointers_at(program, "inGo")
    assert [*told] == ["newBox", "collect", "refill", "value"]
    assert [len(words) for words in told.values()] == [0, 1, 1, 0]
    assert told["refill"] == ("b",)


def test_assembly_has_the_words_of_its_own_table(program: GoProgram) -> None:
    assert set(pointers_at(program, "mapped", abi="ABI0").values()) == {("kept",)}
    assert set(pointers_at(program, "keep", abi="ABI0").values()) == {()}


def test_a_function_called_twice_has_two_keys(program: GoProgram) -> None:
    assert pointers_at(program, "late", abi="ABI0") == {
        "newBox": (), "collect": (), "collect, call 2": ("ret",),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "is_loaded"), [("keep", False), ("mapped", True)])
def test_the_collector_loads_the_word_if_the_table_names_it(
    program: GoProgram, run: Run, name: str, is_loaded: bool
) -> None:
    scan = scan_of(run, name, abi="ABI0")
    assert scan.function_at(0) is program.program.function("runtime.scanframeworker")
    waiting = run.around("refill", 1 if name == "keep" else 2)
    frame = waiting.frames(0)[1]
    slot = next(word.address for word in frame.slots if word.name == "kept")
    assert frame.function.name == f"main.{name}"
    assert (slot in scan.reads["address"]) is is_loaded


def test_the_two_endings_and_the_two_results(program: GoProgram) -> None:
    assert ending(program, "keep", 7) == 99
    assert ending(program, "mapped", 7) == 7
    assert ending(program, "careless", 7) == "missing stackmap"
    assert ending(program, "late", 7) == "found pointer to free object"


def test_last_words_are_the_lines_that_the_runtime_wrote(program: GoProgram) -> None:
    heard: list[bytes] = []
    program.on_output = lambda _, data: heard.append(data)
    try:
        said = last_words(program, "careless", 7)
        assert "untyped locals" in said[0]
        assert said[0].endswith("+0x18")  # the frame size of careless
        assert said[1] == "fatal error: missing stackmap"
        assert not heard, "what a program wrote before its end is returned, not shown"
        assert program.call("inGo", 7) == 7
        assert program.on_output is not None
    finally:
        program.on_output = None


def test_what_has_no_last_words(program: GoProgram) -> None:
    with pytest.raises(UnderglassError, match="keep returned"):
        last_words(program, "keep", 7)
    with pytest.raises(UnknownFunction):
        last_words(program, "kep", 7)


def test_a_panic_is_no_fatal_error(program: GoProgram) -> None:
    with pytest.raises(GuestFault, match="divide by zero"):
        ending(program, "divide", 1, 0)


def test_a_run_in_which_nobody_looks() -> None:
    run = underglass.build("package main\nfunc f() {}\nfunc main() { f() }\n").record_run()
    with pytest.raises(UnderglassError, match=r"looks at 0 frames.*none is of main\.f\..*runtime\.GC"):
        scan_of(run, "f")


def test_a_name_that_is_none(program: GoProgram, run: Run) -> None:
    with pytest.raises(UnknownFunction):
        scan_of(run, "divid")
    with pytest.raises(UnknownFunction):
        pointers_at(program, "divid")
