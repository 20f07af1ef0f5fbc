"""What the pictures have in common: an SVG document with its text alternative, and ways to write in it."""

from __future__ import annotations

import html
from dataclasses import dataclass

from underglass.views.palette import COLOURS, colour, css_variables, fitting, scrolling

__all__ = ["MONO", "SANS", "Canvas", "Picture", "width_of"]

MONO = "ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace"
SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"

_STYLE = "".join(
    f".ug-drawing .f-{name}{{fill:var(--ug-{name})}}.ug-drawing .s-{name}{{stroke:var(--ug-{name})}}"
    for name in COLOURS
)


@dataclass(frozen=True)
class Picture:
    """A diagram that shows itself: as SVG in a notebook or a page, as text elsewhere."""

    svg: str
    text: str
    label: str  # what a screen reader calls it: "Memory map"

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return scrolling(self.svg, self.label)

    def _repr_svg_(self) -> str:
        return self.svg


def width_of(words: str, *, mono: bool = False, size: int = 13) -> float:
    """Pixels that `words` take at most, nearly: no font is asked."""
    return len(words) * size * (0.62 if mono else 0.58)


class Canvas:
    """Draws into one SVG document. Coordinates are pixels, from the top left.

    Colours are names of the palette: the attribute holds the light value for renderers that know no
    custom properties, the class the one that follows the host's theme.
    """

    def __init__(self, title: str, description: str) -> None:
        self._title, self._description = title, description
        self._parts: list[str] = []
        self._right = self._bottom = 0.0

    def text(
        self, x: float, y: float, words: str, *, ink: str = "ink", size: int = 13, mono: bool = False,
        strong: bool = False, anchor: str = "start",
    ) -> None:  # fmt: skip
        """Write `words` with their base line at `y`."""
        at = "" if anchor == "start" else f' text-anchor="{anchor}"'
        weight = ' font-weight="600"' if strong else ""
        family = html.escape(MONO if mono else SANS)
        self._parts.append(
            f'<text class="f-{ink}" x="{x:g}" y="{y:g}"{at} fill="{colour(ink)}" font-size="{size}"{weight} '
            f'font-family="{family}">{html.escape(words)}</text>'
        )
        wide = width_of(words, mono=mono, size=size)
        self._grow(x + (wide if anchor == "start" else wide / 2 if anchor == "middle" else 0), y + 5)

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str = "paper", stroke: str = "",
        hint: str = "", dashed: bool = False, round_: float = 0,
    ) -> None:  # fmt: skip
        """Draw a rectangle; `hint` is what it says when pointed at."""
        line = f' stroke="{colour(stroke)}"' if stroke else ""
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        corner = f' rx="{round_:g}"' if round_ else ""
        inside = f"<title>{html.escape(hint)}</title>" if hint else ""
        self._parts.append(
            f'<rect class="f-{fill}{f" s-{stroke}" if stroke else ""}" x="{x:g}" y="{y:g}" width="{width:g}" '
            f'height="{height:g}"{corner} fill="{colour(fill)}"{line}{dash}>{inside}</rect>'
        )
        self._grow(x + width, y + height)

    def path(self, d: str, *, stroke: str = "ink", width: float = 1, dash: str = "") -> None:
        """Draw an open path; its extent does not count for the size of the document.

        Args:
            dash: lengths of strokes and gaps, as SVG has them: "4 3".
        """
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<path class="s-{stroke}" d="{d}" fill="none" stroke="{colour(stroke)}" '
            f'stroke-width="{width:g}"{dashes}/>'
        )

    def arrow(self, x: float, y: float, to: float) -> None:
        """Draw a horizontal arrow from `x` to `to`."""
        back = -5 if to > x else 5
        self.path(f"M{x:g} {y:g}H{to:g}m{back} -4 {-back} 4{back} 4")

    def _grow(self, right: float, bottom: float) -> None:
        self._right, self._bottom = max(self._right, right), max(self._bottom, bottom)

    def finish(self, margin: float = 8) -> str:
        """The whole document, as wide and high as what was drawn."""
        width, height = round(self._right + margin), round(self._bottom + margin)
        title = html.escape(self._title)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="ug-svg ug-drawing" role="img" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" style="{fitting(width)}" '
            f'aria-label="{title}"><title>{title}</title><desc>{html.escape(self._description)}</desc>'
            f"<style>{css_variables('.ug-svg')}{_STYLE}</style>"
            f'<rect class="f-paper" width="{width}" height="{height}" fill="{colour("paper")}"/>'
            f"{''.join(self._parts)}</svg>"
        )
