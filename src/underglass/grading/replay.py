"""Run a lab's own cells with a student's answers put in as data, and judge its tests one after another.

This is what the child process does. Python that runs here is the lab's; of the student's only Go and
assembly is taken, which runs in the machine, and values.
"""

from __future__ import annotations

import ast
import contextlib
import io
import math
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from underglass import toolchain
from underglass.course.failure import CheckFailed
from underglass.course.marks import Marks
from underglass.errors import BuildError, BuildStopped, UnderglassError
from underglass.goprogram import GoProgram, from_build
from underglass.grading.answers import Found
from underglass.grading.lab import Lab, LabCell, magic_of
from underglass.grading.literals import literals
from underglass.grading.record import Answer, Part
from underglass.kernel.cells import Cell, arranged, read_cell
from underglass.kernel.notebook import NotebookProgram
from underglass.machine import Limits
from underglass.trace.rules import RULES

__all__ = ["replay"]

_MOST_SAID = 4000  # characters
_HIDDEN = "A hidden test fails: the visible ones do not show all that the exercise asks for."


@dataclass(frozen=True)
class _Item:
    """A cell of the program, in the order of the replay."""

    cell: Cell
    answer: str  # id of the answer it is; "" for the lab's own and for helpers
    is_trusted: bool


def replay(
    lab: Lab, found: Found, *, limits: Limits, build: Mapping[str, Any], judged: Callable[[Part], None]
) -> None:
    """Judge each graded cell of a lab in order, and hand each part over as soon as it is there.

    Args:
        limits: of a program's start, and of each call.
        build: limits of a build, as `toolchain.build` takes them: timeout and cpu.
    """
    _Replay(lab, found, limits, build).run(judged)


class _Usurped(BuildError):
    """A function of the lab's is another one in the program; `diagnostics` has the text that defines it."""


class _Replay:
    def __init__(self, lab: Lab, found: Found, limits: Limits, build: Mapping[str, Any]) -> None:
        self.lab, self.found = lab, found
        self.limits, self.build = limits, build
        self.answers: Mapping[str, Answer] = {a.id: a for a in found.answers}
        self.items = self._items()
        self.namespace: dict[str, object] = {"__name__": "__main__", "display": lambda *_, **__: None}
        self.files: dict[str, LabCell] = {}  # name of a code object → the cell it is of
        self.broken: dict[str, UnderglassError] = {}  # id of an answer → why it is not in the program
        self.growing: NotebookProgram | None = None  # where one program of all does not do

    def run(self, judged: Callable[[Part], None]) -> None:
        whole = self._whole()
        if whole is None:
            self.growing = NotebookProgram()
            self.growing.timeout, self.growing.cpu = self.build["timeout"], self.build["cpu"]
        else:
            self.namespace["prog"] = whole
        for item in self.items.get("", ()) if self.growing is not None else ():
            self._grow(item)
        for cell in self.lab.cells:
            if cell.kind == "written":
                judged(
                    Part(cell.id, cell.title, 0.0, cell.out_of, "A person reads this.", answers=cell.judges)
                )
            elif magic_of(cell.source) is not None:
                pass
            elif cell.kind == "answer":
                self.namespace.update(literals(self.answers[cell.id].text, cell.defines)[0])
            elif cell.kind == "test":
                judged(self._judge(cell))
            else:
                self._prepare(cell)
            for item in self.items.get(cell.id, ()) if self.growing is not None else ():
                self._grow(item)

    def _items(self) -> dict[str, list[_Item]]:
        """The cells of the program, by the lab's cell they belong to or come after; "" is the beginning."""
        made: dict[str, list[_Item]] = {}
        taken: list[Cell] = []
        texts: set[str] = set()
        count = len(self.lab.cells)

        def add(home: str, source: str, number: int, answer: str, *, is_trusted: bool) -> None:
            magic = magic_of(source)
            if magic is None or (not is_trusted and source in texts):
                return
            texts.add(source)
            language, line, body, above = magic
            cell = read_cell(
                language, line if is_trusted else "", body,
                number=number, cell_id=f"{home}/{number}", above=above, taken=taken,
            )  # fmt: skip
            taken.append(cell)
            made.setdefault(home, []).append(_Item(cell, answer, is_trusted))

        for cell in self.lab.cells:
            if cell.kind == "answer":
                add(cell.id, self.answers[cell.id].text, cell.number, cell.id, is_trusted=False)
            elif cell.kind == "trusted":
                add(cell.id, cell.source, cell.number, "", is_trusted=True)
        homes = {cell.id for cell in self.lab.cells}
        for number, helper in enumerate(self.found.helpers, count + 1):
            add(helper.after if helper.after in homes else "", helper.source, number, "", is_trusted=False)
        return made

    def _whole(self) -> GoProgram | None:
        """One program of all cells, if there is one: it builds, starts, and no name is defined twice.

        Cells of the student that the toolchain names in an error are left out, as they would wait for ever.
        """
        items = [item for home in ("", *(c.id for c in self.lab.cells)) for item in self.items.get(home, ())]
        names = [name for item in items for name in item.cell.defines]
        if len(names) != len(set(names)) or len(arranged((), [i.cell for i in items])) != len(items):
            return None
        while items:
            try:
                return self._program(toolchain.build([i.cell.source for i in items], **self.build), items)
            except UnderglassError as error:
                blamed = _blamed(items, error)
                self.broken.update((item.answer, error) for item in blamed)
                items = [item for item in items if item not in blamed] if blamed else []
        self.broken.clear()
        return None

    def _program(self, built: toolchain.Build, items: list[_Item]) -> GoProgram:
        """Return the program, started; what the lab itself defines has to be the lab's in it.

        Text of a student may define a name in ways that only the toolchain sees, as by a macro.

        Raises:
            UnderglassError: it is another's, or the program ends or stays before its main.
        """
        program = from_build(built)
        program.limits = self.limits
        asked = {name for answer in self.lab.answers for name in answer.defines}
        own: dict[str, list[toolchain.Source]] = {}
        for item in items:
            for name in item.cell.defines - asked if item.is_trusted else ():
                own.setdefault(name, []).append(item.cell.source)
        for name, sources in own.items():
            for symbol in (f"main.{name}", f"main.{name}.abi0"):
                function = program.program.functions.get(symbol)
                if function is None or function.is_wrapper:
                    continue
                source = program.program.source_of(function)
                if source not in sources:
                    raise _Usurped(f"{name} is the lab's own, and is defined again. Rename it.", (source,))
        program.boot()  # what an init function does is not to reach other answers
        every = program.program.functions
        program.program.prefetch([every[name] for name in every if name.startswith("main.")])
        return program

    def _grow(self, item: _Item) -> None:
        """Add a cell to the program, as the kernel does; one that does not fit waits.

        One that the program does not start with, or that takes the toolchain's time, is left out for good.
        """
        growing = self.growing
        assert growing is not None
        before = growing.cells, growing.waiting
        try:
            accepted = growing.add(item.cell)
            program = self._program(accepted.build, [i for some in self.items.values() for i in some])
        except _Usurped as error:
            usurper = [cell for cell in growing.cells if cell.source in error.diagnostics]
            growing.cells, growing.waiting = before
            if item.is_trusted and usurper and usurper[0] in before[0]:
                growing.cells = tuple(cell for cell in before[0] if cell not in usurper)
                self._grow(item)
            else:
                self.broken[item.answer] = error
            return
        except UnderglassError as error:
            self.broken[item.answer] = error
            is_waiting = any(cell is item.cell for cell, _ in growing.waiting)
            if not is_waiting or isinstance(error, BuildStopped):
                growing.cells, growing.waiting = before
            return
        self.namespace["prog"] = program
        for cell in accepted.new:
            self.broken = {a: e for a, e in self.broken.items() if not self._is_of(a, cell)}

    def _is_of(self, answer: str, cell: Cell) -> bool:
        return any(
            item.cell is cell and item.answer == answer for some in self.items.values() for item in some
        )

    def _prepare(self, cell: LabCell) -> None:
        """Run a Python cell of the lab; one with magics, or that fails, is left: the tests tell."""
        with contextlib.suppress(Exception):
            self._execute(cell)

    def _judge(self, cell: LabCell) -> Part:
        """Run a test cell, and give points as nbgrader does (nbgrader 0.9.6, utils.py, determine_grade)."""

        def part(points: float, said: str, rules: tuple[str, ...], is_hidden: bool) -> Part:
            return Part(
                cell.id, cell.title, points, cell.out_of, said[:_MOST_SAID], rules, is_hidden, cell.judges
            )

        try:
            value = self._execute(cell)
        except Exception as error:  # noqa: BLE001  # the test is the lab's, and may end in any way
            failures = self._failures(cell)
            if error not in failures:
                failures.append(error)
            return part(0.0, *self._told(cell, failures))
        points = _credit(value, cell.out_of)
        return part(points, *self._told(cell, self._failures(cell) if points < cell.out_of else []))

    def _told(self, cell: LabCell, failures: list[Exception]) -> tuple[str, tuple[str, ...], bool]:
        """What the student reads of failures, the rules they broke, and whether all of them are hidden."""
        open_ = [f for f in failures if not self._is_hidden(f, cell)]
        broken = (r for f in open_ or failures if isinstance(f, CheckFailed) for r in f.rules if r in RULES)
        rules = tuple(dict.fromkeys(broken))
        said = list(dict.fromkeys(self._said(cell, f) for f in open_))
        if len(open_) < len(failures):
            said.append(_HIDDEN)
        if not open_:
            said += [f"It breaks a rule: {RULES[r].title}." for r in rules]
        return " ".join(said), rules, bool(failures) and not open_

    def _failures(self, cell: LabCell) -> list[Exception]:
        """What failed in a cell that gives points for its parts."""
        every = [f for held in self.namespace.values() if isinstance(held, Marks) for f in held.failures]
        return [f for f in every if f"<{cell.id}>" in [file for file, _ in _frames(f.__traceback__)]]

    def _said(self, cell: LabCell, error: Exception) -> str:
        """What the student reads: why the answer is not in the program, or what the check says."""
        reasons = [self.broken[a] for a in cell.judges if a in self.broken]
        if reasons:
            return f"Your answer is not in the program. {reasons[0]}"
        words = str(error) if isinstance(error, CheckFailed) else f"The test ended with {_named(error)}"
        notes = [self.answers[a].note for a in cell.judges if self.answers[a].note]
        if notes and isinstance(error, NameError):
            words = " ".join(notes)
        missing = [a for a in cell.judges if self.answers[a].found == "missing"]
        return f"The answer is missing. {words}" if missing else words

    def _execute(self, cell: LabCell) -> object:
        """Run a Python cell and return the value of its last expression; what it prints is dropped."""
        tree = ast.parse(cell.source)
        file = f"<{cell.id}>"
        self.files[file] = cell
        last: ast.expr | None = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = tree.body.pop().value  # type: ignore[attr-defined]
        with contextlib.redirect_stdout(_Sink()), contextlib.redirect_stderr(_Sink()):
            exec(compile(tree, file, "exec"), self.namespace)
            if last is not None and not cell.source.rstrip().endswith(";"):
                return eval(compile(ast.Expression(last), file, "eval"), self.namespace)
            if last is not None:
                eval(compile(ast.Expression(last), file, "eval"), self.namespace)
        return None

    def _is_hidden(self, error: BaseException, cell: LabCell) -> bool:
        """Whether a hidden line took part in a failure; if no line is known, it did."""
        lines = [(c, line) for file, line in _frames(error.__traceback__) if (c := self.files.get(file))]
        if not lines:
            return bool(cell.hidden)
        return any(first <= line <= last for c, line in lines for first, last in c.hidden)


def _blamed(items: list[_Item], error: UnderglassError) -> list[_Item]:
    """Return the student's cells to leave out after an error: those that it names, or else all helpers."""
    said = error.diagnostics if isinstance(error, BuildError) else ()
    named = {d.source for d in said if isinstance(d, toolchain.Diagnostic)}
    own = [item for item in items if not item.is_trusted]
    return [i for i in own if i.cell.source in said or i.cell.origin in named] or [
        i for i in own if not i.answer
    ]


class _Sink(io.TextIOBase):
    """Takes any text and keeps none."""

    def write(self, text: str) -> int:
        return len(text)


def _frames(trace: types.TracebackType | None) -> Iterator[tuple[str, int]]:
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def _named(error: Exception) -> str:
    words = str(error).strip()
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _credit(value: object, out_of: float) -> float:
    """Points for a value: what nbgrader makes of the text that a notebook shows of it (get_partial_grade)."""
    if value is None:
        return out_of
    try:
        points = float(repr(value))
    except ValueError:
        return out_of
    return points if 0 <= points <= out_of else 0.0 if points > out_of or math.isnan(points) else out_of
