"""A recording says what happened, step by step, and agrees with itself and with the run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import underglass
from underglass.errors import NotAProgram, UnderglassError
from underglass.goprogram import GoProgram
from underglass.trace import REGISTERS, Trace

ASSEMBLY = """\
#include "textflag.h"

// func outer(x, y int64) int64
TEXT ·outer(SB), 0, $40-24
	MOVQ x+0(FP), AX
	MOVQ AX, kept-8(SP)
	MOVQ AX, 0(SP)
	MOVQ y+8(FP), AX
	MOVQ AX, 8(SP)
	CALL ·sum(SB)
	MOVQ 16(SP), AX
	ADDQ kept-8(SP), AX
	MOVQ AX, ret+16(FP)
	RET

// func fault(p *int64)
TEXT ·fault(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	MOVQ AX, (AX)
	RET
"""
GO = """\
package main

import "fmt"

func sum(x, y int64) int64 { return x + y }
func vector(x, y float64) float64 { return x * y }
func hello(name string) { fmt.Println("hello,", name) }
func grow(n int) int { var pad [64]int; if n == 0 { return pad[0] }; return grow(n-1) + 1 }
func survive() (said string) {
	defer func() { said = fmt.Sprint(recover()) }()
	return fmt.Sprint(*(*int)(nil))
}
func survive_then_fall() int { survive(); return *(*int)(nil) }
func main() {}
"""


@pytest.fixture(scope="module")
def program() -> GoProgram:
    return underglass.build(ASSEMBLY, GO)


@pytest.fixture(scope="module")
def outer(program: GoProgram) -> Trace:
    return program.record("outer", 23, 4, abi="ABI0")


def word(trace: Trace, step: int, address: int) -> int:
    value = trace.word(step, address)
    assert value is not None
    return value


def test_the_results_are_the_call_s(program: GoProgram, outer: Trace) -> None:
    assert outer.results == (50,)
    assert program.call("outer", 23, 4) == 50
    assert outer.title == "outer(23, 4)"
    assert outer.fault is None


def test_each_step_follows_from_the_one_before(outer: Trace) -> None:
    for step in range(len(outer)):
        instruction = outer.instruction(step)
        assert instruction is not None
        following = instruction.address + len(instruction.data)
        if outer.pc(step + 1) != following:
            assert instruction.go.split()[0][0] in "JCR", instruction


def test_stores_are_what_the_registers_say(outer: Trace) -> None:
    """MOVQ reg, n(SP): the store recorded is the register's value at that place."""
    checked = 0
    for step in range(len(outer)):
        instruction = outer.instruction(step)
        assert instruction is not None
        name, _, rest = instruction.go.partition(" ")
        register, _, place = rest.partition(", ")
        if name == "MOVQ" and register in REGISTERS and place.endswith("(SP)"):
            address = outer.register(step, "SP") + int(place.removesuffix("(SP)") or "0", 0)
            assert word(outer, step + 1, address) == outer.register(step, register)
            checked += 1
    assert checked >= 5


def test_memory_can_be_read_in_any_order(outer: Trace) -> None:
    address = outer.frames(0)[0].fp
    forward = [outer.memory(step, address - 64, 128) for step in range(len(outer) + 1)]
    backward = [outer.memory(step, address - 64, 128) for step in reversed(range(len(outer) + 1))]
    assert forward == backward[::-1]
    assert forward[0] != forward[-1]
    assert outer.memory(0, 0x10, 8) is None


def test_frames_name_every_word(outer: Trace) -> None:
    step = next(s for s in range(len(outer)) if (i := outer.instruction(s)) and i.go.startswith("CALL"))
    frame, caller = outer.frames(step)[:2]
    assert frame.function.name == "main.outer"
    assert frame.complete
    assert (frame.fp - frame.pseudo_sp, frame.pseudo_sp - frame.sp) == (16, 40)
    named = {s.expression or s.kind: (s.address - frame.sp, s.kind) for s in frame.slots}
    assert named == {
        "ret+16(FP)": (72, "result"),
        "y+8(FP)": (64, "argument"),
        "x+0(FP)": (56, "argument"),
        "return address": (48, "return address"),
        "saved BP": (40, "saved BP"),
        "kept-8(SP)": (32, "local"),
        "24(SP)": (24, "local"),
        "16(SP)": (16, "outgoing"),
        "8(SP)": (8, "outgoing"),
        "0(SP)": (0, "outgoing"),
    }
    assert word(outer, step, frame.fp) == 23
    assert word(outer, step, frame.sp + 8) == 4
    assert caller.function.name == "debugCall32"
    assert word(outer, step, frame.return_address_at) == caller.pc
    assert frame.saved_bp_at is not None
    assert word(outer, step, frame.saved_bp_at) == outer.register(0, "BP")


def test_a_wrapper_s_words_are_its_outgoing_area(program: GoProgram) -> None:
    trace = program.record("outer", 23, 4)
    call = next(
        s for s in range(len(trace)) if (i := trace.instruction(s)) and i.go == "CALL main.outer.abi0(SB)"
    )
    wrapper = trace.frames(call)[0]
    assert wrapper.function.is_wrapper
    assert [s.kind for s in wrapper.slots if s.address < wrapper.pseudo_sp] == ["outgoing"] * 3


def test_a_frame_is_complete_between_prologue_and_epilogue(outer: Trace) -> None:
    states = [
        outer.frames(s)[0].complete for s in range(len(outer)) if outer.function_at(s) == outer.function
    ]
    assert states[0] is False
    assert states.count(True) > 8
    assert all(
        outer.frames(s)[0].fp == outer.frames(0)[0].fp
        for s in range(len(outer))
        if outer.function_at(s) == outer.function
    )


def test_the_stack_unwinds_at_every_step_of_a_print(program: GoProgram) -> None:
    """fmt.Println goes through wrappers, morestack, the system stack and a system call."""
    trace = program.record("hello", "you")
    assert trace.output == ((trace.output[0][0], 1, b"hello, you\n"),)
    outermost = {frames[-1].function.name for s in range(0, len(trace), 7) if (frames := trace.frames(s))}
    assert outermost == {"runtime.goexit", "runtime.systemstack"}  # the goroutine's stack, and g0's


def test_vectors_are_recorded(program: GoProgram) -> None:
    trace = program.record("vector", 1.5, 4.0)
    assert trace.results == (6.0,)
    assert np.float64(6.0) == trace.vectors[-1, 0, :1].view(np.float64)[0]


def test_a_fault_is_recorded_up_to_its_end(program: GoProgram) -> None:
    trace = program.record("fault", None, abi="ABI0")
    assert trace.results is None
    assert trace.fault is not None
    assert "a store to address 0x0" in trace.fault
    assert len(trace) == 1  # it ends before the store
    last = trace.instruction(len(trace))
    assert last is not None
    assert last.go == "MOVQ AX, 0(AX)"


def test_a_fault_that_is_recovered_does_not_end_the_recording(program: GoProgram) -> None:
    trace = program.record("survive")
    assert trace.results == ("runtime error: invalid memory address or nil pointer dereference",)
    trace = program.record("survive_then_fall")
    assert trace.fault is not None
    last = trace.instruction(len(trace))
    assert last is not None
    assert trace.function_at(len(trace)) == program.program.function("survive_then_fall")


def test_a_recording_says_what_the_program_writes_once(program: GoProgram) -> None:
    said: list[bytes] = []
    program.on_output = lambda fd, data: said.append(data)
    try:
        program.record("hello", "you")
        program.record("fault", None)
    finally:
        program.on_output = None
    assert said == [b"hello, you\n"]


def test_a_recording_ends_where_it_is_told(program: GoProgram) -> None:
    trace = program.record("grow", 10_000, most=2_000)
    assert trace.fault is not None
    assert "went on after 2,000 instructions" in trace.fault
    assert 2_000 <= len(trace) <= 40_000


def test_a_recorded_call_runs_as_an_unrecorded_one(program: GoProgram) -> None:
    machine = program._machine()
    program.call("grow", 300)
    plain = machine.cpu.executed
    program.record("grow", 300)
    assert machine.cpu.executed == plain


def test_saved_and_loaded(program: GoProgram, outer: Trace, tmp_path: Path, add_program: GoProgram) -> None:
    outer.save(tmp_path / "t.npz")
    back = Trace.load(tmp_path / "t.npz", program.program, outer.layout)
    assert (back.registers == outer.registers).all()
    assert back.frames(9) == outer.frames(9)
    assert back.results == outer.results
    with pytest.raises(NotAProgram, match="another program"):
        Trace.load(tmp_path / "t.npz", add_program.program, outer.layout)
    (tmp_path / "bad").write_bytes(b"nothing")
    with pytest.raises(NotAProgram, match="no recording"):
        Trace.load(tmp_path / "bad", program.program, outer.layout)


def test_wrong_steps_and_registers_are_named(outer: Trace) -> None:
    with pytest.raises(UnderglassError, match=r"no step 9999"):
        outer.pc(9999)
    with pytest.raises(UnderglassError, match=r"no register RAX"):
        outer.register(0, "RAX")
