"""A stack before and after its copy, and the picture of a chain that does not link."""

from __future__ import annotations

import pytest

from underglass import build
from underglass.course import chain_over, find_step, moved_words
from underglass.errors import BuildError, UnderglassError
from underglass.goprogram import GoProgram

GO = """package main

import "unsafe"

//go:noinline
func wide(n int64, p *int64, number uintptr) int64 {
	var room [700]int64
	room[n] = *p
	return room[n] + room[n+1] + int64(number&1)
}

func moves(n int64) int64 {
	seven := int64(7)
	return wide(n, &seven, uintptr(unsafe.Pointer(&seven)))
}

func main() {}
"""
CHAIN = """#include "textflag.h"

TEXT ·outer(SB), NOSPLIT, $600-0
	CALL ·inner(SB)
	RET

TEXT ·inner(SB), NOSPLIT, $400-0
	RET
"""
HEADS = "package main\nfunc outer()\nfunc inner()\nfunc main() {}\n"


@pytest.fixture(scope="module")
def prog() -> GoProgram:
    return build(GO)


def test_a_pointer_is_mended_and_a_number_is_not(prog: GoProgram) -> None:
    trace = prog.record("moves", 3)
    before = find_step(trace, "CALL runtime.morestack", "wide")
    after = max(step for step in range(len(trace)) if trace.pc(step) == prog.program.function("wide").address)
    table = moved_words(trace, before, after)
    rows = {row[1]: row[2:] for row in table.rows}
    assert trace.results == (7,)
    assert rows["p+8(FP) of wide"][2] == "mended"
    assert rows["number+16(FP) of wide"][0] == rows["number+16(FP) of wide"][1] == rows["p+8(FP) of wide"][0]
    assert rows["return address of wide"][2] == ""
    assert len(moved_words(trace, before, after, depth=1).rows) == 1 < len(table.rows)
    with pytest.raises(UnderglassError, match="Name a step before"):
        moved_words(trace, 0, 1)


def test_the_chain_of_a_program_that_does_not_link() -> None:
    assert "main.inner" in chain_over(CHAIN, HEADS).text
    assert "over the limit" in chain_over(CHAIN, HEADS).text


def test_a_program_that_links_and_one_that_is_wrong() -> None:
    with pytest.raises(UnderglassError, match="The program links"):
        chain_over(CHAIN.replace("$400", "$8"), HEADS)
    with pytest.raises(BuildError):
        chain_over(CHAIN, "package main\nfunc main() { x }\n")
