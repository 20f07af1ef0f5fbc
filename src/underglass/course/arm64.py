"""What the assembler makes of a function for arm64: machine code to read, since the machine here is amd64."""

from __future__ import annotations

import re

from underglass.course.assembler import assemble
from underglass.errors import UnderglassError

__all__ = ["arm64_listing"]

_ROW = re.compile(r"^\t0x[0-9a-f]+ \d+ \(.*?:(?P<line>\d+)\)\t(?P<text>.*)$")


def arm64_listing(text: str) -> tuple[str, ...]:
    """Assemble Go assembly for arm64 and return its instructions, as `go tool asm -S` prints them.

    The instructions that the assembler adds stand on the line of TEXT or RET.

    >>> arm64_listing("TEXT ·f(SB), 4, $16-0\\n\\tRET\\n")[1]        # doctest: +SKIP
    'MOVD.W\\tR30, -32(RSP)'

    Raises:
        UnderglassError: the assembler rejects it.
    """
    done = assemble(text, "arm64")
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it gave no reason"]
        raise UnderglassError(f"The assembler for arm64 rejects the text: {said[0]}. Mend that line.")
    rows = (_ROW.match(line) for line in (done.stdout + done.stderr).splitlines())
    return tuple(re.sub(r"\s+", " ", row["text"]).strip() for row in rows if row)
