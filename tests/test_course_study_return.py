"""The case studies of chapter 17: the caller's address read, kept and replaced."""

from __future__ import annotations

import pytest

from underglass import GoProgram
from underglass.course import case_study, find_step, source_text


@pytest.fixture(scope="module")
def new_line() -> GoProgram:
    return case_study("new_line")


@pytest.fixture(scope="module")
def build_stack() -> GoProgram:
    return case_study("build_stack")


@pytest.fixture(scope="module")
def tag_try() -> GoProgram:
    return case_study("tag_try")


def test_a_kept_line_is_the_line_of_the_call(new_line: GoProgram) -> None:
    via_map = new_line.program.function("viaMap")
    assert source_text(new_line, "viaMap") == "func viaMap() int { return newLine().Number }"
    assert new_line.call("firstTwo") == (via_map.start_line,) * 2
    assert new_line.run().stdout.endswith(" true false 2\ntrue true true 32\n")


def test_the_second_look_costs_a_fiftieth_of_the_runtimes(new_line: GoProgram) -> None:
    warm = new_line.count("firstTwo") - new_line.count("viaMap")
    assert 0 < 50 * warm < new_line.count("viaRuntime")


def test_no_line_is_lost_when_goroutines_keep_them_at_once(new_line: GoProgram) -> None:
    assert new_line.call("together", 4, 8) == 32


def test_both_walks_find_the_same_callers_and_cost_a_hundredfold(build_stack: GoProgram) -> None:
    lines = build_stack.run().stdout.splitlines()
    named, expanded = lines[1:3], lines[4:6]
    assert named == [
        "inner walkBP main runtime.main runtime.goexit",
        "inner middle outer walkBP main runtime.main runtime.goexit",
    ]
    assert expanded == ["inner middle outer walkTable main runtime.main runtime.goexit"] * 2
    assert 100 * build_stack.count("byBP") < build_stack.count("byTable")


def test_a_function_without_a_frame_hides_its_caller_from_the_chain(build_stack: GoProgram) -> None:
    lines = build_stack.run().stdout.splitlines()
    assert lines[8] == "bareBP main runtime.main runtime.goexit"
    assert lines[11] == "bareTable lessTable main runtime.main runtime.goexit"


def test_try_returns_to_where_new_tag_returned(tag_try: GoProgram) -> None:
    trace = tag_try.record("jump")
    back = find_step(trace, "RET", "newTag")
    leaves = find_step(trace, "RET", "try")
    assert trace.pc(leaves + 1) == trace.pc(back + 1)
    assert trace.register(leaves + 1, "SP") == trace.register(back + 1, "SP")


def test_a_jump_skips_open_coded_defers_and_keeps_listed_ones(tag_try: GoProgram) -> None:
    assert tag_try.call("openCoded") == "[2 5 2 3 1]"
    assert tag_try.call("listed") == "[2 5 2 3 4 1]"
    assert (tag_try.call("local"), tag_try.call("shared")) == (0, 7)
    assert tag_try.call("ofAnother") is False
    assert tag_try.call("survives") == "[1] no"


@pytest.mark.parametrize("how", ["grow", "collect", "fail"])
def test_whoever_walks_over_a_replaced_address_ends_the_program(tag_try: GoProgram, how: str) -> None:
    ran = tag_try.run(how)
    assert ran.exit_code == 2
    assert "unexpected return pc for main.hold called from 0x1\n" in ran.stderr
    assert "\nfatal error: unknown caller pc\n" in ran.stderr


def test_a_replaced_address_goes_unseen_while_nobody_walks(tag_try: GoProgram) -> None:
    tag_try.call("rest")
    assert tag_try.call("list") == 2
