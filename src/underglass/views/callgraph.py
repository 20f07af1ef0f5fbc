"""The call graph, drawn: which ABI each function obeys, and where a wrapper stands between two."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import graphviz

from underglass.analysis.callgraph import CallGraph, Edge, Kind, Node, calls_from
from underglass.errors import UnderglassError
from underglass.views.palette import COLOURS, colour, css_variables, fitting, scrolling

if TYPE_CHECKING:
    from underglass.program import Program

__all__ = ["CallGraphPicture", "call_graph", "call_graph_picture", "call_graph_text", "render_svg"]

_WRAPPER_EDGES = (Kind.INTO_WRAPPER, Kind.OUT_OF_WRAPPER)
_SANS = "DejaVu Sans,Helvetica,Arial,sans-serif"


class CallGraphPicture:
    """A call graph that shows itself: as SVG in a notebook or a page, as text elsewhere."""

    def __init__(
        self,
        program: Program,
        focus: str = "main.main",
        depth: int = 3,
        *,
        runtime: bool = False,
        nosplit: bool = False,
    ) -> None:
        self.graph = calls_from(program, focus, depth, runtime=runtime)
        left = _left(program) if nosplit else {}
        self.text = call_graph_text(self.graph, left)
        self.svg = render_svg(_digraph(self.graph, left), title=f"Calls from {focus}", description=self.text)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return scrolling(self.svg, "Call graph")

    def _repr_svg_(self) -> str:
        return self.svg


def call_graph_picture(
    program: Program,
    focus: str = "main.main",
    depth: int = 3,
    *,
    runtime: bool = False,
    nosplit: bool = False,
) -> CallGraphPicture:
    """The graph of `call_graph`, drawn, with its text form beside it."""
    return CallGraphPicture(program, focus, depth, runtime=runtime, nosplit=nosplit)


def call_graph(
    program: Program,
    focus: str = "main.main",
    depth: int = 3,
    *,
    runtime: bool = False,
    nosplit: bool = False,
) -> graphviz.Digraph:
    """Return what `focus` calls as a graph to draw or to edit.

    A box is a function that takes its arguments on the stack (ABI0), a rounded one takes them in
    registers (ABIInternal). A dashed edge enters or leaves a wrapper and says between which ABIs;
    the edge into assembly that Go calls directly is bold. Each edge has its case, G1 to G6.

    Args:
        depth: how many calls away from `focus` to look.
        runtime: show the runtime's functions; else they are one node.
        nosplit: at each function without a stack check, say how much stack the longest chain of such
            functions through it leaves, of all that the program has.
    """
    return _digraph(calls_from(program, focus, depth, runtime=runtime), _left(program) if nosplit else {})


def _left(program: Program) -> dict[str, int]:
    """Bytes that are left by the longest chain through each function without a stack check."""
    from underglass.analysis.nosplit import NosplitBudget  # reads the whole program: for those who ask

    rooms = NosplitBudget(program).rooms.values()
    return {room.function.symbol: room.left for room in rooms if not room.has_check}


def call_graph_text(graph: CallGraph, left: Mapping[str, int] | None = None) -> str:
    """Return the same graph as lines of text, one function and one call a line.

    Args:
        left: symbol → bytes of stack left, for the functions without a stack check.
    """
    left = left or {}
    lines = []
    for node in graph.nodes:
        lines.append(_plain(node.name) + (f" ({', '.join(_facts(node, left))})" if node.abi else ""))
        for edge in graph.edges:
            if edge.caller == node.symbol:
                callee = graph.node(edge.callee)
                note = f": {_words(edge)}" if callee.abi else ""
                abi = f" {callee.abi}" if callee.abi else ""
                lines.append(f"  → {_plain(callee.name)}{abi}{note}")
    return "\n".join(lines)


def _digraph(graph: CallGraph, left: Mapping[str, int]) -> graphviz.Digraph:
    drawn = graphviz.Digraph("calls")
    drawn.attr(rankdir="LR", bgcolor="transparent", nodesep="0.22", ranksep="0.5", fontname=_SANS, pad="0.1")
    drawn.attr("node", fontname=_SANS, fontsize="12", height="0.42", margin="0.15,0.03", penwidth="1.2")
    drawn.attr(
        "edge",
        fontname=_SANS,
        fontsize="10",
        arrowsize="0.7",
        color=colour("muted"),
        fontcolor=colour("muted"),
    )
    for node in graph.nodes:
        drawn.node(_key(node.symbol), **_node_attributes(node, left, is_focus=node.symbol == graph.focus))
    for edge in graph.edges:
        to_runtime = not graph.node(edge.callee).abi
        attributes = {} if to_runtime else _edge_attributes(edge)
        drawn.edge(_key(edge.caller), _key(edge.callee), **attributes)
    return drawn


def _key(symbol: str) -> str:
    """A node's name in DOT, where a colon would start a port."""
    return symbol.replace(":", "∶")


def _node_attributes(node: Node, left: Mapping[str, int], *, is_focus: bool) -> dict[str, str]:
    name = html.escape(_plain(node.name))
    if not node.abi:
        return {
            "label": name, "shape": "box", "style": "dotted", "color": colour("muted"),
            "fontcolor": colour("muted"), "tooltip": "functions of the Go runtime, folded into one",
        }  # fmt: skip
    hue = "abi0" if node.abi == "ABI0" else "internal"
    title = f"<B>{name}</B>" if is_focus else name
    facts = [
        f'<FONT POINT-SIZE="10" COLOR="{colour(hue)}">{html.escape(row)}</FONT>' for row in _facts(node, left)
    ]
    style = "filled" if node.abi == "ABI0" else "rounded,filled"
    return {
        "label": _label_table(title, *facts),
        "shape": "box", "style": style + (",dashed" if node.is_wrapper else ""),
        "color": colour(hue), "fillcolor": colour(f"{hue}-tint"), "fontcolor": colour("ink"),
        "tooltip": f"{node.symbol}, frame ${node.frame_size}",
    }  # fmt: skip


def _label_table(*rows: str) -> str:
    cells = "".join(f"<TR><TD>{row}</TD></TR>" for row in rows)
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{cells}</TABLE>>'


def _edge_attributes(edge: Edge) -> dict[str, str]:
    attributes = {"tooltip": _words(edge)}
    if edge.kind in _WRAPPER_EDGES:
        attributes |= {"style": "dashed", "color": colour("ink")}
    elif edge.kind is not Kind.GO_TO_GO:
        attributes |= {"penwidth": "2"}
    label = _label(edge) if edge.kind is not Kind.GO_TO_GO else ""
    attributes["label"] = f" {label} ({_case(edge)}) " if label else f" {_case(edge)} "
    return attributes


def _case(edge: Edge) -> str:
    return edge.case.words if edge.case else ""


def _label(edge: Edge) -> str:
    if edge.kind is Kind.OUT_OF_WRAPPER and edge.abis[0] != edge.abis[1]:
        return f"{edge.abis[0]} → {edge.abis[1]}"
    return edge.kind.value


def _words(edge: Edge) -> str:
    places = "" if edge.sites == 1 else f", at {edge.sites} places"
    case = f" ({_case(edge)})" if edge.case else ""
    return f"{_label(edge)}{case}{', by JMP' if edge.tail else ''}{places}"


def _facts(node: Node, left: Mapping[str, int]) -> list[str]:
    """What is said of a function below its name, row by row."""
    kind = "wrapper" if node.is_wrapper else "assembly" if node.is_assembly else "Go"
    indirect = f", {node.indirect_calls} indirect" if node.indirect_calls else ""
    facts = f"{node.abi}, {kind}, frame ${node.frame_size}{indirect}"
    return [facts, f"NOSPLIT, {left[node.symbol]} bytes left"] if node.symbol in left else [facts]


def _plain(name: str) -> str:
    return name.removeprefix("main.")


def render_svg(digraph: graphviz.Digraph, *, title: str = "Call graph", description: str = "") -> str:
    """Draw a graph as SVG that follows the page into the dark and carries a text alternative.

    The engine is the one in pygraphviz's wheel, so no `dot` command is needed.

    Raises:
        UnderglassError: pygraphviz is missing or has no engine.
    """
    try:
        from pygraphviz import AGraph

        with _quiet():
            drawn: bytes = AGraph(string=digraph.source).draw(format="svg", prog="dot")
    except (ImportError, OSError, ValueError) as problem:
        raise UnderglassError(
            f"The call graph cannot be drawn: {problem}. Install pygraphviz 2 or later "
            "(pip install 'pygraphviz>=2'); its wheel carries the Graphviz engine. "
            "call_graph_text gives the same graph as text."
        ) from problem
    return _themed(drawn.decode(), title, description)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the engine's fontconfig, older than the system's files, from warning into a notebook.

    It writes to the descriptor itself; what goes wrong with the graph is raised as an exception.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _themed(svg: str, title: str, description: str) -> str:
    """Replace fixed colours by custom properties with the light value to fall back to."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    # A point of the layout is a pixel of the page.
    svg = re.sub(r'(width|height)="([\d.]+)pt"', r'\1="\2"', svg)
    names = {light: name for name, (light, _) in COLOURS.items()}
    names |= {"black": "ink"}
    svg = re.sub(
        r'(fill|stroke)="(#[0-9a-f]{6}|black)"',
        lambda m: f'{m[0]} style="{m[1]}:var(--ug-{names[m[2]]})"' if m[2] in names else m[0],
        svg,
    )
    # An element with both has two style attributes now, and may have but one.
    svg = re.sub(r'( style="[^"]*)"([^<>]*?) style="([^"]*")', r"\1;\3\2", svg)
    head = (
        f"<title>{html.escape(title)}</title><desc>{html.escape(description)}</desc>"
        f"<style>{css_variables('.ug-svg')}</style>"
    )
    end = svg.index(">")
    width = float(svg[:end].partition('width="')[2].partition('"')[0])
    start = f'<svg class="ug-svg" role="img" style="{fitting(width)}" aria-label="{html.escape(title)}" '
    return start + svg[len("<svg ") : end + 1] + head + svg[end + 1 :]
