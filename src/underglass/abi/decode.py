"""Go's bytes to Python values: what `values.encode` takes, and besides what only Go can make.

A map is a dict if its keys are numbers, strings or bools, and else a list of (key, value) pairs. What an
interface holds is a `Dynamic`. A func, a channel and an unsafe.Pointer are their address. Whatever is nil is
None. Blank fields are left out.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from underglass.abi.amd64 import WORD
from underglass.abi.floats import read_float
from underglass.abi.maps import pairs
from underglass.abi.objects import UNREAD, Dynamic, Pointer
from underglass.abi.places import Where, said
from underglass.abi.types import Array, Basic, GoType, Interface, Map, Slice, String, Struct
from underglass.abi.types import Pointer as PointerType
from underglass.errors import CallError

__all__ = ["Memory", "decode"]

_MOST_BYTES = 1 << 24  # of one string or slice
_MOST_BYTES_IN_ALL = 1 << 28
_MOST_EMPTY = 1 << 16  # elements of no size in one slice or array
_MOST_POINTERS = 10_000  # followed; those nearest to the result come first
_MOST_NESTED = 200_000  # slices, maps and interfaces read
_DEEPEST = 60  # of them inside one another, without a pointer between
_ERRNO_TEXTS = "syscall.errors"  # [...]string by number (Go 1.27, syscall/zerrors_linux_amd64.go)


class Memory(Protocol):
    """The guest, as far as reading values needs it."""

    def read(self, address: int, size: int) -> bytes | None:
        """The bytes at a guest address; None if they are not mapped."""

    def type_at(self, address: int) -> GoType | None:
        """The type whose runtime descriptor lies at an address; None if it is not known."""

    def symbol(self, name: str) -> tuple[int, int] | None:
        """Address and size of a symbol; None if there is none of that name."""


def decode(results: Sequence[tuple[str, GoType, bytes]], memory: Memory) -> tuple[object, ...]:
    """Return the Python values of results.

    Pointers are followed, the same pointer being the same object wherever it stands; a circle of them
    becomes a circle of objects. What lies beyond the bounds of reading is `...`.

    Args:
        results: each (what messages call it, type, as many bytes as the type has).

    Raises:
        CallError: a value that cannot be: a string, slice or map with an absurd length, or a pointer to
            what is not mapped.
    """
    reader = _Reader(memory)
    values = tuple(reader.value(kind, data, (None, where)) for where, kind, data in results)
    reader.finish()
    return values


class _Reader:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._pointers: dict[tuple[int, str], Pointer] = {}
        self._waiting: list[tuple[GoType, Pointer, Where]] = []
        self._open: list[tuple[int, int, str]] = []  # slices, maps and interfaces around this value
        self._bytes = self._nested = 0

    def finish(self) -> None:
        """Read what pointers lead to, the nearest first. They wait in a list, since a chain may be long."""
        followed = 0
        while self._waiting and followed < _MOST_POINTERS:
            batch, self._waiting = self._waiting, []
            for kind, pointer, where in batch[: _MOST_POINTERS - followed]:
                pointer.value = self.at(kind, pointer.address, where)
            followed += len(batch)

    def at(self, kind: GoType, address: int, where: Where) -> object:
        """The value that lies at a guest address."""
        return self.value(kind, self.bytes_at(address, kind.size, where), where)

    def bytes_at(self, address: int, size: int, where: Where) -> bytes:
        """Guest memory that a value says it has."""
        self._bytes += size
        if self._bytes > _MOST_BYTES_IN_ALL:
            raise CallError(f"{said(where)}: the results lead to more than {_MOST_BYTES_IN_ALL >> 20} MiB.")
        data = self.memory.read(address, size) if size else b""
        if data is None:
            raise CallError(
                f"{said(where)} points to {size} bytes at {address:#x}, where nothing is mapped. "
                "Was it written to the right slot?"
            )
        return data

    def value(self, kind: GoType, data: bytes, where: Where) -> object:
        """The value of a type's bytes."""
        if isinstance(kind, Basic):
            return _basic(kind, data)
        if isinstance(kind, String):
            text = self._pointed(data, 1, kind, where)
            try:
                return text.decode()
            except UnicodeDecodeError:
                return text
        if isinstance(kind, Struct):
            return {
                f.name: self.value(f.type, data[f.offset : f.offset + f.type.size], (where, f".{f.name}"))
                for f in kind.fields
                if f.name != "_"
            }
        if isinstance(kind, Array):
            return self._items(kind.element, data, kind.length, where)
        address = int.from_bytes(data[:WORD], "little")
        if not address:
            return None
        if isinstance(kind, PointerType):
            return self._pointer(kind, address, where)
        if isinstance(kind, Slice):
            return self._inside(kind, data, lambda: self._slice(kind, data, where))
        if isinstance(kind, Map):
            return self._inside(kind, data, lambda: self._map(kind, address, where))
        if isinstance(kind, Interface):
            return self._inside(kind, data, lambda: self._interface(kind, data, where))
        return address

    def _pointer(self, kind: PointerType, address: int, where: Where) -> Pointer:
        known = self._pointers.get((address, kind.name))
        if known is None:
            known = self._pointers[address, kind.name] = Pointer(UNREAD, kind.name, address)
            self._waiting.append((kind.element, known, where))
        return known

    def _inside(self, kind: GoType, data: bytes, read: Callable[[], object]) -> object:
        """Read what may lead to itself: not again inside itself, not too deep, not too often."""
        mark = (*struct.unpack("<QQ", data[:16].ljust(16, b"\0")), kind.name)
        self._nested += 1
        if mark in self._open or len(self._open) >= _DEEPEST or self._nested > _MOST_NESTED:
            return UNREAD
        self._open.append(mark)
        try:
            return read()
        finally:
            self._open.pop()

    def _slice(self, kind: Slice, data: bytes, where: Where) -> list[object]:
        element = kind.element
        count = int.from_bytes(data[8:16], "little", signed=True)
        return self._items(element, self._pointed(data, element.size, kind, where), count, where)

    def _items(self, element: GoType, data: bytes, count: int, where: Where) -> list[object]:
        if isinstance(element, Basic) and element.kind in _CODES:
            code = _CODES[element.kind][element.size.bit_length() - 1]
            return list(struct.unpack(f"<{count}{code}", data))
        size = element.size
        if size == 0 and count > _MOST_EMPTY:
            raise CallError(
                f"{said(where)} has {count} elements without size; at most {_MOST_EMPTY} are shown."
            )
        return [self.value(element, data[i * size : (i + 1) * size], (where, i)) for i in range(count)]

    def _pointed(self, data: bytes, size: int, kind: GoType, where: Where) -> bytes:
        address, count = struct.unpack("<Qq", data[:16])
        if count < 0 or count * max(size, 1) > _MOST_BYTES:
            raise CallError(
                f"{said(where)}: the {kind.name} says that it has {count} elements, which cannot be, or is "
                f"more than {_MOST_BYTES >> 20} MiB. Was its length written to the right slot?"
            )
        return self.bytes_at(address, count * size, where)

    def _map(self, kind: Map, address: int, where: Where) -> object:
        found = [
            (self._slot(kind.key, key, (where, " (a key)")), self._slot(kind.element, item, (where, "[…]")))
            for key, item in pairs(kind, address, lambda at, size: self.bytes_at(at, size, where), where)
        ]
        if not isinstance(kind.key, Basic | String):
            return found
        found.sort(key=lambda pair: _order(pair[0]))
        return dict(found)

    def _slot(self, kind: GoType, data: bytes | int, where: Where) -> object:
        """A key or an element; a large one lies elsewhere, and its slot has the address."""
        return self.at(kind, data, where) if isinstance(data, int) else self.value(kind, data, where)

    def _interface(self, kind: Interface, data: bytes, where: Where) -> object:
        """What it holds (Go 1.27, internal/abi/iface.go and type.go).

        The first word leads to the dynamic type: it is its descriptor (an abi.Type), or an abi.ITab, whose
        second word is. The second word is the value if that is one pointer (abi.TFlagDirectIface), else its
        address.
        """
        table, word = struct.unpack("<QQ", data)
        descriptor = table
        held = self.memory.type_at(table)
        if held is None:
            inner = self.bytes_at(table, 2 * WORD, where)
            descriptor = int.from_bytes(inner[WORD:], "little")
            held = self.memory.type_at(descriptor)
        if held is None:
            return Dynamic(f"type at {descriptor:#x}", UNREAD)
        size, pointers = struct.unpack("<QQ", self.bytes_at(descriptor, 2 * WORD, where))
        if size == pointers == WORD:
            value = self.value(held, data[WORD:], where)
        else:
            value = self.at(held, word, where)
        return Dynamic(held.name, value, self._errno(held, value, where))

    def _errno(self, held: GoType, value: object, where: Where) -> str | None:
        if held.name != "syscall.Errno" or not isinstance(value, int):
            return None
        address, size = self.memory.symbol(_ERRNO_TEXTS) or (0, 0)
        if not 0 <= value < size // 16:
            return None
        text = self._pointed(self.bytes_at(address + 16 * value, 16, where), 1, held, where)
        return text.decode("utf-8", "replace") or None


_CODES = {"int": "bhiq", "uint": "BHIQ", "bool": "?"}
"""struct's letters for a kind of 1, 2, 4 and 8 bytes; floats need care with NaN."""


def _basic(kind: Basic, data: bytes) -> bool | int | float | complex:
    if kind.kind == "bool":
        return data[0] != 0
    if kind.kind == "float":
        return read_float(data)
    if kind.kind == "complex":
        half = kind.size // 2
        return complex(read_float(data[:half]), read_float(data[half:]))
    return int.from_bytes(data, "little", signed=kind.kind == "int")


def _order(key: object) -> tuple[Any, ...]:
    """What a map's keys are sorted by: numbers by size and NaN before them, strings by their bytes."""
    if isinstance(key, str):
        return (key.encode(),)
    parts = (key.real, key.imag) if isinstance(key, complex) else (key,)
    return tuple(float("-inf") if part != part else part for part in parts)
