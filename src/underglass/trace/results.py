"""A call's results as JSON can hold them.

What JSON lacks gets a tag. Pointers get numbers, since they may lead to themselves.
"""

from __future__ import annotations

from typing import Any

from underglass.abi import Dynamic, Pointer

__all__ = ["pack", "unpack"]


def pack(results: tuple[object, ...] | None) -> dict[str, object]:
    """What `unpack` makes the results of again."""
    pointers: list[Pointer] = []
    numbers: dict[int, int] = {}  # id of a Pointer → its place in `pointers`

    def one(value: object) -> object:
        if isinstance(value, Pointer):
            number = numbers.setdefault(id(value), len(pointers))
            if number == len(pointers):
                pointers.append(value)
            return {"pointer": number}
        if isinstance(value, Dynamic):
            return {"dynamic": [value.type, one(value.value), value.errno]}
        if isinstance(value, list | tuple):
            return {type(value).__name__: [one(v) for v in value]}
        if isinstance(value, dict):
            return {"dict": [[one(k), one(v)] for k, v in value.items()]}
        if isinstance(value, bytes):
            return {"bytes": value.decode("latin-1")}
        if value is ...:
            return {"unread": None}
        return {"complex": [value.real, value.imag]} if isinstance(value, complex) else value

    values = one(results)
    # The list grows while its members are packed.
    return {"values": values, "pointers": [[p.type, p.address, one(p.value)] for p in pointers]}


def unpack(packed: dict[str, Any]) -> tuple[object, ...] | None:
    """The results that `pack` was given."""
    pointers = [Pointer(..., kind, address) for kind, address, _ in packed["pointers"]]

    def one(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        ((tag, held),) = value.items()
        if tag == "pointer":
            return pointers[held]
        if tag == "dynamic":
            return Dynamic(held[0], one(held[1]), held[2])
        if tag == "dict":
            return {one(k): one(v) for k, v in held}
        if tag == "bytes":
            return held.encode("latin-1")
        if tag == "unread":
            return ...
        return complex(*held) if tag == "complex" else (tuple if tag == "tuple" else list)(map(one, held))

    for pointer, (_, _, value) in zip(pointers, packed["pointers"], strict=True):
        pointer.value = one(value)
    values: tuple[object, ...] | None = one(packed["values"])
    return values
