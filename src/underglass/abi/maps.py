"""The entries of a Go map in memory: a Swiss table.

Go 1.27, internal/runtime/maps: map.go (Map: a small map has one group at dirPtr and dirLen 0; else dirPtr is
an array of tables, one of which may stand there several times), table.go (table), group.go (a group has a
word of control bytes, one a slot, whose high bit is clear if the slot is used; key and element lie side by
side, or keys and elements apart with GOEXPERIMENT=mapsplitgroup). Offsets come from the types that the linker
makes for debuggers (cmd/link/internal/ld/dwarf.go, synthesizemaptypes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from underglass.abi.places import Where, said
from underglass.abi.types import Array, Field, GoType, Map, Pointer, Struct
from underglass.errors import CallError

__all__ = ["pairs"]

_SLOTS = 8  # abi.MapGroupSlots
_MOST_ENTRIES = 1 << 20
_UNUSED = 0x80  # in a control byte: empty or deleted

Read = Callable[[int, int], bytes]
Part = bytes | int
"""A key or an element: its bytes, or the address of one of more than 128 bytes, which lies apart."""


def pairs(kind: Map, address: int, read: Read, where: Where) -> Iterator[tuple[Part, Part]]:
    """Yield the keys and elements in the order of their slots.

    Args:
        address: of the map's header; not nil.
        read: reads (address, size) of guest memory.

    Raises:
        CallError: the header is no map's.
    """
    header = _struct(kind.header)
    table = _struct(_behind(_behind(_field(header, "dirPtr").type)))
    groups = _field(table, "groups")
    group = _struct(_behind(_field(_struct(groups.type), "data").type))
    head = read(address, header.size)
    used, length, start = (_number(head, _field(header, name)) for name in ("used", "dirLen", "dirPtr"))
    if used > _MOST_ENTRIES or length > _MOST_ENTRIES:
        raise CallError(
            f"{said(where)}: the {kind.name} says that it has {used} entries in {length} tables, which "
            f"cannot be, or is more than {_MOST_ENTRIES}. Was its address written to the right slot?"
        )
    if length == 0:
        if start:
            yield from _used(kind, group, read(start, group.size))
        return
    word = _field(header, "dirPtr").type.size
    directory = read(start, length * word)
    met: set[int] = set()
    for index in range(length):
        at = int.from_bytes(directory[index * word : (index + 1) * word], "little")
        if at not in met:
            met.add(at)
            yield from _entries(kind, table, group, read(at, table.size), read)


def _entries(kind: Map, table: Struct, group: Struct, data: bytes, read: Read) -> Iterator[tuple[Part, Part]]:
    groups = _field(table, "groups")
    reference = _struct(groups.type)
    inner = data[groups.offset : groups.offset + reference.size]
    start = _number(inner, _field(reference, "data"))
    count = _number(inner, _field(reference, "lengthMask")) + 1
    if _number(data, _field(table, "used")) and count <= _MOST_ENTRIES:
        every = read(start, count * group.size)
        for index in range(count):
            yield from _used(kind, group, every[index * group.size : (index + 1) * group.size])


def _used(kind: Map, group: Struct, data: bytes) -> Iterator[tuple[Part, Part]]:
    control = data[:_SLOTS]
    key, key_stride, item, item_stride = _places(group)
    for index in range(_SLOTS):
        if not control[index] & _UNUSED:
            yield (
                _part(kind.key, key, data, index * key_stride),
                _part(kind.element, item, data, index * item_stride),
            )


def _places(group: Struct) -> tuple[Field, int, Field, int]:
    """Where the first key and the first element lie in a group, and bytes from one to the next."""
    names = {f.name: f for f in group.fields}
    if "slots" in names:
        slots = names["slots"]
        slot = _struct(_array(slots.type).element)
        key, item = (
            Field(f.name, f.type, slots.offset + f.offset)
            for f in (_field(slot, "key"), _field(slot, "elem"))
        )
        return key, slot.size, item, slot.size
    keys, items = _field(group, "keys"), _field(group, "elems")
    key_type, item_type = _array(keys.type).element, _array(items.type).element
    return (
        Field("key", key_type, keys.offset),
        key_type.size,
        Field("elem", item_type, items.offset),
        item_type.size,
    )


def _part(kind: GoType, place: Field, data: bytes, offset: int) -> Part:
    start = place.offset + offset
    raw = data[start : start + place.type.size]
    return raw if kind.size == place.type.size else int.from_bytes(raw, "little")


def _number(data: bytes, field: Field) -> int:
    return int.from_bytes(data[field.offset : field.offset + field.type.size], "little")


def _behind(kind: GoType) -> GoType:
    return kind.element if isinstance(kind, Pointer) else kind


def _array(kind: GoType) -> Array:
    if not isinstance(kind, Array):
        raise _unknown(kind)
    return kind


def _struct(kind: GoType) -> Struct:
    if not isinstance(kind, Struct):
        raise _unknown(kind)
    return kind


def _field(kind: Struct, name: str) -> Field:
    found = next((f for f in kind.fields if f.name == name), None)
    if found is None:
        raise _unknown(kind)
    return found


def _unknown(kind: GoType) -> CallError:
    return CallError(
        f"This program's maps are not laid out as in Go 1.24 to 1.27 ({kind.name} is another type), and "
        "cannot be read. Build it with such a Go, or return what you need from the map."
    )
