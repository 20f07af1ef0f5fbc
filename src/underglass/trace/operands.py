"""Which registers an instruction reads and writes, by Capstone, in Plan 9 names of whole registers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from capstone import CS_ARCH_X86, CS_MODE_64, Cs

__all__ = ["FAMILY", "Uses", "register_uses"]

_SAME_GIVES_CONSTANT = ("xor", "sub", "sbb", "pxor", "xorps", "xorpd", "pcmpeq", "psub")


@dataclass(frozen=True)
class Uses:
    """The registers of one instruction."""

    reads: frozenset[str]
    writes: frozenset[str]
    saves: bool  # it does nothing with what it reads but store it


def _families() -> Mapping[str, str]:
    found = {}
    for old in ("ax", "bx", "cx", "dx"):
        for name in (f"r{old}", f"e{old}", old, f"{old[0]}l", f"{old[0]}h"):
            found[name] = old.upper()
    for old in ("si", "di", "bp", "sp"):
        for name in (f"r{old}", f"e{old}", old, f"{old}l"):
            found[name] = old.upper()
    for number in range(8, 16):
        for suffix in ("", "d", "w", "b"):
            found[f"r{number}{suffix}"] = f"R{number}"
    found |= {f"xmm{number}": f"X{number}" for number in range(16)}
    return MappingProxyType(found)


FAMILY = _families()
"""Capstone's name of a register or a part of one → the Plan 9 name of the whole."""


@lru_cache(maxsize=1)
def _engine() -> Cs:
    engine = Cs(CS_ARCH_X86, CS_MODE_64)
    engine.detail = True
    return engine


@lru_cache(maxsize=4096)
def register_uses(code: bytes) -> Uses:
    """What the instruction with these bytes reads and writes; flags and segments are left out.

    An instruction whose result does not depend on the register it names twice (XORL AX, AX) reads nothing.
    """
    decoded = next(_engine().disasm(code, 0), None)
    if decoded is None:
        return Uses(frozenset(), frozenset(), False)
    reads, writes = (
        frozenset(FAMILY[name] for r in group if (name := decoded.reg_name(r)) in FAMILY)
        for group in decoded.regs_access()
    )
    parts = [part.strip() for part in decoded.op_str.split(",")]
    if decoded.mnemonic.startswith(_SAME_GIVES_CONSTANT) and len(parts) == 2 and parts[0] == parts[1]:
        reads = frozenset()
    if decoded.mnemonic == "nop":  # padding, whose operand is no operand
        reads = frozenset()
    if (
        decoded.mnemonic == "syscall"
    ):  # the kernel's result and what SYSCALL itself takes (abi-internal, Linux)
        reads, writes = reads | {"AX"}, writes | {"AX", "CX", "R11"}
    if decoded.mnemonic == "cpuid":
        reads = frozenset({"AX"})  # most leaves ignore CX
    saves = decoded.mnemonic == "push" or (decoded.mnemonic.startswith("mov") and "[rsp" in parts[0])
    return Uses(reads, writes, saves)
