"""One processor changes a call, another runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

import underglass
from underglass.course import TwoCpus
from underglass.errors import UnderglassError, UnknownFunction
from underglass.goprogram import GoProgram
from underglass.trace import Trace
from underglass.trace.cpus import record_cpus
from underglass.views.text import stepper_text

ASSEMBLY = """#include "textflag.h"

// func apply(x int64) int64
TEXT ·apply(SB), NOSPLIT, $16-16
	PCALIGN $64
	MOVQ x+0(FP), AX
	MOVQ AX, 0(SP)
	MOVQ $0x1111111111111111, R8
	MOVQ $0x1111111111111111, R8
	MOVQ $0x1111111111111111, R8
	MOVQ $0x1111111111111111, R8
	MOVQ $0x1111111111111111, R8
	XORL R8, R8
	CALL ·double(SB)
	MOVQ 8(SP), AX
	MOVQ AX, ret+8(FP)
	RET

// func double(x int64) int64
TEXT ·double(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), AX
	ADDQ AX, AX
	MOVQ AX, ret+8(FP)
	RET

// func launch(x int64) int64
TEXT ·launch(SB), NOSPLIT, $0-16
	PCALIGN $256
	MOVQ $-1, ret+8(FP)
	RET

// func triple(x int64) int64
TEXT ·triple(SB), NOSPLIT, $0-16
	PCALIGN $256
	MOVQ x+0(FP), AX
	IMUL3Q $3, AX, AX
	MOVQ AX, ret+8(FP)
	RET

// func patch(at, to uintptr)
TEXT ·patch(SB), NOSPLIT, $0-16
	MOVQ at+0(FP), DI
	MOVQ to+8(FP), AX
	SUBQ DI, AX
	SUBQ $5, AX
	MOVL AX, 1(DI)
	RET

GLOBL ·target(SB), 16, $8

// func poke(at, to uintptr)
TEXT ·poke(SB), NOSPLIT, $0-16
	MOVQ at+0(FP), DI
	MOVQ to+8(FP), AX
	MOVQ AX, ·target(SB)
	SUBQ DI, AX
	SUBQ $5, AX
	MOVB $0xCC, 0(DI)
	MOVL AX, 1(DI)
	MOVB $0xE8, 0(DI)
	RET

// func onBreak()
TEXT ·onBreak(SB), NOSPLIT|NOFRAME, $0-0
	PUSHQ AX
	PUSHQ BX
	MOVQ 40(SP), BX
	SUBQ $8, BX
	MOVQ BX, 40(SP)
	MOVQ 16(SP), AX
	ADDQ $4, AX
	MOVQ AX, 0(BX)
	MOVQ ·target(SB), AX
	MOVQ AX, 16(SP)
	POPQ BX
	POPQ AX
	IRETQ

// func waits()
TEXT ·waits(SB), NOSPLIT|NOFRAME, $0-0
	SUBQ $1, 0(SP)
	IRETQ

// func text(s string) int64
TEXT ·text(SB), NOSPLIT, $0-24
	RET

// func wild()
TEXT ·wild(SB), NOSPLIT, $0-0
	JMP 0(PC)
"""


@pytest.fixture(scope="module")
def prog() -> GoProgram:
    return underglass.build(ASSEMBLY)


def duel(prog: GoProgram, patcher: str = "patch", **how: object) -> TwoCpus:
    return TwoCpus(prog, patcher, "triple", ("apply", 7), **how)  # type: ignore[arg-type]


def test_a_store_across_two_lines_is_run_half_way(prog: GoProgram) -> None:
    assert duel(prog).entered() == ("double",) * 5 + ("launch", "triple", "triple")
    assert duel(prog, atomic="whole").entered() == ("double",) * 5 + ("triple",) * 2


def test_the_breakpoint_protocol_gives_the_old_or_the_new(prog: GoProgram) -> None:
    assert duel(prog, "poke", handler="onBreak").entered() == ("double",) * 6 + ("triple",) * 5
    assert duel(prog, "poke").entered() == ("double",) * 6 + ("a fault",) * 3 + ("triple",) * 2


def test_a_handler_may_wait_for_the_other_processor(prog: GoProgram) -> None:
    waiting = duel(prog, "poke", handler="waits")
    assert waiting.entered() == ("double",) * 6 + ("triple",) * 5
    assert waiting.record(6).results == (21,)


def test_the_recording_has_both_processors_and_the_call_as_it_was_run(prog: GoProgram) -> None:
    torn = duel(prog).record(5)
    assert (torn.results, torn.fault) == ((-1,), None)
    assert [number for _, number in torn.threads] == [1, 0, 1, 0]
    site = duel(prog).site
    step = [torn.pc(i) for i in range(len(torn))].index(site)
    ran = torn.instruction(step)
    assert ran is not None
    assert ran.go == "CALL main.launch.abi0(SB)"
    new, old = (
        prog.program.function("triple", "ABI0").address,
        prog.program.function("double", "ABI0").address,
    )
    held = torn.memory(step, site, 5)
    assert held is not None
    behind = site + 5
    assert held[1:2] == (new - behind).to_bytes(4, "little")[:1]
    assert held[2:] == (old - behind).to_bytes(4, "little")[1:]
    store = [i for i in range(len(torn)) if torn.pc(i) == torn.pc(step - 1)]
    assert len(store) == 2  # one store, in two pieces
    assert torn.memory(len(torn), site + 1, 4) == (new - behind).to_bytes(4, "little")
    assert "CALL main.launch" in stepper_text(torn, step)


def test_a_patch_that_is_over_gives_the_new_result(prog: GoProgram) -> None:
    assert duel(prog).record(0).results == (14,)
    assert duel(prog).record(99).results == (21,)
    assert duel(prog, "poke", handler="onBreak").record(7).results == (21,)


def test_a_recording_of_processors_is_saved_and_read(prog: GoProgram, tmp_path: Path) -> None:
    duel(prog).record(5).save(tmp_path / "torn.trace")
    again = Trace.load(tmp_path / "torn.trace")
    assert again.on_cpus
    assert again.threads == duel(prog).record(5).threads


def test_wrong_input_has_words(prog: GoProgram) -> None:
    for patcher, to, caller, at, words in (
        ("double", "triple", ("apply", 7), "", "takes 1 integers"),
        ("patch", "triple", ("apply",), "", "takes 1 integers"),
        ("patch", "triple", ("text", "a"), "apply", "integers"),
        ("patch", "triple", ("wild",), "apply", "does not come to"),
        ("patch", "triple", ("double", 7), "apply", "does not come to"),
        ("patch", "triple", ("double", 7), "", "no direct call"),
    ):
        with pytest.raises(UnderglassError, match=words):
            TwoCpus(prog, patcher, to, caller, at).record(0)
    for names in (("nobody", "triple", "apply"), ("patch", "nobody", "apply"), ("patch", "triple", "nobody")):
        with pytest.raises(UnknownFunction):
            TwoCpus(prog, names[0], names[1], (names[2], 7)).record(0)
    with pytest.raises(UnknownFunction):
        duel(prog, handler="nobody").record(0)


def test_an_order_has_to_end(prog: GoProgram) -> None:
    it = TwoCpus(prog, "patch", "triple", ("wild",), "apply")
    cpus, (function, layout) = it._cpus(), it._called(it.caller)
    with pytest.raises(UnderglassError, match="goes on"):
        record_cpus(prog.program, cpus, iter(lambda: 1, 0), "endless", function, layout)
