"""What the assembler makes of a text, for amd64 and for arm64: no program is linked, so it is quick."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Literal

from underglass.errors import UnderglassError
from underglass.toolchain import find_go

__all__ = ["arm64_listing", "assembler_says", "listing"]

Architecture = Literal["amd64", "arm64"]
_ROW = re.compile(r"^\t0x[0-9a-f]+ \d+ \(.*?:(?P<line>\d+)\)\t(?P<text>.*)$")
_PLACE = re.compile(r"^\S*text\.s:(\d+)(?::\d+)?: ")


def arm64_listing(text: str) -> tuple[str, ...]:
    """Assemble Go assembly for arm64 and return its instructions: machine code to read, not to run.

    >>> arm64_listing("TEXT ·f(SB), 4, $16-0\\n\\tRET\\n")[1]        # doctest: +SKIP
    'MOVD.W\\tR30, -32(RSP)'

    Raises:
        UnderglassError: the assembler rejects it.
    """
    return listing(text, "arm64")


def listing(text: str, architecture: Architecture = "amd64") -> tuple[str, ...]:
    """Assemble Go assembly and return its instructions, as `go tool asm -S` prints them.

    The instructions that the assembler adds stand on the line of TEXT or RET.

    Raises:
        UnderglassError: the assembler rejects it.
    """
    accepted, lines = _assembled(text, architecture)
    if not accepted:
        said = lines or ["it gave no reason"]
        raise UnderglassError(
            f"The assembler for {architecture} rejects the text: {said[0]}. Mend that line."
        )
    rows = (_ROW.match(line) for line in lines)
    return tuple(re.sub(r"\s+", " ", row["text"]).strip() for row in rows if row)


def assembler_says(text: str, architecture: Architecture = "amd64") -> str:
    """Return the assembler's first message about a text, "line 2: …"; "" if it takes it.

    >>> assembler_says("DATA ·a+0(SB)/3, $1\\nGLOBL ·a(SB), $8\\n")        # doctest: +SKIP
    'line 1: bad int size for DATA argument: 3'
    """
    accepted, lines = _assembled(text, architecture)
    if accepted:
        return ""
    return _PLACE.sub(r"line \1: ", lines[0] if lines else "it gave no reason")


def _assembled(text: str, architecture: Architecture) -> tuple[bool, list[str]]:
    """(whether it is taken, what the assembler printed)."""
    go = find_go()
    with tempfile.TemporaryDirectory() as folder:
        source, include = Path(folder, "text.s"), go.root / "pkg" / "include"
        source.write_text(text, encoding="utf-8")
        arguments = ["tool", "asm", "-S", "-p", "main", "-I", str(include), "-o", str(Path(folder, "text.o"))]
        done = go.run([*arguments, str(source)], cwd=Path(folder), env={"GOARCH": architecture})
    said = done.stderr + done.stdout if done.returncode else done.stdout + done.stderr
    return done.returncode == 0, said.strip("\n").splitlines()
