"""After a stack had been copied, words were told by their distance from an entry SP on the old one."""

from __future__ import annotations

import re

from underglass.trace import Trace
from underglass.trace.stacks import stays
from underglass.views.frames import call_frames
from underglass.views.text import frame_text
from views_traces import growing_trace, trace_of


def test_the_entry_moves_with_the_stack():
    """The call's own frame is at one distance from its entry before and after the copy."""
    trace = growing_trace()
    on = [stay for stay in stays(trace) if stay.stack.kind == "goroutine"]
    assert len({(stay.stack.low, stay.stack.high) for stay in on}) > 1
    symbol = trace.function.symbol
    steps = [s for stay in on for s in range(stay.start, stay.end) if trace.function_at(s).symbol == symbol]
    apart = {call_frames(trace, step)[-1].fp - trace.entry_sp(step) for step in steps}
    assert apart == {8}
    assert len({trace.entry_sp(step) for step in steps}) > 1


def test_a_saved_bp_on_the_new_stack_is_told_by_its_distance():
    trace = growing_trace()
    last = [stay for stay in stays(trace) if stay.stack.kind == "goroutine"][-1]
    step = next(s for s in range(last.start, last.end) if _is_deep(trace, s))
    assert re.search(r"saved BP +entry SP-\d+ ", frame_text(trace, step))


def _is_deep(trace: Trace, step: int) -> bool:
    frame = trace.frames(step)[0]
    return frame.complete and frame.function.symbol == trace.function.symbol


def test_without_a_copy_it_is_the_first_steps():
    trace = trace_of("add", 23, 4)
    assert {trace.entry_sp(step) for step in range(len(trace) + 1)} == {trace.register(0, "SP")}
