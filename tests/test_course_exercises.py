"""What exercises ask beyond cases: references, budgets, machine state, typed answers, partial credit."""

from __future__ import annotations

import pytest

import underglass
from underglass.course import CheckFailed, Marks, check, check_answer, solution
from underglass.course import tries as tries_module
from underglass.course.trials import inputs, reference
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram

ASM = """\
// func squares(x, y int64) int64
TEXT ·squares(SB), 4, $0-24
	MOVQ x+0(FP), AX
	IMULQ AX, AX
	MOVQ y+8(FP), BX
	IMULQ BX, BX
	SUBQ BX, AX
	MOVQ AX, ret+16(FP)
	RET

// func small(x int32) int32
TEXT ·small(SB), 4, $0-12
	MOVL x+0(FP), AX
	CMPL AX, $-2147483648
	JEQ  bad
	MOVL AX, ret+8(FP)
	RET
bad:
	MOVL $1, ret+8(FP)
	RET

// func length(s string) int
TEXT ·length(SB), 4, $0-24
	MOVQ s_len+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET

// func loops(x int64) int64
TEXT ·loops(SB), 4, $0-16
	JMP 0(PC)
"""
GO = """\
package main

//go:noinline
func inGo(x int64) int64 { return x + 1 }
"""
SQUARES = "func want(x, y int64) int64 { return x*x - y*y }"


@pytest.fixture(scope="module")
def prog() -> GoProgram:
    return underglass.build(ASM, GO)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries_module, "_tried", {})
    monkeypatch.setattr(tries_module, "_are_hidden", False)


def test_a_reference_in_go_decides(prog: GoProgram, capsys: pytest.CaptureFixture[str]) -> None:
    check("squares", against=SQUARES, prog=prog)
    check("length", against="func want(s string) int { return len(s) }", trials=7, prog=prog)
    said = "squares: 20 random cases right, no rule broken.\nlength: 7 random cases right, no rule broken.\n"
    assert capsys.readouterr().out == said


def test_random_inputs_reach_the_edges_of_a_type(prog: GoProgram) -> None:
    with pytest.raises(CheckFailed, match=r"small\(-2147483648\) gave 1, and -2147483648 was expected"):
        check("small", against="func want(x int32) int32 { return x }", trials=60, prog=prog)


def test_inputs_are_those_of_the_seed_and_of_the_types() -> None:
    program, name = reference(
        "func f(a uint8, b []string, c [3]bool, d float64, e struct{ x int16 }) int { return 0 }"
    )
    of = program.signature(name)
    drawn = list(inputs(of, 200, 1))
    assert drawn == list(inputs(of, 200, 1))
    assert drawn != list(inputs(of, 200, 2))
    assert {0, 255} <= {a for a, *_ in drawn}
    assert all(0 <= a <= 255 and len(c) == 3 and isinstance(d, float) for a, _, c, d, _ in drawn)
    assert any(not b for _, b, *_ in drawn)
    with pytest.raises(UnderglassError, match=r"no random values of \*int"):
        list(inputs(reference("func g(p *int) int { return 0 }")[0].signature("g"), 1, 1))


def test_a_budget_counts_the_functions_own_instructions(prog: GoProgram) -> None:
    check("squares", {(5, 3): 16}, at_most=7, prog=prog)
    with pytest.raises(CheckFailed, match="in 7 instructions of its own; the exercise allows 6"):
        check("squares", {(5, 3): 16}, at_most=6, prog=prog)


def test_the_state_of_the_machine_can_be_asked_for(prog: GoProgram) -> None:
    def nine(trace: underglass.Trace) -> str:
        return "" if trace.register(len(trace), "BX") == 9 else "BX does not hold y squared."

    check("squares", {(5, 3): 16}, state=nine, prog=prog)
    with pytest.raises(CheckFailed, match=r"squares\(5, 4\): BX does not hold y squared"):
        check("squares", {(5, 4): 9}, state=nine, prog=prog)


def test_an_answer_in_go(prog: GoProgram) -> None:
    check("inGo", {1: 2}, in_go=True, prog=prog)
    with pytest.raises(CheckFailed, match="not written in assembly"):
        check("inGo", {1: 2}, prog=prog)


def test_a_failure_carries_the_run_and_the_step(prog: GoProgram) -> None:
    with pytest.raises(CheckFailed) as caught:
        check("squares", {(5, 3): 17}, prog=prog)
    assert caught.value.trace is not None
    assert caught.value.trace.instruction(caught.value.step).go == "RET"
    with pytest.raises(CheckFailed, match="more than 20,000 instructions") as caught:
        check("loops", {1: 1}, prog=prog)


@pytest.mark.parametrize(
    ("given", "right"),
    [(16, 16), ("Right", "right "), (("b", "a"), ["b", "a"]), (True, True), ([1, [2]], (1, (2,)))],
)
def test_typed_answers(given: object, right: object) -> None:
    check_answer("offset", given, right)


@pytest.mark.parametrize(
    ("given", "right", "says"),
    [
        (8, 16, "Go through it once more"),
        (("a", "b"), ("b", "a"), "Go through it once more"),
        (True, 1, r"The answer is a number\."),
        (1, True, r"The answer is True or False, without quotes\."),
        ("16", 16, r"The answer is a number\."),
        (16, "AX", r"The answer is a word in quotes\."),
        ("12", [1, 2], r"The answer is a list\."),
        ("b, d.", "BD", "The letters are right: leave out the commas"),
        ([1, 2], [1, 2, 3], "It has 3 items, and 2 are given"),
        ([1, 1], [2, 1], "Each of them stands there once, and 1 is given more often"),
        ([1, 1], [2, 2], "Go through it once more"),
    ],
)
def test_wrong_typed_answers(given: object, right: object, says: str) -> None:
    with pytest.raises(CheckFailed, match=rf"is not it\. {says}"):
        check_answer("offset", given, right)


def test_a_large_number_is_named_in_both_bases() -> None:
    with pytest.raises(CheckFailed, match=r"mask: 21762 \(0x5502\) is not it"):
        check_answer("mask", 0x5502, 0x40AA)


def test_a_foreseen_typed_answer_has_its_sentence() -> None:
    with pytest.raises(CheckFailed, match=r"offset: 8 is not it\. That is the saved BP"):
        check_answer("offset", 8, 16, {8: "That is the saved BP."})
    for none in (None, ..., (1, ...)):
        with pytest.raises(CheckFailed, match="No answer yet: put offset in place of the dots"):
            check_answer("offset", none, 16)


def test_partial_credit(prog: GoProgram, capsys: pytest.CaptureFixture[str]) -> None:
    marks = Marks()
    with marks(2):
        check("squares", {(5, 3): 16}, prog=prog)
    with marks(1):
        check("squares", {(5, 3): 16}, at_most=3, prog=prog)
    assert marks.total == 2
    assert "the exercise allows 3" in capsys.readouterr().out
    assert len(marks.failures) == 1
    none = Marks()
    with none(2):
        check("squares", {(5, 3): 1}, prog=prog)
    with pytest.raises(CheckFailed, match="and 1 was expected"):
        _ = none.total
    with pytest.raises(ZeroDivisionError), none(1):
        _ = 1 / 0


def test_a_part_whose_symbol_is_missing_fails_alone_and_says_so_once(
    prog: GoProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = Marks()
    for _ in range(2):
        with marks(1):
            prog.program.symbol("nowhere")
    with marks(1):
        check("squares", {(5, 3): 16}, prog=prog)
    assert marks.total == 1
    assert len(marks.failures) == 2
    assert capsys.readouterr().out.count("no symbol nowhere") == 1


def test_a_solution_opens_after_two_honest_tries(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("$1", "$1", "$2"):
        body = f"TEXT ·second(SB), 4, $0-24\n\tMOVQ {text}, ret+16(FP)\n\tRET\n"
        program = underglass.build(f"// func second(x, y int64) int64\n{body}")
        with pytest.raises(UnderglassError, match="opens after 2 different answers"):
            solution("second")
        with pytest.raises(CheckFailed):
            check("second", {(1, 5): 5}, prog=program)
    with pytest.raises(UnderglassError, match=r"labs have an exercise second\. Name yours"):
        solution("second")
    solution("second", "05_frames")
    shown = capsys.readouterr().out
    assert "MOVQ y+8(FP), AX" in shown
    assert "SOLUTION" not in shown
    monkeypatch.setenv("UNDERGLASS_REVEAL", "off")
    with pytest.raises(UnderglassError, match="is closed in this course"):
        solution("second")
