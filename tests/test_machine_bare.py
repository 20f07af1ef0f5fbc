"""Start-up code on a processor without an operating system."""

from __future__ import annotations

import struct

import pytest

import underglass
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram
from underglass.machine.bare import BareMachine, Exception_
from underglass.machine.segments import CODE_SELECTOR

# preinit is written in Go and reached from assembly, so through an ABI0→ABIInternal wrapper.
ASSEMBLY = """\
#include "textflag.h"

TEXT ·start(SB), NOSPLIT|NOFRAME, $0-0
	SUBQ $16, SP
	MOVQ $41, AX
	MOVQ AX, 0(SP)
	CALL ·preinit(SB)
	HLT
"""
GO = """\
package main

var Seen int

//go:nosplit
//go:noinline
func preinit(n int) { Seen = n + 1 }

func start()

func main() { start() }
"""
STACK = 0x80000


@pytest.fixture(scope="module")
def kernel() -> GoProgram:
    return underglass.build(ASSEMBLY, GO)


def machine(kernel: GoProgram, *, sse: bool) -> BareMachine:
    bare = BareMachine(kernel.program, sse=sse)
    bare.write(STACK - 0x1000, bytes(0x1000))
    return bare


def start(kernel: GoProgram) -> int:
    return kernel.program.function("start", "ABI0").address


def test_the_wrapper_s_xorps_faults_while_sse_is_off(kernel: GoProgram) -> None:
    stop = machine(kernel, sse=False).run(start(kernel), stack=STACK)
    assert stop.reason == "exception"
    assert stop.exception is not None
    assert stop.exception.name == "#UD"
    wrapper = kernel.program.function("preinit", "ABI0")
    code = {i.address: i.go for i in kernel.program.instructions(wrapper)}
    assert code[stop.pc] == "XORPS X15, X15"
    assert "SSE is off" in stop.text


def test_then_the_load_of_g_faults_while_fs_is_unset(kernel: GoProgram) -> None:
    stop = machine(kernel, sse=True).run(start(kernel), stack=STACK)
    assert stop.exception == Exception_(14, stop.pc, 0, 2**64 - 8)
    wrapper = kernel.program.function("preinit", "ABI0")
    assert wrapper.address <= stop.pc < wrapper.address + wrapper.size


def test_with_both_mended_it_reaches_go_and_halts(kernel: GoProgram) -> None:
    bare = machine(kernel, sse=True)
    bare.write(0x5000, bytes(0x100))
    bare.fs_base = 0x5080
    stop = bare.run(start(kernel), stack=STACK)
    assert (stop.reason, stop.exception) == ("halt", None)
    address, _ = kernel.program.symbol("main.Seen")
    assert int.from_bytes(bare.read(address, 8), "little") == 42


def test_a_python_handler_may_mend_and_go_on(kernel: GoProgram) -> None:
    bare = machine(kernel, sse=False)
    bare.write(0x5000, bytes(0x100))
    seen = []

    def enable(bare: BareMachine, raised: Exception_) -> bool:
        seen.append(raised.name)
        if raised.vector == 6:
            bare.sse = True
        else:
            bare.fs_base = 0x5080
        return True

    bare.on(6, enable)
    bare.on(14, enable)
    assert bare.run(start(kernel), stack=STACK).reason == "halt"
    assert seen == ["#UD", "#PF"]


def test_the_guest_s_own_idt_and_iretq() -> None:
    handler = 0x3000
    gate = struct.pack("<HHBBHII", handler & 0xFFFF, CODE_SELECTOR, 0, 0x8E, handler >> 16, 0, 0)
    bare = BareMachine(
        code={
            0x2000: b"\xcd\x20\xf4",  # INT $32; HLT
            handler: b"\x48\xff\xc3\x48\xcf",  # INCQ BX; IRETQ
            0x4000: bytes(16 * 32) + gate,
            STACK - 0x1000: bytes(0x1000),
        }
    )
    bare.set_table("IDT", 0x4000, 16 * 33)
    stop = bare.run(0x2000, stack=STACK - 24)
    assert stop.reason == "halt"
    assert bare.cpu["BX"] == 1
    assert bare.cpu["SP"] == STACK - 24


def test_a_word_left_on_the_stack_breaks_iretq() -> None:
    """What a wrapper's return address does to a trap return: IRETQ takes it for the address to go to."""
    frame = struct.pack("<QQQQQQ", 0xDEAD, 0x2100, CODE_SELECTOR, 2, STACK - 0x100, 0x10)
    code = {0x2000: b"\x48\xcf", 0x2100: b"\xf4", STACK - 0x1000: bytes(0x1000)}
    broken = BareMachine(code=code)
    broken.write(STACK - 0x200, frame)
    stop = broken.run(0x2000, stack=STACK - 0x200)
    assert stop.exception is not None
    assert stop.exception.name == "#GP"
    mended = BareMachine(code=code)
    mended.write(STACK - 0x200, frame)
    assert mended.run(0x2000, stack=STACK - 0x200 + 8).reason == "halt"


def test_the_budget_and_wrong_places_have_words() -> None:
    bare = BareMachine(code={0x2000: b"\xeb\xfe"})
    stop = bare.run(0x2000, stack=STACK, instructions=10_000)
    assert (stop.reason, stop.pc) == ("instructions", 0x2000)
    with pytest.raises(UnderglassError, match="no program"):
        bare.run("main")
    with pytest.raises(UnderglassError, match="no memory at"):
        bare.read(0x99999000, 8)
    assert bare.run(0x2000, until=0x2000).reason == "until"
