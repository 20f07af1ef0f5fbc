"""The inline tree, drawn: what each function's budget went for, what was put into it, and what was left."""

from __future__ import annotations

import html
import zlib
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

from underglass.views.inliningtext import charge_words, inlining_text, verdict_words
from underglass.views.palette import colour, css_variables, fitting, scrolling

if TYPE_CHECKING:
    from underglass.analysis.inlinecost import Part
    from underglass.analysis.inlining import FunctionInlining, Inlined, InliningReport
    from underglass.toolchain.irdump import Place

__all__ = ["InliningPicture", "inlining_picture", "inlining_svg"]

_WIDTH, _PAD = 880, 16  # pixels
_ROW, _BAR = 24, 14
_MOST = 25  # functions in one picture
_SMALL = 120  # pixels of the budget of a function in the tree
_COST, _LINE, _SOURCE, _NOTES = 180, 238, 248, 566  # right ends of two columns, left ends of two
_SCALE = 100  # pixels of a statement that is the whole cost
_LETTER, _SMALL_LETTER = 7.9, 6.6  # pixels: a letter of source, and of small print
_PLACE_LETTERS, _NOTE_LETTERS = 30, 46
_MONO = "ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace"
_SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"

_STYLE = f"""\
.ug-inline text{{font:13px {_SANS};fill:var(--ug-ink)}}
.ug-inline .mono{{font-family:{_MONO}}}
.ug-inline .small{{font-size:12px}}
.ug-inline .strong{{font-weight:600}}
.ug-inline .muted{{fill:var(--ug-muted)}}
.ug-inline .internal{{fill:var(--ug-internal)}}
.ug-inline .abi0{{fill:var(--ug-abi0)}}
.ug-inline .within{{fill:var(--ug-internal)}}
.ug-inline .over{{fill:var(--ug-abi0)}}
.ug-inline .room{{fill:var(--ug-wash);stroke:var(--ug-rule)}}
.ug-inline .paper{{fill:var(--ug-paper)}}
.ug-inline .cut{{stroke:var(--ug-paper)}}
.ug-inline .line{{stroke:var(--ug-muted);fill:none}}
.ug-inline .limit{{stroke:var(--ug-ink);fill:none}}
"""


@dataclass(frozen=True)
class InliningPicture:
    """An inlining report that shows itself: as SVG in a notebook or a page, as text elsewhere."""

    svg: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return scrolling(self.svg, "Inline tree")

    def _repr_svg_(self) -> str:
        return self.svg


def inlining_picture(report: InliningReport, function: str | None = None) -> InliningPicture:
    """The drawing of `inlining_svg` with `inlining_text` as its other form."""
    return InliningPicture(inlining_svg(report, function), inlining_text(report, function))


def inlining_svg(report: InliningReport, function: str | None = None) -> str:
    """Return the report of one function, or of the first 25, as SVG.

    The wide bar of a function is its cost; a stroke marks where its budget ends, and what lies beyond is
    drawn in another colour and hatched. Below it each statement has its share of the cost; then follow the
    calls that were replaced by their bodies, each with a small bar of its own budget, and the calls that were
    left, with the compiler's reason.

    Raises:
        UnknownFunction: no function of that name.
    """
    chosen = [report.function(function)] if function else list(report.functions)
    text = inlining_text(report, function)
    drawing = _Drawing(report, f"ug-hatch-{zlib.crc32(text.encode()):x}")
    for one in chosen[:_MOST]:
        drawing.function(one)
    if len(chosen) > _MOST:
        drawing.note(f"{len(chosen) - _MOST} more functions are in the text form.")
    if report.assembly and function is None:
        drawing.note(f"In assembly, so never inlined: {', '.join(report.assembly)}.")
    title = f"Inlining of {function or report.asked.package.name}"
    return drawing.finish(title, text)


class _Drawing:
    def __init__(self, report: InliningReport, hatch: str) -> None:
        self._report, self._hatch = report, hatch
        self._y = _PAD
        self._drawn: list[str] = []

    def function(self, function: FunctionInlining) -> None:
        """Draw one function and leave a gap below it."""
        verdict = function.verdict
        self._y += 14
        self._text(_PAD, self._y, function.name, "mono strong", most=60)
        can = verdict is None or verdict.can
        words = verdict_words(function)
        room = _WIDTH - 3 * _PAD - _LETTER * min(len(function.name), 60)
        hue = "internal" if can else "abi0"
        self._text(_WIDTH - _PAD, self._y, words, f"small {hue}", "end", most=int(room / _SMALL_LETTER))
        self._y += 10
        cost = verdict.cost if verdict is not None and verdict.cost is not None else function.counted
        budget = verdict.budget if verdict else 0
        most = max(cost, budget, 1)
        if verdict is not None and function.parts:
            self._wide_bar(function, cost, budget, most)
        for part in function.parts:
            self._part(part, cost, 0)
        if function.stopped:
            self._row_of_words(f"The compiler stops counting here: {function.stopped}.")
        if function.unattributed:
            self._row_of_words(f"{function.unattributed} are not attributed to a statement.")
        self._calls(function)
        self._y += 20

    def note(self, words: str) -> None:
        """A line of small print."""
        self._y += 14
        self._text(_PAD, self._y, words, "small muted", most=130)
        self._y += 10

    def _wide_bar(self, function: FunctionInlining, cost: int, budget: int, most: int) -> None:
        x, wide, y = _PAD, _WIDTH - 2 * _PAD, self._y
        self._rectangle(x, y, wide, _BAR + 6, "room", "wash")
        limit = wide * budget / most
        self._filled(x, y, wide * min(cost, most) / most, limit, _BAR + 6)
        at, seam = 0, x
        for part in function.parts[:-1]:
            at += part.cost
            seam = x + round(wide * at / most)
            self._path("cut", f"M{seam} {y}v{_BAR + 6}", "paper", 1.5)
        mark = x + limit
        self._path("limit", f"M{mark:.1f} {y - 3}v{_BAR + 12}", "ink", 2)
        self._y += _BAR + 22
        label = f"budget {budget}"
        anchor = "end" if mark > _WIDTH - 100 else "start" if mark < 100 else "middle"
        self._text(round(mark), self._y, label, "small muted", anchor)
        self._y += 8

    def _part(self, part: Part, cost: int, depth: int) -> None:
        y, base = self._y, self._y + 16
        left = _PAD + 10 * min(depth, 4)
        wide = max(_SCALE * part.cost / max(cost, 1), 1)
        self._rectangle(left, y + 5, wide, _BAR, "within", "internal")
        self._text(_COST, base, str(part.cost), "mono", "end")
        if part.place is not None:
            self._text(_LINE, base, f"line {part.place.line}", "small muted", "end")
        indent = 12 * min(depth, 6)
        source = self._report.text_of(part)
        room = _NOTES - 10 - _SOURCE - indent
        self._text(_SOURCE + indent, base, source, "mono", most=int(room / _LETTER))
        notes = fill(", ".join(charge_words(charge) for charge in part.charges), _NOTE_LETTERS).split("\n")
        for number, words in enumerate(notes):
            self._text(_NOTES, base + 16 * number, words, "small muted", most=_NOTE_LETTERS)
        self._y += _ROW + 16 * (len(notes) - 1)
        for inner in part.parts:
            self._part(inner, cost, depth + 1)

    def _calls(self, function: FunctionInlining) -> None:
        if function.inlined:
            self._heading("Inlined into it")
            for call in function.inlined:
                self._tree(call, 0)
        if function.left:
            self._heading("Not inlined")
            for left in function.left:
                base = self._y + 16
                self._text(_PAD + 4, base, left.name or "a call", "mono", most=36)
                self._place(left.place, base)
                self._text(_NOTES - 30, base, left.reason, "small", most=_NOTE_LETTERS + 6)
                self._y += _ROW

    def _tree(self, inlined: Inlined, depth: int) -> None:
        y, base = self._y, self._y + 16
        x = _PAD + 4 + 18 * depth
        if depth:
            self._path("line", f"M{x - 11} {y - 5}V{base - 4}h8", "muted", 1)
        self._text(x, base, inlined.call.name, "mono", most=36 - 2 * depth)
        self._place(inlined.call.places[-1], base)
        if inlined.cost is not None:
            start = _NOTES - 30
            self._rectangle(start, y + 5, _SMALL, _BAR, "room", "wash")
            self._filled(start, y + 5, _SMALL * min(inlined.cost, 80) / 80, _SMALL, _BAR)
            self._text(start + _SMALL + 10, base, f"cost {inlined.cost}", "small")
        self._y += _ROW
        for inner in inlined.calls:
            self._tree(inner, depth + 1)

    def _place(self, place: Place, base: int) -> None:
        words = self._report.where(place)
        if len(words) > _PLACE_LETTERS:  # a long path
            words = f"{place.file}, line {place.line}:{place.column}"
        self._text(330, base, words, "small muted", most=_PLACE_LETTERS)

    def _heading(self, words: str) -> None:
        self._y += 20
        self._text(_PAD, self._y, words, "small strong muted")
        self._y += 4

    def _row_of_words(self, words: str) -> None:
        self._text(_SOURCE, self._y + 16, words, "small abi0", most=90)
        self._y += _ROW

    def _filled(self, x: float, y: float, wide: float, limit: float, high: int) -> None:
        """A bar, in another colour and hatched past `limit`."""
        self._rectangle(x, y, min(wide, limit), high, "within", "internal")
        if wide > limit:
            self._rectangle(x + limit, y, wide - limit, high, "over", "abi0")
            self._rectangle(x + limit, y, wide - limit, high, "hatch", "paper", fill=f"url(#{self._hatch})")

    def _path(self, name: str, steps: str, ink: str, thick: float) -> None:
        self._drawn.append(
            f'<path class="{name}" d="{steps}" stroke="{colour(ink)}" stroke-width="{thick}" fill="none"/>'
        )

    def _rectangle(
        self, x: float, y: float, wide: float, high: float, name: str, ink: str, fill: str = ""
    ) -> None:
        edge = f' stroke="{colour("rule")}"' if name == "room" else ""
        self._drawn.append(
            f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{max(wide, 0):.1f}" height="{high}" '
            f'fill="{fill or colour(ink)}"{edge}/>'
        )

    def _text(
        self, x: int, y: int, words: str, classes: str, anchor: str = "start", most: int | None = None
    ) -> None:
        shown = words if most is None or len(words) <= most else words[: most - 1] + "…"
        ink = next((c for c in ("muted", "internal", "abi0") if c in classes.split()), "ink")
        whole = f"<title>{html.escape(words)}</title>" if shown != words else ""
        self._drawn.append(
            f'<text class="{classes}" x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour(ink)}" '
            f'font-size="{12 if "small" in classes else 13}" '
            f'font-weight="{600 if "strong" in classes else 400}" '
            f'font-family="{html.escape(_MONO if "mono" in classes else _SANS)}">'
            f"{html.escape(shown)}{whole}</text>"
        )

    def finish(self, title: str, description: str) -> str:
        """The whole document, with its text alternative."""
        if not self._drawn:
            self.note("The package has no function.")
        height = self._y + _PAD - 8
        hatch = (
            f'<defs><pattern id="{self._hatch}" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><path class="cut" d="M0 0v6" stroke="{colour("paper")}" '
            'stroke-width="2"/></pattern></defs>'
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="ug-svg ug-inline" role="img" '
            f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
            f'style="{fitting(_WIDTH)}" aria-label="{html.escape(title)}">'
            f"<title>{html.escape(title)}</title><desc>{html.escape(description)}</desc>"
            f"<style>{css_variables('.ug-svg')}{_STYLE}</style>{hatch}"
            f'<rect class="paper" width="{_WIDTH}" height="{height}" fill="{colour("paper")}"/>'
            f"{''.join(self._drawn)}</svg>"
        )
