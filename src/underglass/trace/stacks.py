"""On which stack each step of a recording runs: a goroutine's, the system's (g0), the signals', or C's.

C that Go calls runs on g0's stack, and counts as g0; "C" is a stack of which Go knows nothing.

Where a stack lies is written at the start of its g (Go 1.27, runtime/runtime2.go, type g: stack.lo,
stack.hi), and a goroutine's stack moves when it grows: runtime.copystack writes both words anew.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from underglass.abi import field_offsets
from underglass.machine import REGISTERS

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["Stack", "StackKind", "Stay", "entry_sps", "stays"]

StackKind = Literal["goroutine", "g0", "signal", "C", "unknown"]
_SP, _G = REGISTERS.index("SP"), REGISTERS.index("R14")
_FAR = 4096  # bytes: a larger move of SP may be a change of stacks
_BOUNDS = 16  # bytes of stack.lo and stack.hi
_FIRST_PAGE = 1 << 16  # no stack lies lower: stack.lo is near 0 where the C library does not tell it
_THREAD = 8 << 20  # bytes: what Linux lets a thread's stack grow to by default
_MOST_GS = 64


@dataclass(frozen=True)
class Stack:
    """A piece of memory used as a stack. A goroutine whose stack has grown has had several."""

    kind: StackKind
    low: int  # guest address; 0 if unknown
    high: int  # guest address of its end, which the first word lies below; 0 if unknown
    goid: int  # of the goroutine; 0 for the others

    @property
    def size(self) -> int:
        """Bytes; 0 if unknown."""
        return self.high - self.low if self.low else 0

    def __str__(self) -> str:
        size = f", {self.size:,} bytes" if self.size else ""
        return f"goroutine {self.goid}{size}" if self.kind == "goroutine" else f"{_NAMES[self.kind]}{size}"


_NAMES = {"g0": "g0, the thread's own", "signal": "gsignal", "C": "C", "unknown": "unknown"}


@dataclass(frozen=True)
class Stay:
    """Steps on end that run on one stack."""

    start: int  # first step
    end: int  # first step after it
    stack: Stack


def stays(trace: Trace) -> tuple[Stay, ...]:
    """Return the stacks that a recording runs on, in order; together they cover every step."""
    found: list[Stay] = []
    reader = _Reader(trace)
    borders = [*reader.borders(), len(trace) + 1]
    for start, end in itertools.pairwise(borders):
        stack = reader.stack(start)
        if found and found[-1].stack == stack:
            start = found.pop().start
        found.append(Stay(start, end, stack))
    return tuple(found)


def entry_sps(trace: Trace) -> tuple[tuple[int, int], ...]:
    """Return (step, SP at the call's entry) from which step on: a copied stack has that word elsewhere.

    copystack keeps each word's distance from the high end (Go 1.27, runtime/stack.go).
    """
    found, held = [(0, trace.register(0, "SP"))], None
    if not any(function.name == "runtime.copystack" for function in trace.functions):
        return tuple(found)
    for stay in stays(trace):
        stack, entry = stay.stack, found[-1][1]
        if held is None:
            held = stack if stack.low < entry <= stack.high else None
        elif stack.kind == "goroutine" and stack.goid == held.goid and stack != held:
            found.append((stay.start, entry + stack.high - held.high))
            held = stack
    return tuple(found)


class _Reader:
    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._g = field_offsets(trace.program, "runtime.g")
        self._m = field_offsets(trace.program, "runtime.m")
        values, counts = np.unique(trace.registers[:, _G], return_counts=True)
        often = values[np.argsort(-counts)][:_MOST_GS].tolist()
        every = [*often, *(other for g in often for other in self._of_thread(g))]
        self._gs = [g for g in dict.fromkeys(every) if g and g % 8 == 0 and self._bounds(g, 0) is not None]

    def _of_thread(self, g: int) -> list[int]:
        """g0 and gsignal of a g's thread; R14 need not hold them, since assembly and C have no use for it."""
        if not g or g % 8 or "m" not in self._g:
            return []
        m = self._trace.word(0, g + self._g["m"])
        fields = [self._m[name] for name in ("g0", "gsignal") if name in self._m]
        return [word for field in fields if m and (word := self._trace.word(0, m + field))]

    def borders(self) -> list[int]:
        """Steps at which the stack may be another one than a step before."""
        trace = self._trace
        sp = trace.registers[:, _SP].astype(np.int64)
        changes = np.abs(np.diff(sp)) > _FAR
        changes |= self._is_c[1:] != self._is_c[:-1]
        found = {0, *(np.flatnonzero(changes) + 1).tolist()}
        for row in trace.writes:
            address, size = int(row["address"]), int(row["size"])
            if any(g < address + size and address < g + _BOUNDS for g in self._gs):
                found.add(int(row["step"]) + 1)
        return sorted(step for step in found if step <= len(trace))

    @property
    def _is_c(self) -> NDArray[np.bool_]:
        trace = self._trace
        pcs = trace.registers[:, REGISTERS.index("PC")]
        spans = [(f.address, f.address + f.size) for f in trace.functions if f.abi == "C"]
        inside = np.zeros(len(pcs), bool)
        for low, high in spans:
            inside |= (pcs >= low) & (pcs < high)
        return inside

    def stack(self, step: int) -> Stack:
        trace = self._trace
        sp = trace.register(step, "SP")
        function = trace.function_at(step)
        is_c = function is not None and function.abi == "C"
        for g in self._gs:
            bounds = self._bounds(g, step)
            if bounds is None:
                continue
            low, high = bounds
            if (low or high - _THREAD) < sp <= high:
                kind = self._kind(g, step)
                return Stack(kind, low, high, self._goid(g, step) if kind == "goroutine" else 0)
        return Stack("C" if is_c else "unknown", 0, 0, 0)

    def _bounds(self, g: int, step: int) -> tuple[int, int] | None:
        low, high = self._trace.word(step, g), self._trace.word(step, g + 8)
        if low is None or high is None or not low < high:
            return None
        return (low if low >= _FIRST_PAGE else 0, high)

    def _kind(self, g: int, step: int) -> StackKind:
        m = self._trace.word(step, g + self._g["m"]) if "m" in self._g else None
        if m:
            for kind, field in (("g0", "g0"), ("signal", "gsignal")):
                if field in self._m and self._trace.word(step, m + self._m[field]) == g:
                    return "g0" if kind == "g0" else "signal"
        return "goroutine"

    def _goid(self, g: int, step: int) -> int:
        return (self._trace.word(step, g + self._g["goid"]) or 0) if "goid" in self._g else 0
