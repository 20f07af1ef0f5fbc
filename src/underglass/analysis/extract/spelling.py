"""Machine instructions in the words that Go's assembler takes back.

`go tool objdump` writes Go syntax that differs from the assembler's in some names (JE for JEQ, MOVZX for
MOVBLZX: Go 1.27, cmd/vendor/golang.org/x/arch/x86/x86asm/plan9x.go beside cmd/internal/obj/x86/anames.go).
The names come from it and are mended here; the operands are read off the machine code, since theirs are the
sizes that a name needs. What is written is assembled and compared byte by byte (`verify`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from capstone import CS_ARCH_X86, CS_MODE_64, Cs
from capstone.x86 import X86_OP_IMM, X86_OP_MEM, X86_OP_REG

__all__ = ["Decoded", "bare_register", "decode", "spelled"]

Decoded = Any  # capstone.CsInsn has no types

_CONDITIONS = {
    "o": "OS", "no": "OC", "b": "CS", "ae": "CC", "e": "EQ", "ne": "NE", "be": "LS", "a": "HI", "s": "MI",
    "ns": "PL", "p": "PS", "np": "PC", "l": "LT", "ge": "GE", "le": "LE", "g": "GT",
}  # fmt: skip
_SUFFIX = {1: "B", 2: "W", 4: "L", 8: "Q"}
_SIZED = re.compile(
    r"^(ADC|ADD|AND|BSF|BSR|BSWAP|BT|BTC|BTR|BTS|CMP|CMPXCHG|DEC|DIV|IDIV|IMUL|INC|LEA|LZCNT|MOV|MUL|NEG|NOT|OR|"
    r"POPCNT|RCL|RCR|ROL|ROR|SAR|SBB|SHL|SHR|SUB|TEST|TZCNT|XADD|XCHG|XOR)[BWLQ]?$"
)
_OTHER = {
    "MOVSD_XMM": "MOVSD", "CVTSI2SDQ": "CVTSQ2SD", "CVTSI2SDL": "CVTSL2SD", "CVTSI2SSQ": "CVTSQ2SS",
    "CVTSI2SSL": "CVTSL2SS", "CVTTSD2SIQ": "CVTTSD2SQ", "CVTTSD2SIL": "CVTTSD2SL",
    "CVTTSS2SIQ": "CVTTSS2SQ", "CVTTSS2SIL": "CVTTSS2SL", "MOVDQU": "MOVOU", "MOVDQA": "MOVO",
}  # fmt: skip
_WIDE = {"ax": "AX", "bx": "BX", "cx": "CX", "dx": "DX", "si": "SI", "di": "DI", "bp": "BP", "sp": "SP"}
_BYTES = {"al": "AL", "bl": "BL", "cl": "CL", "dl": "DL", "ah": "AH", "bh": "BH", "ch": "CH", "dh": "DH",
          "sil": "SIB", "dil": "DIB", "bpl": "BPB", "spl": "SPB"}  # fmt: skip

_engine = Cs(CS_ARCH_X86, CS_MODE_64)
_engine.detail = True


def decode(data: bytes, address: int) -> Decoded | None:
    """Capstone's reading of one instruction, with its operands."""
    return next(iter(_engine.disasm(data, address, 1)), None)


def spelled(go: str, insn: Decoded, memory: Callable[[Decoded], str | None]) -> str | None:
    """The instruction in the assembler's words; None if there are none that are known.

    Args:
        go: what `go tool objdump` writes.
        memory: writes a memory operand.
    """
    name = _name(go.split()[0] if go.split() else "?", insn)
    if name is None:
        return None
    operands = []
    for operand in insn.operands:
        text: str | None
        if operand.type == X86_OP_REG:
            text = _register(insn.reg_name(operand.reg))
        elif operand.type == X86_OP_IMM:
            text = f"${operand.imm}"
        else:
            text = memory(operand) if operand.type == X86_OP_MEM else None
        if text is None:
            return None
        operands.append(text)
    if not insn.mnemonic.startswith("cmp") or insn.mnemonic in ("cmpxchg", "cmpsd", "cmpps"):
        operands.reverse()  # Plan 9 has the destination last, and CMP's first operand first
    return " ".join([name, ", ".join(operands)]).rstrip()


def bare_register(name: str) -> str:
    """Plan 9's name of the whole register of which Capstone names a part: "ebx" is BX."""
    if name.startswith("xmm"):
        return f"X{name[3:]}"
    if name in ("rip", "eip"):
        return "IP"
    if numbered := re.match(r"^r(\d+)[bwd]?$", name):
        return f"R{numbered[1]}"
    plain = _BYTES.get(name, "")
    if plain:
        return {"SIB": "SI", "DIB": "DI", "BPB": "BP", "SPB": "SP"}.get(plain, f"{plain[0]}X")
    return _WIDE.get(name.lstrip("re"), name.upper())


def _register(name: str) -> str:
    if name in _BYTES:
        return _BYTES[name]
    return f"{name[:-1].upper()}B" if re.match(r"^r\d+b$", name) else bare_register(name)


def _name(go: str, insn: Decoded) -> str | None:
    mnemonic, operands = insn.mnemonic, insn.operands
    if mnemonic.startswith("j") and mnemonic != "jmp":
        return f"J{_CONDITIONS[mnemonic[1:]]}" if mnemonic[1:] in _CONDITIONS else None
    if mnemonic.startswith("set"):
        return f"SET{_CONDITIONS[mnemonic[3:]]}" if mnemonic[3:] in _CONDITIONS else None
    if mnemonic.startswith("cmov"):
        condition = _CONDITIONS.get(mnemonic[4:])
        return f"CMOV{_SUFFIX[operands[0].size]}{condition}" if condition else None
    if mnemonic in ("movzx", "movsx", "movsxd"):
        to, source = _SUFFIX.get(operands[0].size), _SUFFIX.get(operands[1].size)
        return f"MOV{source}{to}{'Z' if mnemonic == 'movzx' else 'S'}X" if to and source else None
    if mnemonic == "movd":
        return "MOVL"
    if mnemonic == "imul" and len(operands) == 3:
        return f"IMUL3{_SUFFIX[operands[0].size]}"
    if mnemonic == "movq" or (mnemonic == "mov" and operands[0].size == 8):
        return "MOVQ"
    if (sized := _SIZED.match(go)) and operands and operands[0].size in _SUFFIX:
        return f"{sized[1]}{_SUFFIX[operands[0].size]}"
    return None if go == "?" or go.endswith(";") else _OTHER.get(go, go)
