"""A window named the thread of each piece one piece too late."""

from __future__ import annotations

from pathlib import Path

import underglass

FAR = 1 << 20  # bytes: the stacks of two threads lie further apart


def test_a_thread_has_the_steps_that_run_on_its_stack() -> None:
    run = underglass.build(Path(__file__).parent.parent / "programs" / "busy.go").record_run()
    trace = run.window(200_000, 60_000)
    assert len(trace.threads) > 2
    for step, _ in trace.threads[1:]:
        before, after = trace.register(step - 1, "SP"), trace.register(step, "SP")
        assert abs(before - after) > FAR, f"step {step}: no other stack"
