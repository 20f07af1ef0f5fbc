"""Recordings of the bare machine."""

from __future__ import annotations

from typing import Any

import pytest

import underglass
from underglass.course import CheckFailed, check_bare, find_step, power_on
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram
from underglass.machine.bare import BareMachine
from underglass.trace import record_bare
from underglass.views.frame import frame_svg
from underglass.views.text import stepper_text

ASSEMBLY = """\
#include "textflag.h"

// func start()
TEXT ·start(SB), NOSPLIT|NOFRAME, $0-0
	ADJSP $16
	MOVQ DI, 0(SP)
	CALL ·preinit(SB)
	INT $32
	HLT

// func moved()
TEXT ·moved(SB), NOSPLIT|NOFRAME, $0-0
	SUBQ $16, SP
	MOVQ DI, 0(SP)
	CALL ·preinit(SB)
	HLT

// func handler()
TEXT ·handler(SB), NOSPLIT|NOFRAME, $0-0
	INCQ BX
	IRETQ

// func forever()
TEXT ·forever(SB), NOSPLIT|NOFRAME, $0-0
	JMP 0(PC)
"""
GO = """\
package main

var Seen uintptr

//go:nosplit
//go:noinline
func preinit(n uintptr) { Seen = n + 1 }

func main() {}
"""


@pytest.fixture(scope="module")
def kernel() -> GoProgram:
    return underglass.build(ASSEMBLY, GO)


def test_a_recording_ends_before_the_instruction_at_fault(kernel: GoProgram) -> None:
    trace = record_bare(power_on(kernel), "start")
    assert trace.results is None
    assert trace.fault is not None
    assert trace.fault.startswith("#UD in main.preinit")
    last = trace.instruction(len(trace))
    assert last is not None
    assert last.go == "XORPS X15, X15"
    assert "CALL main.preinit.abi0(SB)" in stepper_text(trace)


def test_a_trap_s_frame_is_recorded_as_stored_by_the_instruction_that_trapped(kernel: GoProgram) -> None:
    machine = power_on(kernel, sse=True, fs=0x71000, gates={32: "handler"})
    before = machine.cpu["BX"] = 6
    trace = record_bare(machine, "start")
    assert trace.results == ()
    assert machine.cpu["BX"] == before + 1
    trap, handler = find_step(trace, "INT", "start"), find_step(trace, "INCQ", "handler")
    assert handler == trap + 1
    pushed = trace.writes[trace.writes["step"] == trap]
    assert len(pushed) == 5  # SS, SP, FLAGS, CS, PC
    sp = trace.register(handler, "SP")
    assert trace.word(handler, sp + 24) == trace.register(trap, "SP")
    address, _ = kernel.program.symbol("main.Seen")
    assert trace.word(len(trace), address) == 0x2BADB003


def test_each_step_is_what_single_steps_of_the_processor_give(kernel: GoProgram) -> None:
    trace = record_bare(power_on(kernel, sse=True, fs=0x71000), "moved")
    machine = power_on(kernel, sse=True, fs=0x71000)
    pc = kernel.program.function("moved", "ABI0").address
    for step in range(len(trace)):
        assert (pc, machine.cpu["SP"], machine.cpu["AX"]) == (
            trace.pc(step), trace.register(step, "SP"), trace.register(step, "AX")
        )  # fmt: skip
        pc = machine.cpu.step(pc).pc


def test_a_frame_whose_words_another_one_names_is_drawn(kernel: GoProgram) -> None:
    trace = record_bare(power_on(kernel, sse=True, fs=0x71000), "moved")
    assert "moved" in frame_svg(trace, find_step(trace, "MOVQ SP, BP"), 3)


def test_what_cannot_be_recorded_is_said(kernel: GoProgram) -> None:
    with pytest.raises(UnderglassError, match="no program"):
        record_bare(BareMachine(), "start")
    with pytest.raises(UnderglassError, match="most=0"):
        record_bare(power_on(kernel), "start", most=0)
    with pytest.raises(UnderglassError, match="strat"):
        record_bare(power_on(kernel), "strat")
    with pytest.raises(UnderglassError, match="no vector 256"):
        power_on(kernel).set_gate(256, "handler")
    trace = record_bare(power_on(kernel), "forever", most=600)
    assert trace.fault is not None
    assert "600 instructions" in trace.fault


def test_a_check_says_how_a_run_ends_and_why(kernel: GoProgram, capsys: pytest.CaptureFixture[str]) -> None:
    ready: dict[str, Any] = {"sse": True, "fs": 0x71000, "gates": {32: "handler"}}
    check_bare(kernel, "start", **ready, registers={"BX": 1}, variables={"Seen": 0x2BADB003})
    assert "start: it halts after" in capsys.readouterr().out
    with pytest.raises(CheckFailed, match=r"start does not halt: #UD .* Set the bit\.") as failed:
        check_bare(kernel, "start", beliefs={"#UD": "Set the bit."})
    assert failed.value.trace is not None
    assert failed.value.step == len(failed.value.trace)
    with pytest.raises(CheckFailed, match=r"BX = 1, and 2 was expected. Only once\."):
        check_bare(kernel, "start", **ready, registers={"BX": 2}, beliefs={"BX = 1": "Only once."})
    with pytest.raises(CheckFailed, match=r"Seen = \d+, and 0 was expected"):
        check_bare(kernel, "start", **ready, variables={"Seen": 0})
    with pytest.raises(CheckFailed, match="no code of the program uses Nowhere"):
        check_bare(kernel, "start", **ready, variables={"Nowhere": 0})
    with pytest.raises(CheckFailed, match="too long"):
        check_bare(kernel, "start", **ready, state=lambda trace: "too long")
    with pytest.raises(CheckFailed, match="not whole yet"):
        check_bare(kernel, "begin")
    with pytest.raises(CheckFailed, match="not whole yet"):
        check_bare(kernel, "start", gates={32: "handlr"})
