"""A chain of NOSPLIT functions, drawn as a bar of the room that they share, and the same as text."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from underglass.toolchain.chains import INDIRECT, MORESTACK
from underglass.views.palette import colour
from underglass.views.svg import MONO, SANS, Picture, document

if TYPE_CHECKING:
    from underglass.toolchain.chains import Chain, ChainStep

__all__ = ["chain_picture", "chain_svg", "chain_text"]

_TOP, _BAR_X, _BAR, _GAP = 58, 64, 92, 46  # pixels: above the bar, left of it, its width, to the words
_ROOM, _MOST_ROOM, _MOST_OVER = 440, 660, 170  # pixels: the limit's height, the most drawn beyond it
_ROW, _SHORT_ROW, _MANY = 40, 22, 12  # pixels: a label of two lines and of one; from so many on, of one
_CALL = 8  # bytes that CALL pushes

_STYLE = f"""\
.ug-chain text{{font:13px {SANS};fill:var(--ug-ink)}}
.ug-chain .mono{{font-family:{MONO}}}
.ug-chain .small{{font-size:12px}}
.ug-chain .muted{{fill:var(--ug-muted)}}
.ug-chain .strong{{font-weight:600}}
.ug-chain .free{{fill:var(--ug-wash);stroke:var(--ug-rule)}}
.ug-chain .ABI0{{fill:var(--ug-abi0-tint);stroke:var(--ug-abi0)}}
.ug-chain .ABIInternal{{fill:var(--ug-internal-tint);stroke:var(--ug-internal)}}
.ug-chain .no-abi{{fill:var(--ug-wash);stroke:var(--ug-muted)}}
.ug-chain .ink-ABI0{{fill:var(--ug-abi0)}}
.ug-chain .ink-ABIInternal{{fill:var(--ug-internal)}}
.ug-chain .lead{{stroke:var(--ug-muted);fill:none}}
.ug-chain .limit{{stroke:var(--ug-ink);stroke-width:2;fill:none}}
.ug-chain .over{{stroke:var(--ug-ink);fill:none}}
"""


def chain_picture(chain: Chain) -> Picture:
    """The drawing of `chain_svg` with `chain_text` as its other form."""
    return Picture(chain_svg(chain), chain_text(chain), "Chain of NOSPLIT functions")


def chain_text(chain: Chain) -> str:
    """Return the chain as a table, one function a line.

    >>> print(chain_text(NosplitBudget(program).worst()[0]))
    takes   left  of 792 bytes below the return address of the first
       40    752    main.first   ABIInternal  a wrapper
       24    728  → main.first   ABI0         add.s, line 4
        8    720  → main.less    ABIInternal  stack check  main.go, line 9
                  720 bytes left
    """
    rows = [f"{'takes':>5} {'left':>6}  of {chain.limit} bytes below the return address of the first"]
    names = [f"{'→ ' if i else '  '}{_name(s)}" for i, s in enumerate(chain.steps)]
    wide = max(map(len, names))
    for step, left, name in zip(chain.steps, chain.lefts, names, strict=True):
        words = "  ".join(filter(None, (f"{name:<{wide}}", f"{step.abi:<11}", _why(step), step.place)))
        rows.append(f"{step.grows:>5} {left:>6}  {words}".rstrip())
    rows.append(f"{'':>14}{_fate(chain)}")
    return "\n".join(rows)


def _name(step: ChainStep) -> str:
    return "through a pointer" if step.symbol == INDIRECT else step.symbol


def _why(step: ChainStep) -> str:
    """What a step's bytes are, where they are no frame."""
    return "stack check" if step.calls == MORESTACK and step.grows == _CALL else ""


def _fate(chain: Chain) -> str:
    if chain.again:
        return f"calls {chain.again} again, without end"
    return f"{-chain.left} bytes over the limit" if chain.left < 0 else f"{chain.left} bytes left"


def chain_svg(chain: Chain) -> str:
    """Return the room below the first function's return address, high addresses at the top, as SVG.

    Each function is a block as tall as the bytes it takes; the dark strip at its lower edge is the return
    address that its call pushes. The thick line is the limit. What lies beyond it is drawn to scale as far
    as the page reaches, and torn off there.
    """
    return _Drawing(chain).finish()


class _Drawing:
    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._parts: list[str] = []
        self._width = 0
        self._row = _ROW if len(chain.steps) < _MANY else _SHORT_ROW
        # Tall enough for the labels to stand beside what they name.
        wanted = len(chain.steps) * self._row * chain.limit / max(chain.needs, 1)
        room = min(max(_ROOM, wanted), _MOST_ROOM)
        self._scale = room / chain.limit  # pixels a byte
        self._torn = (chain.needs - chain.limit) * self._scale > _MOST_OVER
        self._bottom = _TOP + (
            room + _MOST_OVER if self._torn else max(chain.needs, chain.limit) * self._scale
        )

    def _y(self, taken: int) -> float:
        return min(_TOP + taken * self._scale, self._bottom)

    def finish(self) -> str:
        chain = self._chain
        self._text(16, 24, f"Room for {chain.steps[0].symbol} and what it calls", "strong")
        below = "below its return address; the strip at the foot of a block is that of its call"
        self._text(16, 43, below, "small muted")
        self._rect("free", _TOP, self._y(chain.limit), "wash", "rule")
        taken, label = 0, float(_TOP - self._row)
        for index, step in enumerate(chain.steps):
            top, bottom = self._y(taken), self._y(taken + step.grows)
            self._block(step, top, bottom)
            label = max(label + self._row, (top + bottom) / 2 - 9)
            self._label(index, label, (top + bottom) / 2)
            taken += step.grows
        self._mark(0, "")
        self._mark(chain.limit, "limit")
        label = self._ending(label + self._row)
        return self._document(max(label, self._bottom) + 26)

    def _block(self, step: ChainStep, top: float, bottom: float) -> None:
        hue = {"ABI0": "abi0", "ABIInternal": "internal"}.get(step.abi)
        self._rect(step.abi or "no-abi", top, bottom, f"{hue}-tint" if hue else "wash", hue or "muted")
        if step.calls and (bottom < self._bottom or not self._torn):
            strip = min(_CALL * self._scale, bottom - top)
            self._rect(
                f"ink-{step.abi}" if step.abi else "muted", bottom - strip, bottom, hue or "muted", None, 0.55
            )

    def _label(self, index: int, y: float, middle: float) -> None:
        chain, step = self._chain, self._chain.steps[index]
        x = _BAR_X + _BAR + _GAP
        self._line("lead", f"M{_BAR_X + _BAR + 2} {middle:.1f}L{x - 16} {y + 8:.1f}H{x - 6}", "muted")
        name = _name(step)
        self._text(x, y + 12, name, "strong" if step.symbol == INDIRECT else "mono strong")
        after = x + 8 * len(name) + 10
        if step.abi:
            self._text(after, y + 12, step.abi, f"small strong ink-{step.abi}", step.abi)
        left = chain.lefts[index]
        room = f"{left} left" if left >= 0 else f"{-left} over"
        details = [f"{step.grows} bytes{' for its stack check' if _why(step) else ''}", room, step.place]
        words = " · ".join(filter(None, details))
        if self._row == _ROW:
            self._text(x, y + 28, words, "small muted")
        else:
            self._text(after + (7 * len(step.abi) + 12 if step.abi else 0), y + 12, words, "small muted")

    def _mark(self, taken: int, word: str) -> None:
        y = self._y(taken)
        end = _BAR_X + _BAR + (8 if word else 0)
        self._line("limit", f"M{_BAR_X - 8} {y:.1f}H{end}", "ink", 2)
        self._text(_BAR_X - 14, y + 4, str(taken), "small strong", anchor="end")
        if word:
            self._text(_BAR_X - 14, y + 18, word, "small muted", anchor="end")

    def _ending(self, y: float) -> float:
        x, chain = _BAR_X + _BAR + _GAP, self._chain
        if self._torn:
            zigzag = "".join(f"l{_BAR / 8} {-7 if i % 2 else 7}" for i in range(8))
            self._line("over", f"M{_BAR_X} {self._bottom:.1f}{zigzag}", "ink")
        target = max(y, self._bottom - 12 if chain.left < 0 else self._y(chain.limit) - 12)
        fate = _fate(chain)
        self._text(x, target + 12, fate[0].upper() + fate[1:], "strong")
        return target

    def _rect(
        self, css: str, top: float, bottom: float, fill: str, stroke: str | None, opacity: float = 1
    ) -> None:
        edge = f' stroke="{colour(stroke)}"' if stroke else ""
        self._parts.append(
            f'<rect class="{css}" x="{_BAR_X}" y="{top:.1f}" width="{_BAR}" '
            f'height="{max(bottom - top, 0):.1f}" fill="{colour(fill)}" fill-opacity="{opacity}"{edge}/>'
        )

    def _line(self, css: str, path: str, stroke: str, width: int = 1) -> None:
        self._parts.append(
            f'<path class="{css}" d="{path}" stroke="{colour(stroke)}" stroke-width="{width}" fill="none"/>'
        )

    def _text(
        self, x: float, y: float, words: str, classes: str, fill: str = "ink", anchor: str = "start"
    ) -> None:
        ink = {"ABI0": "abi0", "ABIInternal": "internal"}.get(fill, "muted" if "muted" in classes else fill)
        family = MONO if "mono" in classes else SANS
        size = 12 if "small" in classes else 13
        weight = ' font-weight="600"' if "strong" in classes else ""
        if anchor == "start":
            self._width = max(self._width, int(x + (8 if "mono" in classes else 7.2) * len(words)) + 16)
        self._parts.append(
            f'<text class="{classes}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour(ink)}" '
            f'font-size="{size}"{weight} font-family="{html.escape(family)}">{html.escape(words)}</text>'
        )

    def _document(self, height: float) -> str:
        title = f"NOSPLIT chain of {self._chain.steps[0].symbol}: {_fate(self._chain)}"
        body = "".join(self._parts)
        text = chain_text(self._chain)
        return document(title, text, body, self._width, height, named="ug-chain", style=_STYLE)
