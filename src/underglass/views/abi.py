"""Where the arguments and results of a function lie, drawn: ABI0's stack on one side, ABIInternal's registers
and stack on the other, the values between them.

The terms are those of Go 1.27, cmd/compile/abi-internal.md: stack-assigned, spill space.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.views.palette import colour, css_variables, fitting, scrolling

if TYPE_CHECKING:
    from underglass.abi import Layout, Place, Signature

__all__ = ["AbiPicture", "abi_picture", "abi_svg", "abi_text"]

_ROW, _SKIP, _MARGIN = 26, 8, 18  # pixels: a register or slot, between values, around everything
_ARROW = 46  # between a value and where it lies
_WIDTHS = {"zero": 150, "value": 270, "register": 176, "stack": 150, "spill": 92}
_WRAP = 118  # characters of a reason on one line, for two conventions side by side
_MONO = "ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace"
_SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"
_STYLE = f"""\
.ug-abi text{{font:13px {_SANS};fill:var(--ug-ink)}}
.ug-abi .mono{{font-family:{_MONO}}}
.ug-abi .small{{font-size:12px}}
.ug-abi .muted{{fill:var(--ug-muted)}}
.ug-abi .strong{{font-weight:600}}
.ug-abi .paper{{fill:var(--ug-paper)}}
.ug-abi rect.ABI0{{fill:var(--ug-abi0-tint);stroke:var(--ug-abi0)}}
.ug-abi rect.ABIInternal{{fill:var(--ug-internal-tint);stroke:var(--ug-internal)}}
.ug-abi rect.value{{fill:var(--ug-wash);stroke:var(--ug-rule)}}
.ug-abi rect.spill{{fill:none;stroke:var(--ug-muted);stroke-dasharray:4 3}}
.ug-abi text.ABI0{{fill:var(--ug-abi0)}}
.ug-abi text.ABIInternal{{fill:var(--ug-internal)}}
.ug-abi path{{fill:none;stroke:var(--ug-muted)}}
.ug-abi path.ABI0{{stroke:var(--ug-abi0)}}
.ug-abi path.ABIInternal{{stroke:var(--ug-internal)}}
"""


@dataclass(frozen=True)
class AbiPicture:
    """A picture of where arguments lie that shows itself: as SVG in a notebook, as text elsewhere."""

    svg: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return scrolling(self.svg, "Where arguments and results lie")

    def _repr_svg_(self) -> str:
        return self.svg


def abi_picture(signature: Signature, layouts: Mapping[str, Layout]) -> AbiPicture:
    """The picture of `abi_svg` with `abi_text` as its other form."""
    return AbiPicture(abi_svg(signature, layouts), abi_text(signature, layouts))


def abi_text(signature: Signature, layouts: Mapping[str, Layout]) -> str:
    """Return, for each convention, a table of where each argument and result lies, and why."""
    lines = [str(signature)]
    for abi, layout in layouts.items():
        spill = f", then {_bytes(layout.spill_size)} of spill space" if layout.spill_size else ""
        lines += ["", f"{abi}: {_bytes(layout.args_size)} of arguments and results on the stack{spill}"]
        rows = [("", "name", "type", "size", "align", "lies in", "spill", "why")]
        for place in layout.places:
            kind = "result" if place.is_result else "param"
            spilled = "" if place.spill is None else f"{place.spill}(FP)"
            size, align = str(place.type.size), str(place.type.align)
            rows.append(
                (kind, place.name, place.type.name, size, align, _where(place), spilled, place.reason)
            )
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
        for row in rows:
            cells = [
                f"{cell:>{width}}" if i in (3, 4) else f"{cell:<{width}}"
                for i, (cell, width) in enumerate(zip(row[:-1], widths, strict=True))
                if width
            ]
            lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)


def abi_svg(signature: Signature, layouts: Mapping[str, Layout]) -> str:
    """Return the picture as SVG: each value in the middle, an arrow to where it lies in each convention.

    Arguments are above, results below; within a column of the stack, addresses grow downwards.
    Registers are named, and with them the part of the value they hold, as assembly names it.

    Args:
        layouts: the layout of `signature` in "ABI0", in "ABIInternal", or in both.
    """
    return _Drawing(signature, layouts).draw()


class _Drawing:
    def __init__(self, signature: Signature, layouts: Mapping[str, Layout]) -> None:
        self._signature, self._layouts = signature, layouts
        self._parts: list[str] = []
        self._y = _MARGIN
        zero, internal = layouts.get("ABI0"), layouts.get("ABIInternal")
        self._zero, self._internal = zero, internal
        self._value_x = _MARGIN + (_WIDTHS["zero"] + _ARROW if zero else 0)
        self._value_end = self._value_x + _WIDTHS["value"]
        self._register_x = self._value_end + _ARROW
        self._stack_x = self._register_x + _WIDTHS["register"] + 14
        self._spill_x = self._stack_x + _WIDTHS["stack"] + 14
        self._width = (self._spill_x + _WIDTHS["spill"] if internal else self._value_end) + _MARGIN

    def draw(self) -> str:
        self._heads()
        some = next(iter(self._layouts.values()))
        for is_result, members in ((False, some.params), (True, some.results)):
            self._band(is_result, members)
        self._reasons()
        return self._finish()

    def _heads(self) -> None:
        y = self._y + 14
        self._text(self._value_x, y, _cut(self._signature.name or "func", 24), "mono strong")
        for abi, x, layout in (
            ("ABI0", _MARGIN, self._zero),
            ("ABIInternal", self._register_x, self._internal),
        ):
            if layout is None:
                continue
            self._text(x, y, abi, f"strong {abi}")
            sizes = f"{_bytes(layout.args_size)} on the stack"
            sizes += f", and {_bytes(layout.spill_size)} of spill space" if layout.spill_size else ""
            self._text(x, y + 18, sizes, "small muted")
        self._y += 48

    def _band(self, is_result: bool, members: tuple[Place, ...]) -> None:
        if not members:
            return
        y = self._y + 12
        self._text(
            self._value_x, y, "results, on return" if is_result else "arguments, at the call", "small strong"
        )
        if self._zero:
            self._text(_MARGIN, y, "stack", "small muted")
        if self._internal:
            places = _members(self._internal, is_result)
            for x, words, used in (
                (self._register_x, "registers", any(p.pieces for p in places)),
                (self._stack_x, "stack", not all(p.pieces for p in places)),
                (self._spill_x, "spill space", any(p.spill is not None for p in places)),
            ):
                if used:
                    self._text(x, y, words, "small muted")
        self._y += 22
        for index, member in enumerate(members):
            self._value(is_result, index, member)
        self._y += 16

    def _value(self, is_result: bool, index: int, member: Place) -> None:
        sides = {abi: _members(layout, is_result)[index] for abi, layout in self._layouts.items()}
        height = _ROW * max((len(place.pieces) for place in sides.values()), default=1) or _ROW
        self._box(self._value_x, self._y, _WIDTHS["value"], height, "value", member.type.name)
        base = self._y + height // 2 + 4
        size = _bytes(member.type.size)
        self._text(self._value_x + 10, base, member.name, "mono strong")
        room = (_WIDTHS["value"] - 34) // 8 - len(member.name) - len(size)
        self._text(
            self._value_x + 18 + 8 * len(member.name), base, _cut(member.type.name, room), "mono muted"
        )
        self._text(self._value_end - 8, base, size, "small muted", anchor="end")
        if "ABI0" in sides:
            self._slot(_MARGIN, _WIDTHS["zero"], height, sides["ABI0"], "ABI0")
            self._arrow(self._value_x, _MARGIN + _WIDTHS["zero"], self._y + height // 2, "ABI0", is_result)
        if "ABIInternal" in sides:
            self._internal_side(sides["ABIInternal"], height)
        self._y += height + _SKIP

    def _internal_side(self, place: Place, height: int) -> None:
        abi = "ABIInternal"
        for row, piece in enumerate(place.pieces):
            y = self._y + row * _ROW
            self._box(self._register_x, y, _WIDTHS["register"], _ROW, abi, place.reason)
            self._text(self._register_x + 10, y + 17, piece.register, f"mono strong {abi}")
            part = _cut(f"{place.name}{piece.part}", 16)
            self._text(self._register_x + _WIDTHS["register"] - 8, y + 17, part, "mono small", anchor="end")
            self._arrow(self._value_end, self._register_x, y + _ROW // 2, abi, place.is_result)
        if not place.pieces:
            self._slot(self._stack_x, _WIDTHS["stack"], height, place, abi)
            self._arrow(self._value_end, self._stack_x, self._y + height // 2, abi, place.is_result)
        if place.spill is not None:
            self._box(self._spill_x, self._y, _WIDTHS["spill"], height, "spill", f"room for {place.name}")
            self._text(
                self._spill_x + 10, self._y + height // 2 + 4, f"{place.spill}(FP)", "mono small muted"
            )

    def _slot(self, x: int, width: int, height: int, place: Place, abi: str) -> None:
        self._box(x, self._y, width, height, abi if place.type.size else "spill", place.reason)
        words = f"{_cut(place.name, 8)}+{place.offset}(FP)"
        self._text(x + 10, self._y + height // 2 + 4, words, f"mono strong {abi}")

    def _reasons(self) -> None:
        """Below: why what could have been in a register is not, and where ABI0 leaves a gap."""
        places = [
            ("ABIInternal", p) for p in (self._internal.places if self._internal else ()) if not p.pieces
        ]
        places += [("ABI0", p) for p in (self._zero.places if self._zero else ()) if "padding" in p.reason]
        wrap = _WRAP * self._width // 930
        for abi, place in places:
            self._text(_MARGIN, self._y + 12, place.name, f"mono small strong {abi}")
            x = _MARGIN + 8 * max(len(p.name) for _, p in places) + 12
            for line in _lines(place.reason, wrap - (x - _MARGIN) // 7):
                self._text(x, self._y + 12, line, "small")
                self._y += 18
        self._y += 4 if places else -8

    def _box(self, x: int, y: int, width: int, height: int, kind: str, title: str) -> None:
        fill, edge = {
            "ABI0": (colour("abi0-tint"), "abi0"),
            "ABIInternal": (colour("internal-tint"), "internal"),
            "value": (colour("wash"), "rule"),
            "spill": ("none", "muted"),
        }[kind]
        dashes = ' stroke-dasharray="4 3"' if kind == "spill" else ""
        self._parts.append(
            f'<rect class="{kind}" x="{x}.5" y="{y}.5" width="{width}" height="{height}" '
            f'fill="{fill}" stroke="{colour(edge)}"{dashes}><title>{html.escape(title)}</title></rect>'
        )

    def _arrow(self, value: int, place: int, y: int, abi: str, is_result: bool) -> None:
        """A line between a value's edge and a place's; the head is where the value goes."""
        tail, head = (place, value) if is_result else (value, place)
        step = 3 if head > tail else -3
        edge = colour("abi0" if abi == "ABI0" else "internal")
        line = f"M{tail + step} {y}.5H{head - step}m{-2 * step} -4 {2 * step} 4 {-2 * step} 4"
        self._parts.append(f'<path class="{abi}" d="{line}" stroke="{edge}" fill="none"/>')

    def _text(self, x: int, y: int, words: str, classes: str, anchor: str = "start") -> None:
        named = [c for c in ("muted", "ABI0", "ABIInternal") if c in classes.split()]
        ink = {"ABI0": "abi0", "ABIInternal": "internal", "muted": "muted"}[named[0]] if named else "ink"
        at = "" if anchor == "start" else f' text-anchor="{anchor}"'
        family = _MONO if "mono" in classes else _SANS
        weight = ' font-weight="600"' if "strong" in classes else ""
        size = 12 if "small" in classes else 13
        self._parts.append(
            f'<text class="{classes}" x="{x}" y="{y}"{at} fill="{colour(ink)}" font-size="{size}"{weight} '
            f'font-family="{html.escape(family)}">{html.escape(words)}</text>'
        )

    def _finish(self) -> str:
        height = self._y + _MARGIN
        title = f"Where the arguments and results of {self._signature.name or 'the function'} lie"
        text = html.escape(abi_text(self._signature, self._layouts))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="ug-svg ug-abi" role="img" '
            f'viewBox="0 0 {self._width} {height}" width="{self._width}" height="{height}" '
            f'style="{fitting(self._width)}" aria-label="{html.escape(title)}">'
            f"<title>{html.escape(title)}</title><desc>{text}</desc>"
            f"<style>{css_variables('.ug-svg')}{_STYLE}</style>"
            f'<rect class="paper" width="{self._width}" height="{height}" fill="{colour("paper")}"/>'
            f"{''.join(self._parts)}</svg>"
        )


def _members(layout: Layout, is_result: bool) -> tuple[Place, ...]:
    return layout.results if is_result else layout.params


def _where(place: Place) -> str:
    return ", ".join(piece.register for piece in place.pieces) or f"{place.offset}(FP)"


def _bytes(number: int) -> str:
    return f"{number} byte" if number == 1 else f"{number} bytes"


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: max(most - 1, 0)] + "…"


def _lines(sentence: str, most: int) -> Iterable[str]:
    import textwrap

    return textwrap.wrap(sentence, max(most, 20))
