"""The pointer maps of a frame, on the frame: as text and as SVG.

Pointers carry a filled diamond, other words an empty one: nothing is told by colour.
"""

from __future__ import annotations

import textwrap
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from underglass.views.svg import Canvas, Picture

if TYPE_CHECKING:
    from underglass.analysis.gcmaps import FrameWord, GcMap

__all__ = ["GLYPHS", "LEGEND", "gcmap_picture", "gcmap_svg", "gcmap_text", "glyph_of"]

GLYPHS = {True: "◆", False: "◇", None: "·"}
"""Marks of a word: a pointer, no pointer, covered by no map."""
LEGEND = "◆ pointer, ◇ no pointer, · no map"

_ROW, _LEFT, _BOX, _TOP = 26, 118, 430, 44  # pixels
_NOTE_WIDTH = 76  # characters of a line below the frame


def glyph_of(is_pointer: bool | None) -> str:
    """The mark of a word."""
    return GLYPHS[is_pointer]


def gcmap_text(held: GcMap) -> str:
    """Return the frame as lines, high addresses first: mark, name, type, distance from FP and SP."""
    rows = [_row(held, word) for word in held.words]
    rows = _with_links(held, rows)
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(5)]
    lines = [_title(held)]
    lines += [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.append(LEGEND)
    lines += [_object(held, index) for index in range(len(held.objects))]
    return "\n".join([*lines, *_notes(held)])


def _title(held: GcMap) -> str:
    function = held.function
    where = f"+0x{held.pc - function.address:x}"
    line = f", {PurePosixPath(function.file).name}:{held.line}" if held.line else ""
    at = f"waiting in CALL {held.call}" if held.call else "between calls"
    frame = f"{function.name} {function.abi}, frame ${function.frame_size}"
    return f"{frame}, {at} ({where}{line}), map {held.index}"


def _row(held: GcMap, word: FrameWord) -> tuple[str, ...]:
    is_result = word.area == "argument"
    where = f"{word.offset}(FP)" if is_result else f"{word.offset - held.varp}(pseudo-SP)"
    name = word.name or ("argument or result" if is_result else "unnamed")
    return GLYPHS[word.is_pointer], name, word.type, where, f"{word.offset - held.sp}(SP)"


def _with_links(held: GcMap, rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Put the return address and the saved BP between arguments and locals."""
    at = sum(word.area == "argument" for word in held.words)
    links = [(" ", "return address", "", "", f"{-8 - held.sp}(SP)")]
    if held.varp < -8:
        links.append((" ", "saved BP", "", "", f"{-16 - held.sp}(SP)"))
    return [*rows[:at], *links, *rows[at:]]


def _object(held: GcMap, index: int) -> str:
    found = held.objects[index]
    pointers = ", ".join(f"{found.offset + p - held.sp}(SP)" for p in found.pointers)
    name = f" {found.name}" if found.name else ""
    return (
        f"stack object{name}: {found.size} bytes at {found.offset - held.sp}(SP), "
        f"pointers at {pointers or 'none'}; scanned while a pointer leads to it"
    )


def _notes(held: GcMap) -> list[str]:
    notes = []
    if not held.call:
        notes.append(
            "Maps are asked for at calls. Here the table gives one all the same, and the frame of a "
            "goroutine that a signal stopped is scanned conservatively."
        )
    if held.no_argument_map:
        notes.append(f"arguments: {held.no_argument_map}")
    if held.no_local_map:
        notes.append(f"locals: {held.no_local_map}")
    notes.append(
        f"unsafe point: {held.unsafe_point}."
        if held.unsafe_point
        else "safe point: a signal may preempt here."
    )
    return notes


def gcmap_picture(held: GcMap) -> Picture:
    """`gcmap_svg` with `gcmap_text` as its other form."""
    return Picture(gcmap_svg(held), gcmap_text(held), "Pointer map")


def gcmap_svg(held: GcMap) -> str:
    """Return the frame as SVG, high addresses at the top, each word with its mark."""
    canvas = Canvas(_title(held), gcmap_text(held))
    first, _, rest = _title(held).partition(", ")
    canvas.text(_LEFT, 18, first, mono=True, strong=True)
    canvas.text(_LEFT, 35, rest, ink="muted", size=12)
    y = _TOP
    tint = "internal-tint" if held.function.abi == "ABIInternal" else "abi0-tint"
    for mark, name, kind, where, from_sp in _with_links(held, [_row(held, word) for word in held.words]):
        is_link, base = mark == " ", y + 17
        canvas.box(_LEFT, y, _BOX, _ROW, fill="wash" if is_link else tint, stroke="rule")
        if not is_link:
            canvas.text(_LEFT + 10, base, mark, size=15, strong=True)
        canvas.text(_LEFT + 34, base, name, mono=not is_link, ink="muted" if is_link else "ink")
        canvas.text(_LEFT + _BOX - 10, base, kind, mono=True, ink="muted", anchor="end")
        canvas.text(_LEFT - 10, base, where, mono=True, ink="muted", anchor="end", size=12)
        canvas.text(_LEFT + _BOX + 10, base, from_sp, mono=True, ink="muted", size=12)
        y += _ROW
    y += 22
    canvas.text(_LEFT, y, LEGEND)
    for note in [*(_object(held, i) for i in range(len(held.objects))), *_notes(held)]:
        for line in textwrap.wrap(note, _NOTE_WIDTH):
            y += 18
            canvas.text(_LEFT, y, line, ink="muted", size=12)
    return canvas.finish()
