"""The case studies of chapter 16: g, m and p read in a running program, and private code called."""

from __future__ import annotations

from importlib.resources import files

import pytest

from underglass import GoProgram
from underglass.abi.dwarf import field_offsets
from underglass.course import case_study, find_step
from underglass.errors import BuildError


@pytest.fixture(scope="module")
def goid() -> GoProgram:
    return case_study("goid")


@pytest.fixture(scope="module")
def pid() -> GoProgram:
    return case_study("pid")


@pytest.fixture(scope="module")
def private_call() -> GoProgram:
    return case_study("private_call", any_linkname=True)


def test_three_ways_give_the_number_that_a_traceback_prints(goid: GoProgram) -> None:
    assert goid.run().stderr == "1 1 1\ntrue true true\n"
    assert 100 * goid.count("fromTLS") < goid.count("fromText")


@pytest.mark.parametrize(("pointer", "field"), [("*runtime.g", "goid"), ("*runtime.m", "curg")])
def test_reflect_finds_the_offset_that_dwarf_has(goid: GoProgram, pointer: str, field: str) -> None:
    assert goid.call("offsetOf", pointer, field) == field_offsets(goid.program, pointer[1:])[field]


def test_the_p_is_held_between_pin_and_unpin_and_moves_without(pid: GoProgram) -> None:
    found, roamed = pid.call("pinned"), pid.call("roam", 50)
    assert isinstance(found, tuple)
    assert isinstance(roamed, tuple)
    _, same, before, inside, after = found
    assert same
    assert (inside - before, after - before) == (1, 0)
    assert roamed[2] > 0


def test_waiting_while_pinned_ends_the_program(pid: GoProgram) -> None:
    assert pid.run().stderr.endswith("true 1 0\n")
    blocked = pid.run("block")
    assert blocked.exit_code == 2
    assert blocked.stderr.startswith("fatal error: schedule: holding locks")


def test_private_symbols_need_the_linkers_flag(private_call: GoProgram) -> None:
    assert private_call.run().stdout == "[5 2 3 4 1] true\n0 1\n"
    with pytest.raises(BuildError, match="invalid reference to"):
        case_study("private_call")


def test_on_the_system_stack_g_is_g0(private_call: GoProgram) -> None:
    trace = private_call.record("onSystemStack")
    assert trace.results == (0, 1)
    inside = find_step(trace, "RET", "goid")
    m = trace.word(
        inside, trace.register(inside, "R14") + field_offsets(private_call.program, "runtime.g")["m"]
    )
    assert m is not None
    assert trace.word(inside, m + field_offsets(private_call.program, "runtime.m")["g0"]) == trace.register(
        inside, "R14"
    )


def test_each_study_has_the_same_offsets_file() -> None:
    folder = files("underglass.course").joinpath("programs")
    texts = {folder.joinpath(name, "offset.go").read_text() for name in ("goid", "pid", "private_call")}
    assert len(texts) == 1
