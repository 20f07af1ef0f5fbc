"""The program a reader holds: facts about it, and runs, calls and recordings of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from underglass import toolchain
from underglass.abi import Signature, signature
from underglass.errors import CallError, UnderglassError, UnknownFunction
from underglass.machine import Limits, Machine
from underglass.machine.areas import Area, areas
from underglass.machine.call import Call, prepare
from underglass.program import Abi, Function, Program
from underglass.program.code import decode
from underglass.toolchain import Build, Source
from underglass.trace import Change, Run, Trace, changed, record, rehearse

__all__ = ["GoProgram", "RunResult", "as_source", "build", "load"]

CALL_LIMITS = Limits(instructions=500_000_000, seconds=20.0)
MOST_STEPS = 200_000


@dataclass(frozen=True)
class RunResult:
    """How a whole run ended."""

    stdout: str
    stderr: str
    exit_code: int
    instructions: int  # executed, in all threads

    def __repr__(self) -> str:
        return f"<RunResult: exit code {self.exit_code}, {len(self.stdout)} characters of output>"


class GoProgram:
    """A linked Go program that can be run, called and recorded in the emulated machine.

    Make one with `build` (from Go and assembly) or `load` (from an executable).
    """

    def __init__(self, program: Program, notes: tuple[toolchain.Diagnostic, ...] = ()) -> None:
        self.program = program
        self.notes = notes
        self.on_output: Callable[[int, bytes], None] | None = None
        """Told (descriptor, bytes) as a run or a call writes, unless the run names another listener."""
        self.on_input: Callable[[], Callable[[int], bytes]] | None = None
        """Makes the standard input of a run that is given none, a function as `stdin` of `run` is one."""
        self.while_running: Callable[[Callable[[], int]], AbstractContextManager[object]] = nullcontext
        """Entered around each run, call and recording, with what counts the instructions so far."""
        self.waiting: Callable[[], Mapping[str, str]] = dict
        """Function or variable → where its newest text is, if that did not get into this program."""
        self.limits = CALL_LIMITS
        """What its boot, and each call that names no limits of its own, may use."""
        self._booted: Machine | None = None

    def __repr__(self) -> str:
        own = sorted(
            {
                f.removesuffix(".abi0").removeprefix("main.")
                for f in self.program.functions
                if f.startswith("main.")
            }
        )
        names = [n for n in own if "." not in n and not n.startswith(("underglass", "init"))]
        return f"<GoProgram: {', '.join(names)}; {self.program.go_version}>"

    def run(
        self,
        *arguments: str,
        stdin: bytes | Callable[[int], bytes] | None = None,
        environment: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        seed: int = 1,
        on_output: Callable[[int, bytes], None] | None = None,
    ) -> RunResult:
        """Boot the program and run it to its end.

        Args:
            stdin: what it reads, or a function that returns up to n bytes (none at the end). Without it, a
                notebook asks its reader; elsewhere there is nothing to read.
            on_output: told (descriptor, bytes) as the program writes.

        Raises:
            GuestFault, LimitExceeded: it did not end by itself; the error's `output` has what it wrote.
        """
        machine = Machine(
            self.program,
            arguments=arguments,
            environment=environment,
            stdin=stdin if stdin is not None else self.on_input() if self.on_input else b"",
            limits=limits,
            seed=seed,
        )
        machine.kernel.output.listener = on_output or self.on_output
        try:
            with self.while_running(lambda: machine.cpu.executed):
                code = machine.run()
        finally:
            machine.close()
        assert code is not None
        out = machine.kernel.output
        return RunResult(_text(out.text(1)), _text(out.text(2)), code, machine.cpu.executed)

    def call(
        self, name: str, *values: object, abi: Abi | None = None, limits: Limits | None = None
    ) -> object:
        """Call a function of the program and return its result: one value, a tuple of several, or None.

        The program has booted and stands at the start of main; each call starts from there.

        Args:
            values: numbers, bools, str (bytes if not UTF-8), lists for slices and arrays, dicts or tuples for
                structs, `Pointer` for pointers, None for nil. Results have the same forms; besides, a map is
                a dict (a list of pairs if its keys are not numbers, strings or bools), and what an interface
                or an error holds is a `Dynamic`.
            abi: None goes the way a Go caller would (ABIInternal; through the wrapper to an assembly
                function), "ABI0" enters the assembly body itself.
            limits: what the call may use; 500 million instructions and 20 seconds by default. Memory and
                threads are the booted program's, and have their limits from the boot.

        >>> prog.call("add", 23, 4)
        27
        >>> prog.call("div", 7, 0)
        (0, <*errors.errorString: division by zero>)

        Raises:
            UnknownFunction: no such function.
            CallError: wrong number or type of arguments, or no prototype.
            GuestFault, LimitExceeded: it did not return.
        """
        call = self._prepare(name, values, abi, limits)
        with self.while_running(lambda: call.machine.cpu.executed):
            return call.finish()

    def count(self, name: str, *values: object, abi: Abi | None = None, limits: Limits | None = None) -> int:
        """Call a function, and return how many instructions it executed, from its first to its return.

        Args:
            abi, limits: as for `call`.

        >>> prog.count("add", 23, 4)  # the wrapper's 12 and the 4 of add
        16

        Raises:
            UnknownFunction, CallError, GuestFault, LimitExceeded: as for `call`.
        """
        call = self._prepare(name, values, abi, limits)
        machine = call.machine
        before = machine.cpu.executed
        with self.while_running(lambda: machine.cpu.executed):
            call.finish()
        code = machine.memory.read(call.back, call.end - call.back)
        return machine.cpu.executed - before - sum(1 for _ in decode(code, call.back))

    def record(
        self,
        name: str,
        *values: object,
        abi: Abi | None = None,
        most: int = MOST_STEPS,
        changes: Sequence[Change] = (),
    ) -> Trace:
        """Call a function and return what every instruction did.

        A call that faults gives a trace too: its `fault` says what happened, and its last steps show it.
        It ends at the instruction at fault, unless the program recovers.

        Args:
            abi: as for `call`.
            most: instructions after which the recording ends.
            changes: what to change on the way: the recording is that of the changed run. `Trace.what_if`
                changes a recording that is at hand.

        Raises:
            UnknownFunction, CallError: as for `call`.
            UnderglassError: a change that cannot be made.
        """

        def prepare() -> Call:
            return self._prepare(name, values, abi)

        def again(changes: Sequence[Change]) -> Trace:
            return changed(prepare, trace, changes, most)

        call = prepare()
        with self.while_running(lambda: call.machine.cpu.executed):
            ending = rehearse(call, most)
            trace = replace(record(prepare(), most, ending), again=again)
        return again(changes) if changes else trace

    def record_run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        seed: int = 1,
    ) -> Run:
        """Run the program from boot to exit, and return the run, any window of which can be recorded.

        Args:
            arguments, stdin, environment, limits, seed: as for `run`.

        >>> whole = prog.record_run()
        >>> whole.around("main.main")  # its first activation, and what it calls
        <Trace main.main, activation 1: … instructions, results: none>
        >>> whole.window(100_000, 500)  # 500 from there on, or one or two more
        <Trace instructions from 100,000: 50… instructions, results: none>

        Raises:
            GuestFault, LimitExceeded: the program did not end by itself.
        """

        booted: list[Machine] = []

        def boot() -> Machine:
            booted[:] = [
                Machine(
                    self.program,
                    arguments=arguments,
                    environment=environment,
                    stdin=stdin,
                    limits=limits,
                    seed=seed,
                )
            ]
            return booted[0]

        with self.while_running(lambda: booted[0].cpu.executed if booted else 0):
            return Run(boot)

    def boot(self) -> None:
        """Run the program to the start of its main, unless that was done; calls start from there.

        Raises:
            CallError, GuestFault, LimitExceeded: it does not get there.
        """
        self._machine()

    def memory_map(self) -> tuple[Area, ...]:
        """What lies where in memory when the program has booted and stands at the start of main.main.

        >>> prog.memory_map()[0]
        Area(…)
        """
        machine = self._machine()
        machine.rewind()
        return areas(machine)

    def signature(self, name: str, abi: Abi | None = None) -> Signature:
        """What a function takes and gives.

        Raises:
            CallError: it is not known.
        """
        return self._signature(self.program.function(name, abi))

    def _prepare(
        self, name: str, values: tuple[object, ...], abi: Abi | None, limits: Limits | None = None
    ) -> Call:
        try:
            function = self.program.function(name, abi)
        except UnknownFunction as error:
            told = [
                str(n)
                for n in self.notes
                if re.search(rf"\b{re.escape(name.removeprefix('main.'))}\b", n.message)
            ]
            if not told:
                raise
            raise CallError(" ".join([f"{name} cannot be called.", *told])) from error
        machine = self._machine()
        machine.limits = self.limits
        call = prepare(machine, function, self._signature(function), values)
        machine.limits = limits or self.limits
        machine.kernel.output.most = machine.limits.output
        machine.kernel.output.listener = self.on_output
        return call

    def _signature(self, function: Function) -> Signature:
        found = signature(self.program, function, everywhere=True)
        if found is not None:
            return found
        source = self.program.source_of(function)
        where = f" ({source.origin}, line {function.start_line})" if source else ""
        name = function.name.removeprefix("main.")
        raise CallError(
            f"{function.name}{where} has no prototype, so nobody knows what it takes. "
            f"Write its Go declaration in a comment above TEXT: // func {name}(x, y int64) int64"
        )

    def _machine(self) -> Machine:
        """A machine at the entry of main.main, with its snapshot taken; made at the first call."""
        if self._booted is None:
            machine = Machine(self.program, limits=self.limits)
            start = self.program.function("main.main").address
            if machine.run(until=start) is not None:
                raise CallError(
                    "The program ended before it reached main.main: an init function or "
                    "the start of a package's variables ended it. "
                    f"It wrote: {_text(machine.output)!r}"
                )
            machine.snapshot()
            self._booted = machine
        return self._booted


def build(
    *sources: str | Path | Source,
    keep: bool = True,
    progress: Callable[[str], None] | None = None,
    cgo: bool = False,
    any_linkname: bool = False,
    goamd64: str = "v1",
) -> GoProgram:
    """Build Go and assembly with the real toolchain.

    Args:
        sources: each a path of a .go or .s file, a `Source`, or the text itself (a string with a
            line break in it; Go if it has a package clause, else assembly).
        keep: link every function of package main, called or not.
        progress: told in a sentence what takes long.
        cgo: allow `import "C"`; it needs a C compiler (`pip install 'underglass[cgo]'`).
        any_linkname: have the linker allow `//go:linkname` to symbols that their package does not offer
            (`-checklinkname=0`).
        goamd64: the instructions that the program may count on, as the variable GOAMD64 names them. "v3" has
            AVX2 in it, which the machine here has not.

    Raises:
        BuildError: the toolchain rejected them; the message has file, line and remedy.
    """
    ready = tuple(as_source(s, i) for i, s in enumerate(sources, 1))
    built = toolchain.build(
        ready, keep=keep, progress=progress, cgo=cgo, any_linkname=any_linkname, goamd64=goamd64
    )
    return from_build(built)


def from_build(built: Build) -> GoProgram:
    """Wrap what the toolchain made."""
    prototypes = {p.name: p.text for p in built.prototypes}
    return GoProgram(Program(built.elf, sources=built.sources, prototypes=prototypes), built.notes)


def load(path: str | Path) -> GoProgram:
    """Open a Go executable that exists already (linux/amd64, static).

    Raises:
        NotAProgram: it is none.
    """
    return GoProgram(Program(path))


def as_source(given: str | Path | Source, number: int) -> Source:
    """Return a path or a text as a source; a text, which has line breaks, gets its number for a name.

    Raises:
        UnderglassError: it is neither, or the file cannot be read.
    """
    if isinstance(given, Source):
        return given
    if isinstance(given, str) and "\n" in given:
        is_go = any(line.startswith("package ") for line in given.splitlines())
        name = f"text{number}.{'go' if is_go else 's'}"
        return Source(name, given, f"text {number}")
    if not isinstance(given, (str, Path)):
        raise UnderglassError(f"build() takes paths and texts; {given!r} is {type(given).__name__}.")
    return toolchain.read_files([given])[0]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
