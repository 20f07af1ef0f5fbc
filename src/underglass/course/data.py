"""What the linker made of a variable: its bytes as the program starts with them, and where they lie."""

from __future__ import annotations

from underglass.errors import UnderglassError, UnknownFunction
from underglass.goprogram import GoProgram

__all__ = ["bytes_of", "section_of"]


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
    for full in (f"main.{name}", name):
        if full in prog.program.elf.symbols:
            return prog.program.symbol(full)
    try:
        return prog.program.symbol(f"main.{name}")
    except UnknownFunction as error:
        raise UnderglassError(
            f"{error} A variable that no code refers to is left out by the linker."
        ) from error
