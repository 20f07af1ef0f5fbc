"""The call graph, drawn: which ABI each function obeys, and where a wrapper stands between two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from underglass.analysis.callgraph import RUNTIME, CallGraph, Node, calls_from
from underglass.views.calldot import (
    InlineCost,
    Overlays,
    digraph_of,
    edge_words,
    facts_of,
    note_of,
    plain,
)
from underglass.views.calllegend import legend_of
from underglass.views.dotsvg import render_svg

if TYPE_CHECKING:
    import graphviz

    from underglass.program import Program

__all__ = [
    "LIMIT",
    "CallGraphPicture",
    "call_graph",
    "call_graph_picture",
    "call_graph_text",
    "render_svg",
]

LIMIT = 60
"""Nodes that are drawn unless another limit is given."""


class CallGraphPicture:
    """A call graph that shows itself: in a notebook or a page as a picture whose nodes open their code, as
    text elsewhere.

    Attributes:
        graph: what is drawn.
        text, svg, dot: its other forms.
    """

    def __init__(
        self,
        program: Program,
        focus: str = "main.main",
        depth: int = 3,
        *,
        callers: int = 0,
        runtime: bool = False,
        nosplit: bool = False,
        inlining: Mapping[str, int | InlineCost] | None = None,
        limit: int | None = LIMIT,
    ) -> None:
        self.program = program
        self.graph = calls_from(program, focus, depth, callers=callers, runtime=runtime, limit=limit)
        self.overlays = _overlays(program, nosplit, inlining)
        self.text = _text(self.graph, self.overlays)
        drawn = digraph_of(self.graph, self.overlays)
        self.dot: str = drawn.source
        name = self.graph.node(self.graph.focus).name
        self.title = f"Calls from {name}" if not callers else f"Calls to and from {name}"
        foot = legend_of(self.graph, note_of(self.graph))
        self.svg = render_svg(drawn, title=self.title, description=self.text, foot=foot)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html(standalone=False)

    def html(self, *, standalone: bool = True) -> str:
        """Return the picture as HTML whose nodes open their code, without a kernel and without a network.

        Args:
            standalone: a whole page, whose policy lets it load nothing; else a piece for another page.
        """
        from underglass.views.callpage import callgraph_html

        return callgraph_html(self, standalone=standalone)

    def _repr_svg_(self) -> str:
        return self.svg


def call_graph_picture(
    program: Program,
    focus: str = "main.main",
    depth: int = 3,
    *,
    callers: int = 0,
    runtime: bool = False,
    nosplit: bool = False,
    inlining: Mapping[str, int | InlineCost] | None = None,
    limit: int | None = LIMIT,
) -> CallGraphPicture:
    """The graph of `call_graph`, drawn, with its text form beside it."""
    return CallGraphPicture(
        program, focus, depth, callers=callers, runtime=runtime,
        nosplit=nosplit, inlining=inlining, limit=limit,
    )  # fmt: skip


def call_graph(
    program: Program,
    focus: str = "main.main",
    depth: int = 3,
    *,
    callers: int = 0,
    runtime: bool = False,
    nosplit: bool = False,
    inlining: Mapping[str, int | InlineCost] | None = None,
    limit: int | None = LIMIT,
) -> graphviz.Digraph:
    """Return what `focus` calls as a graph to draw or to edit, grouped by package.

    A box is a function that takes its arguments on the stack (ABI0), a rounded one takes them in
    registers (ABIInternal). A dashed edge enters or leaves a wrapper and says between which ABIs;
    the edge into assembly that Go calls directly is bold. Each edge has its case, G1 to G6; in a graph
    of many edges, one without a label is G1.

    Args:
        depth: how many calls away from `focus` to look.
        callers: show what calls `focus`, too, up to so many calls away.
        runtime: show the runtime's functions; else they are one node.
        nosplit: at each function without a stack check, say how much stack the longest chain of such
            functions through it leaves, of all that the program has.
        inlining: say at each function that the mapping names what inlining it would cost: in nodes, or as
            the compiler's verdict (`InlineCost`).
        limit: at most so many nodes: the functions farthest from `focus` are folded, one node a package;
            None draws them all.
    """
    graph = calls_from(program, focus, depth, callers=callers, runtime=runtime, limit=limit)
    return digraph_of(graph, _overlays(program, nosplit, inlining))


def _overlays(program: Program, nosplit: bool, inlining: Mapping[str, int | InlineCost] | None) -> Overlays:
    if not nosplit:
        return Overlays({}, inlining or {})
    from underglass.analysis.nosplit import NosplitBudget  # reads the whole program: for those who ask

    rooms = NosplitBudget(program).rooms.values()
    return Overlays({r.function.symbol: r.left for r in rooms if not r.has_check}, inlining or {})


def call_graph_text(graph: CallGraph, left: Mapping[str, int] | None = None) -> str:
    """Return the same graph as lines of text, one function and one call a line.

    Args:
        left: symbol → bytes of stack left, for the functions without a stack check.
    """
    return _text(graph, Overlays(left or {}))


def _text(graph: CallGraph, overlays: Overlays) -> str:
    lines = []
    for node in graph.nodes:
        lines.append(plain(node.name) + _in_brackets(node, overlays))
        for edge in graph.edges:
            if edge.caller == node.symbol:
                callee = graph.node(edge.callee)
                note = f" {callee.abi}: {edge_words(edge)}" if edge.case else ""
                lines.append(f"  → {plain(callee.name)}{note}")
        if node.beyond:
            more = "1 function" if node.beyond == 1 else f"{node.beyond} functions"
            lines.append(f"  → {more} beyond the depth")
    if graph.holders:
        lines.append(f"The address of {plain(graph.nodes[0].name)} is taken by {', '.join(graph.holders)}.")
    note = note_of(graph)
    return "\n".join([*lines, note] if note else lines)


def _in_brackets(node: Node, overlays: Overlays) -> str:
    if node.abi:
        return f" ({', '.join(facts_of(node, overlays))})"
    return f" ({len(node.members)} functions)" if node.symbol == RUNTIME else ""
