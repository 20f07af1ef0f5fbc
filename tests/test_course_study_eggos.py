"""The case study `eggos_start`: from rt0 to two threads and a page fault, on the bare machine."""

from __future__ import annotations

from importlib.resources import files

import pytest

from underglass import GoProgram, build
from underglass.course import CheckFailed, case_study, check_bare, power_on
from underglass.toolchain import Source
from underglass.trace import Trace, record_bare

REGISTERS = ("AX", "BX", "CX", "DX", "SI", "DI", "BP", "SP", *(f"R{n}" for n in range(8, 16)))


@pytest.fixture(scope="module")
def study() -> GoProgram:
    return case_study("eggos_start")


@pytest.fixture(scope="module")
def trace(study: GoProgram) -> Trace:
    return record_bare(power_on(study), "rt0")


def changed(old: str, new: str) -> GoProgram:
    """Build the study with one text of it replaced."""
    folder = files("underglass.course").joinpath("programs", "eggos_start")
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.is_file()}
    assert sum(text.count(old) for text in texts.values()) == 1
    return build(*(Source(name, text.replace(old, new), name) for name, text in sorted(texts.items())))


def test_it_starts_runs_both_threads_and_halts(study: GoProgram) -> None:
    check_bare(
        study,
        "rt0",
        variables={
            "magic": 0x2BADB002,
            "info": 0x9000,
            "ran": 5,
            "order": int.from_bytes(b"ababa", "little"),
            "traps": 6,  # of a: three turns and the end; of b: a turn and the page fault
            "faultAt": 0xDEAD000,
        },
    )


def test_a_trap_gives_back_every_register(trace: Trace) -> None:
    traps = [step for step in range(len(trace)) if trace.instruction(step).go.startswith("INT")]
    assert len(traps) == 5
    seen = 0
    for trap in traps:
        after = trace.pc(trap) + 2  # INT has two bytes
        back = [step for step in range(trap + 1, len(trace)) if trace.pc(step) == after]
        own = [step for step in back if trace.register(step, "SP") == trace.register(trap, "SP")]
        if not own:
            continue  # the thread has ended
        seen += 1
        for name in REGISTERS:
            assert trace.register(own[0], name) == trace.register(trap, name), (trap, name)
    assert seen == 4


def test_nothing_of_the_runtime_is_run(trace: Trace) -> None:
    assert trace.fault is None
    assert {function.name.split(".")[0] for function in trace.functions} == {"main"}
    assert "main.faulty" in {function.name for function in trace.functions}


def test_without_sse_the_wrapper_of_preinit_faults() -> None:
    with pytest.raises(CheckFailed, match=r"rt0 does not halt: #UD .* SSE is off"):
        check_bare(changed("\tCALL ·sseInit(SB)\n", ""), "rt0")


def test_without_fs_it_faults_below_address_zero() -> None:
    with pytest.raises(CheckFailed, match=r"#PF .* 0xfffffffffffffff8"):
        check_bare(changed("\tCALL ·fsInit(SB)\n", ""), "rt0")


def test_trapret_by_the_address_that_go_takes_is_off_by_two_words() -> None:
    taken = "_, fault, turn, last := entries()\n\ttrapret := funcPC(trapret)"
    kernel = changed("trapret, fault, turn, last := entries()", taken)
    trace = record_bare(power_on(kernel), "rt0")
    assert "#GP" in (trace.fault or "")
    assert trace.instruction(len(trace)).go == "IRETQ"
