"""What lies where in the guest's memory: the program's sections, stacks, heap, the runtime's own maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.machine.goroutines import stacks_of
from underglass.machine.memory import EXEC, READ, TOP, WRITE

if TYPE_CHECKING:
    from underglass.machine.machine import Machine
    from underglass.machine.memory import Region

__all__ = ["Area", "areas"]

_UNASKED = 0x7F00_0000_0000  # mmap(2) without an address gives places above
_CLOSE = 64 << 10  # bytes: what lies so near together is one group
_WORDS = {
    "stack of the first thread": "its g0 runs on it",
    "Go heap": "arenas: objects, and the stacks of goroutines",  # runtime/malloc.go, heapArena
    "runtime's own": "index of the arenas, page summaries, mark bits",
}
_SECTIONS = {  # what is in them, in words
    ".text": "code", ".rodata": "constants and strings", ".go.type": "type descriptors",
    ".gopclntab": "function and line tables",
    ".go.func": "func values", ".itablink": "interface tables", ".data": "variables with a value",
    ".noptrdata": "variables with a value, without pointers", ".bss": "variables without a value",
    ".noptrbss": "variables without a value, without pointers",
}  # fmt: skip


@dataclass(frozen=True)
class Area:
    """A run of guest addresses with one use."""

    start: int  # guest address
    end: int  # guest address of the first byte after it
    protection: str  # "r-x", "rw-"; "---" where it is only reserved
    name: str  # ".text", "heap", "stack of goroutine 1"
    words: str  # what it holds

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start


def areas(machine: Machine) -> tuple[Area, ...]:
    """Return what is mapped and reserved at this moment, by address; a part comes after its whole."""
    found = [*_sections(machine), *_regions(machine), *_stacks(machine)]
    return tuple(sorted(found, key=lambda a: (a.start, -a.end)))


def _sections(machine: Machine) -> Iterator[Area]:
    for name, start, size, protection in machine.program.elf.loaded_sections:
        yield Area(start, start + size, protection, name, _SECTIONS.get(name, ""))


def _regions(machine: Machine) -> Iterator[Area]:
    """What is mapped outside the program's segments: all regions with one use and no room between are one."""
    inside = [(s.address, s.address + s.memory_size) for s in machine.program.elf.segments]
    groups: list[tuple[str, list[Region]]] = []
    for region in machine.memory.regions:
        if any(low < region.end and region.start < high for low, high in inside):
            continue
        use = _use(region)
        last = groups[-1] if groups else None
        if last is not None and last[0] == use and region.start - last[1][-1].end <= _CLOSE:
            last[1].append(region)
        else:
            groups.append((use, [region]))
    for use, regions in groups:
        open_ = [r for r in regions if r.protection]
        words = _WORDS[use]
        if len(regions) > 1:
            words += (
                f"; {len(open_)} mapped, {sum(r.end - r.start for r in open_) >> 10:,} KiB, the rest reserved"
            )
        protection = _protection(open_[0]) if open_ else "---"
        yield Area(regions[0].start, regions[-1].end, protection, use, words)


def _use(region: Region) -> str:
    if region.end == TOP:
        return "stack of the first thread"
    # The heap grows in arenas, at addresses that the runtime asks for; what it does not ask for lies high.
    return "Go heap" if region.start < _UNASKED else "runtime's own"


def _stacks(machine: Machine) -> Iterator[Area]:
    for goid, low, high in stacks_of(machine.program, machine.memory):
        yield Area(low, high, "rw-", f"stack of goroutine {goid}", "inside the Go heap")


def _protection(region: Region) -> str:
    bits = ((READ, "r"), (WRITE, "w"), (EXEC, "x"))
    return "".join(letter if region.protection & bit else "-" for bit, letter in bits)
