"""Python values to Go's bytes.

Plain values have the plain form: int, float, complex, bool, str (bytes for a string that is not UTF-8), a
list for a slice or an array, a dict of its fields or a tuple in their order for a struct, None for nil. Blank
fields have no place in it: Go cannot name them, and they are zero. A pointer is a `Pointer`. An interface or
a map can only be nil: what else they hold is for Go to make.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from reprlib import Repr

from underglass.abi.amd64 import WORD
from underglass.abi.floats import float_bytes
from underglass.abi.objects import UNREAD, Dynamic, Pointer
from underglass.abi.places import Where, said
from underglass.abi.pointermap import pointer_words
from underglass.abi.types import (
    Array,
    Basic,
    GoType,
    Interface,
    Map,
    Reference,
    Slice,
    String,
    Struct,
)
from underglass.abi.types import Pointer as PointerType
from underglass.errors import CallError

__all__ = ["Encoded", "encode"]

_MOST_BYTES = 1 << 26  # of what the arguments of one call point to
_DEEPEST = 100  # slices in slices
_ALIGN = 16  # bytes; what Go's allocator gives to whatever is as large
_TOP = 1 << 64


@dataclass(frozen=True)
class Encoded:
    """Arguments as bytes, and the memory that they point into."""

    base: int  # guest address of `data`
    values: tuple[bytes, ...]  # each of its type's size
    data: bytes  # what they point to
    pointers: tuple[int, ...]  # bytes from the base to each word that is a pointer to Go


def encode(arguments: Sequence[tuple[str, GoType, object]], base: int) -> Encoded:
    """Return the bytes that mean the arguments to Go.

    Args:
        arguments: each (what messages call it, type, Python value).
        base: guest address that the memory they point into will have; a multiple of 16.

    Raises:
        CallError: a value is not of its type, or does not fit it; the message names the place in it.
    """
    writer = _Writer(base)
    values = tuple(writer.value(kind, value, (None, where), 0) for where, kind, value in arguments)
    writer.finish()
    return Encoded(base, values, bytes(writer.data), tuple(writer.pointers))


class _Writer:
    def __init__(self, base: int) -> None:
        self.base = base
        self.data = bytearray()
        self.pointers: list[int] = []
        self._places: dict[tuple[int, str], int] = {}  # (id of a Pointer, its type) → address
        self._waiting: list[tuple[GoType, Pointer, Where, int]] = []  # …, offset in `data`

    def finish(self) -> None:
        """Write what pointers lead to. They wait in a list, since a chain of them may be long or a circle."""
        while self._waiting:
            kind, pointer, where, at = self._waiting.pop()
            self.data[at : at + kind.size] = self.value(kind, pointer.value, where, 0)

    def value(self, kind: GoType, value: object, where: Where, depth: int) -> bytes:
        if isinstance(kind, Basic):
            return _basic(kind, value, where)
        if isinstance(kind, PointerType):
            return self._pointer(kind, value, where).to_bytes(WORD, "little")
        if isinstance(kind, Map | Interface):
            return _nil(kind, value, where)
        if isinstance(kind, Reference):
            return _address(kind, value, where)
        if isinstance(kind, String):
            data = _text(kind, value, where)
            return struct.pack("<QQ", self._put(data, where) if data else 0, len(data))
        if isinstance(kind, Slice):
            return self._slice(kind, value, where, depth)
        if isinstance(kind, Array):
            items = _sequence(kind, value, where)
            if len(items) != kind.length:
                raise _error(where, f"{kind.name} has {kind.length} elements, and {len(items)} were given.")
            return self._items(kind.element, items, where, depth)
        assert isinstance(kind, Struct)
        return self._struct(kind, value, where, depth)

    def _pointer(self, kind: PointerType, value: object, where: Where) -> int:
        if value is None:
            return 0
        if not isinstance(value, Pointer):
            raise _wrong(
                kind, value, where, f"Pointer({_short(value)}) to have it put into memory, or None for nil"
            )
        if value.value is UNREAD:
            return _in_word(kind, value.address, where)
        known = self._places.get((id(value), kind.name))
        if known is None:
            element = kind.element
            known = self._places[id(value), kind.name] = self._room(element, 1, where)
            self._waiting.append((element, value, where, known - self.base))
        return known

    def _slice(self, kind: Slice, value: object, where: Where, depth: int) -> bytes:
        if value is None:
            return bytes(kind.size)
        items = _sequence(kind, value, where)
        if depth >= _DEEPEST:
            raise _error(where, f"slices lie more than {_DEEPEST} deep. Does the list contain itself?")
        element = kind.element
        address = self._room(element, len(items), where)
        data = self._items(element, items, where, depth + 1)
        self.data[address - self.base : address - self.base + len(data)] = data
        return struct.pack("<QQQ", address, len(items), len(items))

    def _items(self, element: GoType, items: Sequence[object], where: Where, depth: int) -> bytes:
        if isinstance(items, bytes | bytearray) and isinstance(element, Basic) and element.name in _BYTES:
            return bytes(items)
        return b"".join(self.value(element, item, (where, i), depth) for i, item in enumerate(items))

    def _struct(self, kind: Struct, value: object, where: Where, depth: int) -> bytes:
        fields = [f for f in kind.fields if f.name != "_"]
        names = ", ".join(f.name for f in fields) or "none"
        if isinstance(value, Mapping):
            if set(value) != {f.name for f in fields}:
                given = ", ".join(map(str, value)) or "none"
                raise _error(where, f"{kind.name} has the fields {names}, and the value has {given}.")
            values = [value[f.name] for f in fields]
        elif isinstance(value, list | tuple):
            values = list(value)
            if len(values) != len(fields):
                raise _error(
                    where, f"{kind.name} has {len(fields)} fields ({names}), and {len(values)} were given."
                )
        else:
            raise _wrong(kind, value, where, f"a dict or a tuple of its fields ({names})")
        data = bytearray(kind.size)
        for member, item in zip(fields, values, strict=True):
            part = self.value(member.type, item, (where, f".{member.name}"), depth)
            data[member.offset : member.offset + member.type.size] = part
        return bytes(data)

    def _room(self, element: GoType, count: int, where: Where) -> int:
        """Set zero bytes aside for `count` elements, and note which of their words are pointers."""
        address = self._place(element.size * count or 1, where)
        words = pointer_words(element)
        if words:
            start = address - self.base
            self.pointers += (start + i * element.size + word for i in range(count) for word in words)
        return address

    def _put(self, data: bytes, where: Where) -> int:
        address = self._place(len(data), where)
        self.data[address - self.base :] = data
        return address

    def _place(self, size: int, where: Where) -> int:
        start = -(-len(self.data) // _ALIGN) * _ALIGN
        if start + size > _MOST_BYTES:
            raise _error(where, f"the arguments point to more than {_MOST_BYTES >> 20} MiB. Pass less.")
        self.data.extend(bytes(start + size - len(self.data)))
        return self.base + start


_BYTES = ("uint8", "byte")
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 50


def _basic(kind: Basic, value: object, where: Where) -> bytes:
    if kind.kind == "bool":
        if not isinstance(value, bool):
            raise _wrong(kind, value, where, "True or False")
        return bytes([value])
    if kind.kind in ("float", "complex"):
        wanted = (int, float) if kind.kind == "float" else (int, float, complex)
        if isinstance(value, bool) or not isinstance(value, wanted):
            raise _wrong(kind, value, where, "a float" if kind.kind == "float" else "a complex number")
        try:
            number = complex(value)
            parts = (number.real, number.imag) if kind.kind == "complex" else (number.real,)
            return b"".join(float_bytes(part, kind.size // len(parts)) for part in parts)
        except OverflowError:
            raise _error(
                where, f"{_short(value)} does not fit in {kind.name}. Give a smaller number."
            ) from None
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(kind, value, where, "an int")
    bits = 8 * kind.size
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.kind == "int" else (0, (1 << bits) - 1)
    if not low <= value <= high:
        raise _error(where, f"{_short(value)} does not fit in {kind.name} ({low} to {high}).")
    return value.to_bytes(kind.size, "little", signed=kind.kind == "int")


def _text(kind: String, value: object, where: Where) -> bytes:
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise _error(
                where, f"{_short(value)} holds half a surrogate pair, which has no UTF-8. Give bytes."
            ) from None
    if not isinstance(value, bytes | bytearray):
        raise _wrong(kind, value, where, "a str, or bytes")
    return bytes(value)


def _nil(kind: Map | Interface, value: object, where: Where) -> bytes:
    if value is None:
        return bytes(kind.size)
    what = "a map" if isinstance(kind, Map) else "an interface"
    held = value.value if isinstance(value, Dynamic) else value
    raise _error(
        where,
        f"{kind.name} is {what}, which can be read from Go but not made from Python; only None (nil) can "
        f"be passed. Write a Go function that makes it from plain values like {_short(held)}, and call that.",
    )


def _address(kind: Reference, value: object, where: Where) -> bytes:
    if value is None:
        return bytes(WORD)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(kind, value, where, "an address (an int), or None for nil")
    return _in_word(kind, value, where).to_bytes(WORD, "little")


def _in_word(kind: GoType, address: int, where: Where) -> int:
    if not 0 <= address < _TOP:
        raise _error(where, f"{_short(address)} is no address for {kind.name} (0 to 2**64-1).")
    return address


def _sequence(kind: GoType, value: object, where: Where) -> Sequence[object]:
    if isinstance(value, list | tuple | bytes | bytearray):
        return value
    if isinstance(value, range):
        return value[: 1 << 40]  # so that it has a len(); as many are refused wherever they go
    raise _wrong(kind, value, where, "a list, or None for nil" if isinstance(kind, Slice) else "a list")


def _error(where: Where, why: str) -> CallError:
    return CallError(f"{said(where)}: {why}")


def _short(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 200:
        return f"an int of {value.bit_length()} bits"
    try:
        return _SHORT.repr(value)
    except (ValueError, RecursionError):  # an int of too many digits inside it, or lists too deep
        return f"a {type(value).__name__}"


def _wrong(kind: GoType, value: object, where: Where, wanted: str) -> CallError:
    return _error(where, f"{_short(value)} is {type(value).__name__}, and {kind.name} is due. Give {wanted}.")
