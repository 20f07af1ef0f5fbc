"""The tables that the compiler leaves for the runtime with each function: FUNCDATA and PCDATA.

Ids: Go 1.27, internal/abi/symtab.go. Where they lie: runtime/symtab.go (funcdata, pcdatavalue). Formats:
runtime/symtab.go (stackmap, inlinedCall), runtime/stack.go (stackObjectRecord), runtime/panic.go (open-coded
defers), runtime/traceback.go (printArgs), internal/abi/bounds.go.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from underglass.program.function import Function
from underglass.program.pclntab import PcTable
from underglass.program.program import Program

__all__ = [
    "BOUNDS",
    "FUNCDATA",
    "PCDATA",
    "Bounds",
    "InlinedCall",
    "StackMaps",
    "StackObject",
    "bounds_at",
    "defer_slots",
    "funcdata_address",
    "inlined_calls",
    "pcdata",
    "stack_maps",
    "stack_objects",
    "traced_arguments",
    "wrapped_function",
]

WORD = 8  # bytes of a pointer
PCDATA = {"UnsafePoint": 0, "StackMapIndex": 1, "InlTreeIndex": 2, "ArgLiveIndex": 3, "PanicBounds": 4}
FUNCDATA = {
    "ArgsPointerMaps": 0,
    "LocalsPointerMaps": 1,
    "StackObjects": 2,
    "InlTree": 3,
    "OpenCodedDeferInfo": 4,
    "ArgInfo": 5,
    "ArgLiveInfo": 6,
    "WrapInfo": 7,
}
BOUNDS = (
    "Index",
    "SliceAlen",
    "SliceAcap",
    "SliceB",
    "Slice3Alen",
    "Slice3Acap",
    "Slice3B",
    "Slice3C",
    "Convert",
)
"""Kinds of bounds failure, in the order of internal/abi.BoundsErrorCode."""

_MOST = 1 << 16  # maps, objects or words of one function: more means a damaged file


@dataclass(frozen=True)
class StackMaps:
    """One pointer map for each value of PCDATA_StackMapIndex: `maps[index][word]` is True for a pointer."""

    address: int  # guest address of the table
    words: int  # that each map covers
    maps: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True)
class StackObject:
    """A variable in the frame whose address is taken: scanned only if something points to it."""

    offset: int  # bytes: from varp, the high end of the locals, if negative; else from the first argument
    size: int  # bytes
    pointers: tuple[int, ...]  # bytes from its start at which a pointer lies


@dataclass(frozen=True)
class InlinedCall:
    """One node of the tree of inlined calls."""

    name: str  # the function that was inlined
    parent_pc: int  # bytes from the entry: an instruction of the caller at the place of the call
    start_line: int


@dataclass(frozen=True)
class Bounds:
    """What `CALL runtime.panicBounds` is to complain about."""

    code: str  # one of BOUNDS
    is_signed: bool
    x: int  # the number of a register, or the value itself
    y: int
    x_in_register: bool
    y_in_register: bool


def pcdata(program: Program, function: Function, table: str) -> PcTable:
    """The values of a PCDATA table, by its name in `PCDATA`, for each pc."""
    return program.pclntab.pcdata(program.record_of(function), PCDATA[table])


def funcdata_address(program: Program, function: Function, table: str) -> int | None:
    """Where a FUNCDATA of a function lies, by its name in `FUNCDATA`; None if the function has none."""
    held = program.record_of(function).funcdata
    index = FUNCDATA[table]
    base = program.elf.symbols.get("go:func.*")  # moduledata.gofunc
    if index >= len(held) or (offset := held[index]) is None or base is None:
        return None
    return base[0] + offset


def stack_maps(program: Program, function: Function, table: str) -> StackMaps | None:
    """The pointer maps "ArgsPointerMaps" or "LocalsPointerMaps"; None if the function has none."""
    at = funcdata_address(program, function, table)
    if at is None:
        return None
    count, words = _words(program, at, 2)
    if not 0 <= count <= _MOST or not 0 <= words <= _MOST:
        return None
    each = (words + 7) // 8
    data = program.bytes_at(at + 8, count * each)
    rows = (data[i * each : (i + 1) * each] for i in range(count))
    return StackMaps(at, words, tuple(_bits(row, words) for row in rows))


def stack_objects(program: Program, function: Function) -> tuple[StackObject, ...]:
    """The function's stack objects."""
    at = funcdata_address(program, function, "StackObjects")
    base = program.elf.symbols.get("runtime.rodata")  # moduledata.rodata
    if at is None or base is None:
        return ()
    (count,) = struct.unpack("<Q", program.bytes_at(at, WORD).ljust(WORD, b"\0"))
    found = []
    for index in range(min(count, _MOST)):
        offset, size, covered, mask = _words(program, at + WORD + 16 * index, 4)
        words = min(covered, size) // WORD
        bits = _bits(program.bytes_at(base[0] + (mask & 0xFFFFFFFF), (words + 7) // 8), words)
        found.append(StackObject(offset, size, tuple(WORD * i for i, bit in enumerate(bits) if bit)))
    return tuple(found)


def inlined_calls(program: Program, function: Function) -> tuple[InlinedCall, ...]:
    """The calls that the compiler replaced by the callee's body, in the order of PCDATA_InlTreeIndex."""
    at = funcdata_address(program, function, "InlTree")
    if at is None:
        return ()
    # A parent has a smaller index than what was inlined into it, and each node some instruction.
    count = max(pcdata(program, function, "InlTreeIndex").values, default=-1) + 1
    found = []
    for index in range(min(count, _MOST)):
        _, name, parent, line = _words(program, at + 16 * index, 4)
        found.append(InlinedCall(program.pclntab.name_at(name), parent, line))
    return tuple(found)


def defer_slots(program: Program, function: Function) -> tuple[int, int] | None:
    """Bytes below varp of the byte of open-coded defers' bits, and of their closures; None if it has none."""
    at = funcdata_address(program, function, "OpenCodedDeferInfo")
    if at is None:
        return None
    data, found = program.bytes_at(at, 20), []
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(value)
            value = shift = 0
    return (found[0], found[1]) if len(found) > 1 else None


def traced_arguments(program: Program, function: Function) -> tuple[tuple[int, int], ...]:
    """(offset from the first argument, size) of the words a traceback prints for the function's arguments.

    Bytes from 0xf0 on are no offsets: 0xff ends the list, 0xfd stands for an argument too large to print,
    the others for brackets and dots.
    """
    at = funcdata_address(program, function, "ArgInfo")
    if at is None:
        return ()
    data, found = program.bytes_at(at, 256), []
    index = 0
    while index < len(data) and data[index] != 0xFF:
        if data[index] >= 0xF0:
            index += 1
        else:
            found.append((data[index], data[index + 1] if index + 1 < len(data) else 0))
            index += 2
    return tuple(found)


def wrapped_function(program: Program, function: Function) -> Function | None:
    """The function that a compiler-made wrapper calls, as FUNCDATA_WrapInfo says it."""
    at = funcdata_address(program, function, "WrapInfo")
    text = program.elf.symbols.get("runtime.text")
    if at is None or text is None:
        return None
    return program.function_at(text[0] + (_words(program, at, 1)[0] & 0xFFFFFFFF))


def bounds_at(program: Program, function: Function, pc: int) -> Bounds | None:
    """What the call of runtime.panicBounds at `pc` complains about; None if the table has nothing there."""
    value = pcdata(program, function, "PanicBounds").at(pc - function.address)
    if value is None or value < 0:
        return None
    rest, code = divmod(value, len(BOUNDS))
    in_registers = rest & 1 != 0, rest & 2 != 0
    signed = in_registers[0] and rest & 4 != 0
    x = rest >> 3 & 0xF if in_registers[0] else rest >> 2 & 0x1F
    y = rest >> 7 & (0xF if in_registers[1] else 0x1F)
    return Bounds(BOUNDS[code], signed, x, y, *in_registers)


def _words(program: Program, at: int, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}i", program.bytes_at(at, 4 * count).ljust(4 * count, b"\0"))


def _bits(data: bytes, count: int) -> tuple[bool, ...]:
    return tuple(i // 8 < len(data) and data[i // 8] >> i % 8 & 1 == 1 for i in range(count))
