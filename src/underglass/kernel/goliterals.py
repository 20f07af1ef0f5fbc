"""A Python value as a Go literal of a type, for Go that is to be compiled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from underglass.abi.types import Array, Basic, GoType, Reference, Slice, String, Struct
from underglass.errors import CallError

__all__ = ["go_literal"]


def go_literal(kind: GoType, value: object) -> str:
    """Return the literal, to be assigned to a variable of the type.

    >>> from underglass.abi.types import BASIC
    >>> go_literal(BASIC["int64"], 23)
    '23'

    Raises:
        CallError: the value has no literal of this type.
    """
    if isinstance(kind, Basic) and isinstance(value, bool) == (kind.kind == "bool"):
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float) and math.isfinite(value):
            return repr(value)
        if kind.kind == "complex" and isinstance(value, complex):
            return f"complex({value.real!r}, {value.imag!r})"
    elif isinstance(kind, String) and isinstance(value, str | bytes):
        data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
        return '"' + "".join(f"\\x{byte:02x}" for byte in data) + '"'
    elif isinstance(kind, Slice | Array) and isinstance(value, list):
        return f"{kind.name}{{{', '.join(go_literal(kind.element, v) for v in value)}}}"
    elif isinstance(kind, Struct):
        return f"{kind.name}{{{', '.join(_fields(kind, value))}}}"
    elif isinstance(kind, Reference | Slice) and value is None:
        return "nil"
    raise CallError(f"{value!r} has no Go literal of type {kind.name}")


def _fields(kind: Struct, value: object) -> list[str]:
    if isinstance(value, Mapping):
        types = {field.name: field.type for field in kind.fields}
        return [f"{name}: {go_literal(types[name], held)}" for name, held in value.items() if name in types]
    if isinstance(value, Sequence) and len(value) == len(kind.fields):
        return [go_literal(field.type, held) for field, held in zip(kind.fields, value, strict=True)]
    raise CallError(f"{value!r} has no Go literal of type {kind.name}")
