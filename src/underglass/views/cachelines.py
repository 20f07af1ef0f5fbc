"""The ruler of cache lines: a function's bytes in rows of 64, and the calls that lie across two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underglass.analysis.cachelines import LINE, CallSite, call_sites
from underglass.views.svg import Canvas, Picture

if TYPE_CHECKING:
    from collections.abc import Iterable

    from underglass.program import Function, Program

__all__ = ["cache_line_picture", "cache_line_svg", "cache_line_text"]

_BYTE, _ROW, _LEFT, _TOP = 10, 30, 96, 46  # pixels: a byte, a line, the addresses, the heads
_MOST_LINES = 64
_LEGEND = 240  # pixels: from one entry of the legend to the next


def cache_line_picture(program: Program, function: Function) -> Picture:
    """`cache_line_svg` with `cache_line_text` as its other form."""
    return Picture(cache_line_svg(program, function), cache_line_text(program, function), "Cache lines")


def cache_line_svg(program: Program, function: Function) -> str:
    """Return a function's code as SVG: a row for each 64-byte line, a box for each instruction.

    Direct calls are coloured; one whose displacement lies in two lines is tinted, and beside its row
    stands "a call crosses". At most 64 lines are drawn.
    """
    sites = {site.address: site for site in call_sites(program, function)}
    start = function.address // LINE * LINE
    shown = min(function.address + function.size, start + _MOST_LINES * LINE)
    name = function.name.removeprefix("main.")
    canvas = Canvas(f"Cache lines of {name}", cache_line_text(program, function))
    canvas.text(8, 18, name, mono=True, strong=True)
    canvas.text(_LEFT, 18, _summary(sites.values()), ink="muted", size=12)
    for byte in range(0, LINE, 8):
        canvas.text(_LEFT + byte * _BYTE, _TOP - 6, f"+{byte}", ink="muted", size=11, mono=True)
    for row in range((shown - start + LINE - 1) // LINE):
        y = _TOP + row * _ROW
        canvas.text(
            _LEFT - 10, y + 16, f"{start + row * LINE:x}", ink="muted", size=12, mono=True, anchor="end"
        )
        canvas.box(_LEFT, y, LINE * _BYTE, _ROW - 8, fill="paper", stroke="rule")
    for instruction in program.instructions(function):
        if instruction.address >= shown:
            break
        _instruction(canvas, instruction.address - start, len(instruction.data), sites, instruction.go, start)
    y = _TOP + (shown - start + LINE - 1) // LINE * _ROW + 6
    for n, (fill, stroke, words) in enumerate(
        (("paper", "rule", "an instruction"), ("wash", "muted", "a call, in one line"),
         ("change-tint", "change", "a call across two lines"))
    ):  # fmt: skip
        canvas.box(_LEFT + n * _LEGEND, y, 22, 14, fill=fill, stroke=stroke)
        canvas.text(_LEFT + n * _LEGEND + 30, y + 12, words, size=12)
    return canvas.finish()


def _instruction(canvas: Canvas, at: int, size: int, sites: dict[int, CallSite], go: str, start: int) -> None:
    site = sites.get(start + at)
    fill, stroke = ("paper", "rule") if site is None else ("wash", "muted")
    if site is not None and site.crosses:
        fill, stroke = "change-tint", "change"
    end = at + size
    while at < end:  # in pieces, one for each line
        row, column = divmod(at, LINE)
        width = min(end, (row + 1) * LINE) - at
        y = _TOP + row * _ROW
        hint = f"{start + at:x}: {go}"
        canvas.box(
            _LEFT + column * _BYTE + 0.5,
            y + 1,
            width * _BYTE - 1,
            _ROW - 10,
            fill=fill,
            stroke=stroke,
            hint=hint,
        )
        at += width
    if site is not None and site.crosses:
        y = _TOP + (end - 1) // LINE * _ROW
        canvas.text(_LEFT + LINE * _BYTE + 12, y + 15, "a call crosses", ink="change", size=12, strong=True)


def cache_line_text(program: Program, function: Function) -> str:
    """Return the calls of a function as a table: where each lies in its line, and whether it crosses."""
    sites = call_sites(program, function)
    lines = [f"{function.name.removeprefix('main.')}: {_summary(sites)}"]
    for site in sites:
        callee = program.function_at(site.target)
        words = "crosses into the next line" if site.crosses else "in one line"
        offset = site.address - site.line
        name = callee.name.removeprefix("main.") if callee else f"{site.target:#x}"
        lines.append(f"  {site.line:#x}+{offset:<2}  CALL {name}: {words}")
    return "\n".join(lines)


def _summary(sites: Iterable[CallSite]) -> str:
    held = list(sites)
    crossing = sum(site.crosses for site in held)
    calls = f"{len(held)} direct call{'s' if len(held) != 1 else ''}"
    return f"{calls}, {crossing or 'none'} of them across two lines" if held else "no direct call"
