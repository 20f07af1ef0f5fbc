from __future__ import annotations

import numpy as np
import pytest

from underglass.errors import UnderglassError
from underglass.toolchain.assemble import assemble
from underglass.trace import Change, Trace
from views_traces import output_trace, program, step_at, trace_of


def rows_before(trace: Trace, step: int) -> list[list[int]]:
    return trace.registers[:step].tolist()


def test_a_changed_register_changes_what_follows_and_nothing_before():
    trace = output_trace()
    step = step_at(trace, "main.add", "ADDQ")
    other = trace.what_if(step, "AX", 100)
    assert other.results == (104,)
    assert other.register(step, "AX") == 100
    assert rows_before(other, step) == rows_before(trace, step)
    assert other.changes == (Change(step, "AX", 100),)
    assert str(other.changes[0]) == f"at step {step}, AX = 100"


def test_a_changed_word_is_there_from_its_step_on():
    trace = output_trace()
    step = step_at(trace, "main.output.abi0", "CALL")
    at = trace.register(step, "SP") + 8
    other = trace.what_if(step, "8(SP)", 77)
    assert other.results == (23 + 77,)
    assert other.word(step, at) == 77
    assert [other.word(s, at) for s in range(step)] == [trace.word(s, at) for s in range(step)]


def test_a_word_may_be_named_as_the_frame_names_it():
    trace = output_trace()
    step = step_at(trace, "main.output.abi0", "MOVQ 0x30(SP), AX")
    assert trace.what_if(step, "x+0(FP)", -3).results == (1,)
    assert trace.what_if(step, "y+8(FP)", 1000).results == (1023,)


def test_another_instruction_runs_and_is_read_and_the_program_stays_as_it_was():
    trace = output_trace()
    step = step_at(trace, "main.add", "ADDQ")
    other = trace.what_if(step, instruction="SUBQ BX, AX")
    assert other.results == (19,)
    assert other.instruction(step).go == "SUBQ BX, AX"
    assert other.instruction(step).line == trace.instruction(step).line
    assert trace.instruction(step).go == "ADDQ BX, AX"
    assert program().record("output", 23, 4).results == (27,)


def test_a_shorter_instruction_is_filled_up():
    trace = output_trace()
    step = step_at(trace, "main.output.abi0", "MOVQ BX, 0x8(SP)")
    other = trace.what_if(step, instruction="NOP")
    assert [other.instruction(step + i).go for i in range(5)] == ["NOP"] * 5
    assert other.results != trace.results


def test_changes_add_up_and_the_same_changes_give_the_same_run():
    trace = output_trace()
    step = step_at(trace, "main.add", "ADDQ")
    both = trace.what_if(step, "AX", 100).what_if(step, "BX", 1)
    assert both.results == (101,)
    again = program().record("output", 23, 4, changes=[Change(step, "AX", 100), Change(step, "BX", 1)])
    assert np.array_equal(both.registers, again.registers)
    assert np.array_equal(both.accesses, again.accesses)


def test_nothing_changed_gives_the_recording_again():
    """The joined recording is the one that was made in one go: registers, vectors, loads, stores, output."""
    for trace in (output_trace(), trace_of("fib", 6), trace_of("greet", "Go")):
        for step in (0, 1, len(trace) // 2, len(trace) - 1):
            other = trace.what_if(step, "AX", trace.register(step, "AX"))
            assert np.array_equal(trace.registers, other.registers), step
            assert np.array_equal(trace.vectors, other.vectors), step
            assert np.array_equal(trace.accesses, other.accesses), step
            assert (trace.output, trace.results, trace.threads) == (
                other.output,
                other.results,
                other.threads,
            )


def test_a_change_at_the_fault_lets_the_call_return():
    trace = trace_of("crash")
    mended = trace.what_if(len(trace), "AX", trace.register(0, "SP") - 4096)
    assert mended.fault is None
    assert mended.results is not None


def test_a_change_may_lead_into_a_fault():
    trace = output_trace()
    other = trace.what_if(step_at(trace, "main.output.abi0", "MOVQ AX, 0(SP)"), "SP", 16)
    assert other.results is None
    assert other.fault


def test_a_flag_decides_a_branch():
    trace = trace_of("fib", 1)
    step = next(s for s in range(len(trace)) if trace.instruction(s).go.startswith("JGE"))
    taken = trace.what_if(step, "SF", 0)
    assert taken.pc(step + 1) != trace.pc(step + 1)
    assert len(taken) > len(trace)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"step": 999, "what": "AX"}, "has the steps 0 to 43"),
        ({"step": "x", "what": "AX"}, "is not possible"),
        ({"step": 3, "what": "QQ"}, "Nobody knows what 'QQ' is"),
        ({"step": 3, "what": ""}, "Nobody knows what '' is"),
        ({"step": 3, "what": "0x400000", "value": 3}, "may not write"),
        ({"step": 3, "instruction": "FOO AX"}, "unrecognized instruction"),
        ({"step": 3, "instruction": "MOVQ $0x123456789abcdef, AX"}, "takes 10 bytes"),
        ({"step": 3, "instruction": "CALL main·add(SB)"}, "cannot be assembled by itself"),
        ({"step": 3, "instruction": "RET\nRET"}, "The assembler does not take"),
    ],
)
def test_what_cannot_be_changed_is_said(change, part):
    with pytest.raises(UnderglassError, match=part.replace("(", r"\(")):
        output_trace().what_if(**change)


def test_a_recording_from_a_file_cannot_run_again(tmp_path):
    trace = output_trace()
    trace.save(tmp_path / "t.npz")
    with pytest.raises(UnderglassError, match="cannot be run again"):
        Trace.load(tmp_path / "t.npz", trace.program, trace.layout).what_if(3, "AX", 1)


def test_an_instruction_knows_the_frame_it_stands_in():
    assert assemble("MOVQ x+0(FP), AX") != assemble("MOVQ x+0(FP), AX", frame=32, args=24)
    assert assemble("ADDQ BX, AX") == ((b"\x48\x01\xd8", "ADDQ BX, AX"),)
