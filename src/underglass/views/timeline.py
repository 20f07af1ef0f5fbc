"""The timeline of a run: a row for each thread, cut by goroutine, and a row for each goroutine."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from underglass.views.svg import Canvas, Picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from underglass.trace.timeline import Stretch, Timeline

__all__ = ["timeline_picture", "timeline_svg", "timeline_text"]

_LEFT, _WIDE, _ROW, _BAR, _TOP = 130, 760, 26, 16, 52  # pixels
_MOST_GOROUTINES = 24
_NARROW = 26  # pixels that a bar needs for its number
_FILLS = ("internal-tint", "change-tint", "abi0-tint", "wash")


def timeline_picture(timeline: Timeline) -> Picture:
    """`timeline_svg` with `timeline_text` as its other form."""
    return Picture(timeline_svg(timeline), timeline_text(timeline), "Threads and goroutines over time")


def timeline_text(timeline: Timeline) -> str:
    """Return what each thread and each goroutine had of the run, in instructions."""
    by_thread: Counter[int] = Counter()
    by_goroutine: Counter[int] = Counter()
    for s in timeline.stretches:
        by_thread[s.thread] += s.end - s.start
        by_goroutine[s.goid] += s.end - s.start
    lines = [f"{timeline.instructions:,} instructions in {len(timeline.threads)} threads"]
    for thread in timeline.threads:
        goids = sorted({s.goid for s in timeline.stretches if s.thread == thread} - {0})
        ran = f"goroutines {_numbers(goids)}" if goids else "no goroutine"
        lines.append(f"  thread {thread}: {by_thread[thread]:,} instructions, {ran}")
    for goid in timeline.goids:
        turns = [s for s in timeline.stretches if s.goid == goid]
        on = sorted({s.thread for s in turns})
        lines.append(
            f"  goroutine {goid}: {by_goroutine[goid]:,} instructions in {len(turns)} stretches, "
            f"on {'thread' if len(on) == 1 else 'threads'} {_numbers(on)}"
        )
    return "\n".join(lines)


def timeline_svg(timeline: Timeline) -> str:
    """Return the run as SVG, from left to right by instructions.

    Above, each thread's turns, with the number of the goroutine it ran; a hollow bar is the scheduler or C.
    Below, each goroutine's. At most 24 goroutines have a row: those with the most instructions.
    """
    canvas = Canvas("Threads and goroutines over time", timeline_text(timeline))
    canvas.text(8, 20, f"{timeline.instructions:,} instructions", strong=True)
    y = _TOP
    canvas.text(8, y - 8, "threads", ink="muted", size=12)
    for thread in timeline.threads:
        own = [s for s in timeline.stretches if s.thread == thread]
        _row(canvas, timeline, f"thread {thread}", own, y, lambda s: f"{s.goid}" if s.goid else "")
        y += _ROW
    y += 30
    canvas.text(8, y - 8, "goroutines, with the thread's number", ink="muted", size=12)
    for goid in _busiest(timeline):
        own = [s for s in timeline.stretches if s.goid == goid]
        _row(canvas, timeline, f"goroutine {goid}", own, y, lambda s: str(s.thread))
        y += _ROW
    left_out = len(timeline.goids) - _MOST_GOROUTINES
    if left_out > 0:
        canvas.text(_LEFT, y + 8, f"and {left_out} more goroutines", ink="muted", size=12)
    return canvas.finish()


def _busiest(timeline: Timeline) -> list[int]:
    total: Counter[int] = Counter()
    for s in timeline.stretches:
        total[s.goid] += s.end - s.start
    del total[0]
    return sorted(goid for goid, _ in total.most_common(_MOST_GOROUTINES))


def _row(
    canvas: Canvas,
    timeline: Timeline,
    name: str,
    own: list[Stretch],
    y: float,
    number: Callable[[Stretch], str],
) -> None:
    canvas.text(_LEFT - 12, y + 13, name, size=12, anchor="end")
    canvas.path(f"M{_LEFT} {y + _BAR / 2}H{_LEFT + _WIDE}", stroke="rule")
    for s in _merged(own, timeline):
        x, width = _x(timeline, s.start), max(_x(timeline, s.end) - _x(timeline, s.start), 0.75)
        fill = _FILLS[s.goid % len(_FILLS)] if s.goid else "paper"
        ran = f"goroutine {s.goid}" if s.goid else "scheduler or C"
        hint = f"thread {s.thread}, {ran}: instructions {s.start:,} to {s.end:,}"
        is_wide = width > 3  # a narrower one is a stroke, for its fill would not be seen
        canvas.box(
            x, y, width, _BAR, fill=fill if is_wide else "muted", stroke="muted" if is_wide else "", hint=hint
        )
        if width > _NARROW:
            canvas.text(x + width / 2, y + 12, number(s), size=11, anchor="middle")


def _merged(own: list[Stretch], timeline: Timeline) -> list[Stretch]:
    """Without what is narrower than half a pixel: it is drawn with its neighbour."""
    least = timeline.instructions / _WIDE / 2
    found: list[Stretch] = []
    for s in own:
        if (
            found
            and s.start - found[-1].end < least
            and (s.goid == found[-1].goid or s.end - s.start < least)
        ):
            last = found.pop()
            s = type(s)(last.start, s.end, last.thread, last.goid)
        found.append(s)
    return found


def _x(timeline: Timeline, at: int) -> float:
    return _LEFT + _WIDE * at / max(timeline.instructions, 1)


def _numbers(values: list[int]) -> str:
    if len(values) > 12:
        return f"{', '.join(map(str, values[:10]))} and {len(values) - 10} more"
    return ", ".join(map(str, values))
