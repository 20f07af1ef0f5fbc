"""A Graphviz graph as SVG that follows a page's colours, has a text alternative and named groups."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import graphviz

from underglass.errors import UnderglassError
from underglass.views.palette import COLOURS, css_variables, fitting

__all__ = ["Foot", "key_of", "render_svg"]

_GROUP = re.compile(
    r'<g id="(?P<kind>node|edge)\d+" class="(?:node|edge)">\n<title>(?P<key>.*?)</title>\n'
    r'(?:<g id="a_(?:node|edge)\d+"><a xlink:title="(?P<words>[^"]*)">\n)?'
)
_LABEL_ANCHOR = re.compile(r'<g id="a_edge\d+-label"><a [^>]*>\n')
_CLUSTER = re.compile(r'<g id="clust\d+" class="cluster">\n<title>.*?</title>')
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"\s+viewBox="[^"]*"')


@dataclass(frozen=True)
class Foot:
    """What stands below a graph."""

    svg: str  # with its left upper corner at 0, 0
    width: float  # pixels
    height: float  # pixels


def key_of(symbol: str) -> str:
    """A node's name in DOT, where a colon would start a port."""
    return symbol.replace(":", "∶")


def render_svg(
    digraph: graphviz.Digraph,
    *,
    title: str = "Call graph",
    description: str = "",
    foot: Callable[[float], Foot] | None = None,
) -> str:
    """Draw a graph as SVG that follows the page into the dark and carries a text alternative.

    The engine is the one in pygraphviz's wheel, so no `dot` command is needed. A node's group has its
    name as `data-symbol`, an edge's the names of its ends as `data-from` and `data-to`.

    Args:
        foot: makes what stands below the graph, given the graph's width.

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
    return _themed(drawn.decode(), title, description, foot)


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


def _themed(svg: str, title: str, description: str, foot: Callable[[float], Foot] | None) -> str:
    """Replace fixed colours by custom properties with the light value to fall back to."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = _findable(svg)
    families = re.findall(r' font-family="[^"]*"', svg)
    svg = re.sub(r' font-family="[^"]*"| xml:space="preserve"| text-anchor="start"', "", svg)
    svg = re.sub(r"(-?\d+\.\d)\d+(?=[, CMLQ\"])", r"\1", svg)  # a tenth of a pixel is enough
    # A point of the layout is a pixel of the page.
    svg = re.sub(r'(width|height)="([\d.]+)pt"', r'\1="\2"', svg)
    svg, width = _footed(svg, foot)
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
    family = families[0] if families else ""
    label = f'aria-label="{html.escape(title)}"{family}'
    start = f'<svg class="ug-svg" role="img" style="{fitting(width)}" {label} '
    return start + svg[len("<svg ") : end + 1] + head + svg[end + 1 :]


def _findable(svg: str) -> str:
    """Give groups the symbols that they are of, in place of ids, which a page with two graphs has twice."""

    def opening(match: re.Match[str]) -> str:
        ends = [part.replace("∶", ":") for part in match["key"].split("&#45;&gt;")]
        names = ("from", "to") if match["kind"] == "edge" else ("symbol",)
        data = "".join(f' data-{name}="{end}"' for name, end in zip(names, ends, strict=True))
        return f'<g class="{match["kind"]}"{data}>\n<title>{match["words"] or match["key"]}</title>\n'

    svg = _LABEL_ANCHOR.sub("", _GROUP.sub(opening, svg))
    svg = svg.replace("</a>\n</g>\n", "")
    svg = _CLUSTER.sub('<g class="cluster">', svg)
    return re.sub(r'<g id="graph\d+" class="graph"(.*?)>\n<title>.*?</title>', r'<g class="graph"\1>', svg)


def _footed(svg: str, foot: Callable[[float], Foot] | None) -> tuple[str, float]:
    size = _SIZE.search(svg)
    assert size is not None, "Graphviz gives a drawing its size"
    width, height = float(size[1]), float(size[2])
    if foot is None:
        return svg, width
    made = foot(width)
    below, wide = height + 4, max(width, made.width)
    tall = below + made.height
    svg = svg.replace(
        size[0],
        f'width="{wide:.0f}" height="{tall:.0f}" viewBox="0 0 {wide:.0f} {tall:.0f}"',
        1,
    )
    end = svg.rindex("</svg>")
    return f'{svg[:end]}<g class="legend" transform="translate(0 {below:.0f})">{made.svg}</g></svg>', wide
