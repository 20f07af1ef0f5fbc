"""A function called on another stack was told that SP had fallen by the distance between the two."""

from __future__ import annotations

from underglass import build
from underglass.trace.sentinel import broken_rules

GO = """package main

import "unsafe"

var room [512]int64

func upper() uintptr { return uintptr(unsafe.Pointer(&room[511])) + 8 }

func onOther(stack uintptr) int64

func main() {}
"""
ASM = """
TEXT ·leaf(SB), 4, $0-0
	MOVQ $7, AX
	RET

TEXT ·onOther(SB), 4, $0-16
	MOVQ stack+0(FP), AX
	MOVQ SP, BX
	MOVQ AX, SP
	ANDQ $~15, SP
	CALL ·leaf(SB)
	MOVQ BX, SP
	MOVQ AX, ret+8(FP)
	RET
"""


def test_the_room_below_the_guard_is_of_one_stack() -> None:
    program = build(GO, ASM)
    trace = program.record("onOther", program.call("upper"))
    assert trace.results == (7,)
    assert [found.rule.id for found in broken_rules(trace)] == []
