"""A reference table: in a page as a table, elsewhere as lines of text."""

from __future__ import annotations

import html
from dataclasses import dataclass

from underglass.views.palette import css_variables

__all__ = ["Table", "table_html", "table_text"]

_STYLE = """\
.ug-table{color:var(--ug-ink);background:var(--ug-paper);font:14px/20px system-ui,sans-serif;overflow-x:auto}
.ug-table table{border-collapse:collapse;margin:0;width:100%}
.ug-table caption{caption-side:top;text-align:left;padding:4px 10px;color:var(--ug-muted)}
.ug-table th{text-align:left;font-weight:600;padding:4px 10px;border-bottom:1px solid var(--ug-rule);
white-space:nowrap;color:var(--ug-ink);background:none;vertical-align:top}
.ug-table td{text-align:left;padding:4px 10px;border-bottom:1px solid var(--ug-rule);color:var(--ug-ink);
background:none;vertical-align:top;white-space:normal;min-width:5em}
.ug-table th[scope=row],.ug-table code{font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;
font-size:13px;color:var(--ug-ink);background:none;border:0;padding:0}
.ug-table th[scope=row]{padding:4px 10px;border-bottom:1px solid var(--ug-rule)}
.ug-table tr{background:none}
""".replace(".ug-table", ".ug-table" * 3)  # outweighs what host pages give to bare tables


@dataclass(frozen=True)
class Table:
    """Rows that show themselves; the first cell of each names the row."""

    title: str  # one line
    head: tuple[str, ...]  # one name a column
    rows: tuple[tuple[str, ...], ...]  # as long as `head`; what stands in backquotes is code

    def __repr__(self) -> str:
        return table_text(self)

    def _repr_html_(self) -> str:
        return table_html(self)


def table_text(table: Table) -> str:
    """Return the table in columns of even width; the last one runs to its own length."""
    lines = [tuple(cell.replace("`", "") for cell in row) for row in (table.head, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    even = ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join([table.title, *(line.rstrip() for line in even)])


def table_html(table: Table) -> str:
    """Return the table as a piece for a page; it scrolls in its own box where the page is narrow."""
    head = "".join(f'<th scope="col">{_marked(cell)}</th>' for cell in table.head)
    rows = "".join(map(_row, table.rows))
    title = html.escape(table.title)
    return (
        f'<div class="ug-table" tabindex="0" role="group" aria-label="{title}">'
        f"<style>{css_variables('.ug-table')}{_STYLE}</style><table><caption>{title}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(row: tuple[str, ...]) -> str:
    cells = "".join(f"<td>{_marked(cell)}</td>" for cell in row[1:])
    return f'<tr><th scope="row">{_marked(row[0])}</th>{cells}</tr>'


def _marked(text: str) -> str:
    pieces = html.escape(text, quote=False).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))
