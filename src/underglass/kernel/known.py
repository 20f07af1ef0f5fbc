"""What completion and inspection know beside the cell: Go's source, the other cells, the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underglass.errors import ToolchainMissing
from underglass.toolchain.records import Source

if TYPE_CHECKING:
    from underglass.program import Program

__all__ = ["CellText", "Known", "cell_text", "known_of"]

_LANGUAGES = {"%%asm": "asm", "%%go": "go"}


@dataclass(frozen=True)
class Known:
    """What there is beside the text of the cell."""

    root: Path | None = None  # GOROOT; None where no toolchain was found
    cells: tuple[Source, ...] = ()  # of the notebook's program, those that wait included
    program: Program | None = None  # the last one that was built

    @property
    def go_cells(self) -> tuple[Source, ...]:
        return tuple(c for c in self.cells if not c.is_assembly)

    @property
    def asm_cells(self) -> tuple[Source, ...]:
        return tuple(c for c in self.cells if c.is_assembly)


@dataclass(frozen=True)
class CellText:
    """A cell of Go or assembly."""

    language: str  # "asm", "go"
    text: str  # as long as the cell, with blanks for the magic's line: places and lines are the cell's
    body: int  # offset of the first character below the magic's line


def cell_text(code: str) -> CellText | None:
    """Return what a cell has below its %%asm or %%go; None for any other cell.

    Blank lines may stand above the magic, as the reader's front end allows.
    """
    start = len(code) - len(code.lstrip())
    line, end, rest = code[start:].partition("\n")
    if line.split()[:1] == ["%%expect_error"]:  # the cell stands inside it
        start += len(line) + len(end) + len(rest) - len(rest.lstrip())
        line, end, _ = code[start:].partition("\n")
    language = _LANGUAGES.get(line.split()[0] if line.split() else "")
    if language is None:
        return None
    body = start + len(line) + len(end)
    above = "".join(c if c == "\n" else " " for c in code[:body])
    return CellText(language, above + code[body:], body)


def known_of(shell: Any) -> Known:
    """Return what an IPython shell with the extension loaded knows."""
    from underglass.toolchain.go import find_go

    try:
        root: Path | None = find_go().root
    except ToolchainMissing:  # the cell itself, the other cells and our own sentences are left
        root = None
    magics = shell.magics_manager.registry.get("UnderglassMagics")
    session = getattr(magics, "_session", None)  # none before the first cell has run
    if session is None:
        return Known(root)
    return Known(root, tuple(c.source for c in session.cells), _program(shell.user_ns))


def _program(names: Mapping[str, Any]) -> Program | None:
    """The program that Python calls `prog`; None if a reader's own value has the name."""
    from underglass.goprogram import GoProgram  # a session has imported it already

    prog = names.get("prog")
    return prog.program if isinstance(prog, GoProgram) else None
