"""Inspection in the notebook's cells: assembly and Go here, all else by IPython."""

from __future__ import annotations

from underglass.kernel.helptext import Help
from underglass.kernel.inspect_asm import inspect_asm
from underglass.kernel.inspect_go import inspect_go
from underglass.kernel.known import Known, cell_text

__all__ = ["in_our_language", "inspect_cell"]


def inspect_cell(code: str, cursor: int, known: Known) -> Help | None:
    """Return what is known of the word at a place of a cell; None if nothing is, or the cell is Python's.

    Args:
        cursor: in characters, from 0 to the length of the cell.
    """
    cursor = min(max(cursor, 0), len(code))
    cell = cell_text(code)
    if cell is None or cursor < cell.body:
        return None
    return (inspect_asm if cell.language == "asm" else inspect_go)(cell.text, cursor, known)


def in_our_language(code: str, cursor: int) -> bool:
    """Whether the place is below %%asm or %%go, where Python's own help would be wrong."""
    cell = cell_text(code)
    return cell is not None and cursor >= cell.body
