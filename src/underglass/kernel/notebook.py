"""The one program of a notebook, made of its Go and assembly cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from underglass import toolchain
from underglass.errors import BuildError
from underglass.kernel.cells import Cell, arranged
from underglass.toolchain import Build, Diagnostic, Source, asmlex, golex
from underglass.toolchain.refusals import uses_c

__all__ = ["Accepted", "NotebookProgram", "functions_of", "reason"]


@dataclass(frozen=True)
class Accepted:
    """What became of a cell that is in the program."""

    build: Build
    new: tuple[Cell, ...]  # the cell, and others that waited for it
    lost: tuple[tuple[Cell, tuple[str, ...]], ...]  # cells replaced, with what nothing defines any more
    waiting: tuple[tuple[Cell, BuildError], ...]  # those that still do not fit


class NotebookProgram:
    """Takes cells in any order and keeps the last program that built.

    A cell counts only when the whole program builds with it. Until then it waits, and is tried again
    with each later cell: so cells that need each other get in together.
    """

    def __init__(self) -> None:
        self.cgo = False  # whether cells may have C above import "C"
        self.timeout = 120.0  # seconds for a build
        self.cpu: int | None = None  # seconds of processor time for each of its processes
        self.cells: tuple[Cell, ...] = ()  # of the last program that built
        self.waiting: tuple[tuple[Cell, BuildError], ...] = ()
        self._vetted: frozenset[Source] = frozenset()

    def add(self, cell: Cell, progress: Callable[[str], None] | None = None) -> Accepted:
        """Build the program with a new cell, and with as many of the waiting ones as possible.

        Raises:
            BuildError: the new cell does not fit; it waits now, and the program is what it was.
        """
        waiting = [(c, e) for c, e in self.waiting if not cell.replaces(c)]
        trying = [c for c, _ in waiting]
        while True:
            program = arranged(self.cells, [*trying, cell])
            try:
                built = self._build(program.values(), progress)
            except BuildError as error:
                if not trying:
                    self.waiting = (*waiting, (cell, error))
                    raise BuildError(f"{error}\n{self._standing(cell)}", error.diagnostics) from error
                blamed = _blamed(trying, error)
                trying = [c for c in trying if c not in blamed]
            else:
                break
        kept = frozenset(name for c in program.values() for name in c.defines)
        lost = tuple(
            (c, tuple(sorted(c.defines - kept)))
            for c in self.cells
            if c not in program.values() and not c.is_same(cell) and c.defines - kept
        )
        self.cells = tuple(program.values())
        self.waiting = tuple((c, e) for c, e in waiting if c not in trying)
        return Accepted(built, (*trying, cell), lost, self.waiting)

    def try_out(self, cell: Cell, progress: Callable[[str], None] | None = None) -> None:
        """Build the program with a cell, and forget it: nothing changes, whether it fits or not.

        Raises:
            BuildError: it does not fit.
        """
        self._build(arranged(self.cells, [cell]).values(), progress)

    def drop(self, number: int) -> Build | None:
        """Take a cell out, and build what is left; None if nothing is left, or if it only waited.

        Raises:
            BuildError: the rest needs it; nothing has changed.
        """
        self.waiting = tuple((c, e) for c, e in self.waiting if c.number != number)
        rest = tuple(c for c in self.cells if c.number != number)
        is_less = bool(rest) and rest != self.cells
        built = self._build(rest) if is_less else None
        self.cells = rest
        return built

    def left_out(self) -> dict[str, str]:
        """What waiting cells define → which cell that is, and why it waits."""
        return {
            name: f"{cell.origin.capitalize()} has {name} as it was written last, and is not in the program "
            f"({reason(error)})."
            for cell, error in self.waiting
            for name in cell.defines | _local_data(cell)
        }

    def vet(self, cells: Iterable[Cell]) -> tuple[Diagnostic, ...]:
        """Return what `go vet` has against these cells of the program; each text is looked at once.

        Nothing of a program with C: vet is run without a C compiler, and assembly, which most of its
        findings here are about, cannot be in such a package (go help c).
        """
        origins = {c.origin for c in cells if c.source not in self._vetted}
        sources = frozenset(c.source for c in self.cells)
        if not origins or sources == self._vetted or uses_c(tuple(sources)):
            return ()
        findings = toolchain.vet([c.source for c in self.cells])
        self._vetted = sources
        return tuple(f for f in findings if f.source in origins)

    def _build(self, cells: Iterable[Cell], progress: Callable[[str], None] | None = None) -> Build:
        sources = [c.source for c in cells]
        return toolchain.build(sources, progress=progress, timeout=self.timeout, cpu=self.cpu, cgo=self.cgo)

    def _standing(self, cell: Cell) -> str:
        """What a reader whose cell was not taken still has."""
        origins = [c.origin for c in self.cells]
        before = (
            f"prog stays the program of {_listed(origins)}."
            if origins
            else "there is no program so far, and so no prog."
        )
        others = [
            f"{c.origin.capitalize()} waits, too ({reason(e)})." for c, e in self.waiting if c is not cell
        ]
        return " ".join([f"{cell.origin.capitalize()} is not taken yet;", before, *others])


def functions_of(cell: Cell, build: Build) -> tuple[str, ...]:
    """Return the functions of a cell that Go can call, as `add(x, y int64) int64`."""
    if cell.source.is_assembly:
        names = cell.defines
        found = [p.text for p in build.prototypes if p.name in names]
    else:
        found = [
            f.declaration
            for f in golex.parse(cell.source.text).functions
            if f.has_body and not (f.receiver or f.is_generic) and f.name not in ("_", "init")
        ]
    return tuple(text.removeprefix("func ") for text in found)


def _local_data(cell: Cell) -> set[str]:
    """The names that the cell's `GLOBL name<>(SB)` lines keep in their file."""
    if not cell.source.is_assembly:
        return set()
    lines = ([token.text for token in line] for line in asmlex.statements(cell.source.text))
    return {line[1] for line in lines if line[0] == "GLOBL" and line[2:3] == ["<"]}


def reason(error: BuildError) -> str:
    """Return in a few words why a cell waits: `line 8: unrecognized instruction "MOVX"`."""
    for said in error.diagnostics:
        if isinstance(said, Diagnostic):
            return f"line {said.line}: {said.message}" if said.line else said.message
    return str(error).splitlines()[0]


def _blamed(trying: list[Cell], error: BuildError) -> list[Cell]:
    """Return the waiting cells that a failed build names; all of them if it names none."""
    named = {d.source for d in error.diagnostics if isinstance(d, Diagnostic)}
    return [c for c in trying if c.origin in named] or trying


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
