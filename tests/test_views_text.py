from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from underglass.views.text import frame_text, stepper_text
from views_traces import output_trace, step_at, trace_of


def test_steps_name_what_they_change():
    text = stepper_text(output_trace(), count=None)
    assert re.search(r"output ABI0 +\d+  MOVQ BX, 0x8\(SP\) +8\(SP\) = 4$", text, re.M)
    assert re.search(r"add ABIInternal +\d+  ADDQ BX, AX +AX = 27", text)
    assert text.endswith("\nreturned 27")
    assert text.startswith(f"output(23, 4): {len(output_trace())} steps\n")


def test_a_part_says_how_much_is_left():
    trace = output_trace()
    text = stepper_text(trace, start=2, count=3)
    assert text.splitlines()[2].split()[0] == "2"
    assert text.endswith(f"… {len(trace) - 5} more")


def test_a_fault_ends_the_table():
    trace = trace_of("crash")
    assert f"ended: {trace.fault}" in stepper_text(trace, count=None)


def test_many_stores_of_one_step_are_counted():
    text = stepper_text(trace_of("greet", "you" * 9), count=None)  # a system call stores a whole result
    assert max(map(len, text.splitlines())) < 300


def test_the_frame_is_drawn_with_its_pointers():
    trace = output_trace()
    text = frame_text(trace, step_at(trace, "main.output.abi0", "CALL"))
    assert re.search(r"FP ─▸│ x\+0\(FP\) +23 │", text)
    assert re.search(r"pseudo-SP ─▸│ saved BP ", text)
    assert re.search(r" SP ─▸│ 0\(SP\) +23 │ +0\(SP\)", text)
    assert re.search(r"seen-8\(SP\) +23 │ +24\(SP\)", text)
    assert re.search(r"return address +output\+\d+ │", text)


def test_every_row_of_the_box_is_as_wide_as_the_others():
    trace = output_trace()
    for step in range(len(trace)):
        rows = frame_text(trace, step).splitlines()[1:]
        edges = {
            (row.find("┌") + row.find("├") + row.find("└")) for row in rows if "─┐" in row or "─┤" in row
        }
        assert len({row.rfind("│") for row in rows if row.count("│") == 2}) == 1
        assert len(edges) == 1


def test_after_the_return_there_is_no_frame():
    trace = output_trace()
    assert "has returned" in frame_text(trace, len(trace))


def test_a_prologue_is_said_to_be_incomplete():
    trace = output_trace()
    assert "not complete" in frame_text(trace, step_at(trace, "main.output.abi0", "PUSHQ"))


def test_another_process_writes_the_same():
    code = (
        "from views_traces import output_trace; from underglass.views.text import *; t = output_trace();"
        "print(stepper_text(t, count=None)); print(frame_text(t, 15))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True,
        env=environment(),
    )  # fmt: skip
    trace = output_trace()
    assert run.stdout == f"{stepper_text(trace, count=None)}\n{frame_text(trace, 15)}\n"


def environment() -> dict[str, str]:
    """This process's modules, wherever they were found, and its tests."""
    places = [str(Path(__file__).parent), *filter(None, sys.path)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places), "PYTHONIOENCODING": "utf-8"}
