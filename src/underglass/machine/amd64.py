"""The registers of the emulated amd64 machine, by their Plan 9 names."""

from __future__ import annotations

from unicorn import x86_const as x86

__all__ = ["FS_BASE", "GENERAL", "REGISTERS", "SYSCALL_ARGS", "VECTORS"]

REGISTERS = (
    "AX", "BX", "CX", "DX", "SI", "DI", "BP", "SP",
    "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15", "PC", "FLAGS",
)  # fmt: skip
"""The columns of a recording, in order."""

_HARDWARE = {"PC": "RIP", "FLAGS": "RFLAGS"} | {n: f"R{n}" for n in REGISTERS[:8]}
GENERAL = {name: int(getattr(x86, f"UC_X86_REG_{_HARDWARE.get(name, name)}")) for name in REGISTERS}
VECTORS = {f"X{i}": int(getattr(x86, f"UC_X86_REG_XMM{i}")) for i in range(16)}
FS_BASE = int(x86.UC_X86_REG_FS_BASE)
SYSCALL_ARGS = ("DI", "SI", "DX", "R10", "R8", "R9")  # Linux, syscall(2), x86-64
