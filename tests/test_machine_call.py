"""Calls into a program that has booted."""

from __future__ import annotations

import pytest

import underglass
from underglass.errors import CallError, GuestFault, LimitExceeded
from underglass.goprogram import GoProgram

ASSEMBLY = """\
#include "textflag.h"

// func add(x, y int64) int64
TEXT ·add(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET

TEXT ·hidden(SB), NOSPLIT, $0-0
	RET

// func poke(p *int64)
TEXT ·poke(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	MOVQ AX, (AX)
	RET

// func wide()
TEXT ·wide(SB), NOSPLIT, $0-0
	VPADDQ Y0, Y1, Y2
	RET

// func low() int64
TEXT ·low(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ (SP), AX
	LEAQ -8(SP), SP
	MOVQ AX, (SP)
	RET

// func spin()
TEXT ·spin(SB), NOSPLIT, $0-0
	JMP 0(PC)

// func halt()
TEXT ·halt(SB), NOSPLIT, $0-0
	HLT
	RET

// func trap()
TEXT ·trap(SB), NOSPLIT, $0-0
	INT $3
	RET

// func divide(x, y uint64) (quotient, remainder uint64)
TEXT ·divide(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), AX
	XORL DX, DX
	DIVQ y+8(FP)
	MOVQ AX, quotient+16(FP)
	MOVQ DX, remainder+24(FP)
	RET
"""
GO = """\
package main

import ("fmt"; "os"; "runtime"; "time")

var count int

func next() int { count++; return count }

func deep(n int) int { var pad [64]int; if n == 0 { return pad[0] }; return deep(n-1) + 1 }

func garbage(n int) int {
	total := 0
	for range n { b := make([]byte, 10_000); total += len(b) }
	runtime.GC()
	return total
}

func late() string {
	c := make(chan string)
	go func() { time.Sleep(time.Hour); c <- "an hour later" }()
	return <-c
}

func say(s string) { fmt.Println(s) }
func quit() { os.Exit(7) }
func broken() string { var b []byte; return string(b[3:count]) }
func shout() { panic("so") }
func main() {}
"""


@pytest.fixture(scope="module")
def program() -> GoProgram:
    return underglass.build(ASSEMBLY, GO)


def test_both_ways_into_an_assembly_function(program: GoProgram) -> None:
    assert program.call("add", 23, 4) == 27
    assert program.call("add", 23, 4, abi="ABI0") == 27
    assert program.call("main.add", 2**63 - 1, 1) == -(2**63)


def test_several_results(program: GoProgram) -> None:
    assert program.call("divide", 17, 5) == (3, 2)


def test_every_call_starts_from_the_same_state(program: GoProgram) -> None:
    assert [program.call("next") for _ in range(3)] == [1, 1, 1]


def test_the_stack_grows_under_a_call(program: GoProgram) -> None:
    assert program.call("deep", 5000) == 5000


def test_the_collector_runs_under_a_call(program: GoProgram) -> None:
    assert program.call("garbage", 2000) == 20_000_000


def test_a_call_may_wait_for_another_goroutine(program: GoProgram) -> None:
    assert program.call("late") == "an hour later"


def test_memory_stays_level_over_many_calls(program: GoProgram) -> None:
    machine = program._machine()
    for _ in range(3):
        program.call("garbage", 500)
    used, regions = machine.memory.used, len(machine.memory.regions)
    for _ in range(20):
        program.call("garbage", 500)
    assert (machine.memory.used, len(machine.memory.regions)) == (used, regions)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        (
            "poke",
            (None,),
            r"a store to address 0x0, where nothing is mapped, in main\.poke.*line 16.*MOVQ AX, 0\(AX\)",
        ),
        ("wide", (), r"does not have \(no AVX.*main\.wide.*line 21.*VPADDQ"),
        ("halt", (), r"a process may not use, in main\.halt.*HLT"),
        ("trap", (), r"breakpoint.*main\.trap"),
        ("divide", (1, 0), r"division by zero.*main\.divide.*DIVQ"),
        ("quit", (), "ended with exit code 7"),
        ("shout", (), "panic: so"),
    ],
)
def test_a_call_that_does_not_return_says_why(
    program: GoProgram, name: str, values: tuple[object, ...], message: str
) -> None:
    with pytest.raises(GuestFault, match=message) as caught:
        program.call(name, *values)
    assert "\n" not in str(caught.value)
    assert program.call("add", 1, 2) == 3  # and nothing of it stays


def test_a_call_that_moves_sp_says_how_far(program: GoProgram) -> None:
    with pytest.raises(GuestFault, match="returned with SP 8 bytes below where it was"):
        program.call("low", abi="ABI0")


def test_an_endless_call_is_stopped(program: GoProgram) -> None:
    with pytest.raises(LimitExceeded, match=r"main\.spin.*line 33"):
        program.call("spin")
    assert program.call("add", 1, 2) == 3


def test_what_a_failing_call_wrote_is_kept(program: GoProgram) -> None:
    with pytest.raises(GuestFault) as caught:
        program.call("shout")
    assert caught.value.output.startswith(b"panic: so")


def test_a_function_without_prototype_says_what_to_write(program: GoProgram) -> None:
    with pytest.raises(CallError, match=r"hidden has no prototype.*// func hidden"):
        program.call("hidden")


def test_a_program_that_ends_before_main_cannot_be_called() -> None:
    early = underglass.build('package main\nimport "os"\nfunc init() { os.Exit(3) }\nfunc main() {}\n')
    with pytest.raises(CallError, match="ended before it reached main"):
        early.call("main")
