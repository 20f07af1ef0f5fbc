from __future__ import annotations

import numpy as np
import pytest

from underglass.errors import NotAProgram
from underglass.trace import Trace
from underglass.views.html import stepper_html
from underglass.views.text import stepper_text
from views_traces import output_trace, step_at, trace_of


@pytest.mark.parametrize("name", ["output", "greet", "crash", "changed"])
def test_a_file_is_enough(tmp_path, name):
    trace = {
        "output": output_trace,
        "greet": lambda: trace_of("greet", "Go"),
        "crash": lambda: trace_of("crash"),
        "changed": lambda: output_trace().what_if(
            step_at(output_trace(), "main.add", "ADDQ"), instruction="SUBQ BX, AX"
        ),
    }[name]()
    path = tmp_path / "kept.ugt"
    trace.save(path)
    back = Trace.load(path)
    assert np.array_equal(back.registers, trace.registers)
    assert np.array_equal(back.accesses, trace.accesses)
    assert (back.results, back.fault, back.changes) == (trace.results, trace.fault, trace.changes)
    assert stepper_text(back, count=None) == stepper_text(trace, count=None)
    assert stepper_html(back) == stepper_html(trace)


@pytest.mark.parametrize("change", ["cut", "text", "flipped", "missing", "folder"])
def test_what_is_no_recording_is_refused(tmp_path, change):
    path = tmp_path / "kept.ugt"
    output_trace().save(path)
    data = path.read_bytes()
    if change == "cut":
        path.write_bytes(data[:5000])
    elif change == "text":
        path.write_text("package main\n", encoding="utf-8")
    elif change == "flipped":
        path.write_bytes(data[:200] + bytes([data[200] ^ 255]) + data[201:])
    else:
        path.unlink()
        if change == "folder":
            path.mkdir()
    with pytest.raises(NotAProgram, match=r"is no recording|cannot be read"):
        Trace.load(path)
