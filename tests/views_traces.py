"""Recordings that the tests of the views share: real programs, built and run once a worker."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import underglass
from underglass.toolchain import Source

if TYPE_CHECKING:
    from underglass import GoProgram, Trace

MAIN_GO = """\
package main

//go:noinline
func add(x, y int64) int64 {
	return x + y
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func greet(name string) int {
	println("</script><b>", name)
	return len(name)
}

func half(x float64) float64 { return x / 2 }

func deep(n int) int {
	var room [256]int
	if n > 0 {
		room[n] = deep(n - 1)
	}
	return room[n] + n
}

func main() {
	println(output(23, 4), fib(3))
}
"""

OUTPUT_S = """\
#include "textflag.h"

// func output(x, y int64) int64
TEXT ·output(SB), $32-24
	MOVQ x+0(FP), AX
	MOVQ AX, seen-8(SP)   // a local
	MOVQ y+8(FP), BX
	MOVQ AX, 0(SP)
	MOVQ BX, 8(SP)
	CALL ·add(SB)
	MOVQ 16(SP), AX
	MOVQ AX, ret+16(FP)
	RET

// func crash() int64
TEXT ·crash(SB), NOSPLIT, $0-8
	MOVQ $0, AX
	MOVQ AX, (AX)
	RET
"""


@cache
def program() -> GoProgram:
    """Assembly that calls Go's add through its ABI0 wrapper, and a few more functions."""
    return underglass.build(Source("main.go", MAIN_GO, "main.go"), Source("output.s", OUTPUT_S, "cell 7"))


@cache
def output_trace() -> Trace:
    """output(23, 4): the wrapper of the assembly, the assembly, the wrapper of add, add."""
    return program().record("output", 23, 4)


@cache
def growing_trace() -> Trace:
    """deep(6): its frames do not fit the goroutine's first stack; the runtime copies it to a larger one."""
    return program().record("deep", 6)


@cache
def trace_of(name: str, *values: object) -> Trace:
    return program().record(name, *values)


def step_at(trace: Trace, symbol: str, instruction: str) -> int:
    """The first step that is about to run such an instruction of a function."""
    for step in range(len(trace)):
        function, held = trace.function_at(step), trace.instruction(step)
        if function and held and function.symbol == symbol and held.go.startswith(instruction):
            return step
    raise AssertionError(f"no {instruction} of {symbol} in {trace.title}")
