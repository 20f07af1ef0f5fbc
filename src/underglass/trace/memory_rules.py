"""The sentinel's rule about memory outside the frame: what a function may reach (golang/go issue 79062).

A function reaches what its slices, strings and pointers to arrays and structs span, the program's own
segments, and what it was told of by others. Where an address came from is not always known (a pointer to a
scalar may be the start of an array, a loaded word may be a pointer), and then nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.abi import GoType
from underglass.abi.amd64 import WORD
from underglass.abi.layout import Place
from underglass.abi.types import Array, Basic, Interface, Reference, Slice, String, Struct
from underglass.machine import REGISTERS
from underglass.trace.activation import Activation, own_accesses
from underglass.trace.library import pointee

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["check"]

_LEAST = 1 << 16  # Linux maps nothing below (vm.mmap_min_addr)
_BEFORE, _AFTER = 1 << 16, 1 << 30  # bytes around an address of unknown origin that may be its object's
_BELOW = 1024  # bytes below SP that still count as this stack's
_OVERREAD = 64  # bytes that a vector load may lie beside an object, as the standard library's do
_VECTOR = re.compile(r"\bX\d+\b")  # Unicorn tells of a load of 16 bytes as of two of 8
_IMPLICIT = ("PUSH", "POP", "CALL", "RET")
_MOST_ELEMENTS = 64
_BITS = 2**64

Breach = tuple[str, int, str]


@dataclass(frozen=True)
class _Span:
    """One object that an argument gives access to."""

    start: int  # guest address
    end: int
    is_constant: bool  # a string's bytes
    name: str  # of the argument


class _Reach:
    """What a function may touch, growing as it loads words that may be pointers."""

    def __init__(self, trace: Trace, run: Activation) -> None:
        self.trace, self.run = trace, run
        self.spans: list[_Span] = []
        self.unknown: list[int] = []  # addresses of objects whose extent nobody knows
        for place in run.layout.params if run.layout else ():
            raw = self._raw(place)
            if raw is not None:
                self._walk(place.name, place.type, raw)
        if run.function.abi == "ABIInternal":
            self.note(trace.register(run.entry, "DX"))  # a closure's context

    def note(self, value: int) -> None:
        """A word that came from elsewhere; if it may be an address, what lies around it is in reach."""
        is_new = value >= _LEAST and not any(s.start <= value <= s.end for s in self.spans)
        if is_new and value not in self.unknown:
            self.unknown.append(value)

    def allows(self, address: int, size: int, *, is_write: bool, is_vector: bool) -> bool:
        """Whether an access is in reach, as far as is known."""
        end = address + size
        for span in self.spans:
            if is_write and span.start <= address and end <= span.end and not span.is_constant:
                return True
            slack = _OVERREAD if is_vector else 0
            if not is_write and address < span.end + slack and end > span.start - slack:
                return True
        if any(known - _BEFORE <= address < known + _AFTER for known in self.unknown):
            return True
        elf = self.trace.program.elf
        return any(s.address <= address < s.address + s.memory_size for s in elf.segments)

    def _raw(self, place: Place) -> bytes | None:
        trace, entry = self.trace, self.run.entry
        if place.offset is not None:
            return trace.memory(entry, self.run.fp(entry) + place.offset, place.type.size)
        data = bytearray(place.type.size)
        for piece in place.pieces:
            if piece.register in REGISTERS:
                value = trace.register(entry, piece.register).to_bytes(WORD, "little")
                data[piece.offset : piece.offset + piece.size] = value[: piece.size]
        return bytes(data)

    def _walk(self, name: str, kind: GoType, raw: bytes) -> None:
        words = [int.from_bytes(raw[at : at + WORD], "little") for at in range(0, len(raw), WORD)]
        if isinstance(kind, Slice | String):
            size = kind.element.size * words[2] if isinstance(kind, Slice) else words[1]
            if size < _BITS // 2:
                self.spans.append(_Span(words[0], words[0] + size, isinstance(kind, String), name))
        elif isinstance(kind, Struct):
            for field in kind.fields:
                self._walk(name, field.type, raw[field.offset : field.offset + field.type.size])
        elif isinstance(kind, Array):
            size = kind.element.size
            for index in range(min(kind.length, _MOST_ELEMENTS)):
                self._walk(name, kind.element, raw[size * index : size * index + size])
        elif isinstance(kind, Reference) and (target := self._pointee(kind)) is not None:
            self.spans.append(_Span(words[0], words[0] + target.size, False, name))
        elif isinstance(kind, Reference | Interface) or (isinstance(kind, Basic) and kind.size == WORD):
            for word in words:
                self.note(word)

    def _pointee(self, kind: Reference) -> GoType | None:
        """The array or struct that a pointer points to; a pointer to a scalar may be the start of many."""
        found = pointee(self.trace.program, self.run.function, kind.name) if kind.name[:1] == "*" else None
        return found if isinstance(found, Array | Struct) else None


def check(trace: Trace, run: Activation) -> Iterator[Breach]:
    """Accesses of one activation to memory that it has no business with."""
    if run.changes_stack or run.layout is None or not run.layout.places:  # it may be told in registers
        return
    reach = _Reach(trace, run)
    returned = iter([(call.back, call) for call in run.calls if call.back is not None])
    upcoming = next(returned, None)
    name = run.function.name.removeprefix("main.")
    for step, is_write, address, size, _, text in own_accesses(trace, run):
        while upcoming is not None and upcoming[0] <= step:
            _learn(trace, run, reach, upcoming[0], upcoming[1].sp)
            upcoming = next(returned, None)
        fp, sp = run.fp(step), trace.register(step, "SP")
        if text.startswith(_IMPLICIT):
            continue
        if sp - _BELOW <= address < fp + (run.args_end or 0):
            if address < sp and "(SP)" not in text:
                yield "below-sp", step, f"{name} {_verb(is_write)} {sp - address} bytes below SP."
            # A callee may have put an address here; what the function itself put here is known.
        elif not any(word in text for word in ("(SP)", "(R14)", "FS:")) and not reach.allows(
            address, size, is_write=is_write, is_vector=_VECTOR.search(text) is not None
        ):
            yield "stray-access", step, _sentence(reach, name, address, size, is_write, fp)
            return  # what follows in a loop is the same mistake
        if not is_write and not fp <= address < fp + (run.args_end or 0):
            for at in range(0, max(size, WORD), WORD):
                reach.note(trace.word(step, address + at) or 0)


def _learn(trace: Trace, run: Activation, reach: _Reach, step: int, sp: int) -> None:
    """A callee may have handed over addresses, in registers and in the outgoing area."""
    for register in REGISTERS[:16]:
        if register not in ("SP", "BP"):
            reach.note(trace.register(step, register))
    for offset in range(sp, run.pseudo_sp, WORD):
        reach.note(trace.word(step, run.fp(step) + offset) or 0)


def _verb(is_write: bool) -> str:
    return "writes" if is_write else "reads"


def _sentence(reach: _Reach, name: str, address: int, size: int, is_write: bool, fp: int) -> str:
    head = f"{name} {_verb(is_write)} {size} bytes at {address:#x}"
    for span in reach.spans:
        if span.start <= address < span.end and span.is_constant:
            return f"{head}, in the bytes of the string {span.name}, which nobody may change."
        if span.end <= address + size and address < span.end + 4096:
            past = address - span.end
            how = f"{past} bytes past" if past > 0 else "right after" if past == 0 else "across"
            return f"{head}, {how} the end of {span.name}, which has {span.end - span.start} bytes."
        if span.start - 4096 < address < span.start:
            return f"{head}, {span.start - address} bytes before {span.name} begins."
    if 0 <= address - fp < _BEFORE:
        return f"{head}, in the frame of a caller, {address - fp} bytes above {name}'s FP."
    return f"{head}, which none of its arguments leads to."
