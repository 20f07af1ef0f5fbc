"""A processor without an operating system, as start-up code finds it.

SSE is off (CR4.OSFXSR clear) and FS and GS are 0, so that what a boot loader leaves undone is seen.
Exceptions go to the guest's own IDT where it has a gate for them, else to a Python handler, else they
end the run.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from unicorn import x86_const as x86

from underglass.errors import UnderglassError
from underglass.machine.cpu import LONGEST_BLOCK, Cpu, Event
from underglass.machine.memory import EXEC, READ, WRITE, BadAddress, Memory
from underglass.machine.native import PAGE
from underglass.machine.segments import CODE_SELECTOR, GDT, enter_handler, load_segments
from underglass.program import Abi, Program

__all__ = ["EXCEPTIONS", "BareMachine", "Exception_", "Stop"]

EXCEPTIONS: Mapping[int, str] = MappingProxyType(
    {0: "#DE", 1: "#DB", 3: "#BP", 4: "#OF", 5: "#BR", 6: "#UD", 7: "#NM", 8: "#DF", 10: "#TS", 11: "#NP",
     12: "#SS", 13: "#GP", 14: "#PF", 16: "#MF", 17: "#AC", 19: "#XM"}
)  # fmt: skip
"""Vectors and their short names (Intel SDM, volume 3, table 6-1)."""

_GDT_AT, _IDT_AT, _IDT_SIZE = 0x1000, 0x2000, 256 * 16
_HAS_ERROR_CODE = (8, 10, 11, 12, 13, 14, 17)
_OSFXSR = 1 << 9  # CR4
_MEMORY = 1 << 30
_CONTROL = {name: int(getattr(x86, f"UC_X86_REG_{name}")) for name in ("CR0", "CR2", "CR3", "CR4")}
_TABLES = {"GDT": int(x86.UC_X86_REG_GDTR), "IDT": int(x86.UC_X86_REG_IDTR)}
_GS_BASE = int(x86.UC_X86_REG_GS_BASE)


@dataclass(frozen=True)
class Exception_:
    """An exception or software interrupt, before it is delivered."""

    vector: int
    pc: int  # of the instruction at fault; of the next one for #BP and INT n
    error: int | None  # error code, for the vectors that have one
    address: int | None  # #PF: what was touched, as in CR2

    @property
    def name(self) -> str:
        """`#UD`, or `INT 32` for a vector with no name of its own."""
        return EXCEPTIONS.get(self.vector, f"INT {self.vector}")


@dataclass(frozen=True)
class Stop:
    """Why a run ended."""

    reason: Literal["until", "halt", "exception", "instructions"]
    pc: int
    exception: Exception_ | None
    text: str  # the same in words


Handler = Callable[["BareMachine", Exception_], bool]
"""Handles an exception by changing registers, PC included; returns False to end the run."""


class BareMachine:
    """One processor and its memory.

    Args:
        program: a Go executable whose segments are put in memory, at their own addresses.
        code: further bytes, by address.
        sse: whether the start-up code finds SSE enabled.
    """

    def __init__(
        self, program: Program | None = None, code: Mapping[int, bytes] | None = None, *, sse: bool = False
    ) -> None:
        self.program = program
        self.cpu = Cpu()
        self.memory = Memory(self.cpu.uc, self.cpu.budget, _MEMORY)
        self._handlers: dict[int, Handler] = {}
        for segment in program.elf.segments if program is not None else ():
            self.write(segment.address, segment.data, room=segment.memory_size)
        self.write(_GDT_AT, GDT)
        for address, data in (code or {}).items():
            self.write(address, data)
        load_segments(self.cpu, _GDT_AT)
        self.sse = sse

    # -- state -----------------------------------------------------------------------------------

    def write(self, address: int, data: bytes, *, room: int = 0) -> None:
        """Put bytes at `address`; pages that are not there yet are mapped, `room` bytes at least."""
        for page in range(address & -PAGE, address + max(len(data), room, 1), PAGE):
            if self.memory.region_at(page) is None:
                self.memory.map(page, PAGE, READ | WRITE | EXEC)
        self.memory.load(address, data)

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory.

        Raises:
            UnderglassError: not all of them are mapped.
        """
        try:
            return self.memory.read(address, size)
        except BadAddress:
            raise UnderglassError(
                f"The bare machine has no memory at {address:#x}, {size} bytes. write() puts some there."
            ) from None

    @property
    def sse(self) -> bool:
        """CR4.OSFXSR: SSE instructions raise #UD while it is clear (Intel SDM, volume 3, section 14.1)."""
        return bool(self.control("CR4") & _OSFXSR)

    @sse.setter
    def sse(self, on: bool) -> None:
        value = self.control("CR4")
        self.set_control("CR4", value | _OSFXSR if on else value & ~_OSFXSR)

    def control(self, name: str) -> int:
        """CR0, CR2, CR3 or CR4."""
        return int(self.cpu.uc.reg_read(_CONTROL[name]))

    def set_control(self, name: str, value: int) -> None:
        """Write a control register."""
        self.cpu.uc.reg_write(_CONTROL[name], value)

    def set_table(self, name: Literal["GDT", "IDT"], address: int, size: int) -> None:
        """Point GDTR or IDTR at a table of `size` bytes, as LGDT and LIDT do."""
        self.cpu.uc.reg_write(_TABLES[name], (0, address, size - 1, 0))

    def table(self, name: Literal["GDT", "IDT"]) -> tuple[int, int]:
        """(address, size in bytes) of the table that GDTR or IDTR points at."""
        _, address, limit, _ = self.cpu.uc.reg_read(_TABLES[name])
        return int(address), int(limit) + 1 if limit else 0

    def set_gate(self, vector: int, handler: str | int) -> None:
        """Send an exception or `INT vector` to a handler: write its gate into the IDT, as start-up code does.

        The first gate makes an IDT of 256 empty ones (Intel SDM, volume 3, figure 6-8).

        Args:
            handler: an assembly function of the program, or an address.

        Raises:
            UnderglassError: the vector is none of 0 to 255, or there is no such function.
        """
        if not 0 <= vector <= 255:
            raise UnderglassError(f"There is no vector {vector}: an IDT has the gates 0 to 255.")
        if self.table("IDT")[1] == 0:
            self.write(_IDT_AT, bytes(_IDT_SIZE))
            self.set_table("IDT", _IDT_AT, _IDT_SIZE)
        to = self._address(handler, "ABI0")
        gate = struct.pack("<HHBBHII", to & 0xFFFF, CODE_SELECTOR, 0, 0x8E, to >> 16 & 0xFFFF, to >> 32, 0)
        self.write(self.table("IDT")[0] + 16 * vector, gate)

    @property
    def fs_base(self) -> int:
        """The FS base; Go's g lies 8 bytes below it."""
        return self.cpu.fs_base

    @fs_base.setter
    def fs_base(self, value: int) -> None:
        self.cpu.fs_base = value

    @property
    def gs_base(self) -> int:
        """The GS base."""
        return int(self.cpu.uc.reg_read(_GS_BASE))

    @gs_base.setter
    def gs_base(self, value: int) -> None:
        self.cpu.uc.reg_write(_GS_BASE, value)

    def on(self, vector: int, handler: Handler) -> None:
        """Let Python handle an exception that the guest's IDT has no gate for."""
        self._handlers[vector] = handler

    # -- running ---------------------------------------------------------------------------------

    def run(
        self,
        entry: str | int,
        *,
        stack: int | None = None,
        until: str | int = 0,
        instructions: int = 1_000_000,
    ) -> Stop:
        """Run from `entry` until `until`, HLT, an exception that nobody handles, or the budget's end.

        Args:
            entry: a function of the program, or an address.
            stack: SP at the entry; None leaves it as it is.
            until: where to stop, like `entry`; 0 for nowhere.
        """
        if stack is not None:
            self.cpu["SP"] = stack
        pc, end = self._address(entry), self._address(until)
        last = self.cpu.executed + instructions
        while True:
            event = self.cpu.run(pc, end, max(last - self.cpu.executed, 0))
            if event.kind == "stopped":
                return Stop("until", event.pc, None, f"It reached {self._place(event.pc)}.")
            if event.kind == "budget":
                if self.cpu.executed + LONGEST_BLOCK >= last:
                    text = f"It ran {instructions:,} instructions and was stopped in {self._place(event.pc)}."
                    return Stop("instructions", event.pc, None, text)
                pc = event.pc
                continue
            if event.kind == "memory" and not event.access:
                return Stop("halt", event.pc, None, f"It halted in {self._place(event.pc)}.")
            raised = _exception(event)
            if not self._deliver(raised):
                return Stop("exception", raised.pc, raised, self._describe(raised))
            pc = self.cpu["PC"]

    def _address(self, place: str | int, abi: Abi | None = None) -> int:
        if isinstance(place, int):
            return place
        if self.program is None:
            raise UnderglassError(
                f"The bare machine has no program, so {place!r} is no place. Give an address."
            )
        return self.program.function(place, abi).address

    def _deliver(self, raised: Exception_) -> bool:
        self.cpu["PC"] = raised.pc
        if raised.address is not None:
            self.set_control("CR2", raised.address)
        gate = self._gate(raised.vector)
        if gate is not None:
            self._enter(raised, gate)
            return True
        handler = self._handlers.get(raised.vector)
        return handler is not None and handler(self, raised)

    def _gate(self, vector: int) -> int | None:
        """The guest's handler for `vector`: the offset in its IDT gate, if that is present
        (Intel SDM, volume 3, figure 6-8)."""
        address, size = self.table("IDT")
        if 16 * vector + 16 > size:
            return None
        low, _, _, kind, middle, high = struct.unpack("<HHBBHI", self.read(address + 16 * vector, 12))
        return low | middle << 16 | high << 32 if kind & 0x80 else None

    def _enter(self, raised: Exception_, handler: int) -> None:
        """Push what the handler finds, and go to it."""
        error = (raised.error or 0) if raised.vector in _HAS_ERROR_CODE else None
        self.write(*enter_handler(self.cpu, raised.pc, handler, error=error))

    # -- words -----------------------------------------------------------------------------------

    def _place(self, pc: int) -> str:
        if self.program is None or self.program.function_at(pc) is None:
            return f"{pc:#x}"
        return self.program.place(pc)

    def _describe(self, raised: Exception_) -> str:
        text = f"{raised.name} in {self._place(raised.pc)}"
        if raised.address is not None:
            text += f", which touched {raised.address:#x}"
        if raised.vector == 6 and not self.sse:
            text += ". SSE is off (CR4.OSFXSR is clear)"
        return text + ". Nothing handles it."


def _exception(event: Event) -> Exception_:
    if event.kind == "invalid":
        return Exception_(6, event.pc, None, None)
    if event.kind == "interrupt":
        error = 0 if event.number in _HAS_ERROR_CODE else None
        return Exception_(event.number, event.pc, error, None)
    error = event.is_protected | (event.access == "write") << 1 | (event.access == "fetch") << 4
    return Exception_(14, event.pc, error, event.address)
