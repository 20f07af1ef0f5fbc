"""One function of a program: where it is, which ABI it obeys, and how it uses its stack."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from underglass.program.pclntab import PcTable

__all__ = ["Abi", "Function", "Instruction", "abi_of"]

_CHOOSES_ABI = re.compile(r"(runtime|reflect|syscall|internal/(bytealg|chacha8rand|runtime/.+))\.")

Abi = Literal["ABI0", "ABIInternal", "C"]
"""C: a C compiler made it, by the System V ABI; Go's tables know nothing of it."""


@dataclass(frozen=True)
class Instruction:
    """One machine instruction."""

    address: int
    data: bytes
    go: str  # Go syntax, as `go tool objdump` prints it
    intel: str  # Intel syntax, by Capstone
    line: int  # source line, 0 if unknown
    target: int | None  # destination of a direct jump or call


@dataclass(frozen=True)
class Function:
    """One function of the symbol table, with what pclntab knows of it.

    Of a C function the symbol table has the name, the place and the size; the rest is empty.
    """

    name: str  # the linker's name without an ABI suffix: "main.add"
    symbol: str  # the linker's symbol: "main.add" or "main.add.abi0"
    abi: Abi
    address: int
    size: int  # bytes of code
    file: str  # as the toolchain names it: "underglass/add.s"
    start_line: int  # of the func keyword or the TEXT directive
    args_size: int | None  # bytes of stack arguments and results; None if not declared
    frame_size: int  # bytes of locals and outgoing area: the $ of a TEXT line
    has_saved_bp: bool  # a word for the caller's BP lies between locals and return address
    is_wrapper: bool  # made by the compiler or linker, not written by anyone
    is_assembly: bool
    depth: PcTable = field(repr=False, compare=False)  # bytes pushed since entry
    lines: PcTable = field(repr=False, compare=False)

    def __contains__(self, pc: object) -> bool:
        return isinstance(pc, int) and self.address <= pc < self.address + self.size

    @property
    def package(self) -> str:
        """The import path in the name: "strings" of "strings.(*Reader).Len", "" without one."""
        if self.name.startswith(("type:", "go:")):  # made by compiler and linker, for any package
            return ""
        head, slash, tail = self.name.partition("[")[0].rpartition("/")
        name, dot, _ = tail.partition(".")
        return (head + slash + name).replace("%2e", ".") if dot else ""  # the linker writes example%2ecom

    def line_at(self, pc: int) -> int:
        """Source line of the instruction at `pc`; 0 if unknown."""
        return max(self.lines.at(pc - self.address) or 0, 0)

    def sp_delta(self, pc: int) -> int | None:
        """Bytes between SP at entry and SP before the instruction at `pc`; None outside the table."""
        return self.depth.at(pc - self.address)


def abi_of(symbol: str, *, is_assembly: bool, local: bool) -> Abi:
    """The ABI of a function, from the linker's name for it.

    The linker adds .abi0 where the program has an ABIInternal function of the same name (Go 1.27,
    cmd/link/internal/ld/symtab.go, mangleABIName). Other assembly is ABI0 unless its package may choose
    (cmd/internal/objabi/pkgspecial.go, allowAsmABIPkgs).

    Args:
        local: the symbol is seen in its own file alone.
    """
    if symbol.endswith(".abi0"):
        return "ABI0"
    is_abi0 = not _CHOOSES_ABI.match(symbol) if "." in symbol else local
    return "ABI0" if is_assembly and is_abi0 else "ABIInternal"
