"""A comparison of two functions as a table, in a page and as text."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.views.palette import css_variables

if TYPE_CHECKING:
    from underglass.analysis.compare import Comparison, Line
    from underglass.program import Function, Instruction

__all__ = ["ComparisonTable", "compare_html", "compare_text"]

_MOST_TEXT = 42  # characters of an instruction in the text form
_STYLE = """\
.ug-compare{color:var(--ug-ink);background:var(--ug-paper);font:13px system-ui,sans-serif;overflow-x:auto}
.ug-compare table{border-collapse:collapse;width:100%;margin:0}
.ug-compare th{text-align:left;font-weight:600;padding:4px 10px;border-bottom:1px solid var(--ug-rule)}
.ug-compare td{font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:12.5px;
padding:1px 10px;white-space:pre;text-align:left;color:var(--ug-ink);background:none}
.ug-compare td.mark{width:1.2em;text-align:center;color:var(--ug-muted);padding:1px 2px}
.ug-compare tr.other td.held{background:var(--ug-change-tint)}
.ug-compare .ABI0{color:var(--ug-abi0)} .ug-compare .ABIInternal{color:var(--ug-internal)}
.ug-compare caption{caption-side:top;text-align:left;padding:4px 10px;color:var(--ug-muted)}
"""


@dataclass(frozen=True)
class ComparisonTable:
    """A comparison that shows itself: as a table in a notebook, as text elsewhere."""

    comparison: Comparison

    def __repr__(self) -> str:
        return compare_text(self.comparison)

    def _repr_html_(self) -> str:
        return compare_html(self.comparison)


def compare_text(comparison: Comparison) -> str:
    """Return two columns of Go syntax; between them = the same, ~ the same opcode, < or > one side only."""
    left, right = comparison.titles
    lines = [_summary(comparison), f"{left:<{_MOST_TEXT}}   {right}"]
    for line in comparison.lines:
        a, b = (_cut(i.go) if i else "" for i in (line.left, line.right))
        lines.append(f"{a:<{_MOST_TEXT}} {_mark(line)} {b}".rstrip())
    return "\n".join(lines)


def compare_html(comparison: Comparison) -> str:
    """Return the comparison as a table; lines that differ are tinted and have a mark between the columns."""
    heads = "".join(
        f'<th scope="col" class="{side.abi}">{html.escape(title)}</th>{middle}'
        for side, title, middle in (
            (comparison.left, comparison.titles[0], "<th><span hidden>difference</span></th>"),
            (comparison.right, comparison.titles[1], ""),
        )
    )
    rows = "".join(_row(line) for line in comparison.lines)
    return (
        f'<div class="ug-compare" tabindex="0" role="group" aria-label="Two functions compared">'
        f"<style>{css_variables('.ug-compare')}{_STYLE}</style><table>"
        f"<caption>{html.escape(_summary(comparison))}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(line: Line) -> str:
    cells = [
        f'<td class="held">{html.escape(i.go)}</td>' if i else "<td></td>" for i in (line.left, line.right)
    ]
    kind = "same" if line.is_same else "other"
    return f'<tr class="{kind}">{cells[0]}<td class="mark">{html.escape(_mark(line))}</td>{cells[1]}</tr>'


def _mark(line: Line) -> str:
    if line.is_same:
        return "="
    return "~" if line.left and line.right else "<" if line.left else ">"


def _summary(comparison: Comparison) -> str:
    sides = [_size(f, [getattr(line, side) for line in comparison.lines]) for f, side in (
        (comparison.left, "left"), (comparison.right, "right"))]  # fmt: skip
    return f"{sides[0]}; {sides[1]}; {comparison.same} alike"


def _size(function: Function, held: list[Instruction | None]) -> str:
    instructions = [i for i in held if i is not None]
    name = function.name.removeprefix("main.")
    return f"{name}: {len(instructions)} instructions, {sum(len(i.data) for i in instructions)} bytes"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"
