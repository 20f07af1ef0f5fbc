"""The flat segments of a 64-bit kernel, and what the processor pushes when it enters a handler."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType

from unicorn import x86_const as x86

from underglass.machine.cpu import Cpu

__all__ = ["CODE_SELECTOR", "DATA_SELECTOR", "GDT", "enter_handler", "load_segments"]

CODE_SELECTOR, DATA_SELECTOR = 0x08, 0x10
GDT = struct.pack("<QQQ", 0, 0x00AF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF)  # null, 64-bit code, data
_SEGMENTS: Mapping[str, int] = MappingProxyType(
    {name: int(getattr(x86, f"UC_X86_REG_{name}")) for name in ("CS", "SS", "DS", "ES")}
)
_INTERRUPT_FLAG = 1 << 9  # FLAGS


def load_segments(cpu: Cpu, gdt: int) -> None:
    """Point GDTR at a copy of `GDT` at address `gdt`, and load CS, SS, DS and ES from it."""
    cpu.uc.reg_write(x86.UC_X86_REG_GDTR, (0, gdt, len(GDT) - 1, 0))
    for name, register in _SEGMENTS.items():
        cpu.uc.reg_write(register, CODE_SELECTOR if name == "CS" else DATA_SELECTOR)


def enter_handler(
    cpu: Cpu, pc: int, handler: int, *, error: int | None = None, stack: int | None = None
) -> tuple[int, bytes]:
    """Send a processor to a handler; return (address, bytes) of what it pushes, for the caller to store.

    Pushed are SS, SP, FLAGS, CS, PC and the error code, on an aligned stack (Intel SDM, volume 3, section
    6.14); what IRETQ pops begins at the address of PC.

    Args:
        pc: where the handler returns to.
        error: the error code, for the vectors that have one.
        stack: the end of the handler's own stack (IST); None: it runs on the one in use.
    """
    cs, ss = (int(cpu.uc.reg_read(_SEGMENTS[name])) for name in ("CS", "SS"))
    words = [pc, cs, cpu["FLAGS"], cpu["SP"], ss]
    if error is not None:
        words.insert(0, error)
    sp = ((cpu["SP"] if stack is None else stack) & -16) - 8 * len(words)
    cpu["SP"], cpu["PC"], cpu["FLAGS"] = sp, handler, cpu["FLAGS"] & ~_INTERRUPT_FLAG
    return sp, struct.pack(f"<{len(words)}Q", *words)
