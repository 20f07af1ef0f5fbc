"""The magics: cells of Go and assembly, and what a notebook does with the program they make.

Their docstrings are the help that `%%trace?` shows.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from underglass.errors import UnderglassError
from underglass.kernel.asked import Place

if TYPE_CHECKING:
    from underglass.kernel.session import Session

__all__ = ["UnderglassMagics", "with_body"]

_ALONE = re.compile(r"%%(asm|bench|compare|expect_error|go|run|trace|variants|vet)\b")


def with_body(lines: list[str]) -> list[str]:
    """Give a cell that is a magic alone the empty line that IPython asks for (core/interactiveshell.py,
    run_cell_magic: "the cell body is empty"); one of IPython's input transformers."""
    if len(lines) == 1 and _ALONE.match(lines[0]):
        return [lines[0].rstrip("\n") + "\n", "\n"]
    return lines


with_body.has_side_effects = True  # type: ignore[attr-defined] # a console asks for the body before it runs


@magics_class
class UnderglassMagics(Magics):
    """Go and assembly cells of one program, which Python calls `prog`."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._session: Session | None = None
        self._asked: Any = None  # IPython's record of the cell that runs
        self._values: dict[str, Any] = {}  # of the notebook's variants
        self._inside: tuple[str, int] | None = None  # a cell in %%expect_error: its text, lines above it

    @property
    def session(self) -> Session:
        """The notebook's program; the toolchain and the emulator are imported here, not at start."""
        if self._session is None:
            from underglass.kernel.session import Session

            self._session = Session(self.shell)
        return self._session

    def remember(self, asked: Any) -> None:
        """Told by IPython which cell is about to run."""
        self._asked = asked

    def fill_in(self, lines: list[str]) -> list[str]:
        """Put the values of the notebook's variants in; one of IPython's input transformers."""
        if not self._values or not any("«" in line for line in lines):
            return lines
        from underglass.course.variants import expanded

        return expanded("".join(lines), self._values).splitlines(keepends=True)

    @no_var_expand
    @cell_magic
    def go(self, line: str, cell: str) -> None:
        """Take this cell as Go of the notebook's program.

        %%go [name.go]

        The package clause may be left out. Functions of the cell are called by
        prog.call("name", …) and, from assembly cells, by CALL ·name(SB).
        """
        self.session.take("go", line, cell, self._place("go"), keep=self._inside is None)

    @no_var_expand
    @cell_magic
    def asm(self, line: str, cell: str) -> None:
        """Take this cell as Go assembly of the notebook's program.

        %%asm [name.s]

        The comment above TEXT is the prototype: // func add(x, y int64) int64
        Below the cell stands what the assembler made of each line, and what it added.
        """
        self.session.take("asm", line, cell, self._place("asm"), keep=self._inside is None)

    @no_var_expand
    @line_magic
    def program(self, line: str) -> None:
        """Show which cells the program has.

        %program              the cells
        %program drop 7       take cell 7 out
        %program cgo on|off   allow C above import "C" in cells, or refuse it again
        """
        words = line.split()
        if not words:
            self.session.show()
        elif len(words) == 2 and words[0] == "drop" and words[1].isdecimal():
            self.session.drop(int(words[1]), self._line_of("program", line))
        elif len(words) == 2 and words[0] == "cgo" and words[1] in ("on", "off"):
            self.session.allow_c(words[1] == "on")
        else:
            raise UnderglassError(
                f"{self._line_of('program', line)}: %program takes nothing, or drop and a cell's number, or "
                f"cgo and on or off; this is {line!r}."
            )

    @no_var_expand
    @cell_magic
    def run(self, line: str, cell: str) -> None:
        """Run the program from its boot to its exit, in the machine.

        %%run [argument …]
        what stands here is its standard input

        Arguments are split as a shell splits them. Without a body a program that reads its standard
        input asks you for each line; ^D, these two characters, ends it. Where nobody can answer it is
        empty at once. An exit code other than 0 makes the cell fail.
        """
        from underglass.kernel.actions import run_program

        place = self._place("run")
        with self.session.program(place) as prog:
            expected = self._inside is not None
            run_program(prog, line, cell, place, is_expected=expected)

    @no_var_expand
    @cell_magic
    def trace(self, line: str, cell: str) -> Any:
        """Record a call and show it in the stepper.

        %%trace add(23, 4)
        predict = [3, Predict(5, "AX")]

        Arguments are Python expressions, which may use the notebook's variables. The body is empty, or
        sets options, one a line: step (shown first), predict (where the stepper asks; a list alone is
        predict, too), abi ("ABI0" enters an assembly body without its wrapper), most (instructions),
        changes (a list of Change). A call that faults is shown up to its fault. The recording is _.trace.
        """
        from underglass.kernel.actions import shown_trace, trace_call

        place = self._place("trace")
        with self.session.program(place) as prog:
            trace, options = trace_call(prog, line, cell, place, self._names)
        is_terminal = getattr(self.shell, "kernel", None) is None
        shown = shown_trace(trace, options, place) if options or not is_terminal else None
        return trace if is_terminal else shown

    @no_var_expand
    @cell_magic
    def bench(self, line: str, cell: str) -> None:
        """Count the instructions of a call, and time it on this computer as a ratio.

        %%bench add(23, 4), addgo(23, 4)
        seed = 1

        Of several calls the last is what the others are measured against; one alone is measured
        against an empty call. Instructions are counted in the machine and are the same in every run.
        Time is measured where this computer is linux/amd64, by running the program natively, its init
        functions too; native = False leaves that out. The output says how it was measured; what the calls
        themselves write is not shown.
        """
        from underglass.kernel.actions import bench_program

        place = self._place("bench")
        with self.session.program(place) as prog, self.session.working("measuring"):
            _print(bench_program(prog, line, cell, place, self._names))

    @no_var_expand
    @cell_magic
    def vet(self, line: str, cell: str) -> None:
        """Say what go vet and the lints for assembly have against the program.

        %%vet

        It takes nothing. A finding is no error: the cell does not fail.
        """
        from underglass.kernel.actions import vet_program

        place = self._place("vet")
        with self.session.program(place) as prog, self.session.working("go vet reads the program"):
            _print(vet_program(prog, line, cell, place))

    @no_var_expand
    @cell_magic
    def compare(self, line: str, cell: str) -> Any:
        """Show two functions of the program side by side, instruction by instruction.

        %%compare f g                          two functions
        %%compare add<ABI0> add<ABIInternal>   the two entries of one
        %%compare add                          the same, shorter
        """
        from underglass.kernel.actions import compare_functions

        place = self._place("compare")
        with self.session.program(place) as prog:
            return compare_functions(prog, line, cell, place)

    @no_var_expand
    @cell_magic
    def variants(self, line: str, cell: str) -> None:
        """Offer variants of a lab: what `underglass release` draws from for each student.

        %%variants
        factor: [3, 5, 7]

        In the cells below «factor» is the first of them.
        """
        from underglass.course.variants import first, read_choices

        self._values |= first(read_choices(cell))

    @no_var_expand
    @cell_magic
    def expect_error(self, line: str, cell: str) -> None:
        """Run a cell that is to fail, show its error as plain output, and fail if there is none.

        %%expect_error [text]
        %%asm
        …

        The rest is a cell of any kind: Python, %%go, %%asm, %%run. The error must have the text in it, if
        one is given. The program stays what it was, whether the cell would fit or not.
        """
        from underglass.kernel.expected import check_expected, raised_by

        place = self._place("expect_error")
        before, self._inside = self._inside, (cell, place.line)
        try:
            error = raised_by(self.shell, cell)
        finally:
            self._inside = before
        _print(check_expected(error, line, place))

    @property
    def _names(self) -> dict[str, Any]:
        """The notebook's variables."""
        assert self.shell is not None
        names: dict[str, Any] = self.shell.user_ns
        return names

    def _place(self, magic: str) -> Place:
        """Where the magic stands that runs now."""
        raw = getattr(self._asked, "raw_cell", None) or ""
        above = 0
        if self._inside is not None:
            raw, above = self._inside
        # There may be another magic above it, as in %%time. One that another cell calls as a function is no
        # cell of its own.
        lines = (n for n, line in enumerate(raw.splitlines(), 1) if re.match(rf"\s*%%{magic}\b", line))
        line = next(lines, 0)
        cell_id = getattr(self._asked, "cell_id", None) if line else None
        return Place(_number(self.shell), above + max(line, 1), cell_id)

    def _line_of(self, magic: str, rest: str) -> Place:
        """Where a line magic stands; of several alike, the first."""
        place = self._place(magic)
        raw = self._inside[0] if self._inside else getattr(self._asked, "raw_cell", None) or ""
        lines = [" ".join(line.split()) for line in raw.splitlines()]
        wanted = " ".join(f"%{magic} {rest}".split())
        return place.below(lines.index(wanted)) if wanted in lines else place


def _number(shell: Any) -> int:
    """Return the number that the front end shows beside the cell that runs.

    IPython counts up before a cell runs (9.18) or after it; the cell's result has the number either way
    (core/interactiveshell.py, run_cell_async).
    """
    result = getattr(shell.displayhook, "exec_result", None)
    return getattr(result, "execution_count", None) or int(shell.execution_count)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
