"""Completion in the notebook's cells: the magic's own line here, below it by its language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from underglass.kernel.asmsymbols import symbols
from underglass.kernel.complete_asm import complete_asm
from underglass.kernel.complete_go import complete_go
from underglass.kernel.completions import Completions, Match, matching
from underglass.kernel.known import Known, cell_text

__all__ = ["complete_cell", "magic_docs"]

_OF_FUNCTIONS = ("%%trace", "%%bench", "%%compare")  # their lines name functions of the program
_MAGIC = re.compile(r"\s*(?P<mark>%%?)(?P<name>\w*)(?P<rest>[^\n]*)")
_LAST_NAME = re.compile(r"[^\W\d]?\w*\Z")
_USAGE = re.compile(r"^[ \t]*%%?(?P<name>\w+) (?P<rest>\S.*?)(?:[ \t]{2,}.*)?$", re.MULTILINE)


def complete_cell(code: str, cursor: int, known: Known, docs: Mapping[str, str]) -> Completions | None:
    """Return what can stand at a place of a cell; None where the cell is Python's.

    Args:
        cursor: in characters, from 0 to the length of the cell.
        docs: magic → the text of its help, of the kit's own magics: "%%asm", "%program".
    """
    cursor = min(max(cursor, 0), len(code))
    cell = cell_text(code)
    if cell is not None and cursor >= cell.body and (cell.body > 0 and code[cell.body - 1] == "\n"):
        complete = complete_asm if cell.language == "asm" else complete_go
        return complete(cell.text, cursor, known)
    line_start = code.rfind("\n", 0, cursor) + 1
    found = _MAGIC.match(code, line_start)
    if found is None or (found["mark"] == "%%" and code[:line_start].strip()):
        return None
    if cursor <= found.end("name"):
        if cursor < found.start("name") or found["mark"] != "%%":
            return None
        names = (Match(name, "magic", _first_line(told)) for name, told in docs.items() if name[:2] == "%%")
        answer = matching(code[found.start("mark") : cursor], names, found.start("mark"), cursor)
        return answer if answer.matches else None
    magic = found["mark"] + found["name"]
    if magic not in docs:
        return None
    if magic in _OF_FUNCTIONS:
        return _functions(code[found.start("rest") : cursor], cursor, known)
    typed = code[found.start("rest") : cursor]
    word = re.split(r"\s", typed)[-1]
    options = _options(magic, docs[magic], typed.split()[: len(typed.split()) - bool(word)], known)
    return matching(word, options, cursor - len(word), cursor)


def magic_docs(shell: Any) -> dict[str, str]:
    """Return the help of each of the kit's own magics in an IPython shell."""
    magics = shell.magics_manager.magics
    return {
        f"{mark}{name}": function.__doc__ or ""
        for kind, mark in (("cell", "%%"), ("line", "%"))
        for name, function in magics[kind].items()
        if (getattr(function, "__module__", None) or "").startswith("underglass.")
    }


def _options(magic: str, told: str, before: list[str], known: Known) -> Iterator[Match]:
    """The words that the usage lines of a magic's help have in this place, and the names of its files."""
    if magic in ("%%asm", "%%go") and not before:
        cells = known.asm_cells if magic == "%%asm" else known.go_cells
        yield from (Match(c.name, "file", c.origin) for c in cells)
    for usage in _USAGE.finditer(told):
        if usage["name"] != magic.lstrip("%"):
            continue
        words = usage["rest"].split()
        if len(words) <= len(before) or words[: len(before)] != before:
            continue
        for choice in words[len(before)].strip("[]").split("|"):
            if re.fullmatch(r"-{0,2}[A-Za-z][\w.-]*", choice):
                yield Match(choice, "option", usage["rest"])
    if magic == "%program" and before == ["drop"]:
        yield from (Match(c.origin.removeprefix("cell "), "cell", c.name) for c in known.cells)


def _functions(typed: str, cursor: int, known: Known) -> Completions | None:
    """The program's functions by a name that was begun; Python's names may follow inside brackets."""
    word = _LAST_NAME.search(typed)
    if word is None or typed.count("(") > typed.count(")"):
        return None
    found = (Match(s.name, "function", s.told) for s in symbols("", known) if s.kind == "function")
    answer = matching(word[0], found, cursor - len(word[0]), cursor)
    return answer if answer.matches else None


def _first_line(told: str) -> str:
    return told.strip().partition("\n")[0]
