"""Who calls whom, read off the machine code: direct CALLs and tail JMPs.

A call through a function value, a method of an interface or a closure has no target in the code,
so it is on its node and has no edge. Each edge says which of the six cases it is (`callcases`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from underglass.analysis.callcases import Case, Indirect, case_of, indirect_calls, is_runtime
from underglass.analysis.wrappers import Made, made_as

if TYPE_CHECKING:
    from collections.abc import Iterable

    from underglass.program import Function, Program

__all__ = ["CallGraph", "Edge", "Kind", "Node", "calls_from", "edges_of"]

RUNTIME = "runtime"  # the one node that stands for the folded runtime


class Kind(Enum):
    """What a call crosses."""

    GO_TO_GO = "Go → Go"
    GO_TO_ASSEMBLY = "Go → assembly"
    ASSEMBLY_TO_GO = "assembly → Go"
    ASSEMBLY_TO_ASSEMBLY = "assembly → assembly"
    INTO_WRAPPER = "into a wrapper"  # an ABI wrapper; others stay within Go's own ABI
    OUT_OF_WRAPPER = "out of a wrapper"


@dataclass(frozen=True)
class Node:
    """One function, or the folded runtime."""

    symbol: str  # the linker's symbol, or "runtime" for the folded runtime
    name: str
    abi: str  # "ABI0" or "ABIInternal"; "" for the folded runtime
    is_wrapper: bool = False  # to the unwinder; `made` says of which kind
    is_assembly: bool = False
    frame_size: int = 0  # bytes
    indirect_calls: int = 0  # CALLs without a target in the code
    made: Made | None = None  # what the compiler made it for; None if it was written
    indirect: tuple[Indirect, ...] = ()  # the same CALLs, each with the cases it may be


@dataclass(frozen=True)
class Edge:
    """All direct calls from one function to another."""

    caller: str  # symbols of nodes
    callee: str
    kind: Kind
    abis: tuple[str, str]  # of caller and callee
    sites: int  # how many CALLs or JMPs
    tail: bool  # every one of them is a JMP
    case: Case | None  # None: into the folded runtime, where an edge stands for several


@dataclass(frozen=True)
class CallGraph:
    """The functions that are reached from some function, in the order they were met."""

    focus: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def node(self, symbol: str) -> Node:
        """The node of a symbol; KeyError if the graph does not reach it."""
        return {node.symbol: node for node in self.nodes}[symbol]


def calls_from(
    program: Program, focus: str = "main.main", depth: int = 3, *, runtime: bool = False
) -> CallGraph:
    """Return what `focus` calls, down to `depth` calls away.

    Args:
        focus: a function's name, as `Program.function` takes it.
        depth: 1 shows the callees of `focus` alone.
        runtime: show the runtime's functions too; else they are one node.

    Raises:
        UnknownFunction: no function of that name; the message lists the nearest names.
    """
    start = program.function(focus)
    nodes: dict[str, Node] = {}
    edges: dict[tuple[str, str], Edge] = {}
    level = [start]
    for distance in range(depth + 1):
        following: list[Function] = []
        expanded = [f for f in level if distance < depth]
        program.prefetch(expanded)
        for function in level:
            if function.symbol not in nodes:
                nodes[function.symbol] = _node(program, function, count=distance < depth)
        for function in expanded:
            for callee, tail in _targets(program, function):
                folded = not runtime and is_runtime(callee) and not is_runtime(start)
                if folded:
                    nodes.setdefault(RUNTIME, Node(RUNTIME, "the runtime", ""))
                elif callee.symbol not in nodes and callee not in following:
                    following.append(callee)
                _count(program, edges, function, callee, RUNTIME if folded else callee.symbol, tail)
        level = following
    return CallGraph(start.symbol, tuple(nodes.values()), tuple(edges.values()))


def edges_of(program: Program, functions: Iterable[Function]) -> tuple[Edge, ...]:
    """Return every direct call that the functions make."""
    callers = tuple(functions)
    program.prefetch(callers)
    edges: dict[tuple[str, str], Edge] = {}
    for caller in callers:
        for callee, tail in _targets(program, caller):
            _count(program, edges, caller, callee, callee.symbol, tail)
    return tuple(edges.values())


def _node(program: Program, function: Function, *, count: bool) -> Node:
    indirect = indirect_calls(program, function) if count else ()
    return Node(
        symbol=function.symbol, name=function.name, abi=function.abi, is_wrapper=function.is_wrapper,
        is_assembly=function.is_assembly, frame_size=function.frame_size,
        indirect_calls=len(indirect), made=made_as(program, function), indirect=indirect,
    )  # fmt: skip


def _targets(program: Program, function: Function) -> Iterable[tuple[Function, bool]]:
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


def _count(
    program: Program,
    edges: dict[tuple[str, str], Edge],
    caller: Function,
    callee: Function,
    to: str,
    tail: bool,
) -> None:
    key = (caller.symbol, to)
    held = edges.get(key)
    edges[key] = Edge(
        caller=caller.symbol, callee=to, kind=_kind(program, caller, callee), abis=(caller.abi, callee.abi),
        sites=(held.sites if held else 0) + 1, tail=tail and (held is None or held.tail),
        case=None if to == RUNTIME else case_of(program, caller, callee),
    )  # fmt: skip


def _kind(program: Program, caller: Function, callee: Function) -> Kind:
    if made_as(program, callee) is Made.ABI_WRAPPER:
        return Kind.INTO_WRAPPER
    if made_as(program, caller) is Made.ABI_WRAPPER:
        return Kind.OUT_OF_WRAPPER
    if caller.is_assembly:
        return Kind.ASSEMBLY_TO_ASSEMBLY if callee.is_assembly else Kind.ASSEMBLY_TO_GO
    return Kind.GO_TO_ASSEMBLY if callee.is_assembly else Kind.GO_TO_GO
