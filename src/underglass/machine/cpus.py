"""Several processors on one memory, one move at a time.

A move is an instruction, or one piece of a store that the hardware may break up. Which processor
moves next is the caller's to say, or a seed's; so each interleaving can be had, and had again.
"""

from __future__ import annotations

import ctypes
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from capstone import CS_ARCH_X86, CS_MODE_64, Cs
from unicorn import UC_PROT_ALL, unicorn_const

from underglass.errors import UnderglassError
from underglass.machine.cpu import Cpu
from underglass.machine.native import PAGE
from underglass.machine.segments import GDT, enter_handler, load_segments

__all__ = ["CACHE_LINE", "Cpus", "Move"]

CACHE_LINE = 64  # bytes
_LONGEST = 15  # bytes of an instruction
_BREAKPOINT = 3  # the vector of INT3
Atomicity = Literal["aligned", "line", "whole"]


@dataclass(frozen=True)
class Move:
    """What one processor did in one move."""

    cpu: int
    kind: Literal["instruction", "piece", "fault"]
    pc: int  # of the instruction
    text: str  # the instruction in Intel syntax, or what went wrong
    stores: tuple[tuple[int, bytes], ...]  # (address, bytes) that became visible to all


class Cpus:
    """`count` processors that share all memory.

    Args:
        memory: bytes by address; the pages they touch are mapped.
        atomic: how a store becomes visible to the others. "aligned": each aligned 8-byte unit by itself
            (what the first x86-64 processors and all since promise); "line": whole inside a cache line,
            in pieces across one (P6 and later; Intel SDM, volume 3, "Guaranteed Atomic Operations");
            "whole": at once.
    """

    def __init__(self, count: int, memory: Mapping[int, bytes], *, atomic: Atomicity = "line") -> None:
        self._atomic = atomic
        self._pages: dict[int, Any] = {}
        self._cpus = [Cpu() for _ in range(count)]
        self._pcs = [0] * count
        self._pieces: list[list[tuple[int, bytes]]] = [[] for _ in range(count)]
        self._stores: list[tuple[int, int]] = []
        self._before: dict[int, bytes] = {}
        self._handler: tuple[int, tuple[int, ...]] | None = None
        self._text = Cs(CS_ARCH_X86, CS_MODE_64)
        self.history: list[Move] = []
        for cpu in self._cpus:
            cpu.uc.hook_add(unicorn_const.UC_HOOK_MEM_WRITE, self._on_store)
        for address, data in memory.items():
            self.write(address, data)

    def __len__(self) -> int:
        return len(self._cpus)

    def __getitem__(self, number: int) -> Cpu:
        """A processor: its registers are `cpus[0]["AX"]`; PC is set by `start`."""
        return self._cpus[number]

    def start(self, number: int, pc: int, **registers: int) -> None:
        """Let a processor begin at `pc` with the given registers."""
        self._pcs[number] = pc
        for name, value in registers.items():
            self._cpus[number][name] = value

    def on_breakpoint(self, handler: int, stacks: Sequence[int], gdt: int) -> None:
        """Let INT3 enter a handler, which IRETQ ends; without one it is a fault.

        Args:
            handler: its address.
            stacks: for each processor, the end of the stack that the handler runs on.
            gdt: where 24 bytes for the segment descriptors are free.
        """
        if len(stacks) != len(self):
            raise UnderglassError(f"There are {len(self)} processors, and {len(stacks)} stacks for INT3.")
        self.write(gdt, GDT)
        for cpu in self._cpus:
            load_segments(cpu, gdt)
        self._handler = handler, tuple(stacks)

    def pc(self, number: int) -> int:
        """Where a processor goes on."""
        return self._pcs[number]

    def is_busy(self, number: int) -> bool:
        """Whether a part of a processor's latest store is not visible yet."""
        return bool(self._pieces[number])

    @property
    def pages(self) -> tuple[int, ...]:
        """Addresses of the pages that are mapped."""
        return tuple(sorted(self._pages))

    def read(self, address: int, size: int) -> bytes:
        """Bytes as every processor sees them."""
        return bytes(self._cpus[0].uc.mem_read(address, size))

    def write(self, address: int, data: bytes) -> None:
        """Change memory from outside, at once."""
        for page in range(address & -PAGE, address + max(len(data), 1), PAGE):
            if page not in self._pages:
                room = ctypes.create_string_buffer(2 * PAGE)
                self._pages[page] = room
                host = (ctypes.addressof(room) + PAGE - 1) & -PAGE
                for cpu in self._cpus:
                    cpu.uc.mem_map_ptr(page, PAGE, UC_PROT_ALL, ctypes.c_void_p(host))
        self._cpus[0].uc.mem_write(address, data)

    def run(self, script: Iterable[int]) -> list[Move]:
        """Make one move for each number of `script`, and return them."""
        first = len(self.history)
        for number in script:
            self.move(number)
        return self.history[first:]

    def shuffle(self, seed: int, moves: int) -> list[Move]:
        """Make `moves` moves in an order drawn from `seed`."""
        order = random.Random(seed)
        return self.run(order.randrange(len(self)) for _ in range(moves))

    def move(self, number: int) -> Move:
        """Let processor `number` make the rest of a store visible, or run an instruction."""
        if not 0 <= number < len(self):
            raise UnderglassError(
                f"There are processors 0 to {len(self) - 1}; there is no processor {number}."
            )
        pending = self._pieces[number]
        pc = self._pcs[number]
        if pending:
            address, data = pending.pop(0)
            self._cpus[0].uc.mem_write(address, data)
            return self._made(Move(number, "piece", pc, "", ((address, data),)))
        return self._made(self._instruction(number, pc))

    def _made(self, move: Move) -> Move:
        self.history.append(move)
        return move

    def _instruction(self, number: int, pc: int) -> Move:
        cpu = self._cpus[number]
        cpu.uc.ctl_remove_cache(pc, pc + _LONGEST)  # the bytes may have been changed through another engine
        self._stores.clear()
        self._before.clear()
        event = cpu.step(pc)
        if event.kind == "interrupt" and event.number == _BREAKPOINT and self._handler is not None:
            handler, stacks = self._handler
            pushed = enter_handler(cpu, event.pc, handler, stack=stacks[number])
            self._cpus[0].uc.mem_write(*pushed)
            self._pcs[number] = handler
            return Move(number, "instruction", pc, "int3", (pushed,))
        if event.kind in ("memory", "invalid", "interrupt"):
            what = (event.access and f"{event.access} at {event.address:#x}") or event.kind
            return Move(number, "fault", event.pc, what, ())
        text = self._decode(pc)
        self._pcs[number] = event.pc
        stores = [(a, self.read(a, size)) for a, size in self._stores]
        pieces = [piece for store in _merged(stores) for piece in _split(*store, self._atomic)]
        if len(pieces) > 1:
            for address, old in reversed(self._before.items()):
                cpu.uc.mem_write(address, old)
            cpu.uc.mem_write(*pieces[0])
            self._pieces[number] = pieces[1:]
        return Move(number, "instruction", pc, text, tuple(pieces[:1]))

    def _decode(self, pc: int) -> str:
        code = b"".join(self.read(a, 1) for a in range(pc, pc + _LONGEST) if a & -PAGE in self._pages)
        return next((f"{m} {o}".strip() for _, _, m, o in self._text.disasm_lite(code, pc)), "")

    def _on_store(self, uc: Any, kind: int, address: int, size: int, value: int, data: Any) -> None:
        self._stores.append((address, size))
        self._before.setdefault(address, bytes(uc.mem_read(address, size)))


def _merged(stores: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Neighbouring parts of one wide store, put together again."""
    found: list[tuple[int, bytes]] = []
    for address, data in stores:
        if found and found[-1][0] + len(found[-1][1]) == address:
            found[-1] = (found[-1][0], found[-1][1] + data)
        else:
            found.append((address, data))
    return found


def _split(address: int, data: bytes, atomic: Atomicity) -> Iterable[tuple[int, bytes]]:
    unit = {"aligned": 8, "line": CACHE_LINE, "whole": 1 << 62}[atomic]
    while data:
        room = unit - address % unit
        yield address, data[:room]
        address, data = address + len(data[:room]), data[room:]
