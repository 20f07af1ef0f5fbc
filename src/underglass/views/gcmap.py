"""The pointer maps of a frame, on the frame: as text and as SVG.

Pointers carry a filled diamond, other words an empty one: nothing is told by colour.
"""

from __future__ import annotations

import html
import textwrap
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from underglass.views.palette import colour, css_variables, fitting

if TYPE_CHECKING:
    from underglass.analysis.gcmaps import FrameWord, GcMap

__all__ = ["GLYPHS", "LEGEND", "gcmap_svg", "gcmap_text", "glyph_of"]

GLYPHS = {True: "◆", False: "◇", None: "·"}
"""Marks of a word: a pointer, no pointer, covered by no map."""
LEGEND = "◆ pointer, ◇ no pointer, · no map"

_ROW, _LEFT, _BOX, _RIGHT, _TOP = 26, 118, 430, 90, 44  # pixels
_MONO = "ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace"
_SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"
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


def gcmap_svg(held: GcMap) -> str:
    """Return the frame as SVG, high addresses at the top, each word with its mark."""
    rows = _with_links(held, [_row(held, word) for word in held.words])
    y, parts = _TOP, []
    for mark, name, kind, where, from_sp in rows:
        is_link = mark == " "
        fill = "wash" if is_link else "internal-tint" if held.function.abi == "ABIInternal" else "abi0-tint"
        parts.append(
            f'<rect x="{_LEFT}" y="{y}" width="{_BOX}" height="{_ROW}" style="fill:var(--ug-{fill});'
            f'stroke:var(--ug-rule)" fill="{colour(fill)}" stroke="{colour("rule")}"/>'
        )
        base = y + 17
        if not is_link:
            parts.append(_text(_LEFT + 10, base, mark, size=15, weight=600))
        parts.append(_text(_LEFT + 34, base, name, mono=not is_link, ink="muted" if is_link else "ink"))
        parts.append(_text(_LEFT + _BOX - 10, base, kind, mono=True, ink="muted", anchor="end"))
        parts.append(_text(_LEFT - 10, base, where, mono=True, ink="muted", anchor="end", size=12))
        parts.append(_text(_LEFT + _BOX + 10, base, from_sp, mono=True, ink="muted", size=12))
        y += _ROW
    y += 22
    parts.append(_text(_LEFT, y, LEGEND))
    for note in [*(_object(held, i) for i in range(len(held.objects))), *_notes(held)]:
        for line in _wrapped(note):
            y += 18
            parts.append(_text(_LEFT, y, line, ink="muted", size=12))
    first, _, rest = _title(held).partition(", ")
    head = _text(_LEFT, 18, first, mono=True, weight=600) + _text(_LEFT, 35, rest, ink="muted", size=12)
    width, height = _LEFT + _BOX + _RIGHT, y + 16
    described, title = html.escape(gcmap_text(held)), html.escape(_title(held))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ug-svg" role="img" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" style="{fitting(width)}" aria-label="{title}">'
        f"<title>{title}</title><desc>{described}</desc>"
        f"<style>{css_variables('.ug-svg')}</style>"
        f'<rect width="{width}" height="{height}" style="fill:var(--ug-paper)" fill="{colour("paper")}"/>'
        f"{head}{''.join(parts)}</svg>"
    )


def _text(
    x: int,
    y: int,
    words: str,
    *,
    mono: bool = False,
    ink: str = "ink",
    anchor: str = "start",
    size: int = 13,
    weight: int = 400,
) -> str:
    family = html.escape(_MONO if mono else _SANS)
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
        f'font-family="{family}" fill="{colour(ink)}" style="fill:var(--ug-{ink})">'
        f"{html.escape(words)}</text>"
    )


def _wrapped(note: str) -> list[str]:
    return textwrap.wrap(note, _NOTE_WIDTH)
