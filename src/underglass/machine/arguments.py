"""The memory that a call's arguments point into.

If no word of it is a pointer, it lies outside the Go heap, where the collector does not look. Into a word
that is one, the guest may store a pointer of its own, which the collector has to find: the memory is then one
object of the Go heap, made by runtime.mallocgc, whose type says which words are pointers. As long as the call
holds a pointer into it, it stays.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from underglass.abi import Encoded, GoType, encode, type_at
from underglass.errors import UnknownFunction
from underglass.machine.machine import Machine
from underglass.machine.memory import READ, WRITE, BadAddress
from underglass.machine.native import PAGE

__all__ = ["SCRATCH", "GuestMemory", "place"]

SCRATCH = 0x7E00_0000_0000  # guest address, outside the Go heap
_TYPE_SIZE = 48  # bytes of an abi.Type
_STRUCT = 25  # abi.Struct


@dataclass(frozen=True)
class GuestMemory:
    """A machine's memory, as the decoder of values reads it (`underglass.abi.Memory`)."""

    machine: Machine

    def read(self, address: int, size: int) -> bytes | None:
        """The bytes at a guest address; None if they are not mapped."""
        try:
            return self.machine.memory.read(address, size)
        except BadAddress:
            return None

    def type_at(self, address: int) -> GoType | None:
        """The type whose runtime descriptor lies at an address; None if it is not known."""
        return type_at(self.machine.program, address)

    def symbol(self, name: str) -> tuple[int, int] | None:
        """Address and size of a symbol; None if there is none of that name."""
        try:
            return self.machine.program.symbol(name)
        except UnknownFunction:
            return None


def place(
    machine: Machine,
    first: Encoded,
    arguments: Sequence[tuple[str, GoType, object]],
    allocate: Callable[[int, int], int],
) -> Encoded:
    """Put what the arguments point to into the guest's memory, and return them with its addresses.

    Args:
        first: the arguments, encoded for `SCRATCH`.
        allocate: has the guest make an object of (size, address of its type), and returns its address.
    """
    if not first.data:
        return first
    if not first.pointers:
        _map(machine, first.data)
        return first
    _map(machine, _type_of(first))
    final = encode(arguments, allocate(len(first.data), SCRATCH))
    machine.memory.write(final.base, final.data)
    return final


def _map(machine: Machine, data: bytes) -> None:
    machine.memory.map(SCRATCH, -(-len(data) // PAGE) * PAGE, READ | WRITE)
    machine.memory.write(SCRATCH, data)


def _type_of(encoded: Encoded) -> bytes:
    """An abi.Type with the map of its pointers after it, one bit a word (Go 1.27, internal/abi/type.go, Type;
    runtime/type.go, getGCMask; it is read a word at a time)."""
    mask = bytearray(-(-len(encoded.data) // 64 // 8) * 8 + 8)
    for offset in encoded.pointers:
        mask[offset // 64] |= 1 << offset // 8 % 8
    pointer_bytes = max(encoded.pointers) + 8
    return (
        struct.pack(
            "<QQIBBBBQQii",
            len(encoded.data), pointer_bytes, 0, 0, 8, 8, _STRUCT, 0, SCRATCH + _TYPE_SIZE, 0, 0,
        )
        + mask
    )  # fmt: skip
