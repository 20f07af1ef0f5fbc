"""The stack over time: how deep SP is at each step, a lane for each stack that the recording runs on."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from underglass.trace.stacks import Stack, Stay, stays
from underglass.views.svg import Canvas, Picture

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["stack_time_picture", "stack_time_svg", "stack_time_text"]

_LEFT, _WIDE, _LANE, _GAP, _TOP = 20, 860, 84, 38, 56  # pixels
# Not the colours of the ABIs: a stack has none.
_INKS = {"goroutine": "change", "g0": "ink", "signal": "muted", "C": "muted", "unknown": "muted"}
_MARKS = {"goroutine": "", "g0": "6 3", "signal": "2 3", "C": "10 3", "unknown": "1 4"}


def stack_time_picture(trace: Trace) -> Picture:
    """`stack_time_svg` with `stack_time_text` as its other form."""
    return Picture(stack_time_svg(trace), stack_time_text(trace), "Stack over time")


def stack_time_text(trace: Trace) -> str:
    """Return each stay on a stack as a line: its steps, the stack, and the bytes in use at most."""
    lines = [f"{trace.title}: {len(trace):,} steps"]
    for stay in stays(trace):
        deepest = _depth(trace, stay.stack, min(_sps(trace, stay)))
        lines.append(f"  steps {stay.start:,} to {stay.end - 1:,}: {stay.stack}; at most {deepest:,} in use")
    return "\n".join(lines)


def stack_time_svg(trace: Trace) -> str:
    """Return SP against steps as SVG: from left to right the steps, downwards the bytes in use.

    Each stack has a lane of its own with a scale of its own, since they lie far apart in memory. A goroutine
    whose stack was copied to a larger one goes on in the next lane.
    """
    every = stays(trace)
    lanes: dict[Stack, list[Stay]] = {}
    for stay in every:
        lanes.setdefault(stay.stack, []).append(stay)
    canvas = Canvas(f"Stack over time of {trace.title}", stack_time_text(trace))
    canvas.text(_LEFT, 20, f"{trace.title}: SP over {len(trace):,} steps", strong=True)
    top = _TOP
    tops: dict[Stack, float] = {}
    for stack, own in sorted(lanes.items(), key=lambda lane: (lane[0].kind != "goroutine", lane[0].goid)):
        _lane(canvas, trace, stack, own, top)
        tops[stack] = top
        top += _LANE + _GAP
    for before, after in itertools.pairwise(every):
        x = _x(trace, after.start)
        first, last = sorted((tops[before.stack], tops[after.stack]))
        canvas.path(f"M{x:.1f} {first + _LANE:.1f}V{last:.1f}", stroke="muted", dash="2 3")
    return canvas.finish()


def _lane(canvas: Canvas, trace: Trace, stack: Stack, own: list[Stay], top: float) -> None:
    most = max(_depth(trace, stack, min(_sps(trace, stay))) for stay in own) or 1
    ink = _INKS[stack.kind]
    canvas.box(_LEFT, top, _WIDE, _LANE, fill="paper", stroke="rule")
    canvas.text(_LEFT, top - 7, str(stack), ink=ink, strong=True, size=12)
    canvas.text(_LEFT + _WIDE, top - 7, f"at most {most:,} bytes in use", ink="muted", size=12, anchor="end")
    for stay in own:
        canvas.path(_line(trace, stack, stay, most, top), stroke=ink, width=1.6, dash=_MARKS[stack.kind])


def _line(trace: Trace, stack: Stack, stay: Stay, most: int, top: float) -> str:
    """A stay's SP as a path of steps; where there are more steps than pixels, each pixel's extremes."""
    points: list[str] = []
    values = _sps(trace, stay)
    each = max(1, int(len(values) * 2 / _WIDE))
    for at in range(0, len(values), each):
        part = values[at : at + each]
        x = _x(trace, stay.start + at)
        for sp in (part[0], min(part), max(part), part[-1]) if each > 1 else (part[0],):
            y = top + 6 + (_LANE - 12) * _depth(trace, stack, sp) / most
            if not points:
                points.append(f"M{x:.1f} {y:.1f}")
            elif each > 1:
                points.append(f"L{x:.1f} {y:.1f}")
            else:
                points.append(f"H{x:.1f}V{y:.1f}")
    points.append(f"H{_x(trace, stay.end):.1f}")
    return "".join(points)


def _sps(trace: Trace, stay: Stay) -> list[int]:
    return [trace.register(step, "SP") for step in range(stay.start, stay.end)]


def _depth(trace: Trace, stack: Stack, sp: int) -> int:
    """Bytes in use: from the stack's end, or where that is unknown from the highest SP of the recording."""
    return stack.high - sp if stack.high else max(0, trace.register(0, "SP") - sp)


def _x(trace: Trace, step: int) -> float:
    return _LEFT + _WIDE * min(step, len(trace)) / max(len(trace), 1)
