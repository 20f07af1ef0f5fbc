"""Pointer maps: read from the ELF, and what the runtime itself does with them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import underglass
from agreement import gcmaps as agreement
from underglass.analysis.gcmaps import call_sites, gc_map, sites_at
from underglass.cli import main
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram
from underglass.program.funcdata import (
    bounds_at,
    defer_slots,
    inlined_calls,
    stack_objects,
    traced_arguments,
    wrapped_function,
)
from underglass.toolchain.listing import listing
from underglass.views.frame import frame_picture
from underglass.views.gcmap import gcmap_svg, gcmap_text

GROWS = """\
package main

type node struct {
	up    *node
	value int
}

//go:noinline
func grow(up *node, n int) int {
	own := node{up, n}
	if n == 0 {
		return sum(&own)
	}
	return grow(&own, n-1) + own.value
}

//go:noinline
func sum(n *node) (total int) {
	for ; n != nil; n = n.up {
		total += n.value
	}
	return
}
"""
ASSEMBLY = """\
#include "textflag.h"
#include "funcdata.h"

// func told(p *int, n int) *int
TEXT ·told(SB), $16-24
	NO_LOCAL_POINTERS
	MOVQ n+8(FP), AX
	MOVQ AX, 0(SP)
	CALL ·deep(SB)
	MOVQ p+0(FP), AX
	MOVQ AX, ret+16(FP)
	RET

// func untold(p *int, n int) *int
TEXT ·untold(SB), $16-24
	MOVQ n+8(FP), AX
	MOVQ AX, kept-8(SP)
	MOVQ AX, 0(SP)
	CALL ·deep(SB)
	RET

TEXT ·undeclared(SB), $8-8
	CALL ·leaf(SB)
	RET

// func caller()
TEXT ·caller(SB), $8-0
	CALL ·undeclared(SB)
	RET

// func leaf()
TEXT ·leaf(SB), NOSPLIT, $8-0
	MOVQ $1, x-8(SP)
	RET
"""
DEEP = """\
package main

//go:noinline
func deep(n int) {
	var room [4096]byte
	room[n%4096] = 1
	if n > 0 {
		deep(n - 1)
	}
}
"""


@pytest.fixture(scope="module")
def corpus() -> GoProgram:
    return agreement.program()


@pytest.fixture(scope="module")
def assembly() -> GoProgram:
    return underglass.build(ASSEMBLY, DEEP)


def test_the_tables_agree_with_the_compilers_listing(corpus: GoProgram) -> None:
    counts: Counter[str] = Counter()
    for package in ("main", "strings"):
        listed = listing(corpus.program.sources, package)
        assert list(agreement.check_package(corpus.program, listed, counts)) == []
    own = [f for n, f in corpus.program.functions.items() if n.startswith("main.")]
    assert list(agreement.check_dwarf(corpus.program, own, counts)) == []
    assert min(counts[x] for x in ("functions", "maps", "PCDATA values", "pointers by DWARF")) > 10


def test_a_stack_copy_adjusts_only_what_the_maps_call_pointers() -> None:
    """The runtime moves the stack in the middle of the recursion, and rewrites each pointer into it."""
    trace = underglass.build(GROWS).record("grow", None, 150)
    assert trace.results == (150 * 151,)
    adjusted = {
        int(store["address"])
        for store in trace.writes
        if _name(trace, int(store["step"])).startswith("runtime.adjust")
    }
    moved = max(s for s in range(len(trace)) if _name(trace, s) == "runtime.copystack")
    back = next(s for s in range(moved, len(trace)) if _name(trace, s) == "main.grow")
    grow = trace.program.function("grow")
    at_entry = gc_map(trace.program, grow, call_sites(trace.program, grow)[-1].address)
    checked = 0
    for frame in trace.frames(back)[1:]:
        held = gc_map(trace.program, frame.function, frame.pc, returned_to=True)
        allowed = {frame.fp + word.offset for word in held.pointers} | {frame.saved_bp_at}
        allowed |= {frame.fp + o.offset + p for o in held.objects for p in o.pointers}
        allowed |= {frame.sp + word.offset for word in at_entry.pointers}  # of the callee that needed room
        if frame.function.name == "main.grow":
            here = adjusted & set(range(frame.sp, frame.fp, 8))
            assert here <= allowed
            checked += len(here)
    assert checked > 20


def _name(trace: underglass.Trace, step: int) -> str:
    function = trace.function_at(step)
    return function.name if function else ""


def test_an_assembly_frame_without_a_map_ends_the_program_as_told(assembly: GoProgram) -> None:
    held = _at_call(assembly, "untold")
    assert "missing stackmap" in held.no_local_map
    assert {word.is_pointer for word in held.words if word.area == "local"} == {None}
    assert "kept" in {word.name for word in held.words}
    with pytest.raises(UnderglassError) as ended:
        assembly.call("untold", None, 400)
    assert b"missing stackmap" in getattr(ended.value, "output", b"")


def test_no_local_pointers_and_a_prototype_make_the_maps(assembly: GoProgram) -> None:
    held = _at_call(assembly, "told")
    assert (held.no_argument_map, held.no_local_map) == ("", "")
    assert [word.name for word in held.pointers] == ["p"]
    assert assembly.call("told", None, 400) is None  # the pointer that came in


def test_why_there_is_no_map_of_arguments_or_none_is_needed(assembly: GoProgram) -> None:
    assert "nothing declares undeclared" in _at_call(assembly, "undeclared").no_argument_map
    leaf = assembly.program.function("leaf", "ABI0")
    middle = assembly.program.instructions(leaf)[3].address
    assert "needs no map" in gc_map(assembly.program, leaf, middle).no_local_map


def _at_call(program: GoProgram, name: str):  # type: ignore[no-untyped-def]
    functions = program.program.functions  # where only assembly refers to it, the symbol has no suffix
    function = functions.get(f"main.{name}.abi0") or functions[f"main.{name}"]
    return gc_map(program.program, function, call_sites(program.program, function)[0].address)


def test_words_have_the_names_of_variables(corpus: GoProgram) -> None:
    program = corpus.program
    function = program.function("keepsPointer")
    site = next(i for i in call_sites(program, function) if "main.ack" in i.go)
    held = gc_map(program, function, site.address)
    assert [(w.name, w.type, w.area) for w in held.pointers] == [("u", "*tree", "local")]
    assert "◆  u" in gcmap_text(held)
    assert "◆" in gcmap_svg(held)
    assert sites_at(program, function, str(held.line)) == (site.address,)
    assert sites_at(program, function, f"+{site.address - function.address}") == (site.address,)
    for wrong in ("0", "main", "+1", "0x10", "-3"):
        with pytest.raises(UnderglassError):
            sites_at(program, function, wrong)


def test_the_other_tables_are_read(corpus: GoProgram) -> None:
    program = corpus.program
    find = inlined_calls(program, program.function("keepsPointer"))
    assert [call.name for call in find] == ["main.find"]
    assert traced_arguments(program, program.function("middle")) == ((0, 8), (8, 8), (16, 8), (24, 8))
    assert defer_slots(program, program.function("defers")) is not None
    assert defer_slots(program, program.function("sum")) is None
    histogram = program.function("histogram")
    panic = next(i for i in call_sites(program, histogram) if "panicBounds" in i.go)
    bounds = bounds_at(program, histogram, panic.address)
    assert bounds is not None
    assert (bounds.code, bounds.is_signed, bounds.y, bounds.y_in_register) == ("Index", True, 16, False)
    wrappers = [f for f in program.functions.values() if f.is_wrapper and wrapped_function(program, f)]
    assert wrappers
    assert any(stack_objects(program, f) for f in program.functions.values() if f.name.startswith("fmt."))


def test_the_frame_diagram_marks_pointers(assembly: GoProgram) -> None:
    trace = assembly.record("told", None, 0)
    step = next(s for s in range(len(trace)) if _name(trace, s) == "main.deep")
    picture = frame_picture(trace, step, 3, pointers=True)
    assert "◆" in picture.svg
    assert "◆" in picture.text
    assert "pointer, ◇ no pointer" in picture.svg
    assert "◆" not in frame_picture(trace, step, 3).svg


WALK = "package main\n\n//go:noinline\nfunc walk(p *int, n int) int { return half(n) + *p }\n\n"
WALK += "//go:noinline\nfunc half(n int) int { return n / 2 }\n"


@pytest.fixture
def walk(tmp_path: Path) -> str:
    path = tmp_path / "walk.go"
    path.write_text(WALK, encoding="utf-8")
    return str(path)


def test_the_command_lists_calls_and_draws_one_of_them(walk: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gcmap", walk, "-f", "walk"]) == 0
    assert re.search(r"^4 +\+0x\w+ +main\.half +p at \d+\(SP\)$", capsys.readouterr().out, re.MULTILINE)
    assert main(["gcmap", walk, "-f", "main.walk", "--at", "4"]) == 0
    assert re.search(r"^◆  p +\*int +0\(FP\)", capsys.readouterr().out, re.MULTILINE)
    assert main(["gcmap", walk, "-f", "walk", "--at", "+0", "--svg"]) == 0
    assert capsys.readouterr().out.startswith("<svg")
    assert main(["gcmap", walk, "-f", "half"]) == 0
    assert "calls nothing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-f", "nowhere"], "no function nowhere"),
        (["-f", "walk", "--at", "99"], "calls on line"),
        (["-f", "walk", "--at", "x"], "a line (23)"),
        (["-f", "walk", "--at", "0x1"], "No instruction"),
        (["-f", "walk", "--svg"], "--at"),
        (["-f", "walk", "--abi", "ABI0"], "no ABI0 entry"),
    ],
)
def test_wrong_input_of_the_command_is_answered_in_words(
    walk: str, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["gcmap", walk, *words]) == 1
    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said
