"""The direct calls of functions, read off their machine code: CALLs, and JMPs to another function's start."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from underglass.analysis.callcases import Case, case_of
from underglass.analysis.wrappers import Made, made_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from underglass.program import Function, Program

__all__ = ["Edge", "Edges", "Kind", "edges_of", "targets"]


class Kind(Enum):
    """What a call crosses."""

    GO_TO_GO = "Go → Go"
    GO_TO_ASSEMBLY = "Go → assembly"
    ASSEMBLY_TO_GO = "assembly → Go"
    ASSEMBLY_TO_ASSEMBLY = "assembly → assembly"
    INTO_WRAPPER = "into a wrapper"  # an ABI wrapper; others stay within Go's own ABI
    OUT_OF_WRAPPER = "out of a wrapper"


@dataclass(frozen=True)
class Edge:
    """All direct calls from one function to another."""

    caller: str  # symbols of nodes
    callee: str
    kind: Kind
    abis: tuple[str, str]  # of caller and callee
    sites: int  # how many CALLs or JMPs
    tail: bool  # every one of them is a JMP
    case: Case | None  # None: an end of it is folded, so that the edge stands for several


def edges_of(program: Program, functions: Iterable[Function]) -> tuple[Edge, ...]:
    """Return every direct call that the functions make."""
    callers = tuple(functions)
    program.prefetch(callers)
    edges = Edges(program)
    for caller in callers:
        for callee, tail in targets(program, caller):
            edges.add(caller, callee, tail)
    return edges.all()


class Edges:
    """Calls, summed by the nodes that they are between."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._made: dict[tuple[str, str], Edge] = {}

    def add(
        self,
        caller: Function,
        callee: Function,
        tail: bool,
        by: str | None = None,
        to: str | None = None,
    ) -> None:
        """Add one call; `by` and `to` are the symbols of the folded nodes that its ends are in."""
        key = by or caller.symbol, to or callee.symbol
        held = self._made.get(key)
        self._made[key] = Edge(
            caller=key[0], callee=key[1], kind=_kind(self._program, caller, callee),
            abis=(caller.abi, callee.abi), sites=(held.sites if held else 0) + 1,
            tail=tail and (held is None or held.tail),
            case=None if by or to else case_of(self._program, caller, callee),
        )  # fmt: skip

    def all(self) -> tuple[Edge, ...]:
        """The edges, in the order in which they were first met."""
        return tuple(self._made.values())


def targets(program: Program, function: Function) -> Iterator[tuple[Function, bool]]:
    """Each function that the code calls or jumps to, with whether it is a jump."""
    for instruction in program.instructions(function):
        if instruction.target is None:
            continue
        called = instruction.intel.startswith("call")
        callee = program.function_at(instruction.target)
        # A jump within the function is a loop, or the way back from morestack; a jump into the
        # middle of another function is assembly's own affair. Neither is a call.
        if callee is None or callee.address != instruction.target or (callee == function and not called):
            continue
        yield callee, not called


def _kind(program: Program, caller: Function, callee: Function) -> Kind:
    if made_as(program, callee) is Made.ABI_WRAPPER:
        return Kind.INTO_WRAPPER
    if made_as(program, caller) is Made.ABI_WRAPPER:
        return Kind.OUT_OF_WRAPPER
    if caller.is_assembly:
        return Kind.ASSEMBLY_TO_ASSEMBLY if callee.is_assembly else Kind.ASSEMBLY_TO_GO
    return Kind.GO_TO_ASSEMBLY if callee.is_assembly else Kind.GO_TO_GO
