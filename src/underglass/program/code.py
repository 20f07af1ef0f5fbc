"""Machine code in words: Go syntax by the toolchain's own disassembler, Intel syntax by Capstone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from capstone import CS_ARCH_X86, CS_MODE_64, Cs

from underglass.errors import ToolchainMissing
from underglass.program.function import Function, Instruction
from underglass.toolchain import find_go

__all__ = ["decode", "disassemble"]

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

    Raises:
        ToolchainMissing: objdump is there and fails.
    """
    wanted = list(functions)
    if not wanted:
        return {}
    names = "|".join(re.escape(f.symbol) for f in wanted)
    toolchain = find_go()
    answer = toolchain.run(["tool", "objdump", "-s", f"^({names})$", str(elf.absolute())])
    if answer.returncode != 0:
        raise ToolchainMissing(
            f"Go's objdump failed: {answer.stderr.strip() or answer.returncode}. "
            f"Delete the cache directory {toolchain.cache}, and run `underglass warm`."
        )
    go: dict[int, str] = {}
    for row in answer.stdout.splitlines():
        if match := _LINE.match(row):
            go[int(match["address"], 16)] = match["text"]
    return {f.address: tuple(_instructions(f, code[f.address], go)) for f in wanted}


def decode(code: bytes, address: int) -> Iterator[tuple[int, int, str, str]]:
    """Yield (address, bytes, mnemonic, operands) of each instruction, in Intel syntax.

    A byte that starts no instruction Capstone knows is given as `db`.
    """
    engine = Cs(CS_ARCH_X86, CS_MODE_64)
    at = 0
    while at < len(code):
        for row in engine.disasm_lite(code[at:], address + at):
            yield row
            at += row[1]
        if at < len(code):
            yield address + at, 1, "db", f"0x{code[at]:02x}"
            at += 1


def _instructions(function: Function, code: bytes, go: dict[int, str]) -> list[Instruction]:
    found: list[Instruction] = []
    for address, size, mnemonic, operands in decode(code, function.address):
        at = address - function.address
        data = code[at : at + size]
        intel = f"{mnemonic} {operands}".strip()
        text = go.get(address, "?")
        if text == "?":
            text = f"BYTE $0x{data.hex()}" if mnemonic == "db" else intel
        is_branch = mnemonic.startswith(("j", "call")) and operands.startswith("0x")
        found.append(
            Instruction(
                address=address,
                data=data,
                go=text,
                intel=intel,
                line=function.line_at(address),
                target=int(operands, 16) if is_branch else None,
            )
        )
    while len(found) > 1 and found[-1].intel.split()[0] in _PADDING and found[-1].address not in go:
        found.pop()
    return found
