"""What a call of C changes in the goroutine and its thread, and which functions it goes through."""

from __future__ import annotations

import pytest

from underglass import GoProgram, UnderglassError
from underglass.course import case_study, find_step, stack_at, thread_changes, visits


@pytest.fixture(scope="module")
def study() -> GoProgram:
    return case_study("fastcgo", shipped=True)


def test_every_word_is_at_the_end_what_it_was(study: GoProgram) -> None:
    made = thread_changes(study.record("viaBoth", 4))
    assert [c.value for c in made if c.word == "status"] == ["syscall", "running", "syscall", "running"]
    assert [c.value for c in made if c.word == "incgo"] == [1, 0, 1, 0]
    assert [(c.function, c.value) for c in made if c.word == "lockedInt"] == [
        ("runtime.cgocallbackg", 1),
        ("runtime.unlockOSThread", 0),
    ]
    assert [c.function for c in made if c.word == "g0.sched.sp"] == ["runtime.cgocallback"] * 2
    assert repr(made[0]).endswith("runtime.reentersyscall: status = syscall")


def test_a_call_that_nobody_announces_changes_nothing(study: GoProgram) -> None:
    assert thread_changes(study.record("directTwice", 21)) == ()


def test_a_recording_that_begins_without_g_is_refused(study: GoProgram) -> None:
    trace = study.record("viaC", 21)
    trace.registers.setflags(write=True)
    trace.registers[0, 14] = 1
    with pytest.raises(UnderglassError, match="does not begin in Go code"):
        thread_changes(trace)


def test_visits_are_in_order_and_name_c(study: GoProgram) -> None:
    trace = study.record("viaC", 21)
    went = visits(trace)
    assert went[0] == (0, "main.viaC")
    assert went[-1][1] == "main.viaC"
    assert [step for step, _ in went] == sorted({step for step, _ in went})
    assert (
        find_step(trace, "CALL runtime.asmcgocall_landingpad") + 1,
        "runtime.asmcgocall_landingpad",
    ) in went
    assert [stack_at(trace, step).kind for step in (0, went[-1][0])] == ["goroutine"] * 2
    assert any(stack_at(trace, step).kind == "g0" for step, name in went if name.startswith("_cgo"))
    assert any(name.endswith("_Cfunc_twice") and name.startswith("_cgo") for _, name in went)
