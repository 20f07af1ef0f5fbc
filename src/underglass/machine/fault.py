"""A processor fault, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass

from underglass.machine.linux.signals import SIGFPE, SIGILL, SIGTRAP

__all__ = ["Fault"]

_ACCESSES = {
    "read": ("a load from", "read"),
    "write": ("a store to", "write"),
    "fetch": ("a jump to", "execute"),
}
_SIGNALS = {
    SIGILL: "an instruction that this machine does not have "
    "(no AVX, AVX2, FMA or AVX-512; SSE4.2 and BMI are there)",
    SIGFPE: "a division by zero, or a quotient that does not fit",
    SIGTRAP: "a breakpoint (INT3)",
}


@dataclass(frozen=True)
class Fault:
    """A processor fault that became a signal."""

    signal: int
    pc: int
    address: int
    access: str  # read, write, fetch, or ""
    is_protected: bool  # the address is mapped, without permission for this access

    def __str__(self) -> str:
        """What was done, and to which address."""
        if self.signal in _SIGNALS:
            return _SIGNALS[self.signal]
        if self.access not in _ACCESSES:
            return "an instruction that a process may not use"
        verb, right = _ACCESSES[self.access]
        why = (
            f"which is mapped without permission to {right}"
            if self.is_protected
            else "where nothing is mapped"
        )
        return f"{verb} address {self.address:#x}, {why}"
