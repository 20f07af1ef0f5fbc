"""Steps that ran code which is not in the program's file: a proxy, a patched entry, a copied function.

Instructions are read from the recording's own memory at the step, so that code which changes during a run
is told as it was when it ran.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from underglass.machine import REGISTERS
from underglass.program import Instruction
from underglass.program.loose import first_instruction, loose_instructions

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["rewritten"]

_PAGE = 4096
_LONGEST = 15  # bytes of one instruction (Intel SDM, volume 2, section 2.3.11)


def rewritten(trace: Trace, linked: Callable[[], Mapping[int, Instruction]]) -> dict[int, Instruction]:
    """Return the instruction of each step whose bytes the program's text does not have.

    Args:
        linked: gives address → instruction, as the program and the reader's own changes have it. It is asked
            only where the recording holds a page of code, since it disassembles every function that ran.
    """
    pcs = trace.registers[:-1, list(REGISTERS).index("PC")]
    pages = np.array(list(trace.pages), np.uint64) // np.uint64(_PAGE)
    held = np.isin(pcs // np.uint64(_PAGE), pages)
    held |= np.isin((pcs + np.uint64(_LONGEST - 1)) // np.uint64(_PAGE), pages)
    if not held.any():
        return {}
    known = linked()
    changed = {new.address for pieces in trace.patches.values() for new in pieces}
    ran: dict[int, tuple[int, bytes]] = {}
    for step in np.flatnonzero(held).tolist():
        pc = int(pcs[step])
        data = _code_at(trace, step, pc)
        there = known.get(pc)
        if data and pc not in changed and (there is None or not data.startswith(there.data)):
            ran[step] = (pc, first_instruction(data))

    def symbol_at(address: int) -> str | None:
        function = trace.program.function_at(address)
        return function.symbol if function and function.address == address else None

    found = loose_instructions(ran.values(), symbol_at)
    return {step: found[piece] for step, piece in ran.items()}


def _code_at(trace: Trace, step: int, pc: int) -> bytes:
    """The bytes from `pc` on, as many as the recording and the program's file have, 15 at most."""
    data = b""
    while len(data) < _LONGEST:
        at = pc + len(data)
        size = min(_LONGEST - len(data), _PAGE - at % _PAGE)
        piece = trace.memory(step, at, size) or trace.program.bytes_at(at, size)
        if not piece:
            break
        data += piece
    return data
