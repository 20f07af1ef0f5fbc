"""Who refers to a function, and how: by a call, by its code address, by a func value.

A func value is a pointer to a read-only word that holds the code address; the linker keeps these words
together in section .go.func (Go 1.27, cmd/link/internal/ld/symtab.go, "go:funcdesc"; earlier releases leave
them in .rodata). Their symbols, `main.f·f`, are not in the symbol table.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from underglass.program import Function, Program
from underglass.program.code import decode

__all__ = ["How", "Reference", "func_values", "references", "rip_target"]

_WORD = 8
_RIP = re.compile(r"\[rip ([+-]) (0x[0-9a-f]+|\d+)\]")
_DECIMAL = re.compile(r"\b(?:0x[0-9a-f]+|\d+)$")


class How(Enum):
    """What a reference makes of the function."""

    CALL = "call"
    JUMP = "jump"  # a tail call
    FUNC_VALUE = "func value"  # the address of the word that holds the code address
    CODE_ADDRESS = "code address"  # the address of the code itself


@dataclass(frozen=True)
class Reference:
    """One place that refers to a function."""

    function: Function  # what is referred to
    how: How
    by: str  # the function's symbol, or the variable's, that refers to it; "" if the place has no name
    at: int  # address of the instruction or of the word of data
    in_code: bool
    func_value: int | None  # address of the word that the reference leads through


def func_values(program: Program) -> dict[int, int]:
    """Address of each func value's word → the code address in it."""
    data, start = program.elf.section(".go.func"), program.elf.section_address(".go.func")
    if data is None or start is None:
        data, start = program.elf.section(".rodata") or b"", program.elf.section_address(".rodata") or 0
    words = np.frombuffer(data[: len(data) // _WORD * _WORD], "<u8")
    entries = np.array([f.address for f in program.functions.values()], np.uint64)
    return {start + _WORD * int(i): int(words[i]) for i in np.flatnonzero(np.isin(words, entries))}


def references(program: Program, functions: Iterable[Function]) -> tuple[Reference, ...]:
    """Every reference to the functions, in order of address: those of code, then those of data.

    Code is searched for the 4 bytes that such an operand would have, and what is found is decoded.
    """
    wanted = {f.address: f for f in functions}
    values = {at: code for at, code in func_values(program).items() if code in wanted}
    targets = np.array(sorted({*wanted, *values}), np.int64)
    found = [*_in_code(program, wanted, values, targets), *_in_data(program, wanted, values, targets)]
    return tuple(found)


def rip_target(after: int, operands: str) -> int | None:
    """The address that [rip + n] means in an instruction that ends at `after`; None without one."""
    match = _RIP.search(operands)
    if match is None:
        return None
    distance = int(match[2], 0)
    return after + (distance if match[1] == "+" else -distance)


def _in_code(
    program: Program, wanted: Mapping[int, Function], values: Mapping[int, int], targets: NDArray[np.int64]
) -> Iterator[Reference]:
    holders: dict[int, Function] = {}
    for segment in program.elf.segments:
        if segment.executable:
            for place in _operands(segment.data, segment.address, targets):
                holder = program.function_at(place)
                if holder is not None:
                    holders[holder.address] = holder
    for holder in (holders[address] for address in sorted(holders)):
        code = program.bytes_at(holder.address, holder.size)
        for at, size, name, operands in decode(code, holder.address):
            read = rip_target(at + size, operands) if name == "mov" else None
            if (
                read is not None and read in values
            ):  # the word itself is read: what it holds is known when the compiler runs
                yield Reference(wanted[values[read]], How.CODE_ADDRESS, holder.symbol, at, True, read)
                continue
            target, how = _target(at + size, name, operands)
            if target in wanted and not (how is How.JUMP and wanted[target] == holder):
                yield Reference(wanted[target], how, holder.symbol, at, True, None)
            elif target in values and how is How.CODE_ADDRESS:
                function = wanted[values[target]]
                yield Reference(function, How.FUNC_VALUE, holder.symbol, at, True, target)


def _operands(data: bytes, start: int, targets: NDArray[np.int64]) -> list[int]:
    """Places of 4 bytes that are a distance to a target, or a target's address."""
    raw = np.frombuffer(data, np.uint8)
    if len(raw) < 4:
        return []
    numbers = np.lib.stride_tricks.sliding_window_view(raw, 4).copy().view("<i4")[:, 0].astype(np.int64)
    places = np.arange(len(numbers), dtype=np.int64) + start
    hits = np.isin(places + 4 + numbers, targets) | np.isin(numbers, targets)
    return [int(p) for p in places[hits]]


def _target(after: int, name: str, operands: str) -> tuple[int, How]:
    """What an instruction refers to, and how; address 0 if it refers to nothing."""
    if operands.startswith("0x") and name.startswith(("call", "j")):
        return int(operands, 16), How.CALL if name == "call" else How.JUMP
    if name == "lea" and (place := rip_target(after, operands)) is not None:
        return place, How.CODE_ADDRESS
    if name in ("mov", "movabs", "push") and (match := _DECIMAL.search(operands)):
        return int(match[0], 0), How.CODE_ADDRESS
    return 0, How.CODE_ADDRESS


def _in_data(
    program: Program, wanted: Mapping[int, Function], values: Mapping[int, int], targets: NDArray[np.int64]
) -> Iterator[Reference]:
    tables = [_span(program, name) for name in (".gopclntab", ".go.module")]
    names = _Names(program)
    for segment in program.elf.segments:
        if segment.executable:
            continue
        words = np.frombuffer(segment.data[: len(segment.data) // _WORD * _WORD], "<u8").astype(np.int64)
        for index in np.flatnonzero(np.isin(words, targets)).tolist():
            at, held = segment.address + _WORD * index, int(words[index])
            if at in values or any(start <= at < end for start, end in tables):
                continue  # the func value itself; the runtime's own tables
            if held in wanted:
                yield Reference(wanted[held], How.CODE_ADDRESS, names.at(at), at, False, None)
            else:
                yield Reference(wanted[values[held]], How.FUNC_VALUE, names.at(at), at, False, held)


def _span(program: Program, section: str) -> tuple[int, int]:
    start = program.elf.section_address(section)
    return (start, start + len(program.elf.section(section) or b"")) if start else (0, 0)


class _Names:
    """The variable that a word belongs to."""

    def __init__(self, program: Program) -> None:
        rows = sorted((a, s, n) for n, (a, s, _) in program.elf.symbols.items() if s)
        self._starts = [a for a, _, _ in rows]
        self._rows = rows

    def at(self, address: int) -> str:
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return ""
        start, size, name = self._rows[index]
        return name if address < start + size else ""
