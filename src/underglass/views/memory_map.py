"""The memory map: what lies where in a process, high addresses at the top, not to scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from underglass.views.svg import Canvas, Picture

if TYPE_CHECKING:
    from underglass.machine.areas import Area

__all__ = ["memory_map_picture", "memory_map_svg", "memory_map_text"]

_LEFT, _BOX, _TOP, _GAP = 150, 250, 44, 26  # pixels: the addresses, the areas, the head, where nothing is
_UNITS = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
_FAR = 1 << 20  # bytes: nothing for longer than that is drawn as a gap


def memory_map_picture(areas: Sequence[Area], title: str = "Memory map") -> Picture:
    """`memory_map_svg` with `memory_map_text` as its other form."""
    return Picture(memory_map_svg(areas, title), memory_map_text(areas), title)


def memory_map_text(areas: Sequence[Area]) -> str:
    """Return a line for each area, by address; what lies inside another one is indented."""
    lines = [f"{'from':>14}  {'to':>14}  {'size':>8}       what"]
    for area in areas:
        inside = "  " if _is_inside(area, areas) else ""
        words = f": {area.words}" if area.words else ""
        lines.append(
            f"{area.start:14x}  {area.end:14x}  {_size(area.size):>8}  {area.protection}  "
            f"{inside}{area.name}{words}"
        )
    return "\n".join(lines)


def memory_map_svg(areas: Sequence[Area], title: str = "Memory map") -> str:
    """Return the areas as SVG: a box each, its height the logarithm of its size.

    Code, data and what may be neither read nor written differ in tint and in the letters of their protection;
    an area that lies inside another one is drawn in it.
    """
    canvas = Canvas(title, memory_map_text(areas))
    canvas.text(8, 20, title, strong=True)
    canvas.text(8, 36, "high addresses at the top; heights are logarithms", ink="muted", size=12)
    y, above = float(_TOP), 0
    outer = [a for a in areas if not _is_inside(a, areas)]
    for area in reversed(outer):
        if above and above - area.end > _FAR:
            words = f"nothing for {_size(above - area.end)}"
            canvas.text(_LEFT + _BOX / 2, y + 17, words, ink="muted", size=11, anchor="middle")
            y += _GAP
        parts = [a for a in areas if a is not area and area.start <= a.start and a.end <= area.end]
        height = max(_height(area.size), 24.0 + 24 * len(parts))
        _draw(canvas, area, y, height)
        for n, part in enumerate(reversed(parts)):
            at = y + height - 22 * (len(parts) - n) - 2
            canvas.box(_LEFT + 14, at, _BOX - 28, 19, fill="change-tint", stroke="change", hint=_hint(part))
            canvas.text(_LEFT + 22, at + 14, part.name, size=12)
            canvas.text(_LEFT + _BOX - 22, at + 14, _size(part.size), ink="muted", size=11, anchor="end")
        y, above = y + height, area.start
    return canvas.finish()


def _draw(canvas: Canvas, area: Area, y: float, height: float) -> None:
    is_closed = area.protection == "---"
    fill = "wash" if is_closed or "x" in area.protection else "paper"
    canvas.box(_LEFT, y, _BOX, height, fill=fill, stroke="muted", dashed=is_closed, hint=_hint(area))
    canvas.text(_LEFT + 10, y + 16, area.name, strong=True, size=12)
    canvas.text(_LEFT + _BOX - 10, y + 16, area.protection, mono=True, ink="muted", size=12, anchor="end")
    canvas.text(_LEFT - 10, y + height - 3, f"{area.start:x}", mono=True, ink="muted", size=11, anchor="end")
    canvas.text(_LEFT + _BOX + 12, y + 16, f"{_size(area.size)}", size=12)
    if area.words:
        canvas.text(_LEFT + _BOX + 90, y + 16, area.words, ink="muted", size=12)


def _is_inside(area: Area, areas: Sequence[Area]) -> bool:
    return any(a.start <= area.start and area.end <= a.end and a.size > area.size for a in areas)


def _height(size: int) -> float:
    return 24 + 3.2 * max(0.0, math.log2(size / 4096))


def _hint(area: Area) -> str:
    return f"{area.name}: {area.start:#x} to {area.end:#x}, {area.size:,} bytes, {area.protection}"


def _size(size: int) -> str:
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} B"
