"""Inspection in the notebook's cells: assembly and Go here, all else by IPython."""

from __future__ import annotations

import re

from underglass.kernel.helptext import Help
from underglass.kernel.inspect_asm import inspect_asm, symbol_help
from underglass.kernel.inspect_go import inspect_go
from underglass.kernel.known import Known, cell_text

__all__ = ["in_our_language", "inspect_cell"]

_OF_FUNCTIONS = re.compile(r"\s*%%(?:trace|bench|compare)\b")  # their lines name functions of the program
_WORD = re.compile(r"[^\W\d]\w*")


def inspect_cell(code: str, cursor: int, known: Known) -> Help | None:
    """Return what is known of the word at a place of a cell; None if nothing is, or the cell is Python's.

    Args:
        cursor: in characters, from 0 to the length of the cell.
    """
    cursor = min(max(cursor, 0), len(code))
    if function := _OF_FUNCTIONS.match(code):
        return _function_help(code, cursor, function.end(), known)
    cell = cell_text(code)
    if cell is None or cursor < cell.body:
        return None
    return (inspect_asm if cell.language == "asm" else inspect_go)(cell.text, cursor, known)


def _function_help(code: str, cursor: int, start: int, known: Known) -> Help | None:
    """A function of the program on the line of a magic that names some."""
    for word in _WORD.finditer(code, start, len(code.lstrip().partition("\n")[0]) + _blank(code)):
        if word.start() <= cursor <= word.end():
            return symbol_help(word[0], "", known)
    return None


def _blank(code: str) -> int:
    return len(code) - len(code.lstrip())


def in_our_language(code: str, cursor: int) -> bool:
    """Whether the place is below %%asm or %%go, where Python's own help would be wrong."""
    cell = cell_text(code)
    return cell is not None and cursor >= cell.body
