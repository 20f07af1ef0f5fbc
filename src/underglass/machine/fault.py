"""A fault of the processor that became a signal, and what it says in words."""

from __future__ import annotations

from dataclasses import dataclass

from underglass.machine.linux.signals import SIGFPE, SIGILL, SIGTRAP

__all__ = ["Fault"]

_SAID = {
    SIGILL: "an instruction that this machine does not have "
    "(no AVX, AVX2, FMA or AVX-512; SSE4.2 and BMI are there)",
    SIGFPE: "a division by zero, or a quotient that does not fit",
    SIGTRAP: "a breakpoint (INT3)",
}
_ACCESSES = {
    "read": ("a load from", "read"),
    "write": ("a store to", "write"),
    "fetch": ("a jump to", "execute"),
}


@dataclass(frozen=True)
class Fault:
    """A processor fault that became a signal."""

    signal: int
    pc: int
    address: int
    access: str  # read, write, fetch, or ""
    is_protected: bool  # the address is mapped, without permission for this access

    @property
    def what(self) -> str:
        """What was done, and to which address."""
        if self.signal in _SAID:
            return _SAID[self.signal]
        if not self.access:
            return "an instruction that a process may not use"
        verb, right = _ACCESSES[self.access]
        why = (
            f"which is mapped without permission to {right}"
            if self.is_protected
            else "where nothing is mapped"
        )
        return f"{verb} address {self.address:#x}, {why}"
