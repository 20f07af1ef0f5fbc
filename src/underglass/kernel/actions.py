"""What the magics %%run, %%trace, %%bench, %%vet and %%compare do with a notebook's program."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from underglass.analysis.compare import compare
from underglass.errors import CallError, GuestFault, UnderglassError, UnknownFunction
from underglass.goprogram import MOST_STEPS, GoProgram
from underglass.kernel.asked import AskedCall, Place, read_calls, read_options
from underglass.toolchain import Source, vet
from underglass.toolchain.lints import LINTS
from underglass.toolchain.refusals import uses_c
from underglass.trace import Change
from underglass.views.compare import ComparisonTable

if TYPE_CHECKING:
    from underglass.program import Abi, Function, Program
    from underglass.trace import Trace
    from underglass.views.widgets import Stepper

__all__ = ["bench_program", "compare_functions", "run_program", "shown_trace", "trace_call", "vet_program"]

_TRACE_OPTIONS: dict[str, type | tuple[type, ...]] = {
    "predict": list,
    "step": int,
    "abi": str,
    "most": int,
    "changes": list,
}
_BENCH_OPTIONS: dict[str, type | tuple[type, ...]] = {"seed": int, "native": bool}
_ABIS: dict[str, Abi] = {"<ABI0>": "ABI0", "<ABIInternal>": "ABIInternal"}
T = TypeVar("T")


def run_program(prog: GoProgram, line: str, body: str, place: Place, *, is_expected: bool = False) -> None:
    """Run a program to its end; the body is its standard input, and without one the reader is asked.

    Args:
        is_expected: the reader knows that it fails, and needs no advice on that.

    Raises:
        GuestFault: its exit code is not 0.
        UnderglassError: the line cannot be split into arguments.
    """
    try:
        arguments = shlex.split(line)
    except ValueError as error:
        raise UnderglassError(
            f"{place}: the arguments {line.strip()!r} cannot be split: {error}. Close each quote: "
            "%%run -n 3 'two words'"
        ) from error
    if "\0" in line:
        raise UnderglassError(f"{place}: an argument has a NUL in it, which ends every argument. Remove it.")
    if body.strip():
        result = prog.run(*arguments, stdin=body.encode("utf-8", "surrogateescape"))
    else:
        result = prog.run(*arguments)
    if result.exit_code:
        above = "; what it wrote to stderr stands above" if result.stderr else ""
        expect = f"%%expect_error exit code {result.exit_code}"
        advice = f" If that is what you want to see, begin the cell with {expect}."
        raise GuestFault(
            f"{place}: the program ended with exit code {result.exit_code}{above}."
            f"{'' if is_expected else advice}",
            output=(result.stdout + result.stderr).encode("utf-8", "surrogateescape"),
        )


def trace_call(
    prog: GoProgram, line: str, body: str, place: Place, names: Mapping[str, Any]
) -> tuple[Trace, dict[str, Any]]:
    """Record a call; with it come the options of the stepper that is to show it, `step` and `predict`.

    Raises:
        UnderglassError: there is no one call in the line, or the body is none of options.
    """
    options = read_options(body, names, _TRACE_OPTIONS, place, "trace")
    call = _one(read_calls(line, names, place, "trace"), place, "trace")
    abi = options.get("abi")
    if abi not in (None, "ABI0", "ABIInternal"):
        raise UnderglassError(f'{place}: abi is {abi!r}, and has to be "ABI0" or "ABIInternal".')
    most = options.get("most", MOST_STEPS)
    if most < 1:
        raise UnderglassError(f"{place}: most is {most}; a recording has one instruction or more.")
    for change in options.get("changes", ()):
        if not isinstance(change, Change):
            raise UnderglassError(
                f'{place}: changes holds {change!r}, which is no change. Write Change(3, "AX", 5).'
            )
    trace = _placed(
        place,
        lambda: prog.record(call.name, *call.values, abi=abi, most=most, changes=options.get("changes", ())),
    )
    return trace, {name: options[name] for name in ("step", "predict") if name in options}


def shown_trace(trace: Trace, options: Mapping[str, Any], place: Place) -> Stepper:
    """Return the stepper of a recording.

    Raises:
        UnderglassError: a question about a step or a thing that it does not have.
    """
    from underglass.views.widgets import Stepper

    try:
        return Stepper(trace, **options)
    except UnderglassError as error:
        raise UnderglassError(f"{place}: {error}") from error
    except (AttributeError, TypeError) as error:
        raise UnderglassError(
            f'{place}: predict holds something that is no question. Write steps, or Predict(3, "AX").'
        ) from error


def bench_program(prog: GoProgram, line: str, body: str, place: Place, names: Mapping[str, Any]) -> str:
    """Count and time one call or several; return what to print."""
    from underglass.kernel.bench import bench_text

    options = read_options(body, names, _BENCH_OPTIONS, place, "bench")
    calls = read_calls(line, names, place, "bench")
    return _placed(place, lambda: bench_text(prog, calls, **options))


def vet_program(prog: GoProgram, line: str, body: str, place: Place) -> str:
    """Vet the whole program; return what to print.

    Raises:
        UnderglassError: there is something behind the magic, or nothing to vet.
    """
    if line.strip() or body.strip():
        raise UnderglassError(
            f"{place}: %%vet looks at the whole program and takes nothing. Leave its cell empty otherwise; "
            "code goes into a cell that starts with %%go or %%asm."
        )
    sources = [s for s in prog.program.sources if isinstance(s, Source)]
    if not sources:
        raise UnderglassError(
            f"{place}: the program came without its sources; vet needs them. Build it here."
        )
    if uses_c(sources):
        raise UnderglassError(f"{place}: go vet is not run on a program with C. Take the cell with C out.")
    found = vet(sources)
    looked = ", ".join(source.origin for source in sources)
    if found:
        return "\n".join(str(one) for one in found)
    return f"Nothing to report: go vet and {len(LINTS)} lints for assembly looked at {looked}."


def compare_functions(prog: GoProgram, line: str, body: str, place: Place) -> ComparisonTable:
    """Compare two functions, or the two entries of one.

    Raises:
        UnderglassError: they are not named, or not there.
    """
    words = line.split()
    if not 1 <= len(words) <= 2 or body.strip():
        raise UnderglassError(
            f"{place}: %%compare takes two functions and no body: %%compare add sub, or "
            "%%compare add<ABI0> add<ABIInternal>. One alone, %%compare add, is compared in its two ABIs."
        )
    if len(words) == 1:
        words = [f"{words[0]}{abi}" for abi in _ABIS]
    facts = prog.program
    left, right = (_placed(place, lambda w=w: _function(facts, w)) for w in words)  # type: ignore[misc]
    return ComparisonTable(compare((facts, left), (facts, right)))


def _function(program: Program, word: str) -> Function:
    for ending, abi in _ABIS.items():
        if word.endswith(ending):
            return program.function(word.removesuffix(ending), abi)
    return program.function(word)


def _one(calls: tuple[AskedCall, ...], place: Place, magic: str) -> AskedCall:
    if len(calls) != 1:
        raise CallError(
            f"{place}: %%{magic} takes one call, and here are {len(calls)}. Give each its own cell."
        )
    return calls[0]


def _placed(place: Place, act: Callable[[], T]) -> T:
    """Do it; where the call itself is at fault, the error says in which cell and line it stands."""
    try:
        return act()
    except UnderglassError as error:
        if type(error) in (CallError, UnknownFunction, UnderglassError):
            raise type(error)(f"{place}: {error}") from error
        raise
