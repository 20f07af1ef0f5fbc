"""Instructions that Unicorn accepts and runs wrongly: the vector ones of the VEX and EVEX encodings.

CPUID in the machine says that AVX is missing, so the compiler's and the library's code does not
use them. Hand-written assembly may; on a processor without AVX it would get SIGILL, and so here.
"""

from __future__ import annotations

from collections.abc import Iterator

from capstone import CS_ARCH_X86, CS_MODE_64, Cs

from underglass.program import Program

__all__ = ["forbidden_instructions"]

_VEX = (0xC4, 0xC5, 0x62)  # first byte (Intel SDM, volume 2, section 2.3)
_BMI = {
    "andn",
    "bextr",
    "blsi",
    "blsmsk",
    "blsr",
    "bzhi",
    "mulx",
    "pdep",
    "pext",
    "rorx",
    "sarx",
    "shlx",
    "shrx",
}


def forbidden_instructions(program: Program) -> Iterator[int]:
    """Addresses of VEX- and EVEX-encoded vector instructions in the assembly of package main."""
    engine = Cs(CS_ARCH_X86, CS_MODE_64)
    for function in (program.functions[s] for s in program.functions if s.startswith("main.")):
        if not function.is_assembly:
            continue
        code = program.bytes_at(function.address, function.size)
        for address, size, mnemonic, _ in engine.disasm_lite(code, function.address):
            start = address - function.address
            if code[start] in _VEX and mnemonic not in _BMI and size > 2:
                yield address
