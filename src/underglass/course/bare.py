"""A reader's program on a processor that nobody has set up: what a boot loader hands to a kernel."""

from __future__ import annotations

from collections.abc import Mapping

from underglass.goprogram import GoProgram
from underglass.machine.bare import BareMachine

__all__ = ["STACK", "power_on"]

STACK = 0x80000
"""Where start-up code may put SP: 64 KB are free below, and a page above."""

_ROOM = 0x10000  # bytes
_PAGE = 0x1000


def power_on(
    prog: GoProgram, *, sse: bool = False, fs: int = 0, gates: Mapping[int, str] | None = None
) -> BareMachine:
    """Return a bare machine with the program in its memory, and 64 KB of free memory below `STACK`.

    SP is `STACK`. DI and SI hold what a Multiboot loader hands over: its magic number, and the address of
    its information (Multiboot Specification 0.6.96, section 3.2; there in EAX and EBX).

    Args:
        sse: whether SSE is on already.
        fs: the FS base; Go looks for g 8 bytes below it.
        gates: vector → the assembly function that handles it.

    Raises:
        UnderglassError: no such vector or function.
    """
    machine = BareMachine(prog.program, sse=sse)
    machine.write(STACK - _ROOM, bytes(_ROOM + _PAGE))
    machine.fs_base = fs
    machine.cpu["SP"] = STACK
    machine.cpu["DI"], machine.cpu["SI"] = 0x2BADB002, 0x9000
    for vector, handler in (gates or {}).items():
        machine.set_gate(vector, handler)
    return machine
