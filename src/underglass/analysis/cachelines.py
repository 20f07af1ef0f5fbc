"""Where code lies in lines of the cache, and which calls could be rewritten while other CPUs run them.

A CALL with a 32-bit displacement is E8 and four bytes. To send it elsewhere, those four are written; a CPU
that fetches them meanwhile sees all or none of the store only if they lie in one line (Linux, "Static calls
v3", January 2019; Intel SDM, volume 3, "Guaranteed Atomic Operations": from the P6 family on).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from underglass.program import Function, Instruction, Program

__all__ = ["LINE", "CallSite", "call_sites", "crossing_share"]

LINE = 64  # bytes of a cache line on every amd64 processor so far
_CALL, _DISPLACEMENT = 0xE8, 4  # Intel SDM, volume 2, CALL


@dataclass(frozen=True)
class CallSite:
    """One direct CALL."""

    address: int  # of the instruction
    target: int  # code address
    crosses: bool  # its displacement lies in two cache lines

    @property
    def line(self) -> int:
        """Address of the cache line that its first byte lies in."""
        return self.address // LINE * LINE


def call_sites(program: Program, function: Function) -> tuple[CallSite, ...]:
    """The direct calls of one function, in order of address.

    >>> [site.crosses for site in call_sites(program, program.function("main"))]  # doctest: +SKIP
    [False, True, False]
    """
    return tuple(_sites(program.instructions(function)))


def crossing_share(program: Program, functions: Iterable[Function] | None = None) -> tuple[int, int]:
    """(calls whose displacement lies in two lines, all direct calls) of these functions, or of all."""
    wanted = tuple(functions if functions is not None else program.functions.values())
    program.prefetch(wanted)
    sites = [site for f in {f.address: f for f in wanted}.values() for site in call_sites(program, f)]
    return sum(site.crosses for site in sites), len(sites)


def _sites(instructions: Iterable[Instruction]) -> Iterable[CallSite]:
    for instruction in instructions:
        if instruction.data[0] == _CALL and instruction.target is not None:
            first = instruction.address + 1
            last = first + _DISPLACEMENT - 1
            yield CallSite(instruction.address, instruction.target, first // LINE != last // LINE)
