"""Which frames of a step belong to the picture: those of the call, not of what set it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underglass.trace.unwind import depth_at

if TYPE_CHECKING:
    from underglass.trace import Frame, Slot, Trace

__all__ = ["call_frames", "has_returned", "is_callers", "stack_key"]


def has_returned(trace: Trace, step: int) -> bool:
    """Whether the call is over at `step`: only after the last instruction of a call that returned."""
    return step >= len(trace) and trace.fault is None


def call_frames(trace: Trace, step: int) -> tuple[Frame, ...]:
    """The frames from the innermost to that of the function called; none once it has returned.

    On a stack that the called function is not on (the runtime's own, g0) all frames are given.
    """
    if has_returned(trace, step):
        return ()
    frames = trace.frames(step)
    own = [i for i, frame in enumerate(frames) if frame.function.symbol == trace.function.symbol]
    return frames[: own[-1] + 1] if own else frames


def stack_key(trace: Trace, step: int) -> tuple[int, int, int | None]:
    """What the frames depend on, besides memory: two steps with one key have the same frames."""
    function = trace.function_at(step)
    address = function.address if function else trace.pc(step)
    return address, trace.register(step, "SP"), depth_at(trace, step)


def is_callers(slot: Slot) -> bool:
    """Whether a word of a frame lies in the caller's: arguments, results, and room to spill arguments."""
    return slot.kind in ("argument", "result", "spill")
