"""What a Go or assembly cell does in an IPython shell: build, set `prog`, and say what is new."""

from __future__ import annotations

import sys
import uuid
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from textwrap import fill
from typing import Any

from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram, from_build
from underglass.kernel.asked import Place
from underglass.kernel.cells import Cell, read_cell
from underglass.kernel.keyboard import Keyboard
from underglass.kernel.notebook import Accepted, NotebookProgram, functions_of, reason
from underglass.kernel.progress import ProgressLine
from underglass.toolchain import Build, Diagnostic

__all__ = ["Session"]

_WIDTH = 88  # characters of a line below a cell


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
        self._line = ProgressLine(shell)

    def take(self, language: str, line: str, body: str, place: Place, *, keep: bool = True) -> None:
        """Add a cell to the program.

        Args:
            keep: False builds the program with the cell, and forgets it again.

        Raises:
            BuildError: it does not fit; `prog` is what it was.
        """
        notebook = self._notebook
        known = [*notebook.cells, *(c for c, _ in notebook.waiting)]
        cell = read_cell(
            language, line, body,
            number=place.number, cell_id=place.cell_id, above=place.line - 1, taken=known,
        )  # fmt: skip
        with self._building() as progress:
            if not keep:
                notebook.try_out(cell, progress)
                return
            accepted = notebook.add(cell, progress)
            prog = self._set(accepted.build)
        origins = {c.origin for c in accepted.new}
        warnings = [n for n in accepted.build.notes if n.source in origins]
        noted = {(n.source, n.line) for n in warnings}  # vet says the same about a missing prototype
        with self.working("go vet reads the program"):
            warnings += [f for f in notebook.vet(accepted.new) if (f.source, f.line) not in noted]
        _say(_news(accepted, notebook.cells), warnings, accepted)
        if getattr(self._shell, "kernel", None) is not None:
            self._list(prog, accepted, warnings)

    @contextmanager
    def program(self, place: Place) -> Iterator[GoProgram]:
        """The program that Python calls `prog`; while inside, what it writes and how far it is are shown.

        Raises:
            UnderglassError: there is none.
        """
        prog = self._shell.user_ns.get("prog")
        if not isinstance(prog, GoProgram):
            raise UnderglassError(
                f"{place}: there is no program yet. Run a cell that starts with %%go or %%asm first."
                if prog is None
                else f"{place}: prog is {type(prog).__name__} now, and no program any more. Run a %%go or "
                "%%asm cell again."
            )
        before = prog.on_output, prog.on_input, prog.while_running
        self._listen(prog)
        try:
            yield prog
        finally:
            prog.on_output, prog.on_input, prog.while_running = before

    def _listen(self, prog: GoProgram) -> None:
        """Show what a program writes, ask for what it reads, and say how far it is."""
        prog.on_output = prog.on_output or _Streams()
        prog.on_input = prog.on_input or partial(Keyboard, self._shell)
        prog.while_running = self._running

    @contextmanager
    def working(self, words: str) -> Iterator[None]:
        """While inside, say what is being done if it takes long; an interrupt is told in words."""
        try:
            with self._line.during(lambda: words):
                yield
        except KeyboardInterrupt as stop:
            if not hasattr(stop, "_render_traceback_"):
                _told(stop, "It was stopped. prog can be called again.")
            raise

    def drop(self, number: int, place: Place) -> None:
        """Take a cell out of the program.

        Raises:
            UnderglassError: there is no such cell.
            BuildError: the rest needs it; nothing has changed.
        """
        notebook = self._notebook
        if number not in [c.number for c in (*notebook.cells, *(w for w, _ in notebook.waiting))]:
            raise UnderglassError(
                f"{place}: the program has no cell {number}. %program shows the cells it has."
            )
        with self._building():
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

    def _set(self, built: Build) -> GoProgram:
        prog = from_build(built)
        self._listen(prog)
        prog.waiting = self._notebook.left_out
        self._shell.push({"prog": prog})
        return prog

    def _list(self, prog: GoProgram, accepted: Accepted, warnings: list[Diagnostic]) -> None:
        """Show the code that new assembly cells became.

        The display starts empty and is filled at once: a tool that compares outputs with the stored ones
        (nbval) sees what the cell prints, and not this.
        """
        from underglass.views.listing import listing

        for cell in accepted.new:
            if not cell.source.is_assembly:
                continue
            with self.working("the code is disassembled"):
                shown = listing(prog.program, cell.source, warnings)
            if any(line.made for line in shown.lines):
                data = {"text/plain": repr(shown), "text/html": shown._repr_html_()}
                transient = {"display_id": uuid.uuid4().hex}
                self._shell.display_pub.publish({}, {}, transient=transient)
                self._shell.display_pub.publish(data, {}, transient=transient, update=True)

    @contextmanager
    def _building(self) -> Iterator[Callable[[str], None]]:
        """While inside, show that the toolchain works; what is yielded changes the words."""
        words = "building the program"

        def progress(said: str) -> None:
            nonlocal words
            words = said

        try:
            with self._line.during(lambda: words):
                yield progress
        except KeyboardInterrupt as stop:
            _told(stop, "The build was stopped. prog is what it was; run the cell again to build it.")
            raise

    @contextmanager
    def _running(self, executed: Callable[[], int]) -> Iterator[None]:
        """While inside, show how many instructions the machine has executed."""
        begun = executed()
        try:
            with self._line.during(lambda: f"running: {executed() - begun:,} instructions"):
                yield
        except KeyboardInterrupt as stop:
            _told(
                stop,
                f"The run was stopped after {executed() - begun:,} instructions. prog can be called again.",
            )
            raise


def _told(stop: KeyboardInterrupt, words: str) -> None:
    """Have IPython show an interrupt as a sentence; where in our code it came is not the reader's concern."""
    text = fill(f"KeyboardInterrupt: {words}", 88)
    stop._render_traceback_ = lambda: [text]  # type: ignore[attr-defined] # IPython's hook, as in errors.py


def _news(accepted: Accepted, cells: tuple[Cell, ...]) -> str:
    """One line: what can be called now."""
    new = [text for cell in accepted.new for text in functions_of(cell, accepted.build)]
    others = [c for c in cells if c not in accepted.new]
    before = [text.partition("(")[0] for c in others for text in functions_of(c, accepted.build)]
    said = f"prog: {', '.join(new) or 'nothing new to call'}"
    return said + _earlier(before, _WIDTH - len(said))


def _earlier(names: list[str], room: int) -> str:
    """The functions of earlier cells, as many as fit into a page's line and at least one."""
    if not names:
        return ""
    named = next((n for n in range(len(names), 1, -1) if len(", ".join(names[:n])) <= room - 30), 1)
    more = f" and {len(names) - named} more" if named < len(names) else ""
    return f"; from before: {', '.join(names[:named])}{more}"


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
