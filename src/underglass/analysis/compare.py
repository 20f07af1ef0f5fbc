"""Two functions side by side: their instructions aligned, what both have on one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from underglass.program import Function, Instruction, Program

__all__ = ["Comparison", "Line", "compare"]

_ADDRESS = re.compile(r"\b0x[0-9a-f]{5,}\b")


@dataclass(frozen=True)
class Line:
    """One line of the comparison; an instruction that only one function has stands alone."""

    left: Instruction | None
    right: Instruction | None
    is_same: bool  # the same text, but for the addresses that jumps and calls go to


@dataclass(frozen=True)
class Comparison:
    """Two functions, aligned."""

    left: Function
    right: Function
    titles: tuple[str, str]  # what tells them apart: "ABI0" and "ABIInternal", or two releases of Go
    lines: tuple[Line, ...]

    @property
    def same(self) -> int:
        """Lines that both have."""
        return sum(line.is_same for line in self.lines)


def compare(
    left: tuple[Program, Function], right: tuple[Program, Function], titles: tuple[str, str] | None = None
) -> Comparison:
    """Align the instructions of two functions, of one program or of two.

    Args:
        titles: what to call them; by default their ABIs, or the releases of Go where those differ.
    """
    first, second = (program.instructions(function) for program, function in (left, right))
    lines = _lines(first, second, [_key(*left, i) for i in first], [_key(*right, i) for i in second])
    return Comparison(left[1], right[1], titles or _titles(left, right), tuple(lines))


def _titles(left: tuple[Program, Function], right: tuple[Program, Function]) -> tuple[str, str]:
    if left[0].go_version != right[0].go_version:
        return left[0].go_version, right[0].go_version
    if left[1].abi != right[1].abi:
        return left[1].abi, right[1].abi
    return left[1].name.removeprefix("main."), right[1].name.removeprefix("main.")


def _key(program: Program, function: Function, instruction: Instruction) -> str:
    """The instruction's text with its target as a distance or a name, which do not depend on the place."""
    target = instruction.target
    if target is None:
        return _ADDRESS.sub("address", instruction.go)
    if target in function:
        return f"{instruction.go.split()[0]} to instruction"
    callee = program.function_at(target)
    return f"{instruction.go.split()[0]} {callee.name if callee else 'elsewhere'}"


def _lines(
    left: Sequence[Instruction], right: Sequence[Instruction], left_keys: list[str], right_keys: list[str]
) -> Iterator[Line]:
    matcher = SequenceMatcher(None, left_keys, right_keys, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield from (Line(x, y, True) for x, y in zip(left[a:b], right[c:d], strict=True))
        else:
            yield from _unlike(left[a:b], right[c:d])


def _unlike(left: Sequence[Instruction], right: Sequence[Instruction]) -> Iterator[Line]:
    """Pair those with the same opcode, in order; the others stand alone."""
    first, second = ([i.go.split()[0] for i in side] for side in (left, right))
    for kind, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (Line(x, y, False) for x, y in zip(left[a:b], right[c:d], strict=True))
        else:
            yield from (Line(x, None, False) for x in left[a:b])
            yield from (Line(None, y, False) for y in right[c:d])
