"""Each rule has a function that breaks it and one that keeps it; correct functions break none."""

# ruff: noqa: E501  (an example's body is one line)

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

import underglass
from underglass.goprogram import GoProgram
from underglass.toolchain import Source
from underglass.trace.activation import activations
from underglass.trace.register_rules import check as check_registers
from underglass.trace.rules import RULES
from underglass.trace.sentinel import broken_rules

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
]  # fmt: skip


@pytest.fixture(scope="module")
def prog() -> GoProgram:
    texts = [example.text for example in CORRECT] + [example.text for _, example in WRONG]
    header = '#include "textflag.h"\n#include "funcdata.h"\n\n'
    return underglass.build(
        Source("main.go", GO, "cell 1"), Source("all.s", header + "\n".join(texts), "cell 2")
    )


@pytest.mark.parametrize("example", CORRECT, ids=lambda e: e.name)
def test_a_correct_function_breaks_no_rule(prog: GoProgram, example: Example) -> None:
    trace = prog.record(example.name, *example.arguments)
    assert trace.results == (example.result if isinstance(example.result, tuple) else (example.result,))
    assert [str(finding) for finding in broken_rules(trace)] == []


@pytest.mark.parametrize(("rule", "example"), WRONG, ids=lambda x: getattr(x, "name", x))
def test_a_wrong_function_is_told_its_rule(prog: GoProgram, rule: str, example: Example) -> None:
    trace = prog.record(example.name, *example.arguments)
    found = broken_rules(trace)
    assert rule in [finding.rule.id for finding in found]
    first = found[0]
    # The first breach is the named one, or its neighbour in the same line; a hint never comes first.
    assert first.rule.id == rule or not first.rule.is_hint
    assert first.where.startswith("cell 2, line ")
    assert first.source in example.text.replace("\t", "") or first.source
    assert 0 <= first.step < len(trace)
    function = trace.function_at(first.step)
    assert function is not None
    assert function.name == f"main.{example.name}"


def test_every_rule_has_a_wrong_example() -> None:
    without = set(RULES) - {rule for rule, _ in WRONG}
    assert without == {"fixed-registers"}, (
        "R14 and X15 matter in ABIInternal code, which only the runtime may write"
    )


def test_a_function_of_abiinternal_gives_r14_back(prog: GoProgram) -> None:
    trace = prog.record("adds", 23, 4, abi="ABI0")
    run = activations(trace)[0]
    assert list(check_registers(trace, run)) == []
    registers = trace.registers.copy()
    registers[-3:, 14] += 8
    changed = replace(trace, registers=registers)
    internal = replace(run, function=replace(run.function, abi="ABIInternal"))
    assert [rule for rule, _, _ in check_registers(changed, internal)] == ["fixed-registers"]
    assert list(check_registers(changed, run)) == []


def test_a_finding_names_step_line_and_rule(prog: GoProgram) -> None:
    (found,) = broken_rules(prog.record("smallFrame", 23, 4))
    assert found.rule.id == "outgoing-area"
    assert found.instruction.startswith("CALL main.plus")
    assert found.source == "CALL ·plus(SB)"
    assert "the saved BP and the return address" in found.sentence
    assert str(found).startswith(f"{found.where}, step {found.step}, CALL ·plus(SB): ")


def test_go_functions_are_not_judged(prog: GoProgram) -> None:
    assert broken_rules(prog.record("plus", 1, 2)) == ()


def test_a_line_in_a_loop_is_named_once() -> None:
    text = """\
#include "textflag.h"

// func loops(n int64) int64
TEXT ·loops(SB), NOSPLIT, $0-16
	MOVQ n+0(FP), CX
again:
	MOVQ CX, t-8(SP)
	DECQ CX
	JNZ again
	MOVQ CX, ret+8(FP)
	RET
"""
    found = broken_rules(underglass.build(text).record("loops", 9))
    assert [finding.rule.id for finding in found] == ["below-sp"]


def test_goroutines_that_take_turns_inside_one_function() -> None:
    go = """\
package main

import "runtime"

//go:noinline
func yield(x int64) int64 { runtime.Gosched(); return x }

//go:noinline
func both(a, b int64) int64 {
	done := make(chan int64, 2)
	go func() { done <- waits(a) }()
	go func() { done <- waits(b) }()
	return <-done + <-done
}

func main() { println(both(1, 2)) }
"""
    assembly = """\
#include "funcdata.h"

// func waits(x int64) int64
TEXT ·waits(SB), 0, $24-16
	NO_LOCAL_POINTERS
	MOVQ x+0(FP), AX
	MOVQ AX, kept-8(SP)
	MOVQ AX, 0(SP)
	CALL ·yield(SB)
	MOVQ 8(SP), AX
	ADDQ kept-8(SP), AX
	MOVQ AX, 0(SP)
	CALL ·yield(SB)
	MOVQ 8(SP), AX
	ADDQ kept-8(SP), AX
	MOVQ AX, ret+8(FP)
	RET
"""
    trace = underglass.build(go, assembly).record("both", 1, 20)
    assert trace.results == (63,)
    runs = activations(trace)
    assert len(runs) == 2
    assert runs[1].entry < runs[0].last  # they did take turns
    assert all(run.ret is not None for run in runs)
    assert broken_rules(trace) == ()
