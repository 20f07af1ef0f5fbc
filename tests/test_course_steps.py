"""Steps of a recording by what they run."""

from __future__ import annotations

from underglass import build
from underglass.course import calls_made

GO = """package main
//go:noinline
func apply(f func(int64) int64, x int64) int64 { return f(x) }
//go:noinline
func tick() {}
func through(x int64) int64 { return apply(twice, x) }
func main() {}
"""
ASSEMBLY = """
// func twice(x int64) int64
TEXT ·twice(SB), 4, $0-16
	MOVQ $3, CX
again:
	DECQ CX
	JNZ again
	MOVQ x+0(FP), AX
	ADDQ AX, AX
	MOVQ AX, ret+8(FP)
	RET

// func ticks()
TEXT ·ticks(SB), 0, $0-0
	CALL ·tick(SB)
	RET
"""


def test_calls_are_told_by_the_linkers_symbols_and_a_loop_is_none() -> None:
    prog = build(GO, ASSEMBLY)
    assert calls_made(prog.record("through", 21)) == (
        ("main.through", "main.apply"),
        ("main.apply", "main.twice"),
        ("main.twice", "main.twice.abi0"),
    )
    assert calls_made(prog.record("ticks", abi="ABI0")) == (
        ("main.ticks.abi0", "main.tick.abi0"),
        ("main.tick.abi0", "main.tick"),
    )
