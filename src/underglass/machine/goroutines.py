"""What each goroutine waits for, read from the runtime's own tables when the threads are stuck."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from underglass.abi import field_offsets
from underglass.machine.memory import BadAddress, Memory
from underglass.program import Program

__all__ = ["Goroutine", "goroutines", "stacks_of"]

_DEAD, _STATES = 6, ("idle", "runnable", "running", "in a system call", "waiting")  # runtime/runtime2.go
_MOST = 100


@dataclass(frozen=True)
class Goroutine:
    """One entry of runtime.allgs."""

    number: int
    state: str  # "waiting: chan receive"
    place: str  # function it will go on in

    def __str__(self) -> str:
        return f"goroutine {self.number} {self.state}{f' in {self.place}' if self.place else ''}"


def goroutines(program: Program, memory: Memory) -> list[Goroutine]:
    """The living goroutines; none if the program has no debugging information to find them by."""
    try:
        return list(_read(program, memory))
    except (BadAddress, KeyError, IndexError, UnicodeDecodeError):
        return []


def stacks_of(program: Program, memory: Memory) -> list[tuple[int, int, int]]:
    """(goid, low, high) of each living goroutine's stack; none without debugging information.

    stack.lo and stack.hi come first in g (Go 1.27, runtime/runtime2.go).
    """
    try:
        return [
            (_word(memory, g + offsets["goid"]), _word(memory, g), _word(memory, g + 8))
            for offsets, g in _living(program, memory)
            if _word(memory, g)
        ]
    except (BadAddress, KeyError):
        return []


def _living(program: Program, memory: Memory) -> Iterator[tuple[dict[str, int], int]]:
    """The offsets of g's fields, and the address of each g that is not dead, as runtime.allgs has them."""
    offsets = field_offsets(program, "runtime.g")
    table, _ = program.elf.symbols["runtime.allgs"][:2]
    start, count = _word(memory, table), min(_word(memory, table + 8), _MOST)
    for index in range(count):
        g = _word(memory, start + 8 * index)
        if _word(memory, g + offsets["atomicstatus"], 4) & ~0x1000 < _DEAD:
            yield offsets, g


def _read(program: Program, memory: Memory) -> Iterator[Goroutine]:
    for offsets, g in _living(program, memory):
        status = _word(memory, g + offsets["atomicstatus"], 4) & ~0x1000
        state = _STATES[status] if status < len(_STATES) else f"in state {status}"
        if state == "waiting":
            state += f": {_reason(program, memory, _word(memory, g + offsets['waitreason'], 1))}"
        pc = _word(memory, g + offsets["sched"] + 8)  # gobuf: sp, pc (Go 1.27, runtime/runtime2.go)
        function = program.function_at(pc)
        yield Goroutine(_word(memory, g + offsets["goid"]), state, function.name if function else "")


def _reason(program: Program, memory: Memory, code: int) -> str:
    address, size = program.elf.symbols["runtime.waitReasonStrings"][:2]
    if 16 * code >= size:
        return f"reason {code}"
    text, length = _word(memory, address + 16 * code), _word(memory, address + 16 * code + 8)
    return memory.read(text, min(length, 100)).decode() or "unknown"


def _word(memory: Memory, address: int, size: int = 8) -> int:
    return int.from_bytes(memory.read(address, size), "little")
