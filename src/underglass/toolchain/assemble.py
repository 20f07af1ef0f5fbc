"""Assemble one instruction with Go's own assembler, as it would stand in a function."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from underglass.errors import BuildError
from underglass.toolchain import process
from underglass.toolchain.go import find_go

__all__ = ["assemble"]

_NAME = "one.s"
_LINE = 3  # of the text below, where the instruction stands
_TEXT = "#define NOSPLIT 4\nTEXT ·one(SB), NOSPLIT, ${frame}-{args}\n\t{instruction}\n\tRET\n"
_LISTED = re.compile(
    r"^  \S*?:(?P<line>\d+)\t+0x[0-9a-f]+\t+(?P<bytes>[0-9a-f]+)\t+(?P<text>.*?)\s*$", re.MULTILINE
)
_SECONDS = 20.0


def assemble(
    instruction: str, *, frame: int = 0, args: int = 0, system: str = "linux"
) -> tuple[tuple[bytes, str], ...]:
    """Return the machine code of one instruction in Go syntax: (bytes, what they read as), mostly one pair.

    Args:
        frame: bytes of the frame of the function it stands in, which decide what `x+0(FP)` and `t-8(SP)` are.
        args: bytes of that function's arguments and results.
        system: the GOOS to assemble for, which decides what `(TLS)` is.

    >>> assemble("ADDQ BX, AX")
    ((b'H\\x01\\xd8', 'ADDQ BX, AX'),)

    Raises:
        BuildError: the assembler does not take it, or it names a symbol: only a link knows its address.
    """
    text = " ".join(instruction.split())
    if not text or "(SB)" in text or ";" in text or "//" in text or "\\" in text or text.startswith("#"):
        raise BuildError(
            f"{instruction!r} cannot be assembled by itself. Write one instruction in Go syntax whose "
            "operands are registers, constants and words of the stack: SUBQ BX, AX."
        )
    if text.upper() == "NOP":  # to the assembler a place without code
        return ((b"\x90", "NOP"),)
    go = find_go()
    with tempfile.TemporaryDirectory(prefix="underglass-") as name:
        folder = Path(name)
        source = _TEXT.format(frame=max(frame, 0), args=max(args, 0), instruction=text)
        (folder / _NAME).write_text(source, encoding="utf-8", newline="\n")
        try:
            command = ["tool", "asm", "-p", "main", "-o", "one.o", _NAME]
            made = go.run(command, folder, env={"GOOS": system}, timeout=_SECONDS)
            listed = (
                go.run(["tool", "objdump", "one.o"], folder, timeout=_SECONDS)
                if not made.returncode
                else made
            )
        except process.TimedOut as error:
            raise BuildError(f"{text!r} was not assembled within {_SECONDS:g} s. Try again.") from error
    code = tuple(
        (bytes.fromhex(row["bytes"]), row["text"].partition("\t")[0])
        for row in _LISTED.finditer(listed.stdout)
        if int(row["line"]) == _LINE
    )
    if made.returncode or not code:
        said = re.search(rf"{_NAME}:{_LINE}: (.*)", made.stdout + made.stderr)
        why = said[1] if said else (made.stderr.strip().splitlines() or ["no code came out"])[0]
        raise BuildError(
            f"The assembler does not take {text!r}: {why}. Write it as in a .s file: SUBQ BX, AX."
        )
    return code
