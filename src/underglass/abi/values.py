"""Python values to Go's bytes and back."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence

from underglass.abi.amd64 import WORD
from underglass.abi.types import Array, Basic, GoType, Reference, Slice, String, Struct
from underglass.errors import CallError

__all__ = ["decode", "encode"]

Allocate = Callable[[bytes], int]
"""Puts bytes somewhere the guest can read and returns their address."""
Read = Callable[[int, int], bytes]
"""Reads (address, size) of guest memory."""

_MOST_BYTES = 1 << 24  # of one string or slice read back
_FLOATS = {4: "<f", 8: "<d"}


def encode(kind: GoType, value: object, allocate: Allocate, where: str) -> bytes:
    """Return `kind.size` bytes that mean `value` to Go.

    Args:
        where: what messages call the value: "argument x of add".

    Raises:
        CallError: the value is not of that type, or does not fit it.
    """
    if isinstance(kind, Basic):
        return _basic(kind, value, where)
    if isinstance(kind, Reference):
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64):
            return (value or 0).to_bytes(WORD, "little")
        raise _wrong(kind, value, where, "an address (an int from 0 to 2**64-1), or None for nil")
    if isinstance(kind, String):
        data = value.encode() if isinstance(value, str) else value
        if not isinstance(data, bytes):
            raise _wrong(kind, value, where, "a str or bytes")
        return struct.pack("<QQ", allocate(data) if data else 0, len(data))
    if isinstance(kind, Slice):
        items = _sequence(kind, value, where)
        if items is None:
            return bytes(kind.size)
        data = _items(kind.element, items, allocate, where)
        return struct.pack("<QQQ", allocate(data), len(items), len(items))
    if isinstance(kind, Array):
        items = _sequence(kind, value, where) or ()
        if len(items) != kind.length:
            raise CallError(f"{where} is {kind.name} and has {len(items)} values; give {kind.length}.")
        return _items(kind.element, items, allocate, where)
    if isinstance(kind, Struct):
        return _struct(kind, value, allocate, where)
    raise CallError(
        f"{where} has type {kind.name}, which cannot be made from Python. "
        "Write a Go function that makes it from numbers, strings or slices, and call that."
    )


def decode(kind: GoType, data: bytes, read: Read) -> object:
    """Return the Python value of `kind.size` bytes: int, float, complex, bool, str, list, or a
    dict of a struct's fields; an address for a pointer; a pair of addresses for an interface.

    A string that is not UTF-8 comes back as bytes.
    """
    if isinstance(kind, Basic):
        if kind.kind == "bool":
            return data[0] != 0
        if kind.kind == "float":
            return struct.unpack(_FLOATS[kind.size], data)[0]
        if kind.kind == "complex":
            return complex(*struct.unpack("<ff" if kind.size == 8 else "<dd", data))
        return int.from_bytes(data, "little", signed=kind.kind == "int")
    if isinstance(kind, Reference):
        return int.from_bytes(data, "little")
    if isinstance(kind, String):
        text = _pointed(data, 1, read, kind)
        try:
            return text.decode()
        except UnicodeDecodeError:
            return text
    if isinstance(kind, Slice):
        raw = _pointed(data, kind.element.size, read, kind)
        count = int.from_bytes(data[8:16], "little", signed=True)
        return [
            decode(kind.element, raw[i * kind.element.size :][: kind.element.size], read)
            for i in range(count)
        ]
    if isinstance(kind, Array):
        size = kind.element.size
        return [decode(kind.element, data[i * size : (i + 1) * size], read) for i in range(kind.length)]
    if isinstance(kind, Struct):
        return {f.name: decode(f.type, data[f.offset : f.offset + f.type.size], read) for f in kind.fields}
    return struct.unpack("<QQ", data)


def _basic(kind: Basic, value: object, where: str) -> bytes:
    if kind.kind == "bool":
        if not isinstance(value, bool):
            raise _wrong(kind, value, where, "True or False")
        return bytes([value])
    if kind.kind == "complex":
        if isinstance(value, bool) or not isinstance(value, (int, float, complex)):
            raise _wrong(kind, value, where, "a complex number")
        number = complex(value)
        return _pack("<ff" if kind.size == 8 else "<dd", kind, where, number.real, number.imag)
    if kind.kind == "float":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _wrong(kind, value, where, "a float")
        return _pack(_FLOATS[kind.size], kind, where, value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(kind, value, where, "an int")
    bits = 8 * kind.size
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.kind == "int" else (0, (1 << bits) - 1)
    if not low <= value <= high:
        raise CallError(
            f"{where} is {value}, which does not fit {kind.name} ({low} to {high}). "
            "Give a value in that range."
        )
    return value.to_bytes(kind.size, "little", signed=kind.kind == "int")


def _pack(form: str, kind: Basic, where: str, *numbers: float) -> bytes:
    try:
        return struct.pack(form, *numbers)
    except (OverflowError, struct.error) as error:
        raise CallError(f"{where} does not fit {kind.name}: {error}. Give a smaller number.") from error


def _sequence(kind: GoType, value: object, where: str) -> Sequence[object] | None:
    if value is None and isinstance(kind, Slice):
        return None
    if isinstance(value, (list, tuple, bytes, bytearray, range)):
        return value
    raise _wrong(kind, value, where, "a list")


def _items(element: GoType, items: Sequence[object], allocate: Allocate, where: str) -> bytes:
    return b"".join(
        encode(element, item, allocate, f"element {i} of {where}") for i, item in enumerate(items)
    )


def _struct(kind: Struct, value: object, allocate: Allocate, where: str) -> bytes:
    names = [f.name for f in kind.fields]
    if isinstance(value, Mapping):
        if set(value) != set(names):
            raise CallError(
                f"{where} has the fields {', '.join(names)}; the value has {', '.join(map(str, value))}."
            )
        values = [value[name] for name in names]
    elif isinstance(value, (list, tuple)) and len(value) == len(names):
        values = list(value)
    else:
        raise _wrong(kind, value, where, f"a dict or a tuple of its fields ({', '.join(names)})")
    data = bytearray(kind.size)
    for field, item in zip(kind.fields, values, strict=True):
        data[field.offset : field.offset + field.type.size] = encode(
            field.type, item, allocate, f"field {field.name} of {where}"
        )
    return bytes(data)


def _pointed(data: bytes, size: int, read: Read, kind: GoType) -> bytes:
    address, count = int.from_bytes(data[:8], "little"), int.from_bytes(data[8:16], "little", signed=True)
    if not 0 <= count * size <= _MOST_BYTES:
        raise CallError(
            f"The {kind.name} that came back says that it has {count} elements, which cannot be. "
            "Was its length written to the right slot?"
        )
    return read(address, count * size) if count else b""


def _wrong(kind: GoType, value: object, where: str, wanted: str) -> CallError:
    shown = repr(value)
    shown = shown if len(shown) < 60 else shown[:57] + "..."
    return CallError(f"{where} has type {kind.name}, and {shown} is {type(value).__name__}. Give {wanted}.")
