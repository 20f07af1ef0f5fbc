"""Where each argument and result lies: on the stack in ABI0, in registers and on the stack in ABIInternal.

Source: Go 1.27, cmd/compile/abi-internal.md, section "Function call argument and result passing".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from underglass.abi.amd64 import FLOAT_ARGS, INTEGER_ARGS, WORD
from underglass.abi.signature import Param, Signature
from underglass.abi.types import (
    Array,
    Basic,
    GoType,
    Interface,
    Slice,
    String,
    Struct,
    align_up,
)
from underglass.program import Function

__all__ = ["RULE_SOURCES", "Layout", "Piece", "Place", "abi0_layout", "abi_internal_layout", "layout_of"]

RULE_SOURCES = (
    'Go 1.27, cmd/compile/abi-internal.md, section "Function call argument and result passing"',
    "Go 1.27, cmd/compile/internal/abi/abiutils.go, assignParam and tryAllocRegs",
)
"""Where the rules come from."""


@dataclass(frozen=True)
class Piece:
    """The part of a value that one register holds."""

    register: str  # Plan 9 name
    offset: int  # bytes from the start of the value
    size: int  # bytes
    part: str  # of the value, as assembly names it: "" for all of it, "_base", "_x" (go vet, asmdecl)


@dataclass(frozen=True)
class Place:
    """Where one parameter or result lies."""

    name: str
    type: GoType
    is_result: bool
    pieces: tuple[Piece, ...]  # empty: it lies on the stack
    offset: int | None  # bytes from the first stack argument (FP); None if in registers
    spill: int | None  # the same for the room the callee may spill a register parameter to
    reason: str  # why it lies there: a sentence


@dataclass(frozen=True)
class Layout:
    """The whole call."""

    places: tuple[Place, ...]  # parameters, then results
    args_size: int  # bytes of arguments and results on the stack, without spill room
    spill_size: int  # bytes of spill room after them

    @property
    def params(self) -> tuple[Place, ...]:
        return tuple(p for p in self.places if not p.is_result)

    @property
    def results(self) -> tuple[Place, ...]:
        return tuple(p for p in self.places if p.is_result)


def abi0_layout(signature: Signature) -> Layout:
    """Everything on the stack, in order of declaration; results start at a whole word.

    ABI0 is ABIInternal with no argument registers (abi-internal.md, "Rationale").
    """
    return _layout(signature, {"integer": (), "float": ()})


def abi_internal_layout(signature: Signature) -> Layout:
    """Registers while they last, each value whole or not at all; what does not fit, on the stack."""
    return _layout(signature, {"integer": INTEGER_ARGS, "float": FLOAT_ARGS})


def layout_of(function: Function, taken: Signature) -> Layout:
    """Where the function's arguments and results lie, by its own ABI."""
    return abi0_layout(taken) if function.abi == "ABI0" else abi_internal_layout(taken)


def _layout(signature: Signature, registers: _Registers) -> Layout:
    stack = _Stack()
    params = _assign(signature.params, False, registers, stack)
    stack.align()
    results = _assign(signature.results, True, registers, stack)
    stack.align()
    args_size = stack.offset
    spilled = [replace(p, spill=stack.add(p.type)[0]) if p.pieces else p for p in params]
    stack.align()
    return Layout((*spilled, *results), args_size, stack.offset - args_size)


_Registers = dict[str, tuple[str, ...]]
"""The sequence of integer registers and that of float registers."""


class _Stack:
    def __init__(self) -> None:
        self.offset = 0

    def add(self, kind: GoType) -> tuple[int, int]:
        """(offset of the new slot, bytes of padding before it)."""
        start, before = align_up(self.offset, kind.align), self.offset
        self.offset = start + kind.size
        return start, start - before

    def align(self) -> None:
        self.offset = align_up(self.offset, WORD)


class _NotInRegisters(Exception):
    """The value cannot be held in registers; the text is the reason."""


def _assign(members: Iterable[Param], is_result: bool, registers: _Registers, stack: _Stack) -> list[Place]:
    free = dict(registers)  # results count from the first register again
    places = []
    for param in members:
        pieces: tuple[Piece, ...] = ()
        offset = None
        try:
            pieces, free, why = _in_registers(param.type, registers, free)
        except _NotInRegisters as reason:
            offset, padding = stack.add(param.type)
            filled = f", after {_count(padding, 'byte')} of padding (alignment {param.type.align})"
            why = f"{reason}: offset {offset}{filled if padding else ''}."
        places.append(Place(param.name, param.type, is_result, pieces, offset, None, why))
    return places


def _in_registers(
    kind: GoType, every: _Registers, free: _Registers
) -> tuple[tuple[Piece, ...], _Registers, str]:
    """The pieces of a value, the registers that are left, and why.

    The compiler counts what a type needs of each sequence and takes them if that many are left
    (Go 1.27, cmd/compile/internal/abi/abiutils.go, tryAllocRegs).
    """
    if not any(every.values()):
        raise _NotInRegisters("ABI0 passes everything on the stack")
    if not kind.size:
        raise _NotInRegisters("Zero size: it takes no register, and no room on the stack either")
    leaves = tuple(_leaves(kind, 0))
    needs = {name: [leaf for leaf in leaves if leaf[2] == name] for name in every}
    for name, needed in needs.items():
        left = free[name]
        if len(needed) > len(left):
            has = f"{len(left)} {_are(left)} left ({', '.join(left)})" if left else "none is left"
            raise _NotInRegisters(
                f"{name.capitalize()} registers ran out at {every[name][-1]}: it needs {len(needed)}, {has}, "
                "so it goes to the stack"
            )
    rest, pieces = dict(free), []
    for offset, size, name, part in leaves:
        pieces.append(Piece(rest[name][0], offset, size, part))
        rest[name] = rest[name][1:]
    wanted = " and ".join(_count(len(needed), f"{name} register") for name, needed in needs.items() if needed)
    taken = ", ".join(piece.register for piece in pieces)
    return tuple(pieces), rest, f"It needs {wanted}: {taken} {_are(pieces)} next."


def _leaves(kind: GoType, offset: int, part: str = "") -> Iterable[tuple[int, int, str, str]]:
    """(offset, size, register sequence, name) of each word and number that a value is made of.

    The document calls this "register-assign".
    """
    if isinstance(kind, String | Interface | Slice):
        for at, name in enumerate(_words(kind)):
            yield offset + at * WORD, WORD, "integer", part + name
    elif isinstance(kind, Struct):
        for field in kind.fields:
            yield from _leaves(field.type, offset + field.offset, f"{part}_{field.name}")
    elif isinstance(kind, Array):
        if kind.length > 1:
            subject = f"Its part {part[1:]} is an array of length" if part else "The array has length"
            raise _NotInRegisters(f"{subject} {kind.length}, so {'all of ' * bool(part)}it goes to the stack")
        if kind.length == 1:
            yield from _leaves(kind.element, offset, f"{part}_0")
    elif isinstance(kind, Basic) and kind.kind == "complex":
        half = kind.size // 2
        yield from ((offset, half, "float", f"{part}_real"), (offset + half, half, "float", f"{part}_imag"))
    else:
        is_float = isinstance(kind, Basic) and kind.kind == "float"
        yield offset, kind.size, "float" if is_float else "integer", part


def _words(kind: String | Interface | Slice) -> tuple[str, ...]:
    if isinstance(kind, Interface):
        return ("_type" if kind.name in ("any", "interface{}", "interface {}") else "_itable", "_data")
    return ("_base", "_len") if isinstance(kind, String) else ("_base", "_len", "_cap")


def _are(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
