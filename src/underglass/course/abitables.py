"""The two calling conventions as reference tables, made of the data that the library computes with.

Sources: Go 1.27, cmd/compile/abi-internal.md, sections "Memory layout", "Function call argument and result
passing" and "amd64 architecture"; names of parts: cmd/vendor/golang.org/x/tools, analysis/passes/asmdecl.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from underglass.abi import (
    FLOAT_ARGS,
    INTEGER_ARGS,
    ROLES,
    Layout,
    Place,
    abi0_layout,
    abi_internal_layout,
    parse_signature,
)
from underglass.trace.rules import RULES
from underglass.views.table import Table

__all__ = ["TYPES", "role_table", "rule_table", "stack_table", "type_table"]

TYPES = (
    "bool", "int8", "uint16", "int32", "int64", "uintptr", "float32", "float64", "complex64", "complex128",
    "*int32", "map[string]int", "chan int", "func(int) int", "string", "[]byte", "error", "any",
    "struct{ x, y int32 }", "struct{}", "[1]string", "[2]int8", "struct{ n int64; k [2]int8 }",
)  # fmt: skip
"""One of each kind that the rules tell apart."""

_ABI0 = {"SP": "the same", "BP": "the same", "DX": "closure context, at a call through a function value"}
_SEQUENCES = {INTEGER_ARGS: "integers and pointers", FLOAT_ARGS: "floats"}


def role_table() -> Table:
    """What each register means at a call, in both conventions."""
    rows = [
        (_list(sequence), f"arguments and results: {kind}, in this order", "nothing")
        for sequence, kind in _SEQUENCES.items()
    ]
    others = {name: role for name, role in ROLES.items() if name not in (*INTEGER_ARGS, *FLOAT_ARGS)}
    for role, names in groupby(others, key=others.__getitem__):
        group = tuple(names)
        rows.append((_list(group), role, _ABI0.get(group[0], "nothing")))
    return Table("Registers at a call", ("register", "ABIInternal", "ABI0"), tuple(rows))


def type_table(types: Sequence[str] = TYPES) -> Table:
    """Size and alignment of types, the registers that an argument `x` takes, and the names of its parts.

    Raises:
        CallError: a type that cannot be read.
    """
    rows = []
    for name in types:
        (place,) = abi_internal_layout(parse_signature(f"func f(x {name})")).places
        taken = [piece.register for piece in place.pieces]
        parts = ", ".join(f"`x{piece.part}+{piece.offset}`" for piece in place.pieces)
        room = f"{place.type.size}, {place.type.align}"
        where = _list(taken) or ("stack" if place.type.size else "no room")
        rows.append((f"`{name}`", room, where, parts or "`x+0`"))
    head = ("type", "size, align", "in ABIInternal", "parts in assembly")
    return Table("Types as arguments", head, tuple(rows))


def stack_table(prototype: str) -> Table:
    """The words of one call above the return address, from 0(FP) upwards, in both conventions.

    Raises:
        CallError: the prototype cannot be read.
    """
    signature = parse_signature(prototype)
    layouts = {"ABI0": abi0_layout(signature), "ABIInternal": abi_internal_layout(signature)}
    rows = [row for abi, layout in layouts.items() for row in _words(abi, layout)]
    return Table(str(signature), ("offset from FP", "bytes", "what", "convention"), tuple(rows))


def rule_table() -> Table:
    """What the sentinel holds a recorded call to."""
    rows = ((f"`{rule.id}`", rule.title, str(int(rule.page.chapter[:2]))) for rule in RULES.values())
    return Table("The rules that a run is held to", ("rule", "what it says", "chapter"), tuple(rows))


def _words(abi: str, layout: Layout) -> list[tuple[str, str, str, str]]:
    held: list[tuple[int, Place, str]] = []
    for place in layout.places:
        if place.offset is not None:
            held.append((place.offset, place, "result" if place.is_result else "argument"))
        if place.spill is not None:
            held.append((place.spill, place, "spill space of"))
    return [
        (str(offset), str(place.type.size), f"{what} `{place.name}`", abi)
        for offset, place, what in sorted(held, key=lambda each: each[0])
    ]


def _list(names: Sequence[str]) -> str:
    return (
        f"`{names[0]}` to `{names[-1]}`" if tuple(names) == FLOAT_ARGS else ", ".join(f"`{n}`" for n in names)
    )
