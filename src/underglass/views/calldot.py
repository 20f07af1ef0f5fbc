"""A call graph in Graphviz's language."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import graphviz

from underglass.analysis.callcases import Case
from underglass.analysis.callgraph import RUNTIME, CallGraph, Edge, Kind, Node
from underglass.views.dotsvg import key_of
from underglass.views.palette import colour

__all__ = [
    "InlineCost",
    "Overlays",
    "digraph_of",
    "edge_words",
    "facts_of",
    "name_in_package",
    "note_of",
    "plain",
]

_WRAPPER_EDGES = (Kind.INTO_WRAPPER, Kind.OUT_OF_WRAPPER)
_SANS = "DejaVu Sans,Helvetica,Arial,sans-serif"
_BUDGET = 80  # nodes; Go 1.27, cmd/compile/internal/inline/inl.go, inlineMaxBudget
_LABELLED = 16  # edges; beyond, a plain edge means G1 and has no label
_NAME = 34  # characters of a name that are drawn
_LETTER, _SMALL_LETTER = 7.2, 5.9  # pixels that a letter of 12 and of 10 points takes, on average
_HUES = {"ABI0": "abi0", "ABIInternal": "internal"}


class InlineCost(Protocol):
    """What the compiler says of inlining a function."""

    @property
    def cost(self) -> int | None: ...  # nodes; None where it gave up before the end
    @property
    def budget(self) -> int: ...  # nodes
    @property
    def reason(self) -> str: ...  # why not; "" if it can be inlined


@dataclass(frozen=True)
class Overlays:
    """What is said at functions beside their facts, on demand."""

    left: Mapping[str, int] = field(default_factory=dict)  # symbol → bytes its longest NOSPLIT chain leaves
    inlining: Mapping[str, int | InlineCost] = field(default_factory=dict)  # name, `main.` or not → cost

    def rows(self, node: Node) -> list[str]:
        """The rows for one function."""
        rows = [f"NOSPLIT, {self.left[node.symbol]} bytes left"] if node.symbol in self.left else []
        verdict = None if node.is_wrapper else self._verdict(node)
        return rows if verdict is None else [*rows, _inline_words(verdict)]

    def _verdict(self, node: Node) -> int | InlineCost | None:
        # The compiler speaks of a generic function by its name alone: Map, for main.Map[go.shape.int].
        names = (node.name, node.name.partition("[")[0])
        return next(
            (self.inlining[n] for name in names for n in (name, plain(name)) if n in self.inlining), None
        )


def _inline_words(verdict: int | InlineCost) -> str:
    if isinstance(verdict, int):
        fits = "inline cost" if verdict <= _BUDGET else "not inlined, cost"
        return f"{fits} {verdict} of {_BUDGET}"
    if verdict.cost is None:
        return f"not inlined: {verdict.reason}"
    return f"{'not inlined' if verdict.reason else 'inline'}, cost {verdict.cost} of {verdict.budget}"


def plain(name: str) -> str:
    """A name as its own package says it."""
    return name.removeprefix("main.")


def name_in_package(node: Node) -> str:
    """A node's name below the heading of its package."""
    if node.members and node.package:
        return node.name.rpartition(": ")[2]
    return node.name.removeprefix(f"{node.package}.") if node.package else node.name


def facts_of(node: Node, overlays: Overlays) -> list[str]:
    """What is said of a function below its name, row by row."""
    kind = "wrapper" if node.is_wrapper else "assembly" if node.is_assembly else "Go"
    indirect = f", {node.indirect_calls} indirect" if node.indirect_calls else ""
    language = "" if node.abi == "C" else f", {kind}"
    return [f"{node.abi}{language}, frame ${node.frame_size}{indirect}", *overlays.rows(node)]


def edge_words(edge: Edge) -> str:
    """What an edge is, in words: "into a wrapper (G6), at 2 places"."""
    places = "" if edge.sites == 1 else f", at {edge.sites} places"
    case = f" ({edge.case.words})" if edge.case else ""
    crossed = f"{edge.abis[0]} → {edge.abis[1]}"
    kind = crossed if edge.kind is Kind.OUT_OF_WRAPPER and edge.abis[0] != edge.abis[1] else edge.kind.value
    return f"{kind}{case}{', by JMP' if edge.tail else ''}{places}"


def note_of(graph: CallGraph) -> str:
    """What the picture leaves out, as a sentence; "" if nothing is folded by package."""
    if not graph.folded:
        return ""
    focus = plain(graph.node(graph.focus).name)
    whole = all(node.package for node in graph.nodes if node.members and node.symbol != RUNTIME)
    how = "package by package" if whole else "for want of room"
    return f"The {graph.folded} functions that are farthest from {focus} are folded, {how}."


def digraph_of(graph: CallGraph, overlays: Overlays) -> graphviz.Digraph:
    """Return the graph to draw: a cluster a package, the focus bold, each edge with its case."""
    drawn = graphviz.Digraph("calls")
    drawn.attr(rankdir="LR", bgcolor="transparent", nodesep="0.16", ranksep="0.45", fontname=_SANS, pad="0.1")
    drawn.attr("node", fontname=_SANS, fontsize="12", height="0.42", margin="0.12,0.05", penwidth="1.2")
    drawn.attr(
        "edge", fontname=_SANS, fontsize="10", arrowsize="0.7",
        color=colour("muted"), fontcolor=colour("ink"),
    )  # fmt: skip
    by_package: dict[str, list[Node]] = {}
    for node in graph.nodes:
        by_package.setdefault("" if node.symbol == RUNTIME else node.package, []).append(node)
    for package, nodes in by_package.items():
        if not package:
            _add(drawn, nodes, graph, overlays)
            continue
        with drawn.subgraph(name=f"cluster_{key_of(package)}") as cluster:
            cluster.attr(
                label=package, labeljust="l", fontsize="11", fontcolor=colour("muted"), margin="10",
                style="rounded,filled", color=colour("rule"), fillcolor=colour("wash"),
            )  # fmt: skip
            _add(cluster, nodes, graph, overlays)
    for edge in graph.edges:
        drawn.edge(key_of(edge.caller), key_of(edge.callee), **_edge_attributes(edge, graph))
    return drawn


def _add(drawn: graphviz.Digraph, nodes: Iterable[Node], graph: CallGraph, overlays: Overlays) -> None:
    for node in nodes:
        is_focus = node.symbol == graph.focus
        drawn.node(key_of(node.symbol), **_node_attributes(node, overlays, is_focus=is_focus))


def _node_attributes(node: Node, overlays: Overlays, *, is_focus: bool) -> dict[str, str]:
    name = html.escape(_short(name_in_package(node)))
    if not node.abi:
        what = (
            "functions of the Go runtime"
            if node.symbol == RUNTIME
            else f"functions of {node.package or 'several packages'}"
        )
        return {
            "label": name, "shape": "box", "style": "filled,dotted", "peripheries": "2",
            "color": colour("muted"), "fillcolor": colour("paper"), "fontcolor": colour("muted"),
            "tooltip": f"{len(node.members)} {what}, folded into one node",
        }  # fmt: skip
    hue = _HUES.get(node.abi)
    ink = colour(hue or "muted")
    facts = facts_of(node, overlays)
    rows = [f'<FONT POINT-SIZE="10" COLOR="{ink}">{html.escape(row)}</FONT>' for row in facts]
    if node.beyond:
        rows.append(f'<FONT POINT-SIZE="10" COLOR="{colour("muted")}">calls {node.beyond} more</FONT>')
    # The engine measures with a narrower font than most systems have.
    width = int(max(_LETTER * len(name), *(_SMALL_LETTER * len(row) for row in facts)))
    style = "rounded,filled" if node.abi == "ABIInternal" else "filled"
    return {
        "label": _label_table(width, f"<B>{name}</B>" if is_focus else name, *rows),
        "shape": "box", "style": style + (",dashed" if node.is_wrapper else ""),
        "color": ink, "fillcolor": colour(f"{hue}-tint" if hue else "wash"), "fontcolor": colour("ink"),
        "tooltip": f"{node.symbol}, frame ${node.frame_size}",
    } | ({"penwidth": "2.4"} if is_focus else {})  # fmt: skip


def _short(name: str) -> str:
    """A name that fits a node: the middle of a long one is left out, the tooltip and the panel have it."""
    if len(name) <= _NAME:
        return name
    head = _NAME * 2 // 3
    return f"{name[:head]}…{name[head - _NAME + 1 :]}"


def _label_table(width: int, *rows: str) -> str:
    cells = "".join(f'<TR><TD ALIGN="LEFT">{row}</TD></TR>' for row in rows)
    table = f'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1" WIDTH="{width}"'
    return f"<<TABLE {table}>{cells}</TABLE>>"


def _edge_attributes(edge: Edge, graph: CallGraph) -> dict[str, str]:
    ends = f"{plain(graph.node(edge.caller).name)} → {plain(graph.node(edge.callee).name)}"
    attributes = {"tooltip": f"{ends}: {edge_words(edge) if edge.case else 'folded calls'}"}
    if edge.case is None:
        # The runtime may call the focus, too; only its callees decide where it stands.
        loose = {"constraint": "false"} if edge.caller == RUNTIME and _is_called(graph, RUNTIME) else {}
        return attributes | {"style": "dotted"} | loose
    if edge.kind in _WRAPPER_EDGES:
        attributes |= {"style": "dashed", "color": colour("ink")}
    elif edge.kind is not Kind.GO_TO_GO:
        attributes |= {"penwidth": "2"}
    if edge.tail:
        attributes["arrowhead"] = "onormal"
    return attributes | ({"label": f" {edge.case.words} "} if _is_labelled(edge, graph) else {})


def _is_labelled(edge: Edge, graph: CallGraph) -> bool:
    return edge.case is not Case.G1 or len(graph.edges) <= _LABELLED


def _is_called(graph: CallGraph, symbol: str) -> bool:
    return any(edge.callee == symbol for edge in graph.edges)
