"""What a check says of right answers, wrong values, broken rules, faults and answers that are not there."""

from __future__ import annotations

import pytest

import underglass
from underglass.course import CheckFailed, check, check_word, find_step, last_store
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram
from underglass.toolchain import Source

GO = """\
package main

//go:noinline
func scale(v, by int64) int64 { return v * by }

//go:noinline
func inGo(x, y int64) int64 { return y }

func main() { println(scale(1, 2)) }
"""

ASM = """\
// func second(x, y int64) int64
TEXT ·second(SB), 4, $0-24
	MOVQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET

// func first(x, y int64) int64
TEXT ·first(SB), 4, $0-24
	MOVQ x+0(FP), AX
	MOVQ AX, ret+16(FP)
	RET

// func unanswered(x, y int64) int64
TEXT ·unanswered(SB), 4, $0-24
	RET

// func lucky(x, y int64) int64
TEXT ·lucky(SB), 4, $0-24
	MOVL y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET

// func kept(x int64) int64
TEXT ·kept(SB), 0, $32-16
	MOVQ x+0(FP), AX
	MOVQ AX, x1-8(SP)
	MOVQ AX, 0(SP)
	MOVQ $3, 8(SP)
	CALL ·scale(SB)
	MOVQ 16(SP), AX
	ADDQ x1-8(SP), AX
	MOVQ AX, ret+8(FP)
	RET

// func small(x, y int64) int64
TEXT ·small(SB), 0, $8-24
	MOVQ x+0(FP), AX
	MOVQ AX, 0(SP)
	MOVQ y+8(FP), AX
	MOVQ AX, 8(SP)
	CALL ·scale(SB)
	MOVQ 16(SP), AX
	MOVQ AX, ret+16(FP)
	RET

// func forever(x int64) int64
TEXT ·forever(SB), 4, $0-16
again:
	JMP again

// func isTwo(x int64) bool
TEXT ·isTwo(SB), 4, $0-9
	MOVQ x+0(FP), AX
	CMPQ AX, $2
	SETEQ ret+8(FP)
	RET
"""


@pytest.fixture(scope="module")
def prog() -> GoProgram:
    return underglass.build(Source("main.go", GO, "cell 1"), Source("all.s", ASM, "cell 2"))


def failure(name: str, cases: object, prog: GoProgram, **options: object) -> str:
    with pytest.raises(CheckFailed) as caught:
        check(name, cases, prog=prog, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_right_answer_says_what_was_checked(prog: GoProgram, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("second", {(23, 4): 4, (1, -7): -7}, prog=prog) is None
    check("kept", [5, -1], lambda x: 4 * x, prog=prog, locals=1, calls="scale")
    check("isTwo", {2: True, 3: False}, prog=prog)
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "second: 2 cases right, no rule broken.",
        "kept: 2 cases right, no rule broken.",
        "isTwo: 2 cases right, no rule broken.",
    ]
    assert err == ""  # nbgrader takes any word there for a failure


def test_the_program_of_the_notebook_is_found(prog: GoProgram, capsys: pytest.CaptureFixture[str]) -> None:
    exec('check("second", {(23, 4): 4})', {"check": check, "prog": prog})
    assert capsys.readouterr().out == "second: 1 case right, no rule broken.\n"


def test_without_a_program_the_message_says_what_to_run() -> None:
    with pytest.raises(CheckFailed, match="Run the cell that holds second"):
        exec('check("second", {(23, 4): 4})', {"check": check})
    with pytest.raises(CheckFailed, match="prog is int now"):
        exec('check("second", {(23, 4): 4})', {"check": check, "prog": 3})


def test_a_foreseen_value_has_its_sentence(prog: GoProgram) -> None:
    said = failure("first", {(23, 4): 4}, prog, beliefs={"x + y": "The sum.", "x": "That is x."})
    assert said.startswith("first(23, 4) gave 23, and 4 was expected. That is x. Cell 2, line ")
    assert "without having looked at y+8(FP)" in said


def test_a_belief_that_a_case_has_no_value_for_does_not_fit(prog: GoProgram) -> None:
    said = failure(
        "first", {(23, 0): 4}, prog, beliefs={"x // y": "No.", "(x,)[y + 1]": "No.", "x": "x came back."}
    )
    assert said.startswith("first(23, 0) gave 23, and 4 was expected. x came back.")


def test_a_value_nobody_foresaw_leads_to_the_recording(prog: GoProgram) -> None:
    assert 'prog.record("kept", 5)' in failure("kept", {5: 21}, prog)


def test_an_unanswered_exercise_is_told_its_rule(prog: GoProgram) -> None:
    said = failure("unanswered", {(23, 4): 4}, prog, beliefs={"0": "never shown"})
    assert "nothing was written to its result ret+16(FP)" in said
    assert "never shown" not in said


def test_a_right_value_by_luck_is_not_enough(prog: GoProgram) -> None:
    said = failure("lucky", {(23, 4): 4}, prog)
    assert said.startswith("lucky(23, 4) gave 4, as expected, and broke a rule. Cell 2, line 19, step ")
    assert "MOVL y+8(FP), AX: The load takes 4 bytes" in said


def test_a_fault_names_what_was_broken(prog: GoProgram) -> None:
    said = failure("small", {(23, 4): 92}, prog)
    assert said.startswith("small(23, 4) did not return")
    assert "they lie over the saved BP and the return address" in said


def test_an_endless_loop_ends(prog: GoProgram) -> None:
    assert "Does every loop end?" in failure("forever", {1: 1}, prog)


def test_a_run_past_the_end_names_the_function() -> None:
    open_ended = underglass.build("// func open(x int64) int64\nTEXT ·open(SB), 4, $0-16\n\tMOVQ $1, AX\n")
    said = failure("open", {1: 1}, open_ended)
    assert said.count("did not return") == 1
    assert "in the bytes behind the end of main.open" in said


def test_an_older_program_is_not_judged(prog: GoProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    check("kept", {5: 20}, prog=prog)
    for name in ("kept", "scale"):  # the function itself, and one that it calls
        monkeypatch.setattr(prog, "waiting", lambda name=name: {name: "Cell 9 is not in the program."})
        said = failure("kept", {5: 20}, prog)
        assert said == "Cell 9 is not in the program. Mend that cell and run it, then this one."
        assert failure("third", {1: 1}, prog).startswith("The program has no function third")
        check("second", {(1, 2): 2}, prog=prog)


def test_an_argument_to_be_passed_over_is_not_asked_for(prog: GoProgram) -> None:
    said = failure("first", {(23, 4): -23}, prog, beliefs={"x": "The sign is missing."})
    assert said.endswith("The sign is missing.")


def test_a_long_argument_is_left_out_of_the_advice() -> None:
    loads = "\tMOVQ words_base+0(FP), AX\n\tMOVQ words_len+8(FP), AX\n\tMOVQ x+24(FP), AX\n"
    head = "// func last(words []int64, x int64) int64\nTEXT ·last(SB), 4, $0-40\n"
    program = underglass.build(f"{head}{loads}\tMOVQ AX, ret+32(FP)\n\tRET\n")
    said = failure("last", [([7] * 50, 7)], program, wants=lambda words, x: 50)
    assert said.endswith('prog.record("last", …, 7) shows every step.')


def test_a_function_that_is_not_there(prog: GoProgram) -> None:
    assert failure("third", {1: 1}, prog).startswith("The program has no function third yet.")


def test_wrong_arguments_are_the_authors_to_mend(prog: GoProgram) -> None:
    assert "takes 2 arguments" in failure("second", {1: 1}, prog)


def test_true_is_not_one(prog: GoProgram) -> None:
    assert "gave True, and 1 was expected" in failure("isTwo", {2: 1}, prog)


def test_what_the_exercise_asks_for_is_asked(prog: GoProgram) -> None:
    assert "kept 1 of the 2 words" in failure("kept", {5: 20}, prog, locals=2)
    assert "without calling scale" in failure("second", {(1, 2): 2}, prog, calls="scale")
    assert "not written in assembly" in failure("inGo", {(1, 2): 2}, prog)


def test_a_word_by_hand(prog: GoProgram, capsys: pytest.CaptureFixture[str]) -> None:
    trace = prog.record("kept", 5)
    step = find_step(trace, "CALL main.scale", "kept")
    check_word(3, trace, step, 8)
    assert capsys.readouterr().out == "8(SP) holds 3.\n"
    with pytest.raises(CheckFailed, match="That is x"):
        check_word(5, trace, step, 8, {5: "That is x."})
    with pytest.raises(CheckFailed, match="Find the last store"):
        check_word(6, trace, step, 8)
    for nothing in (None, ...):
        with pytest.raises(CheckFailed, match="No answer yet"):
            check_word(nothing, trace, step, 8)


def test_a_negative_word_is_written_as_its_reader_would(prog: GoProgram) -> None:
    trace = prog.record("kept", -5)
    check_word(-5, trace, find_step(trace, "CALL main.scale", "kept"), 0)


def test_steps_by_what_they_run(prog: GoProgram) -> None:
    trace = prog.record("kept", 5)
    call = find_step(trace, "CALL main.scale", "kept")
    assert trace.location(call) == ("cell 2", 29)
    assert last_store(trace, trace.register(call, "SP"), before=call) == call - 2
    with pytest.raises(UnderglassError, match="runs no 'HLT' in kept"):
        find_step(trace, "HLT", "kept")
    with pytest.raises(UnderglassError, match="Nothing stored"):
        last_store(trace, 8, before=call)
