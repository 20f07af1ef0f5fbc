"""Machine code that no file holds: what a program wrote into its memory, and ran there."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from underglass.errors import ToolchainMissing
from underglass.program.code import decode
from underglass.program.function import Instruction
from underglass.toolchain import find_go

__all__ = ["first_instruction", "loose_instructions"]

_LISTED = re.compile(r"^  \S*?:\d+\t+0x(?P<at>[0-9a-f]+)\t+[0-9a-f]+\t+(?P<text>.*?)\s*$", re.MULTILINE)
_ROOM = 16  # bytes kept for each piece; an instruction has 15 at most (Intel SDM, volume 2, section 2.3.11)
_SECONDS = 60.0


def first_instruction(code: bytes) -> bytes:
    """The bytes of the instruction that `code` begins with."""
    return code[: next(size for _, size, _, _ in decode(code[:15], 0))]


def loose_instructions(
    pieces: Iterable[tuple[int, bytes]], symbol_at: Callable[[int], str | None]
) -> dict[tuple[int, bytes], Instruction]:
    """Return the instruction of each (address, bytes of one instruction).

    Go syntax comes from one run of the assembler and `go tool objdump` over all of them; without a
    toolchain, and where objdump knows no word for an instruction, it is Capstone's.

    Args:
        symbol_at: the symbol of the function that begins at an address, for the targets of jumps and calls.
    """
    wanted = list(dict.fromkeys(pieces))
    found = {}
    for (address, data), text in zip(wanted, _go_syntax([data for _, data in wanted]), strict=True):
        _, _, mnemonic, operands = next(decode(data, address))
        intel = f"{mnemonic} {operands}".strip()
        is_branch = mnemonic.startswith(("j", "call")) and operands.startswith("0x")
        target = int(operands, 16) if is_branch else None
        go = f"BYTE $0x{data.hex()}" if mnemonic == "db" else intel if text == "?" else text
        if target is not None and text != "?":
            symbol = symbol_at(target)
            go = f"{text.split()[0]} {f'{symbol}(SB)' if symbol else hex(target)}"
        found[address, data] = Instruction(address, data, go, intel, 0, target)
    return found


def _go_syntax(codes: list[bytes]) -> list[str]:
    """What `go tool objdump` prints of each instruction, alone; "?" where it knows no word."""
    if not codes:
        return []
    padded = [code + b"\x90" * (_ROOM - len(code)) for code in codes]
    rows = (f"\tBYTE ${byte:#04x}\n" for code in padded for byte in code)
    try:
        go = find_go()
    except ToolchainMissing:
        return ["?"] * len(codes)
    with tempfile.TemporaryDirectory(prefix="underglass-") as name:
        folder = Path(name)
        text = "TEXT ·loose(SB), 4, $0-0\n" + "".join(rows)
        (folder / "loose.s").write_text(text, encoding="utf-8", newline="\n")
        made = go.run(["tool", "asm", "-p", "main", "-o", "loose.o", "loose.s"], folder, timeout=_SECONDS)
        if made.returncode:
            return ["?"] * len(codes)
        listing = go.run(["tool", "objdump", "loose.o"], folder, timeout=_SECONDS).stdout
    lines = [(int(row["at"], 16), row["text"]) for row in _LISTED.finditer(listing)]
    first = lines[0][0] if lines else 0
    known = {at - first: text for at, text in lines}
    return [known.get(_ROOM * i, "?") for i in range(len(codes))]
