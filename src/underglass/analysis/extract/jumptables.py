"""Jumps through a table of code addresses, which the compiler makes of a switch.

Go 1.27, cmd/compile/internal/ssagen/ssa.go (BlockJumpTable): LEAQ table(SB), Ra; JMP (Ra)(Rb*8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from underglass.analysis.extract.body import Body
from underglass.analysis.extract.spelling import Decoded, bare_register
from underglass.program import Program

__all__ = ["JumpTable", "jump_tables"]

_WORD = 8
_NEAR = 6  # instructions between the load of the address and the jump


@dataclass(frozen=True)
class JumpTable:
    """One such jump."""

    load: int  # index of the step that loads the table's address
    index: str  # the register that holds the number of the entry
    targets: tuple[int, ...]  # guest addresses of steps


def jump_tables(program: Program, body: Body) -> Mapping[int, JumpTable]:
    """Index of the jump among the body's steps → its table."""
    found = {}
    inside = {step.instruction.address for step in body.steps}
    for index, step in enumerate(body.steps):
        if step.decoded.mnemonic != "jmp" or step.instruction.target is not None:
            continue
        held = getattr(step.decoded.operands[0], "mem", None)
        if held is None or held.scale != _WORD or not held.index or held.disp:
            continue
        load = next(
            (i for i in range(index - 1, max(index - _NEAR, -1), -1) if _loads(body, i, held.base)), None
        )
        if load is None:
            continue
        at = body.steps[load].instruction
        table = at.address + len(at.data) + body.steps[load].decoded.operands[1].mem.disp
        targets: list[int] = []
        while True:
            entry = int.from_bytes(program.bytes_at(table + _WORD * len(targets), _WORD), "little")
            entry = body.moved.get(entry, entry)
            if entry not in inside:
                break
            targets.append(entry)
        if targets:
            found[index] = JumpTable(load, bare_register(step.decoded.reg_name(held.index)), tuple(targets))
    return found


def _loads(body: Body, index: int, base: int) -> bool:
    decoded: Decoded = body.steps[index].decoded
    if decoded.mnemonic != "lea" or decoded.operands[0].reg != base:
        return False
    source = decoded.operands[1].mem.base
    return bool(source) and decoded.reg_name(source) == "rip"
