"""What the scheduler knows of a goroutine and its thread, step by step, while they are in C or in Go.

The words are fields of runtime.g and runtime.m (Go 1.27, runtime/runtime2.go), found by DWARF.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.abi import field_offsets
from underglass.errors import UnderglassError
from underglass.machine import REGISTERS

if TYPE_CHECKING:
    from underglass.trace import Trace
    from underglass.trace.stacks import Stack

__all__ = ["ThreadChange", "stack_at", "thread_changes", "visits"]

_STATUS = {1: "runnable", 2: "running", 3: "syscall", 4: "waiting"}  # _Grunnable and so on
_HALF = 0xFFFFFFFF


@dataclass(frozen=True)
class ThreadChange:
    """One of the words has another value after a step."""

    step: int  # the instruction that stored it
    function: str  # in which it stands
    word: str  # "status" of the goroutine; "g0.sched.sp", "lockedInt" or "incgo" of its thread
    value: str | int  # a status by its name; a guest address; a count

    def __repr__(self) -> str:
        value = f"{self.value:#x}" if self.word == "g0.sched.sp" else self.value
        return f"step {self.step}, {self.function}: {self.word} = {value}"


def thread_changes(trace: Trace) -> tuple[ThreadChange, ...]:
    """Return the changes to the goroutine that a recording begins on, and to its thread, in order.

    Raises:
        UnderglassError: the recording does not begin in Go code, or its program has no DWARF.
    """
    places = _places(trace)
    found = []
    held = {name: _value(trace, 0, name, at) for name, at in places.items()}
    writes = trace.writes
    for step in sorted({int(row["step"]) for row in writes if _touches(row, places)}):
        for name, at in places.items():
            value = _value(trace, step + 1, name, at)
            if value != held[name]:
                held[name] = value
                function = trace.function_at(step)
                found.append(ThreadChange(step, function.name if function else "?", name, value))
    return tuple(found)


def stack_at(trace: Trace, step: int) -> Stack:
    """Return the stack that a recording is on before a step."""
    from underglass.trace.stacks import stays

    return next(stay.stack for stay in stays(trace) if stay.start <= step < stay.end)


def visits(trace: Trace) -> tuple[tuple[int, str], ...]:
    """Return each stay in a function as its first step and the function's name, C's among them."""
    found: list[tuple[int, str]] = []
    for step in range(len(trace)):
        function = trace.function_at(step)
        name = function.name if function else "?"
        if not found or found[-1][1] != name:
            found.append((step, name))
    return tuple(found)


def _places(trace: Trace) -> dict[str, int]:
    """Guest addresses of the words, as far as the recording has their memory."""
    g_fields, m_fields = (field_offsets(trace.program, f"runtime.{name}") for name in ("g", "m"))
    g = int(trace.registers[0, REGISTERS.index("R14")])
    if not g_fields or g % 8 or trace.word(0, g) is None:
        raise UnderglassError(f"{trace.title} does not begin in Go code, or its program has no DWARF.")
    found = {"status": g + g_fields["atomicstatus"]}
    m = trace.word(0, g + g_fields["m"])
    g0 = trace.word(0, m + m_fields["g0"]) if m else None
    if m and g0:
        found["g0.sched.sp"] = g0 + g_fields["sched"]
        found["lockedInt"], found["incgo"] = m + m_fields["lockedInt"], m + m_fields["incgo"]
    return found


def _touches(row: object, places: dict[str, int]) -> bool:
    address, size = int(row["address"]), int(row["size"])  # type: ignore[index]  # a row of numpy
    return any(address < at + 8 and at < address + size for at in places.values())


def _value(trace: Trace, step: int, name: str, at: int) -> str | int:
    word = trace.word(step, at & ~7) or 0
    if name == "g0.sched.sp":
        return word
    word >>= 8 * (at & 7)
    if name == "status":
        return _STATUS.get(word & _HALF, f"{word & _HALF}")
    return word & (0xFF if name == "incgo" else _HALF)
