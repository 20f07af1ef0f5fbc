"""The legend below a call graph: what the shapes, lines and cases mean that this graph has."""

from __future__ import annotations

import html
from collections.abc import Callable

from underglass.analysis.callcases import Case
from underglass.analysis.callgraph import CallGraph, Edge, Kind
from underglass.views.dotsvg import Foot
from underglass.views.palette import colour

__all__ = ["legend_of"]

_ROW, _SAMPLE, _GAP, _MARGIN = 20, 42, 18, 8  # pixels; a letter of 11 pixels is at most 6.6 wide on average
_LETTER = 6.6


def legend_of(graph: CallGraph, note: str) -> Callable[[float], Foot]:
    """Return what makes the legend of a graph that is so many pixels wide: in two columns where they fit.

    Args:
        note: what the graph leaves out, as a sentence.
    """
    columns = [_nodes(graph), _edges(graph)]
    widths = [_SAMPLE + _LETTER * max((len(words) for _, words in c), default=0) + _MARGIN for c in columns]

    def made(graph_width: float) -> Foot:
        is_wide = sum(widths) + _GAP + 2 * _MARGIN <= graph_width
        parts, y = [], 0
        for index, column in enumerate(columns):
            x, top = (_MARGIN + index * (widths[0] + _GAP), 0) if is_wide else (_MARGIN, y)
            for row, (sample, words) in enumerate(column):
                at = f"translate({x:.0f} {top + row * _ROW})"
                parts.append(f'<g transform="{at}">{sample}{_text(_SAMPLE, words)}</g>')
            y = max(y, top + len(column) * _ROW)
        if note:
            parts.append(f'<g transform="translate({_MARGIN} {y})">{_text(0, note)}</g>')
            y += _ROW
        needed = max(*widths, _LETTER * len(note)) + 2 * _MARGIN
        return Foot("".join(parts), needed, y + _GAP / 2)

    return made


def _nodes(graph: CallGraph) -> list[tuple[str, str]]:
    abis = {node.abi for node in graph.nodes}
    entries = []
    if "ABI0" in abis:
        entries.append((_box("abi0"), "ABI0: arguments and results on the stack"))
    if "ABIInternal" in abis:
        entries.append((_box("internal", radius=6), "ABIInternal: arguments and results in registers"))
    if any(node.is_wrapper for node in graph.nodes):
        entries.append((_box("muted", dashes="4 3"), "a wrapper, which the compiler made"))
    if "" in abis:
        inner = _rect(5, 4, 24, 10, "muted", dashes="1 3")
        entries.append((_box("muted", dashes="1 3") + inner, "several functions, folded into one node"))
    return entries


def _edges(graph: CallGraph) -> list[tuple[str, str]]:
    found = {edge.case: edge for edge in graph.edges if edge.case}
    entries = []
    for case in Case:
        if case in found:
            words = case.value if not case.is_numbered else f"{case.name}: {case.value}"
            entries.append((_arrow(found[case]), words))
    if any(edge.case is None for edge in graph.edges):
        entries.append((_arrow(None), "calls from or to a folded node"))
    if any(edge.tail and edge.case for edge in graph.edges):
        entries.append((_arrow(None, hollow=True, dashes=""), "hollow: by JMP, without a return address"))
    return entries


def _box(hue: str, *, radius: int = 0, dashes: str = "") -> str:
    fill = f"{hue}-tint" if hue in ("abi0", "internal") else "paper"
    return _rect(2, 1, 30, 16, hue, fill=fill, radius=radius, dashes=dashes)


def _rect(
    x: int, y: int, width: int, height: int, stroke: str, *, fill: str = "", radius: int = 0, dashes: str = ""
) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" '
        f'fill="{colour(fill) if fill else "none"}" stroke="{colour(stroke)}" stroke-width="1.2" '
        f'stroke-dasharray="{dashes}"/>'
    )


def _arrow(edge: Edge | None, *, hollow: bool = False, dashes: str = "1 4") -> str:
    """The line of `_edge_attributes` in calldot: dashed at a wrapper, thick at other assembly."""
    ink, width = "muted", 1.0
    if edge is not None:
        crosses = edge.kind in (Kind.INTO_WRAPPER, Kind.OUT_OF_WRAPPER)
        ink, dashes = ("ink", "5 2") if crosses else ("muted", "")
        width = 2.0 if not crosses and edge.kind is not Kind.GO_TO_GO else 1.0
    head = colour("paper") if hollow else colour(ink)
    return (
        f'<path d="M2 9H25" fill="none" stroke="{colour(ink)}" stroke-width="{width}" '
        f'stroke-dasharray="{dashes}"/>'
        f'<path d="M25 6L32 9L25 12Z" fill="{head}" stroke="{colour(ink)}"/>'
    )


def _text(x: int, words: str) -> str:
    return f'<text x="{x}" y="13" font-size="11" fill="{colour("muted")}">{html.escape(words)}</text>'
