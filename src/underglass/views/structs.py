"""The layout of a struct: its fields at their offsets, a row for each word, padding shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.abi.types import Array, Interface, Slice, String, Struct
from underglass.views.svg import Canvas, Picture

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from underglass.abi import GoType

__all__ = ["struct_picture", "struct_svg", "struct_text"]

_LEFT, _BOX, _ROW, _TOP = 70, 320, 24, 52  # pixels: the offsets, the words, one word, the head
_WORD = 8
_MOST_ROWS = 40


@dataclass(frozen=True)
class _Piece:
    """A field, or the padding after one."""

    name: str  # "" for padding
    type: str
    offset: int  # bytes from the start
    size: int  # bytes


def struct_picture(kind: GoType, only: Collection[str] = ()) -> Picture:
    """`struct_svg` with `struct_text` as its other form."""
    return Picture(struct_svg(kind, only), struct_text(kind, only), f"Layout of {kind.name}")


def struct_text(kind: GoType, only: Collection[str] = ()) -> str:
    """Return a line for each field: offset, size, name and type."""
    lines = [f"{kind.name}: {kind.size} bytes, aligned to {kind.align}"]
    for piece in _pieces(kind, only):
        name = piece.name or "(padding)"
        lines.append(f"{piece.offset:6}  {piece.size:4}  {name:<16} {piece.type}".rstrip())
    return "\n".join(lines)


def struct_svg(kind: GoType, only: Collection[str] = ()) -> str:
    """Return a type's layout as SVG, low addresses at the top, eight bytes a row.

    A string, a slice and an interface are drawn with the words they are made of; fields that share a word
    share its row.

    Args:
        only: names of the fields to show, for the long structs of the runtime; what lies between is left out.
    """
    canvas = Canvas(f"Layout of {kind.name}", struct_text(kind, only))
    canvas.text(8, 20, kind.name, mono=True, strong=True)
    words = f"{kind.size} bytes, aligned to {kind.align}; low addresses at the top"
    canvas.text(8, 38, words, ink="muted", size=12)
    y, at = _TOP, -1
    pieces = _pieces(kind, only)
    for piece in pieces[:_MOST_ROWS]:
        row = piece.offset // _WORD
        if at >= 0 and row > at + 1:
            canvas.text(_LEFT + _BOX / 2, y + 15, "⋮", ink="muted", anchor="middle")
            y += _ROW
        if row != at or at < 0:
            rows = max(1, -(-piece.size // _WORD)) if piece.offset % _WORD == 0 else 1
            canvas.text(_LEFT - 10, y + 16, f"+{row * _WORD}", mono=True, ink="muted", size=12, anchor="end")
            height, at = _ROW * min(rows, 3), row + rows - 1
            y += height
        _piece(canvas, piece, y - height, height)
    if len(pieces) > _MOST_ROWS:
        canvas.text(_LEFT, y + 16, f"and {len(pieces) - _MOST_ROWS} more", ink="muted", size=12)
    return canvas.finish()


def _piece(canvas: Canvas, piece: _Piece, y: float, height: float) -> None:
    first = piece.offset % _WORD
    width = _BOX * min(piece.size, _WORD - first) / _WORD
    x = _LEFT + _BOX * first / _WORD
    hint = f"{piece.name or 'padding'} {piece.type}, +{piece.offset}, {piece.size} bytes"
    is_padding = not piece.type
    fill, ink = ("wash", "muted") if is_padding else ("paper", "ink")
    canvas.box(x, y, width, height, fill=fill, stroke="muted", dashed=is_padding, hint=hint)
    if width >= _BOX / 2:
        canvas.text(x + 8, y + 16, piece.name or "padding", mono=True, ink=ink, size=12)
        if width == _BOX:
            words = _cut(piece.type, 24)
            canvas.text(x + width - 8, y + 16, words, mono=True, ink="muted", size=12, anchor="end")
    elif piece.name and width >= 36:
        canvas.text(x + 4, y + 16, _cut(piece.name, int(width / 8)), mono=True, size=11)


def _pieces(kind: GoType, only: Collection[str]) -> list[_Piece]:
    found: list[_Piece] = []
    end = 0
    for name, type_, offset, size in _members(kind):
        if only and name not in only:
            end = 0
            continue
        if end and offset > end:
            found.append(_Piece("", "", end, offset - end))
        found.append(_Piece(name, type_, offset, size))
        end = offset + size
    if not only and end < kind.size:
        found.append(_Piece("", "", end, kind.size - end))
    return found


def _members(kind: GoType) -> Iterator[tuple[str, str, int, int]]:
    """(name, type, offset, bytes) of the parts of a type.

    The words of strings, slices and interfaces are called as the runtime calls them (Go 1.27,
    runtime/string.go, stringStruct; runtime/slice.go, slice; runtime/runtime2.go, eface and iface).
    """
    if isinstance(kind, Struct):
        yield from ((f.name, f.type.name, f.offset, f.type.size) for f in kind.fields)
    elif isinstance(kind, String):
        yield from (("str", "*byte", 0, _WORD), ("len", "int", _WORD, _WORD))
    elif isinstance(kind, Slice):
        words = ("array", f"*{kind.element.name}"), ("len", "int"), ("cap", "int")
        yield from ((name, type_, _WORD * n, _WORD) for n, (name, type_) in enumerate(words))
    elif isinstance(kind, Interface):
        is_empty = kind.name in ("any", "interface {}", "interface{}")
        yield ("_type", "*abi.Type", 0, _WORD) if is_empty else ("tab", "*abi.ITab", 0, _WORD)
        yield "data", "unsafe.Pointer", _WORD, _WORD
    elif isinstance(kind, Array):
        each = kind.element.size
        yield from (
            (f"[{n}]", kind.element.name, n * each, each) for n in range(min(kind.length, _MOST_ROWS))
        )
    else:
        yield "", kind.name, 0, kind.size


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
