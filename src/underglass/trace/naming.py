"""What a register, a flag or a word of the stack is called, at a step of a recording."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from underglass.errors import UnderglassError
from underglass.machine import REGISTERS

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["Kind", "word_of"]

Kind = Literal["register", "flag", "word"]

_RELATIVE = re.compile(r"^(?P<offset>-?(?:0x[0-9a-f]+|\d+))?\((?P<register>\w+)\)$", re.IGNORECASE)
_ADDRESS = re.compile(r"^(?:0x[0-9a-f]+|\d+)$", re.IGNORECASE)
_WORD = 8


def word_of(trace: Trace, step: int, name: str) -> tuple[int, int]:
    """(address, bytes) of a word before step `step`.

    Args:
        name: as the innermost frame calls it ("x+0(FP)"), by a register ("8(SP)"), or its address ("0xc000").

    Raises:
        UnderglassError: it is none of these.
    """
    said = name.strip()
    slots = [slot for frame in trace.frames(step) for slot in frame.slots]
    for slot in slots:
        if said and said in (slot.expression, slot.name) and not _RELATIVE.match(said):
            return slot.address, min(slot.size, _WORD)
    if _ADDRESS.match(said):
        return int(said, 0), _WORD
    match = _RELATIVE.match(said)
    register = match["register"].upper() if match else ""
    if match is None or register not in REGISTERS:
        own = trace.frames(step)[:1]
        named = ", ".join(s.expression for f in own for s in f.slots if s.name) or "it has none"
        raise UnderglassError(
            f"Nobody knows what {name!r} is at step {step} of {trace.title}. Name a register (AX), a word "
            f"by its register (8(SP)) or its address (0xc000012000), or a word of the frame ({named})."
        )
    return trace.register(step, register) + int(match["offset"] or "0", 0), _WORD
