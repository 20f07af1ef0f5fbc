"""Machine code in words: Go syntax by the toolchain's own disassembler, Intel syntax by Capstone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from capstone import CS_ARCH_X86, CS_MODE_64, Cs

from underglass.program.function import Function, Instruction
from underglass.toolchain import find_go

__all__ = ["disassemble"]

_LINE = re.compile(
    r"^  \S.*?:(?P<line>-?\d+)\t+0x(?P<address>[0-9a-f]+)\t+(?P<bytes>[0-9a-f]+)\t+(?P<text>.*?)\s*$"
)
_PADDING = {"int3", "nop"}


def disassemble(
    elf: Path, functions: Iterable[Function], code: dict[int, bytes]
) -> dict[int, tuple[Instruction, ...]]:
    """Return each function's instructions, keyed by its address.

    Go syntax comes from one run of `go tool objdump` for all of them; an instruction it does not
    know (it prints `?`) is given in Capstone's words.

    Args:
        code: each function's bytes, keyed by its address.
    """
    wanted = list(functions)
    if not wanted:
        return {}
    names = "|".join(re.escape(f.symbol) for f in wanted)
    listing = find_go().run(["tool", "objdump", "-s", f"^({names})$", str(elf)]).stdout
    go: dict[int, str] = {}
    for row in listing.splitlines():
        if match := _LINE.match(row):
            go[int(match["address"], 16)] = match["text"]
    engine = Cs(CS_ARCH_X86, CS_MODE_64)
    return {f.address: tuple(_instructions(engine, f, code[f.address], go)) for f in wanted}


def _instructions(engine: Cs, function: Function, code: bytes, go: dict[int, str]) -> list[Instruction]:
    found: list[Instruction] = []
    at = 0
    while at < len(code):
        for address, size, mnemonic, operands in engine.disasm_lite(code[at:], function.address + at):
            intel = f"{mnemonic} {operands}".strip()
            text = go.get(address, "?")
            is_branch = mnemonic.startswith(("j", "call")) and operands.startswith("0x")
            found.append(
                Instruction(
                    address=address,
                    data=code[at : at + size],
                    go=intel if text == "?" else text,
                    intel=intel,
                    line=function.line_at(address),
                    target=int(operands, 16) if is_branch else None,
                )
            )
            at += size
        if at < len(code):  # bytes that are no instruction Capstone knows
            text = go.get(function.address + at, "?")
            byte = code[at : at + 1]
            found.append(
                Instruction(
                    function.address + at,
                    byte,
                    f"BYTE $0x{byte.hex()}" if text == "?" else text,
                    f"db 0x{byte.hex()}",
                    function.line_at(function.address + at),
                    None,
                )
            )
            at += 1
    while len(found) > 1 and found[-1].intel.split()[0] in _PADDING and found[-1].address not in go:
        found.pop()
    return found
