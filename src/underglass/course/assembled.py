"""What the assembler makes of a text, and what it has against one; nothing is linked."""

from __future__ import annotations

import re
from typing import Literal

from underglass.course.assembler import assemble
from underglass.errors import UnderglassError

__all__ = ["assembler_says", "listing"]

Architecture = Literal["amd64", "arm64"]
_ROW = re.compile(r"^\t0x[0-9a-f]+ \d+ \(.*?:(?P<line>\d+)\)\t(?P<text>.*)$")
_PLACE = re.compile(r"^\S*text\.s:(\d+)(?::\d+)?: ")


def listing(text: str, architecture: Architecture = "amd64") -> tuple[str, ...]:
    """Assemble Go assembly and return its instructions, as `go tool asm -S` prints them.

    The instructions that the assembler adds stand on the line of TEXT or RET.

    Raises:
        UnderglassError: the assembler rejects it.
    """
    said = assembler_says(text, architecture)
    if said:
        raise UnderglassError(f"The assembler for {architecture} rejects the text: {said}. Mend that line.")
    done = assemble(text, architecture)
    rows = (_ROW.match(line) for line in (done.stdout + done.stderr).splitlines())
    return tuple(re.sub(r"\s+", " ", row["text"]).strip() for row in rows if row)


def assembler_says(text: str, architecture: Architecture = "amd64") -> str:
    """Return the assembler's first message about a text, "line 2: …"; "" if it takes it.

    >>> assembler_says("DATA ·a+0(SB)/3, $1\\nGLOBL ·a(SB), $8\\n")
    'line 1: bad int size for DATA argument: 3'
    """
    done = assemble(text, architecture)
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines()
    return _PLACE.sub(r"line \1: ", lines[0]) if lines else "it gave no reason"
