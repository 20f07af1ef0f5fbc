"""What the assembler makes of a function for arm64: machine code to read, since the machine here is amd64."""

from __future__ import annotations

from underglass.course.assembled import listing

__all__ = ["arm64_listing"]


def arm64_listing(text: str) -> tuple[str, ...]:
    """Assemble Go assembly for arm64 and return its instructions, as `go tool asm -S` prints them.

    >>> arm64_listing("TEXT ·f(SB), 4, $16-0\\n\\tRET\\n")[1]
    'MOVD.W R30, -32(RSP)'

    Raises:
        UnderglassError: the assembler rejects it.
    """
    return listing(text, "arm64")
