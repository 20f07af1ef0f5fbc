from __future__ import annotations

import base64
import json
import zlib

import pytest

from underglass.trace import REGISTERS, Trace
from underglass.views.payload import packed_text, payload, short_roles
from views_traces import growing_trace, output_trace, program, trace_of


def replayed(record: dict, steps: int) -> list[list[int]]:
    """The register rows that the record describes, PC from `at`."""
    values = [int(text, 16) for text in record["base"]]
    pc = record["registers"].index("PC")
    rows = [list(values)]
    for step in range(steps):
        delta = record["deltas"][step]
        for column, text in zip(delta[::2], delta[1::2], strict=True):
            values[column] = int(text, 16)
        rows.append(list(values))
    starts = {}
    for function in record["functions"]:
        for row in range(*function["code"]):
            starts[row] = int(function["address"], 16)
    for row, at in zip(rows, record["at"], strict=True):
        if at >= 0:
            row[pc] = starts[at] + record["code"][at][0]
    return rows


@pytest.mark.parametrize(
    "trace",
    [
        output_trace,
        lambda: trace_of("fib", 4),
        lambda: trace_of("greet", "Go"),
        lambda: trace_of("half", 3.0),
    ],
)
def test_the_deltas_give_back_every_register(trace):
    trace = trace()
    record = payload(trace)
    rows = replayed(record, len(trace))
    for step, row in enumerate(rows):
        assert row[: len(REGISTERS)] == trace.registers[step].tolist(), step


def test_memory_and_writes_give_back_every_word_of_every_frame():
    trace = output_trace()
    record = payload(trace)
    memory = bytearray()
    place = {}
    for start, words in record["memory"]:
        for i, text in enumerate(words):
            place[int(start, 16) + 8 * i] = len(memory)
            memory += int(text or "0", 16).to_bytes(8, "little")
    for step in range(len(trace)):
        for address, at in place.items():
            assert bytes(memory[at : at + 8]) == trace.memory(step, address, 8), (step, hex(address))
        stores = record["writes"][step]
        for address, size, value in zip(stores[::3], stores[1::3], stores[2::3], strict=True):
            for i, byte in enumerate(int(value, 16).to_bytes(size, "little")):
                byte_at = int(address, 16) + i
                if (word := byte_at - byte_at % 8) in place:
                    memory[place[word] + byte_at % 8] = byte


def stack_of(record: dict, step: int) -> list[list]:
    row = [stack for at, stack in record["stack"] if at <= step][-1]
    frames = []
    while row >= 0:
        frame, row = record["stacks"][row]
        frames.append(record["frames"][frame])
    return frames


def test_the_frames_are_those_of_the_trace():
    trace = output_trace()
    record = payload(trace)
    for step in range(len(trace)):
        told, real = stack_of(record, step), trace.frames(step)
        assert [int(frame[1], 16) for frame in told] == [frame.fp for frame in real[: len(told)]], step
        slots = record["layouts"][told[0][0]][1]
        assert [(s[1], s[2] + real[0].fp, s[4]) for s in slots] == [
            (s.expression, s.address, s.kind) for s in real[0].slots
        ]


def test_only_the_frames_of_the_call_are_told():
    record = payload(output_trace())
    names = {record["functions"][record["layouts"][frame[0]][0]]["symbol"] for frame in record["frames"]}
    assert names == {"main.output", "main.output.abi0", "main.add", "main.add.abi0"}
    assert record["at"][-1] == -1
    assert stack_of(record, record["total"]) == []


def test_it_is_the_same_each_time_and_small():
    trace = trace_of("fib", 8)
    assert len(trace) > 900
    text = packed_text(payload(trace))
    assert text == packed_text(payload(trace))
    assert len(text) / len(trace) < 20  # bytes a step
    assert json.loads(zlib.decompress(base64.b64decode(text))) == json.loads(json.dumps(payload(trace)))


def test_the_key_tells_one_record_from_another():
    trace = output_trace()
    assert payload(trace)["key"] == payload(trace)["key"]
    assert payload(trace)["key"] != payload(trace, predict=[3])["key"]
    assert payload(trace)["key"] != payload(trace_of("fib", 4))["key"]


def test_a_longer_run_is_cut_and_says_so():
    record = payload(output_trace(), steps=5)
    assert len(record["at"]) == 6
    assert record["total"] == len(output_trace())
    assert record["at"][-1] >= 0


def test_output_comes_at_its_step():
    trace = trace_of("greet", "Go")
    record = payload(trace)
    assert "".join(text for _, _, text in record["output"]) == "</script><b> Go\n"
    assert all(0 < step <= len(trace) for step, _, _ in record["output"])


def test_a_fault_is_told_and_the_last_instruction_stays():
    trace: Trace = trace_of("crash")
    record = payload(trace)
    assert record["fault"]
    assert not record["returned"]


def test_vector_registers_hold_128_bits():
    trace = trace_of("half", 3.0)
    record = payload(trace)
    rows = replayed(record, len(trace))
    for step in range(len(trace) + 1):
        for index in range(16):
            low, high = (int(half) for half in trace.vectors[step, index])
            assert rows[step][record["registers"].index(f"X{index}")] == high << 64 | low


def test_a_stack_that_grows_is_told_with_the_stacks_it_was_done_on():
    record = payload(growing_trace(), steps=len(growing_trace()))
    kinds = [kind for _, kind in record["switches"]]
    assert kinds == ["goroutine", "g0"] * (len(kinds) // 2) + ["goroutine"]
    assert len(kinds) > 2
    trace = growing_trace()
    for step, kind in record["switches"][1:]:
        name = trace.function_at(step - 1).name
        assert name == ("runtime.morestack" if kind == "g0" else "gogo"), step


def test_a_window_of_a_run_has_frames_and_stacks():
    window = program().record_run().window(20_000, 400)
    record = payload(window)
    assert record["switches"][0][0] == 0
    assert record["frames"]
    assert len(record["at"]) == len(window) + 1


def test_a_window_that_begins_on_g0_says_so():
    run = program().record_run()
    start = run.window(5_000, 400)  # schedinit: before there is any goroutine
    assert payload(start)["switches"] == [[0, "g0"]]


def test_what_was_touched_can_be_looked_at_with_what_is_around_it():
    trace = trace_of("greet", "Go")
    runs = [(int(start, 16), len(words)) for start, words in payload(trace)["memory"]]
    for address in trace.accesses["address"].tolist():
        line = address // 64 * 64
        assert any(start <= line and line + 64 <= start + 8 * count for start, count in runs), hex(address)


def test_roles_are_short():
    roles = short_roles(REGISTERS)
    assert roles["R14"] == "g"
    assert roles["AX"] == "arg 1"
    assert roles["BP"] == "FP link"
    assert max(map(len, roles.values())) <= 8
