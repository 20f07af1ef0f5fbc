"""The scalar parts of arguments and results, by the names that assembly calls them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from underglass.abi import GoType, Layout
from underglass.abi.types import Array, Basic, Interface, Slice, String, Struct

__all__ = ["Leaf", "leaves"]

_WORD = 8
_MOST = 4096  # scalars of one signature; an array of a million elements has no names


@dataclass(frozen=True)
class Leaf:
    """A scalar part of an argument or result."""

    name: str  # as assembly calls it: "x", "s_len"
    offset: int  # bytes from FP
    size: int
    is_result: bool
    type: str  # Go type of the whole

    @property
    def expression(self) -> str:
        """How assembly writes it."""
        return f"{self.name}+{self.offset}(FP)"

    @property
    def end(self) -> int:
        """Offset of the byte after it."""
        return self.offset + self.size


def leaves(layout: Layout | None) -> tuple[Leaf, ...]:
    """The scalars of the arguments and results that lie on the stack, in order of their offsets.

    The names are those that `go vet` knows (asmdecl): s_base, s_len, c_real, p_field.
    """
    found = []
    for place in layout.places if layout else ():
        if place.offset is None:
            continue
        for suffix, offset, size in _parts(place.type):
            name, at = place.name + suffix, place.offset + offset
            found.append(Leaf(name, at, size, place.is_result, place.type.name))
            if len(found) >= _MOST:
                break
    return tuple(sorted(found, key=lambda leaf: leaf.offset))


def _parts(kind: GoType) -> Iterator[tuple[str, int, int]]:
    if isinstance(kind, String | Slice):
        words = ("_base", "_len") if isinstance(kind, String) else ("_base", "_len", "_cap")
        yield from ((word, _WORD * i, _WORD) for i, word in enumerate(words))
    elif isinstance(kind, Interface):
        yield from (("_type", 0, _WORD), ("_data", _WORD, _WORD))
    elif isinstance(kind, Struct):
        for member in kind.fields:
            for suffix, offset, size in _parts(member.type):
                yield f"_{member.name}{suffix}", member.offset + offset, size
    elif isinstance(kind, Array):
        for index in range(kind.length):
            for suffix, offset, size in _parts(kind.element):
                yield f"_{index}{suffix}", index * kind.element.size + offset, size
    elif isinstance(kind, Basic) and kind.kind == "complex":
        half = kind.size // 2
        yield from (("_real", 0, half), ("_imag", half, half))
    else:
        yield "", 0, kind.size
