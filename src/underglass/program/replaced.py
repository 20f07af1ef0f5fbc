"""An instruction that was put in another's place."""

from __future__ import annotations

from collections.abc import Iterable

from capstone import CS_ARCH_X86, CS_MODE_64, Cs

from underglass.program.function import Instruction

__all__ = ["replaced"]

_NOP = (b"\x90", "NOP")


def replaced(old: Instruction, pieces: Iterable[tuple[bytes, str]]) -> tuple[Instruction, ...]:
    """What stands where `old` stood, once other code has been put there.

    Args:
        pieces: the new instructions, bytes and Go syntax, no longer than `old`; NOPs fill the rest.
    """
    wanted = list(pieces)
    wanted += [_NOP] * (len(old.data) - sum(len(data) for data, _ in wanted))
    engine, at = Cs(CS_ARCH_X86, CS_MODE_64), old.address
    found: list[Instruction] = []
    for data, go in wanted:
        intel = next((f"{name} {args}".strip() for *_, name, args in engine.disasm_lite(data, at)), go)
        found.append(Instruction(at, data, go, intel, old.line, None))
        at += len(data)
    return tuple(found)
