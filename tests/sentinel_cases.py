"""Assembly functions for the sentinel: correct ones, and broken ones with one small mistake each."""

# ruff: noqa: E501  (an example's body is one line)

from __future__ import annotations

import re
from dataclasses import dataclass

import underglass
from underglass.cli.expression import read_call
from underglass.goprogram import GoProgram
from underglass.toolchain import Source
from underglass.trace.rules import RULES
from underglass.trace.sentinel import broken_rules

__all__ = ["CORRECT", "WRONG", "Example", "build_all", "example_call", "named_rightly"]

GO = """\
package main

import "fmt"

type pair struct {
	a int32
	b int64
}

//go:noinline
func plus(x, y int64) int64 { return x + y }

//go:noinline
func fill(p *int64, v int64) { *p = v }

//go:noinline
func deep(n int64) int64 {
	var room [700]int64
	room[n&511] = n
	return room[n&255] + 1
}

//go:noinline
func stops(x int64) int64 {
	if x < 0 {
		panic("negative")
	}
	return x
}

//go:noinline
func caught(x int64) (r int64) {
	defer func() {
		if recover() != nil {
			r = -1
		}
	}()
	return panics(x)
}

var kept int64

//go:noinline
func double(x int64) int64 { return 2 * x }

//go:noinline
func doubled(x int64) int64 { return apply(double, x) }

//go:noinline
func tripled(x int64) int64 { return applyOnStack(double, x) }

//go:noinline
func applied2(x int64) int64 { return applyHalf(plus, x) }

//go:noinline
func zeroed(x int64) int64 { return applyNoG(double, x) }

//go:noinline
func signed(x int64) int64 { return applyX15(double, x) }

//go:noinline
func pairSum(x int64) int64 { p := pair{1, x}; return fields(&p) }

//go:noinline
func pairPast(x int64) int64 { p := pair{1, x}; return fieldPast(&p) }

//go:noinline
func four(x int64) int64 { var a [4]int64; setFour(&a, x); return a[3] }

//go:noinline
func five(x int64) int64 { var a [4]int64; setFive(&a, x); return a[3] }

//go:noinline
func address(x int64) int64 { var a [2]*int64; keepsThroughPointer(&a, x); return x }

func main() { fmt.Println(caught(1)) }
"""


@dataclass(frozen=True)
class Example:
    """One function, called once."""

    name: str
    prototype: str  # without func and name
    frame: str
    body: str
    arguments: tuple[object, ...]
    result: object = None
    through: str = ""  # the Go function that is called instead, and calls it

    @property
    def called(self) -> str:
        return self.through or self.name

    @property
    def text(self) -> str:
        body = "\n".join("\t" + line.strip() for line in self.body.strip().split(";"))
        return f"// func {self.name}{self.prototype}\nTEXT ·{self.name}(SB), {self.frame}\n{body}\n\tRET\n"


ADD = "(x, y int64) int64"
LOAD_STORE = "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP)"

CORRECT = [
    Example("adds", ADD, "NOSPLIT, $0-24", LOAD_STORE, (23, 4), 27),
    Example("addsFramed", ADD, "0, $16-24", LOAD_STORE, (23, 4), 27),
    Example(
        "locals",
        ADD,
        "0, $16-24",
        "MOVQ x+0(FP), AX; MOVQ AX, a-8(SP); MOVQ y+8(FP), AX; MOVQ AX, b-16(SP); "
        "MOVQ a-8(SP), AX; SUBQ b-16(SP), AX; MOVQ AX, ret+16(FP)",
        (23, 4),
        19,
    ),
    Example(
        "callsGo",
        ADD,
        "0, $32-24",
        "MOVQ x+0(FP), AX; MOVQ AX, kept-8(SP); MOVQ AX, 0(SP); MOVQ y+8(FP), BX; MOVQ BX, 8(SP); "
        "CALL ·plus(SB); MOVQ 16(SP), AX; ADDQ kept-8(SP), AX; MOVQ AX, ret+16(FP)",
        (23, 4),
        50,
    ),
    Example(
        "callsAssembly",
        ADD,
        "0, $24-24",
        "MOVQ x+0(FP), AX; MOVQ AX, 0(SP); MOVQ AX, 8(SP); CALL ·adds(SB); MOVQ 16(SP), AX; "
        "SUBQ y+8(FP), AX; MOVQ AX, ret+16(FP)",
        (23, 4),
        42,
    ),
    Example("jumps", ADD, "NOSPLIT, $0-24", "JMP ·adds(SB)", (23, 4), 27),
    Example(
        "counts",
        "(n int64) int64",
        "NOSPLIT, $0-16",
        "MOVQ n+0(FP), CX; XORL AX, AX; JMP test; again: ADDQ CX, AX; DECQ CX; test: TESTQ CX, CX; "
        "JNZ again; MOVQ AX, ret+8(FP)",
        (5,),
        15,
    ),
    Example(
        "narrow",
        "(a int32, b uint8, c bool, d int16) int32",
        "NOSPLIT, $0-20",
        "MOVL a+0(FP), AX; MOVBLZX b+4(FP), BX; ADDL BX, AX; MOVBLZX c+5(FP), BX; ADDL BX, AX; "
        "MOVWLSX d+6(FP), BX; ADDL BX, AX; MOVL AX, ret+8(FP)",
        (1000, 200, True, -1),
        1200,
    ),
    Example(
        "stringLength",
        "(s string) int",
        "NOSPLIT, $0-24",
        "MOVQ s_base+0(FP), SI; MOVQ s_len+8(FP), AX; MOVQ AX, ret+16(FP)",
        ("glass",),
        5,
    ),
    Example(
        "wholeString",
        "(s string) string",
        "NOSPLIT, $0-32",
        "MOVUPS s_base+0(FP), X0; MOVUPS X0, ret_base+16(FP)",
        ("glass",),
        "glass",
    ),
    Example(
        "sumSlice",
        "(v []int64) int64",
        "NOSPLIT, $0-32",
        "MOVQ v_base+0(FP), SI; MOVQ v_len+8(FP), CX; MOVQ v_cap+16(FP), DX; XORQ AX, AX; next: TESTQ CX, CX; "
        "JZ done; ADDQ (SI), AX; ADDQ $8, SI; DECQ CX; JMP next; done: MOVQ AX, ret+24(FP)",
        ([1, 2, 3],),
        6,
    ),
    Example(
        "byStruct",
        "(p pair) int64",
        "NOSPLIT, $0-24",
        "MOVLQSX p_a+0(FP), AX; ADDQ p_b+8(FP), AX; MOVQ AX, ret+16(FP)",
        ((3, 4),),
        7,
    ),
    Example(
        "givesStruct",
        "(x int64) pair",
        "NOSPLIT, $0-24",
        "MOVQ x+0(FP), AX; MOVL AX, ret_a+8(FP); MOVQ AX, ret_b+16(FP)",
        (7,),
        {"a": 7, "b": 7},
    ),
    Example(
        "two",
        "(x int64) (a int64, b bool)",
        "NOSPLIT, $0-17",
        "MOVQ x+0(FP), AX; MOVQ AX, a+8(FP); MOVB $1, b+16(FP)",
        (7,),
        (7, True),
    ),
    Example(
        "floats",
        "(x, y float64) float64",
        "NOSPLIT, $0-24",
        "MOVSD x+0(FP), X0; ADDSD y+8(FP), X0; MOVSD X0, ret+16(FP)",
        (1.5, 2.0),
        3.5,
    ),
    Example(
        "throughAddress",
        "(x int64) int64",
        "NOSPLIT, $0-16",
        "LEAQ x+0(FP), SI; LEAQ ret+8(FP), DI; MOVQ (SI), AX; MOVQ AX, (DI)",
        (9,),
        9,
    ),
    Example(
        "filledByCallee",
        "(v int64) int64",
        "0, $24-16",
        "LEAQ place-8(SP), AX; MOVQ AX, 0(SP); MOVQ v+0(FP), AX; MOVQ AX, 8(SP); CALL ·fill(SB); "
        "MOVQ place-8(SP), AX; MOVQ AX, ret+8(FP)",
        (9,),
        9,
    ),
    Example(
        "pushes",
        ADD,
        "NOSPLIT, $0-24",
        "MOVQ x+0(FP), AX; PUSHQ AX; MOVQ y+8(FP), BX; POPQ AX; ADDQ BX, AX; MOVQ AX, ret+16(FP)",
        (23, 4),
        27,
    ),
    Example(
        "growsStack",
        "(n int64) int64",
        "0, $24-16",
        "NO_LOCAL_POINTERS; MOVQ n+0(FP), AX; MOVQ AX, kept-8(SP); MOVQ AX, 0(SP); CALL ·deep(SB); MOVQ 8(SP), AX; "
        "ADDQ kept-8(SP), AX; MOVQ AX, ret+8(FP)",
        (40,),
        81,
    ),
    Example(
        "bigFrame",
        "(n int64) int64",
        "0, $5000-16",
        "MOVQ n+0(FP), AX; MOVQ AX, far-5000(SP); MOVQ far-5000(SP), BX; MOVQ BX, ret+8(FP)",
        (8,),
        8,
    ),
    Example(
        "keepsBP",
        ADD,
        "0, $8-24",
        "MOVQ x+0(FP), BP; ADDQ y+8(FP), BP; MOVQ BP, ret+16(FP)",
        (23, 4),
        27,
    ),
    Example(
        "own",
        ADD,
        "NOSPLIT, $0-24",
        "MOVQ x+0(FP), AX; ADDQ AX, y+8(FP); MOVQ y+8(FP), AX; MOVQ AX, ret+16(FP)",
        (23, 4),
        27,
    ),
    Example(
        "divides",
        ADD,
        "NOSPLIT, $0-24",
        "MOVQ x+0(FP), AX; CQO; IDIVQ y+8(FP); MOVQ AX, ret+16(FP)",
        (23, 4),
        5,
    ),
    Example(
        "asksProcessor",
        "() uint32",
        "NOSPLIT, $0-4",
        "MOVL $0, AX; CPUID; SHRL $31, AX; MOVL AX, ret+0(FP)",
        (),
        0,
    ),
    Example(
        "clears",
        "(n int64) int64",
        "0, $64-16",
        "MOVQ n+0(FP), BX; LEAQ 0(SP), DI; MOVQ $8, CX; XORL AX, AX; REP; STOSQ; MOVQ 0(SP)(BX*8), DX; MOVQ DX, ret+8(FP)",
        (3,),
        0,
    ),
    Example(
        "panics",
        "(x int64) int64",
        "0, $16-16",
        "MOVQ x+0(FP), AX; MOVQ AX, 0(SP); CALL ·stops(SB); MOVQ 8(SP), AX; MOVQ AX, ret+8(FP)",
        (5,),
        5,
    ),
    Example(
        "apply",
        "(f func(int64) int64, x int64) int64",
        "0, $8-24",
        "NO_LOCAL_POINTERS; MOVQ f+0(FP), DX; MOVQ x+8(FP), AX; MOVQ (DX), CX; CALL CX; MOVQ AX, ret+16(FP)",
        (21,),
        42,
        "doubled",
    ),
    Example(
        "fields",
        "(p *pair) int64",
        "NOSPLIT, $0-16",
        "MOVQ p+0(FP), SI; MOVLQSX (SI), AX; ADDQ 8(SI), AX; MOVQ AX, ret+8(FP)",
        (6,),
        7,
        "pairSum",
    ),
    Example(
        "setFour",
        "(p *[4]int64, v int64)",
        "NOSPLIT, $0-16",
        "MOVQ p+0(FP), DI; MOVQ v+8(FP), AX; MOVQ AX, 24(DI)",
        (6,),
        6,
        "four",
    ),
    Example(
        "readsOverEnd",
        "(s string) uint8",
        "NOSPLIT, $0-17",
        "MOVQ s_base+0(FP), SI; MOVQ s_len+8(FP), AX; MOVOU (SI), X0; MOVQ X0, AX; MOVB AX, ret+16(FP)",
        ("abc",),
        97,
    ),
    Example(
        "globals",
        "(x int64) int64",
        "NOSPLIT, $0-16",
        "MOVQ x+0(FP), AX; MOVQ AX, ·kept(SB); LEAQ ·kept(SB), BX; MOVQ (BX), AX; MOVQ AX, ret+8(FP)",
        (6,),
        6,
    ),
    Example(
        "backwards",
        "(x int64) int64",
        "0, $16-16",
        "LEAQ high-8(SP), DI; MOVQ $2, CX; MOVQ x+0(FP), AX; STD; REP; STOSQ; CLD; MOVQ low-16(SP), AX; "
        "MOVQ AX, ret+8(FP)",
        (6,),
        6,
    ),
    Example(
        "walksLinks",
        "() uint64",
        "0, $8-8",
        "MOVQ (BP), AX; MOVQ 8(AX), AX; XORL AX, AX; MOVQ AX, ret+0(FP)",
        (),
        0,
    ),
]

WRONG = [
    ("result-written", Example("noResult", ADD, "NOSPLIT, $0-24", "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX", (1, 2))),
    (
        "result-written",
        Example("halfResult", ADD, "NOSPLIT, $0-24", "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVL AX, ret+16(FP)", (1, 2)),
    ),
    (
        "result-written",
        Example("strayResult", ADD, "NOSPLIT, $0-24", "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+8(FP)", (1, 2)),
    ),
    (
        "argument-place",
        Example("straddles", ADD, "NOSPLIT, $0-24", "MOVQ x+4(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP)", (1, 2)),
    ),
    (
        "argument-place",
        Example("tooWide", "(a, b int32) int64", "NOSPLIT, $0-16", "MOVQ a+0(FP), AX; MOVL b+4(FP), BX; MOVQ AX, ret+8(FP)", (1, 2)),
    ),
    (
        "argument-place",
        Example("tooNarrow", ADD, "NOSPLIT, $0-24", "MOVLQSX x+0(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP)", (1, 2)),
    ),
    (
        "argument-place",
        Example("offByOne", ADD, "NOSPLIT, $0-24", "MOVQ x+0(FP), AX; ADDQ y+16(FP), AX; MOVQ AX, ret+16(FP)", (1, 2)),
    ),
    ("argument-read", Example("ignores", ADD, "NOSPLIT, $0-24", "MOVQ x+0(FP), AX; MOVQ AX, ret+16(FP)", (1, 2))),
    (
        "above-arguments",
        Example("above", ADD, "NOSPLIT, $0-24", LOAD_STORE + "; MOVQ AX, more+24(FP)", (1, 2)),
    ),
    (
        "below-sp",
        Example("noRoom", ADD, "NOSPLIT, $0-24", "MOVQ x+0(FP), AX; MOVQ AX, t-8(SP); ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP)", (1, 2)),
    ),
    (
        "below-sp",
        Example("oneShort", ADD, "NOSPLIT, $8-24", "MOVQ x+0(FP), AX; MOVQ AX, a-8(SP); MOVQ AX, b-16(SP); ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP)", (1, 2)),
    ),
    (
        "frame-links",
        Example("overBP", ADD, "NOSPLIT, $8-24", "MOVQ x+0(FP), AX; MOVQ AX, a+0(SP); ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP)", (1, 2)),
    ),
    (
        "bp-restored",
        Example("usesBP", ADD, "NOSPLIT, $0-24", "MOVQ x+0(FP), AX; MOVQ y+8(FP), BP; ADDQ BP, AX; MOVQ AX, ret+16(FP)", (1, 2)),
    ),
    ("sp-restored", Example("leavesSP", ADD, "NOSPLIT, $0-24", LOAD_STORE + "; SUBQ $16, SP", (1, 2))),
    ("sp-restored", Example("leavesSPFramed", ADD, "0, $8-24", LOAD_STORE + "; SUBQ $16, SP", (1, 2))),
    (
        "written-before-read",
        Example("unset", ADD, "0, $8-24", "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; ADDQ t-8(SP), AX; MOVQ AX, ret+16(FP)", (1, 2)),
    ),
    (
        "written-before-read",
        Example("readsResult", ADD, "NOSPLIT, $0-24", "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; ADDQ AX, ret+16(FP)", (1, 2)),
    ),
    (
        "outgoing-area",
        Example(
            "smallFrame",
            ADD,
            "0, $8-24",
            "MOVQ x+0(FP), AX; MOVQ AX, 0(SP); MOVQ y+8(FP), BX; MOVQ BX, 8(SP); CALL ·plus(SB); MOVQ 16(SP), AX; MOVQ AX, ret+16(FP)",
            (23, 4),
        ),
    ),
    (
        "outgoing-area",
        Example(
            "overLocal",
            ADD,
            "0, $24-24",
            "MOVQ x+0(FP), AX; MOVQ AX, kept-8(SP); MOVQ AX, 0(SP); MOVQ y+8(FP), BX; MOVQ BX, 8(SP); "
            "CALL ·plus(SB); MOVQ 16(SP), AX; ADDQ kept-8(SP), AX; MOVQ AX, ret+16(FP)",
            (23, 4),
        ),
    ),
    (
        "register-across-call",
        Example(
            "keepsInCX",
            ADD,
            "0, $24-24",
            "MOVQ x+0(FP), CX; MOVQ CX, 0(SP); MOVQ y+8(FP), BX; MOVQ BX, 8(SP); CALL ·plus(SB); MOVQ 16(SP), AX; "
            "ADDQ CX, AX; MOVQ AX, ret+16(FP)",
            (23, 4),
        ),
    ),
    (
        "register-across-call",
        Example(
            "resultInAX",
            ADD,
            "0, $24-24",
            "MOVQ x+0(FP), AX; MOVQ AX, 0(SP); MOVQ y+8(FP), BX; MOVQ BX, 8(SP); CALL ·plus(SB); MOVQ AX, ret+16(FP)",
            (23, 4),
        ),
    ),
    ("register-set", Example("inRegisters", ADD, "NOSPLIT, $0-24", "ADDQ BX, AX; MOVQ AX, ret+16(FP)", (1, 2))),
    ("register-set", Example("givesAX", "() int64", "NOSPLIT, $0-8", "MOVQ AX, ret+0(FP)", ())),
    ("result-written", Example("oneOfTwo", "(x int64) (a int64, b bool)", "NOSPLIT, $0-17", "MOVQ x+0(FP), AX; MOVQ AX, a+8(FP)", (7,))),
    ("result-written", Example("onlyBase", "(s string) string", "NOSPLIT, $0-32", "MOVQ s_base+0(FP), AX; MOVQ s_len+8(FP), BX; MOVQ AX, ret_base+16(FP)", ("abc",))),
    ("argument-place", Example("lengthAtBase", "(s string) int", "NOSPLIT, $0-24", "MOVQ s_len+0(FP), AX; MOVQ s_base+0(FP), BX; MOVQ AX, ret+16(FP)", ("abc",))),
    ("argument-place", Example("inPadding", "(a int32, b int64) int64", "NOSPLIT, $0-24", "MOVL 4(SP), BX; MOVL a+0(FP), AX; MOVL b+4(FP), BX; MOVQ BX, ret+16(FP)", (1, 2))),
    ("argument-place", Example("byteAsWord", "(a, b uint8) uint8", "NOSPLIT, $0-9", "MOVW a+0(FP), AX; MOVB b+1(FP), BX; MOVB AX, ret+8(FP)", (1, 2))),
    ("argument-read", Example("ignoresLast", "(a, b, c int64) int64", "NOSPLIT, $0-32", "MOVQ a+0(FP), AX; ADDQ b+8(FP), AX; MOVQ AX, ret+24(FP)", (1, 2, 3))),
    ("argument-register", Example("applyOnStack", "(f func(int64) int64, x int64) int64", "0, $16-24", "NO_LOCAL_POINTERS; MOVQ f+0(FP), DX; MOVQ x+8(FP), BX; MOVQ BX, 0(SP); MOVQ (DX), CX; CALL CX; MOVQ AX, ret+16(FP)", (21,), None, "tripled")),
    ("argument-register", Example("applyHalf", "(f func(int64, int64) int64, x int64) int64", "0, $16-24", "NO_LOCAL_POINTERS; MOVQ f+0(FP), DX; MOVQ x+8(FP), AX; MOVQ (DX), CX; CALL CX; MOVQ AX, ret+16(FP)", (21,), None, "applied2")),
    ("fixed-registers", Example("applyNoG", "(f func(int64) int64, x int64) int64", "0, $16-24", "NO_LOCAL_POINTERS; MOVQ f+0(FP), DX; MOVQ x+8(FP), AX; MOVQ $0, R14; MOVQ (DX), CX; CALL CX; MOVQ AX, ret+16(FP)", (21,), None, "zeroed")),
    ("fixed-registers", Example("applyX15", "(f func(int64) int64, x int64) int64", "0, $16-24", "NO_LOCAL_POINTERS; MOVQ f+0(FP), DX; MOVQ x+8(FP), AX; PCMPEQL X15, X15; MOVQ (DX), CX; CALL CX; MOVQ AX, ret+16(FP)", (21,), None, "signed")),
    ("above-arguments", Example("readsAbove", ADD, "NOSPLIT, $0-24", "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; ADDQ z+24(FP), AX; MOVQ AX, ret+16(FP)", (1, 2))),
    ("below-sp", Example("throughAddressBelow", ADD, "NOSPLIT, $0-24", "LEAQ -16(SP), BX; MOVQ x+0(FP), AX; MOVQ AX, (BX); ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP)", (1, 2))),
    ("below-sp", Example("farBelow", ADD, "NOSPLIT, $0-24", "MOVQ x+0(FP), AX; MOVQ AX, -64(SP); ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP)", (1, 2))),
    ("frame-links", Example("overReturn", ADD, "NOSPLIT, $8-24", "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP); MOVQ AX, a+8(SP)", (1, 2))),
    ("frame-links", Example("clearsTooMuch", ADD, "NOSPLIT, $16-24", "MOVQ x+0(FP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP); XORPS X0, X0; MOVUPS X0, 8(SP)", (1, 2))),
    ("bp-restored", Example("countsInBP", "(n int64) int64", "NOSPLIT, $0-16", "MOVQ n+0(FP), BP; XORL AX, AX; more: ADDQ BP, AX; DECQ BP; JNZ more; MOVQ AX, ret+8(FP)", (4,))),
    ("bp-restored", Example("callsWithBP", ADD, "0, $24-24", "MOVQ x+0(FP), AX; MOVQ y+8(FP), BP; MOVQ AX, 0(SP); MOVQ BP, 8(SP); CALL ·plus(SB); MOVQ 16(SP), AX; MOVQ AX, ret+16(FP)", (23, 4))),
    ("sp-restored", Example("addsToSP", ADD, "NOSPLIT, $0-24", LOAD_STORE + "; ADDQ $8, SP", (1, 2))),
    ("sp-restored", Example("roundsSP", ADD, "0, $24-24", LOAD_STORE + "; ANDQ $~63, SP; SUBQ $64, SP", (1, 2))),
    ("direction-flag", Example("leavesDF", "(x int64) int64", "0, $16-16", "LEAQ high-8(SP), DI; MOVQ $2, CX; MOVQ x+0(FP), AX; STD; REP; STOSQ; MOVQ low-16(SP), AX; MOVQ AX, ret+8(FP)", (6,))),
    ("direction-flag", Example("callsWithDF", ADD, "0, $24-24", "STD; MOVQ x+0(FP), AX; MOVQ AX, 0(SP); MOVQ y+8(FP), BX; MOVQ BX, 8(SP); CALL ·plus(SB); CLD; MOVQ 16(SP), AX; MOVQ AX, ret+16(FP)", (1, 2))),
    ("written-before-read", Example("wrongLocal", ADD, "0, $16-24", "MOVQ x+0(FP), AX; MOVQ AX, a-8(SP); MOVQ y+8(FP), AX; ADDQ b-16(SP), AX; MOVQ AX, ret+16(FP)", (1, 2))),
    ("written-before-read", Example("handsOnOne", ADD, "0, $24-24", "MOVQ x+0(FP), AX; MOVQ AX, 0(SP); CALL ·plus(SB); MOVQ 16(SP), AX; ADDQ y+8(FP), AX; MOVQ AX, ret+16(FP)", (23, 4))),
    (
        "outgoing-area",
        Example(
            "noRoomForResult",
            ADD,
            "0, $16-24",
            "MOVQ x+0(FP), AX; MOVQ AX, 0(SP); MOVQ y+8(FP), BX; MOVQ BX, 8(SP); CALL ·plus(SB); MOVQ 16(SP), AX; MOVQ AX, ret+16(FP)",
            (23, 4),
        ),
    ),
    ("register-across-call", Example("keepsInX1", "(x float64) float64", "0, $24-16", "MOVSD x+0(FP), X1; MOVQ $1, AX; MOVQ AX, 0(SP); MOVQ AX, 8(SP); CALL ·plus(SB); MOVSD X1, ret+8(FP)", (1.5,))),
    ("register-set", Example("resultInBX", ADD, "0, $24-24", "MOVQ x+0(FP), CX; MOVQ CX, 0(SP); MOVQ y+8(FP), CX; MOVQ CX, 8(SP); CALL ·plus(SB); MOVQ BX, ret+16(FP)", (1, 2))),
    ("register-set", Example("countsUnset", "(v []int64) int64", "NOSPLIT, $0-32", "MOVQ v_base+0(FP), SI; MOVQ v_cap+16(FP), DX; MOVQ v_len+8(FP), CX; next: ADDQ (SI), AX; ADDQ $8, SI; DECQ CX; JNZ next; MOVQ AX, ret+24(FP)", ([1, 2],))),
    ("stray-access", Example("pastSlice", "(v []int64) int64", "NOSPLIT, $0-32", "MOVQ v_base+0(FP), SI; MOVQ v_len+8(FP), CX; MOVQ v_cap+16(FP), DX; XORL AX, AX; next: ADDQ (SI), AX; ADDQ $8, SI; DECQ CX; JGE next; MOVQ AX, ret+24(FP)", ([1, 2],))),
    ("stray-access", Example("beforeSlice", "(s string, v []int64)", "NOSPLIT, $0-40", "MOVQ s_base+0(FP), AX; MOVQ s_len+8(FP), AX; MOVQ v_base+16(FP), DI; MOVQ v_len+24(FP), CX; MOVQ v_cap+32(FP), DX; MOVQ AX, -8(DI)", ("abc", [1, 2]))),
    ("stray-access", Example("widerThanElement", "(v []int32)", "NOSPLIT, $0-24", "MOVQ v_base+0(FP), DI; MOVQ v_len+8(FP), CX; MOVQ v_cap+16(FP), DX; MOVQ $0, -4(DI)(CX*4)", ([1, 2],))),
    ("stray-access", Example("intoString", "(s string)", "NOSPLIT, $0-16", "MOVQ s_base+0(FP), DI; MOVQ s_len+8(FP), CX; MOVB $88, (DI)", ("abc",))),
    ("stray-access", Example("pastString", "(s string) uint8", "NOSPLIT, $0-17", "MOVQ s_base+0(FP), SI; MOVQ s_len+8(FP), CX; MOVB (SI)(CX*1), AX; MOVB AX, ret+16(FP)", ("abc",))),
    ("stray-access", Example("setFive", "(p *[4]int64, v int64)", "NOSPLIT, $0-16", "MOVQ p+0(FP), DI; MOVQ v+8(FP), AX; MOVQ AX, 32(DI)", (6,), None, "five")),
    ("stray-access", Example("fieldPast", "(p *pair) int64", "NOSPLIT, $0-16", "MOVQ p+0(FP), SI; MOVLQSX (SI), AX; ADDQ 16(SI), AX; MOVQ AX, ret+8(FP)", (6,), None, "pairPast")),
    ("stray-access", Example("intoCaller", "(x int64) int64", "NOSPLIT, $0-16", "LEAQ x+0(FP), SI; MOVQ (SI), AX; MOVQ AX, 8(SI); MOVQ AX, 64(SI)", (6,))),
    ("stack-pointer-kept", Example("keepsInGlobal", "(x int64)", "0, $8-8", "MOVQ x+0(FP), AX; MOVQ AX, t-8(SP); LEAQ t-8(SP), BX; MOVQ BX, ·kept(SB)", (6,))),
    ("stack-pointer-kept", Example("keepsSP", "(x int64)", "0, $8-8", "MOVQ x+0(FP), AX; MOVQ AX, t-8(SP); MOVQ SP, ·kept(SB)", (6,))),
    ("stack-pointer-kept", Example("keepsThroughPointer", "(p *[2]*int64, x int64)", "NOSPLIT, $0-16", "MOVQ p+0(FP), DI; MOVQ x+8(FP), AX; LEAQ x+8(FP), BX; MOVQ BX, (DI)", (6,), None, "address")),
    ("stack-pointer-kept", Example("givesItsArgument", "(x int64) *int64", "NOSPLIT, $0-16", "MOVQ x+0(FP), AX; LEAQ x+0(FP), BX; MOVQ BX, ret+8(FP)", (6,))),
    ("nosplit-room", Example("takesMuch", ADD, "NOSPLIT, $0-24", LOAD_STORE + "; MOVQ $900, CX; SUBQ CX, SP; MOVQ AX, 0(SP); ADDQ CX, SP", (1, 2))),
    ("nosplit-room", Example("chained", "(x int64)", "NOSPLIT, $392-8", "MOVQ x+0(FP), AX; MOVQ AX, 0(SP); LEAQ ·inner(SB), AX; CALL AX", (1,))),
]  # fmt: skip

INNER = """\
// func inner(x int64)
TEXT ·inner(SB), NOSPLIT, $496-8
	MOVQ x+0(FP), AX
	MOVQ AX, 0(SP)
	RET
"""


def build_all() -> GoProgram:
    """One program that holds them all, and each rule's two examples as wrongN and mendedN."""
    texts = [example.text for example in CORRECT] + [example.text for _, example in WRONG]
    go = []
    for number, rule in enumerate(RULES.values()):
        for stem, example in ((f"wrong{number}", rule.wrong), (f"mended{number}", rule.mended)):
            texts.append(renamed(example.text, stem))
            go.append(renamed(example.go, stem))
    header = '#include "textflag.h"\n#include "funcdata.h"\n\n'
    return underglass.build(
        Source("main.go", GO + "\n".join(go), "cell 1"),
        Source("all.s", header + "\n".join([*texts, INNER]), "cell 2"),
    )


def renamed(text: str, stem: str) -> str:
    """The text with the names of functions and variables that it declares made its own."""
    return re.sub(
        r"(?<![\w.])(add|first|apply|applied|double|three|last|place|plus|kept)(?=[(<]|\(SB\)| int64)",
        rf"\1_{stem}",
        text,
    )


def example_call(number: int, kind: str) -> tuple[str, tuple[object, ...]]:
    """The call that shows the example of a rule, in the program of `build_all`."""
    rule = list(RULES.values())[number]
    name, values = read_call((rule.wrong if kind == "wrong" else rule.mended).call)
    return f"{name}_{kind}{number}", values


def named_rightly(program: GoProgram, rule: str, example: Example) -> bool:
    """Whether the first thing that the sentinel says of a broken function is its rule."""
    found = broken_rules(program.record(example.called, *example.arguments))
    return bool(found) and found[0].rule.id == rule
