"""Who calls whom, read off the machine code: direct CALLs and tail JMPs.

A call through a function value, a method of an interface or a closure has no target in the code,
so it is on its node and has no edge. Each edge says which of the six cases it is (`callcases`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from underglass.analysis.callcases import Indirect, indirect_calls, is_runtime
from underglass.analysis.calledges import Edge, Edges, Kind, edges_of, targets
from underglass.analysis.callfold import OTHER, Group, fold
from underglass.analysis.references import How, references
from underglass.analysis.wrappers import Made, counterpart, is_keeper, is_kept, made_as
from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from underglass.program import Function, Program

__all__ = ["RUNTIME", "CallGraph", "Edge", "Kind", "Node", "calls_from", "edges_of"]

RUNTIME = "runtime"
"""The symbol of the one node that stands for the folded runtime."""

_MORESTACK = "runtime.morestack"  # which nearly every Go function calls in its prologue
_LEAST = 4  # nodes: the focus, the runtime, one for all the other callees, one for the callers


@dataclass(frozen=True)
class Node:
    """One function, or several that are folded into one node."""

    symbol: str  # the linker's symbol; "runtime" or a name of its own for a folded node
    name: str
    abi: str  # "ABI0", "ABIInternal" or "C"; "" for a folded node
    is_wrapper: bool = False  # to the unwinder; `made` says of which kind
    is_assembly: bool = False
    frame_size: int = 0  # bytes
    indirect_calls: int = 0  # CALLs without a target in the code
    made: Made | None = None  # what the compiler made it for; None if it was written
    indirect: tuple[Indirect, ...] = ()  # the same CALLs, each with the cases it may be
    package: str = ""  # import path; "" for a symbol of none
    distance: int = 0  # calls between the focus and it; below 0 for what calls the focus
    beyond: int = 0  # functions that it calls directly and that the graph leaves out
    members: tuple[str, ...] = ()  # symbols of the functions that are folded into it


@dataclass(frozen=True)
class CallGraph:
    """The functions around one function: the focus, what it calls, and what calls it where asked for."""

    focus: str
    nodes: tuple[Node, ...]  # the focus first, then as they were met
    edges: tuple[Edge, ...]
    holders: tuple[str, ...] = ()  # what takes the address of the focus, where callers were asked for
    _by_symbol: dict[str, Node] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_symbol.update((node.symbol, node) for node in self.nodes)

    def node(self, symbol: str) -> Node:
        """The node of a symbol; KeyError if the graph does not reach it."""
        return self._by_symbol[symbol]

    @property
    def folded(self) -> int:
        """How many functions are folded because the graph had too many, the runtime's left out."""
        return sum(len(node.members) for node in self.nodes if node.symbol != RUNTIME)


def calls_from(
    program: Program,
    focus: str = "main.main",
    depth: int = 3,
    *,
    callers: int = 0,
    runtime: bool = False,
    limit: int | None = None,
) -> CallGraph:
    """Return what `focus` calls, down to `depth` calls away, and every direct call between these functions.

    Args:
        focus: a function's name, as `Program.function` takes it: of an assembly function that has a wrapper,
            "add" is the wrapper and "add.abi0" the body.
        depth: 1 shows the callees of `focus` alone.
        callers: show what calls `focus`, too, up to so many calls away; through its wrapper or past it.
        runtime: show the runtime's functions too; else they are one node, and the call of
            morestack in a prologue is left out.
        limit: at most so many nodes: the functions farthest from `focus` are folded by package.

    Raises:
        UnknownFunction: no function of that name; the message lists the nearest names.
        UnderglassError: depth or callers below 0, or a limit below 4.
    """
    if depth < 0 or callers < 0 or (limit is not None and limit < _LEAST):
        raise UnderglassError(
            f"A call graph of depth {depth}, callers {callers} and limit {limit} cannot be made. Give a "
            f"depth and callers of 0 or more, and a limit of {_LEAST} or more."
        )
    return _Walk(program, program.function(focus), runtime).graph(depth, callers, limit)


class _Walk:
    """The functions around a focus, as they are met."""

    def __init__(self, program: Program, start: Function, runtime: bool) -> None:
        self._program, self._start = program, start
        self._folds_runtime = not runtime and not is_runtime(start)
        self._met: dict[str, tuple[Function, int]] = {start.symbol: (start, 0)}
        self._expanded: set[str] = set()  # whose callees were looked for
        self._runtime: set[str] = set()  # symbols
        self._from_runtime: list[tuple[Function, Function, bool]] = []

    def graph(self, depth: int, callers: int, limit: int | None) -> CallGraph:
        level = [self._start]
        for distance in range(1, depth + 1):
            level = self._meet(level, distance)
        other = counterpart(self._program, self._start)
        level = [self._start]
        if callers and other is not None:  # who calls the assembly body does not call its wrapper
            self._met.setdefault(other.symbol, (other, 0))
            level.append(other)
        for distance in range(1, callers + 1):
            level = self._meet_callers(level, -distance)
        functions = [function for function, _ in self._met.values()]
        self._program.prefetch(functions)
        spare = None if limit is None else limit - bool(self._runtime)
        rows = [(f.symbol, distance, f.package) for f, distance in self._met.values()]
        groups = fold(rows, self._start.package, spare) if spare is not None else ()
        edges, beyond = self._edges({s: group for group in groups for s in group.members})
        nodes = self._nodes(groups, beyond)
        return CallGraph(self._start.symbol, tuple(nodes), edges, self._holders() if callers else ())

    def _is_folded(self, function: Function) -> bool:
        return self._folds_runtime and is_runtime(function)

    def _meet(self, level: Sequence[Function], distance: int) -> list[Function]:
        self._program.prefetch(level)
        following = []
        for function in level:
            self._expanded.add(function.symbol)
            for callee, _ in targets(self._program, function):
                if self._is_folded(callee):
                    if not callee.name.startswith(_MORESTACK):
                        self._runtime.add(callee.symbol)
                elif callee.symbol not in self._met:
                    self._met[callee.symbol] = callee, distance
                    following.append(callee)
        return following

    def _meet_callers(self, level: Sequence[Function], distance: int) -> list[Function]:
        following = []
        for reference in references(self._program, level) if level else ():
            if reference.how not in (How.CALL, How.JUMP):
                continue
            caller = self._program.function_at(reference.at)
            if caller is None or is_keeper(caller):
                continue
            if self._is_folded(caller):
                self._runtime.add(caller.symbol)
                self._from_runtime.append((caller, reference.function, reference.how is How.JUMP))
            elif caller.symbol not in self._met:
                self._met[caller.symbol] = caller, distance
                following.append(caller)
        return following

    def _edges(self, group_of: Mapping[str, Group]) -> tuple[tuple[Edge, ...], dict[str, int]]:
        edges, beyond = Edges(self._program), {}
        called: set[str] = set()  # by functions that are not folded
        for function in sorted((f for f, _ in self._met.values()), key=lambda f: f.symbol in group_of):
            group, left_out = group_of.get(function.symbol), set()
            for callee, tail in targets(self._program, function):
                to = group_of.get(callee.symbol)
                if callee.symbol in self._met:
                    if group is None:
                        called.add(callee.symbol)
                    if _is_told(group, to, callee.symbol in called):
                        edges.add(
                            function, callee, tail, group.name if group else None, to.name if to else None
                        )
                elif not self._is_folded(callee):
                    left_out.add(callee.symbol)
                elif callee.symbol in self._runtime and group is None and function.symbol in self._expanded:
                    edges.add(function, callee, tail, None, RUNTIME)
            beyond[function.symbol] = len(left_out)
        for caller, callee, tail in self._from_runtime:
            to = group_of.get(callee.symbol)
            edges.add(caller, callee, tail, RUNTIME, to.name if to else None)
        return edges.all(), beyond

    def _nodes(self, groups: Sequence[Group], beyond: Mapping[str, int]) -> Iterator[Node]:
        hidden = {symbol for group in groups for symbol in group.members}
        for function, distance in self._met.values():
            if function.symbol not in hidden:
                yield self._node(function, distance, beyond[function.symbol])
        for group in groups:
            package = "" if group.package == OTHER else group.package
            yield Node(group.name, group.name, "", package=package, distance=group.distance,
                       members=group.members)  # fmt: skip
        if self._runtime:
            yield Node(RUNTIME, "the runtime", "", members=tuple(sorted(self._runtime)))

    def _node(self, function: Function, distance: int, beyond: int) -> Node:
        indirect = indirect_calls(self._program, function)
        return Node(
            symbol=function.symbol, name=function.name, abi=function.abi, is_wrapper=function.is_wrapper,
            is_assembly=function.is_assembly, frame_size=function.frame_size,
            indirect_calls=len(indirect), made=made_as(self._program, function), indirect=indirect,
            package=function.package, distance=distance, beyond=beyond,
        )  # fmt: skip

    def _holders(self) -> tuple[str, ...]:
        taken = (
            reference.by or f"data at {reference.at:#x}"  # an itab has no symbol
            for reference in references(self._program, [self._start])
            if reference.how in (How.FUNC_VALUE, How.CODE_ADDRESS) and not is_kept(self._program, reference)
        )
        return tuple(dict.fromkeys(taken))


def _is_told(group: Group | None, to: Group | None, called: bool) -> bool:
    """Whether a call by a function of `group` is an edge.

    A folded node is there to say what is left out; what it calls back is left out with it, unless nothing
    else that is drawn calls it.
    """
    if group is None or to is not None:
        return group is None or to is not group
    return group.distance < 0 or not called
