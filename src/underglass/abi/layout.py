"""Where each argument and result lies: on the stack in ABI0, in registers and on the stack in ABIInternal.

Source: Go 1.27, cmd/compile/abi-internal.md, section "Function call argument and result passing".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from underglass.abi.amd64 import FLOAT_ARGS, INTEGER_ARGS, WORD
from underglass.abi.signature import Param, Signature
from underglass.abi.types import (
    BASIC,
    Array,
    Basic,
    GoType,
    Interface,
    Reference,
    Slice,
    String,
    Struct,
    align_up,
)

__all__ = ["Layout", "Piece", "Place", "abi0_layout", "abi_internal_layout"]

_POINTER = Reference("unsafe.Pointer")
_INT = BASIC["int"]


@dataclass(frozen=True)
class Piece:
    """The part of a value that one register holds."""

    register: str  # Plan 9 name
    offset: int  # bytes from the start of the value
    size: int  # bytes


@dataclass(frozen=True)
class Place:
    """Where one parameter or result lies."""

    name: str
    type: GoType
    is_result: bool
    pieces: tuple[Piece, ...]  # empty: it lies on the stack
    offset: int | None  # bytes from the first stack argument (FP); None if in registers
    spill: int | None  # the same for the room the callee may spill a register parameter to


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
    """Everything on the stack, in order of declaration; results start at a whole word."""
    places: list[Place] = []
    offset = 0
    for is_result, members in ((False, signature.params), (True, signature.results)):
        for param in members:
            offset = align_up(offset, param.type.align)
            places.append(Place(param.name, param.type, is_result, (), offset, None))
            offset += param.type.size
        offset = align_up(offset, WORD)
    return Layout(tuple(places), offset, 0)


def abi_internal_layout(signature: Signature) -> Layout:
    """Registers while they last, each value whole or not at all; what does not fit, on the stack."""
    stack = _Stack()
    params = _assign(signature.params, False, stack)
    stack.align()
    results = _assign(signature.results, True, stack)
    stack.align()
    args_size = stack.offset
    spilled = []
    for place in params:
        spill = stack.add(place.type) if place.pieces else None
        spilled.append(Place(place.name, place.type, False, place.pieces, place.offset, spill))
    stack.align()
    return Layout((*spilled, *results), args_size, stack.offset - args_size)


class _Stack:
    def __init__(self) -> None:
        self.offset = 0

    def add(self, kind: GoType) -> int:
        start = align_up(self.offset, kind.align)
        self.offset = start + kind.size
        return start

    def align(self) -> None:
        self.offset = align_up(self.offset, WORD)


class _Full(Exception):
    """The value cannot be held in registers: too few are left, or an array is longer than 1."""


def _assign(members: Iterable[Param], is_result: bool, stack: _Stack) -> list[Place]:
    integers, floats = 0, 0  # how many of each sequence are taken
    places = []
    for param in members:
        pieces: tuple[Piece, ...] = ()
        if param.type.size:
            try:
                pieces, used = _pieces(param.type, integers, floats)
                integers, floats = used
            except _Full:
                pieces = ()
        offset = None if pieces else stack.add(param.type)
        places.append(Place(param.name, param.type, is_result, pieces, offset, None))
    return places


def _pieces(kind: GoType, integers: int, floats: int) -> tuple[tuple[Piece, ...], tuple[int, int]]:
    found: list[Piece] = []
    for offset, leaf in _leaves(kind, 0):
        if isinstance(leaf, Basic) and leaf.kind == "float":
            if floats >= len(FLOAT_ARGS):
                raise _Full
            found.append(Piece(FLOAT_ARGS[floats], offset, leaf.size))
            floats += 1
        else:
            if integers >= len(INTEGER_ARGS):
                raise _Full
            found.append(Piece(INTEGER_ARGS[integers], offset, leaf.size))
            integers += 1
    return tuple(found), (integers, floats)


def _leaves(kind: GoType, offset: int) -> Iterable[tuple[int, GoType]]:
    """The words and numbers a value is made of, with their offsets (the document's "register-assign")."""
    if isinstance(kind, String):
        yield from ((offset, _POINTER), (offset + WORD, _INT))
    elif isinstance(kind, Slice):
        yield from ((offset, _POINTER), (offset + WORD, _INT), (offset + 2 * WORD, _INT))
    elif isinstance(kind, Interface):
        yield from ((offset, _POINTER), (offset + WORD, _POINTER))
    elif isinstance(kind, Struct):
        for field in kind.fields:
            yield from _leaves(field.type, offset + field.offset)
    elif isinstance(kind, Array):
        if kind.length > 1:
            raise _Full
        if kind.length == 1:
            yield from _leaves(kind.element, offset)
    elif isinstance(kind, Basic) and kind.kind == "complex":
        half = BASIC["float32" if kind.size == 8 else "float64"]
        yield from ((offset, half), (offset + half.size, half))
    else:
        yield offset, kind
