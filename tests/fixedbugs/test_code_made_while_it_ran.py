"""A step in code that the program had written had no instruction; a patched entry showed its old one."""

from __future__ import annotations

from functools import lru_cache

from underglass.course import case_study, find_step
from underglass.program.code import decode
from underglass.trace import Trace
from underglass.views.payload import payload
from underglass.views.text import stepper_text


@lru_cache(maxsize=1)
def patched() -> Trace:
    return case_study("mockey_patch", any_linkname=True).record("patched", 40, most=100_000)


def test_each_step_in_a_proxy_has_the_instruction_whose_bytes_lie_in_memory():
    trace = patched()
    outside = [step for step in range(len(trace)) if trace.function_at(step) is None]
    assert len(outside) == 7
    for step in outside:
        one = trace.instruction(step)
        assert one is not None
        assert one.data == trace.memory(step, trace.pc(step), len(one.data))
        assert (one.address, len(one.data)) == next(decode(one.data, one.address))[:2]
    assert trace.instruction(outside[-1]).go == "JMP DX"


def test_an_entry_reads_as_it_was_when_it_ran():
    trace = patched()
    price = trace.program.function("price")
    entered = find_step(trace, "CALL main.price", "ask") + 1
    assert trace.pc(entered) == price.address
    assert trace.instruction(entered).go.startswith("MOVQ $0x")
    assert trace.program.instructions(price)[0].go == "CMPQ SP, 0x10(R14)"
    assert "JMP 0(DX)" in stepper_text(trace, entered, 2)


def test_the_steppers_record_has_a_row_for_every_step_of_it():
    trace = patched()
    record = payload(trace)
    assert -1 not in record["at"][: len(trace)]
    rows = [record["code"][record["at"][step]] for step in trace.rewritten]
    assert [row[2] for row in rows] == [one.go for one in trace.rewritten.values()]
    assert {"main.price, rewritten", "code made while it ran"} <= {f["name"] for f in record["functions"]}


def test_a_rewritten_entry_has_the_frame_that_its_caller_made():
    """The table told of the code before the patch: at its tenth byte a saved BP, which nobody had pushed."""
    trace = patched()
    entered = find_step(trace, "CALL main.price", "ask") + 1
    for step in (entered, entered + 1):
        own, caller, *_ = trace.frames(step)
        assert (own.function.name, own.return_address_at) == ("main.price", trace.register(step, "SP"))
        assert caller.function.name == "main.ask"
        assert caller.fp == trace.frames(entered - 1)[0].fp
    hook, below, *_ = trace.frames(entered + 2)
    assert (hook.function.name, hook.fp, below.function.name) == ("main.hook", own.fp, "main.ask")


def test_a_proxy_has_no_frame_and_does_not_end_those_below():
    trace = patched()
    proxy = [step for step in range(len(trace)) if trace.function_at(step) is None]
    assert not any(trace.frames(step) for step in proxy)
    before, after = trace.frames(proxy[0] - 1), trace.frames(proxy[-1] + 1)
    assert [frame.function.name for frame in after[:2]] == ["main.price", "main.hook"]
    assert after[1].fp == before[0].fp


def test_a_program_that_writes_no_code_has_none_of_it():
    trace = case_study("mockey_patch", any_linkname=True).record("taxed", 40)
    assert not trace.rewritten
