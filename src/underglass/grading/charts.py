"""The class's points as drawings, each with a text of the same figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from underglass.grading.pages import cut, number, plural
from underglass.views.svg import Canvas, Picture, width_of

__all__ = ["PartCounts", "distribution_picture", "parts_picture", "rules_picture"]

_MOST_BARS = 24
_WIDE, _HIGH = 440, 150  # pixels: of what is drawn beside the labels, of the highest bar
_ROW, _BAR = 34, 18  # pixels: from bar to bar, its height
_LABEL = 44  # characters of a label


@dataclass(frozen=True)
class PartCounts:
    """How a part went in the class: students."""

    name: str
    right: int
    partly: int
    wrong: int  # not judged included

    @property
    def all(self) -> int:
        return self.right + self.partly + self.wrong


def distribution_picture(points: Sequence[float], out_of: float) -> Picture:
    """Return how many students have how many points: a bar a point, or one a range if there are many."""
    width = max(1, math.ceil((math.floor(out_of) + 1) / _MOST_BARS))
    count = max(1, math.floor(math.floor(out_of) / width) + 1)
    bars = [0] * count
    for value in points:
        bars[min(count - 1, int(value // width))] += 1
    names = [str(i) if width == 1 else f"{i * width}–{min((i + 1) * width - 1, math.floor(out_of))}"
             for i in range(count)]  # fmt: skip
    label = "Distribution of points"
    text = "\n".join(
        f"{name:>9} points  {plural(held, 'student')}" for name, held in zip(names, bars, strict=True)
    )
    canvas = Canvas(
        label, "; ".join(f"{n} points: {plural(b, 'student')}" for n, b in zip(names, bars, strict=True))
    )
    step = max(width_of(max(names, key=len), size=12) + 6, _WIDE / count, 22)
    highest = max(*bars, 1)
    for i, (name, held) in enumerate(zip(names, bars, strict=True)):
        tall = _HIGH * held / highest
        middle = 8 + (i + 0.5) * step
        if held:
            canvas.box(middle - step * 0.36, 24 + _HIGH - tall, step * 0.72, tall, fill="internal",
                       hint=f"{name} points: {plural(held, 'student')}")  # fmt: skip
            canvas.text(middle, 18 + _HIGH - tall, str(held), size=12, anchor="middle")
        canvas.text(middle, 42 + _HIGH, name, ink="muted", size=12, anchor="middle")
    canvas.path(f"M8 {24.5 + _HIGH}H{8 + count * step:g}", stroke="muted")
    axis = f"points of {number(out_of)}, rounded down; above each bar, students"
    canvas.text(8, 62 + _HIGH, axis, ink="muted", size=12)
    return Picture(canvas.finish(), text, label)


def parts_picture(parts: Sequence[PartCounts]) -> Picture:
    """Return a bar a part: students who have it right, partly, and not."""
    label = "Points by part"
    wide = max((len(cut(part.name, _LABEL)) for part in parts), default=4)
    text = "\n".join(f"{part.name:<{wide}}  {_counts(part)}" for part in parts)
    canvas = Canvas(label, "; ".join(f"{part.name}: {_counts(part)}" for part in parts))
    for i, part in enumerate(parts):
        top = 6 + i * (_ROW + 10)
        canvas.text(8, top + 12, cut(part.name, _LABEL))
        canvas.text(8 + _WIDE, top + 12, _counts(part), ink="muted", size=12, anchor="end")
        left = 8.0
        for count, fill in ((part.right, "change"), (part.partly, "internal"), (part.wrong, "abi0-tint")):
            run = _WIDE * count / max(1, part.all)
            if count:
                canvas.box(left, top + 18, run, 14, fill=fill, stroke="abi0" if fill == "abi0-tint" else "")
            left += run
    return Picture(canvas.finish(), text, label)


def _counts(part: PartCounts) -> str:
    return f"{part.right} right, {part.partly} partly, {part.wrong} not"


def rules_picture(rules: Sequence[tuple[str, int]]) -> Picture:
    """Return a bar a rule: students who broke it, the most frequent first."""
    label = "Rules broken"
    text = "\n".join(f"{plural(count, 'student'):>14}  {title}" for title, count in rules)
    canvas = Canvas(label, "; ".join(f"{title}: {plural(count, 'student')}" for title, count in rules))
    most = max((count for _, count in rules), default=1)
    for i, (title, count) in enumerate(rules):
        top = 6 + i * (_ROW + 8)
        canvas.text(8, top + 12, cut(title, 80), size=12)
        run = (_WIDE - 40) * count / most
        canvas.box(8, top + 18, run, 12, fill="abi0", hint=plural(count, "student"))
        canvas.text(14 + run, top + 28, str(count), size=12)
    return Picture(canvas.finish(), text, label)
