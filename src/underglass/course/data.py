"""What the linker made of a variable: its bytes as the program starts with them, and where they lie."""

from __future__ import annotations

import difflib

from underglass.course.failure import refuse_old
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram

__all__ = ["address_of", "bytes_of", "section_of"]


def address_of(prog: GoProgram, name: str) -> int:
    """Return where a variable lies: the address of its first byte.

    Args:
        name: as for `bytes_of`.

    Raises:
        UnderglassError: no such variable was linked.
    """
    return _symbol(prog, name)[0]


def bytes_of(prog: GoProgram, name: str) -> bytes:
    """Return a variable's bytes before the program runs.

    >>> bytes_of(prog, "counter")
    b')\\x00\\x00\\x00\\x00\\x00\\x00\\x00'

    Args:
        name: "counter" for one of package main, a file-local one too, or with its package, "runtime.ncpu".

    Raises:
        UnderglassError: no such variable was linked.
    """
    return prog.program.bytes_at(*_symbol(prog, name))


def section_of(prog: GoProgram, name: str) -> str:
    """Return the section that the linker put a variable in.

    Read-only data is in `.rodata`; what holds no pointers in `.noptrdata`, or in `.noptrbss` if it starts as
    zeros; the rest in `.data` and `.bss`, which the collector reads (Go 1.27, cmd/link/internal/ld/data.go,
    allocateDataSections).

    Raises:
        UnderglassError: no such variable was linked.
    """
    address, _ = _symbol(prog, name)
    found = prog.program.elf.section_at(address)
    if found is None:
        raise UnderglassError(f"{name} lies at {address:#x}, in no section that is loaded into memory.")
    return found


def _symbol(prog: GoProgram, name: str) -> tuple[int, int]:
    refuse_old(prog, name)
    for full in (f"main.{name}", name):
        if full in prog.program.elf.symbols:
            return prog.program.symbol(full)
    near = difflib.get_close_matches(f"main.{name}", prog.program.elf.symbols, 3)
    raise UnderglassError(
        f"The program has no variable {name}. Nearest: {', '.join(near) or 'none'}. "
        "A variable that no code refers to is left out by the linker."
    )
