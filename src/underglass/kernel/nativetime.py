"""How long calls take on the host's own processor, as ratios of each other, measured side by side."""

from __future__ import annotations

import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from underglass import toolchain
from underglass.abi import Signature
from underglass.errors import BuildError, CallError, UnderglassError
from underglass.kernel.asked import AskedCall
from underglass.kernel.goliterals import go_literal
from underglass.toolchain import Source, process
from underglass.toolchain.refusals import uses_c

__all__ = ["ROUNDS", "Ratio", "is_measurable", "ratios"]

ROUNDS = 31  # of each function
ROUND_MS = 2  # at least, in a round
_SECONDS = 60.0
_MEMORY = 2 << 30  # bytes
_NAME = "zz_underglass_time.go"  # init functions run in the order of the file names: this one's last
_LINE = re.compile(r"^underglass (\d+) (\d+) (\d+)$", re.MULTILINE)
# All is in init, which ends the process: the reader's main is not run. A call goes through a package
# variable, so the compiler neither inlines it nor leaves it out. What the calls write goes nowhere.
_GO = """\
package main

import (
	underglassOS "os"
	underglassStrconv "strconv"
	underglassSyscall "syscall"
	underglassTime "time"
)

var (
{variables}
)

//go:noinline
func underglassEmpty() {{}}

//go:noinline
func underglassSet() {{
{sets}
}}

func init() {{
	saved, _ := underglassSyscall.Dup(2)
	nowhere, _ := underglassSyscall.Open("/dev/null", underglassSyscall.O_WRONLY, 0)
	underglassSyscall.Dup2(nowhere, 1)
	underglassSyscall.Dup2(nowhere, 2)
	out := underglassOS.NewFile(uintptr(saved), "times")
	underglassSet()
{arguments}
	loops := []func(int64){{
{loops}
	}}
	counts := make([]int64, len(loops))
	measure := func(f func(int64), n int64) int64 {{
		begun := underglassTime.Now()
		f(n)
		return underglassTime.Since(begun).Nanoseconds()
	}}
	for i, f := range loops {{
		counts[i] = 1
		for counts[i] < 1<<30 && measure(f, counts[i]) < {round_ns} {{
			counts[i] *= 2
		}}
	}}
	random := uint64({seed})
	order := make([]int, len(loops))
	for round := 0; round < {rounds}; round++ {{
		for i := range order {{
			random = random*6364136223846793005 + 1442695040888963407
			j := int(random>>33) % (i + 1)
			order[i] = order[j]
			order[j] = i
		}}
		for _, i := range order {{
			line := "underglass"
			for _, n := range []int64{{int64(i), counts[i], measure(loops[i], counts[i])}} {{
				line += " " + underglassStrconv.FormatInt(n, 10)
			}}
			out.WriteString(line + "\\n")
		}}
	}}
	underglassOS.Exit(0)
}}
"""


@dataclass(frozen=True)
class Ratio:
    """Time of one call as a multiple of the base's, over the rounds."""

    middle: float  # median
    low: float  # first quartile
    high: float  # third quartile
    calls: int  # in a round


def is_measurable() -> bool:
    """Whether this host runs linux/amd64 programs itself."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def ratios(
    sources: Sequence[Source],
    calls: Sequence[tuple[AskedCall, Signature]],
    seed: int,
    progress: Callable[[str], None] | None = None,
) -> tuple[Ratio, ...]:
    """Time calls in one native process; the base is the last of several, or an empty function for one.

    Args:
        sources: of the program, built once more with the loops in it.

    Returns:
        One ratio for each call but the base.

    Raises:
        UnderglassError: the calls cannot be compiled, or did not end; the message says which it was.
    """
    if uses_c(sources):
        raise UnderglassError("a program with C is not timed")
    text = _text(calls, seed)
    try:
        built = toolchain.build(
            [*sources, Source(_NAME, text, "the timing loop")], keep=False, progress=progress
        )
    except BuildError as error:
        raise UnderglassError(f"the timing loop does not build with the program: {error}") from error
    with tempfile.TemporaryDirectory(prefix="underglass-") as folder:
        try:
            answer = process.run(
                [str(built.elf)],
                cwd=Path(folder),
                env={"GOMAXPROCS": "1"},
                timeout=_SECONDS,
                memory=_MEMORY,
            )
        except process.TimedOut:
            raise UnderglassError(f"the calls took more than {_SECONDS:g} s") from None
        except OSError as error:
            raise UnderglassError(f"this host does not run the program: {error.strerror}") from error
    if answer.returncode != 0:
        raise UnderglassError(f"the native run ended with exit code {answer.returncode} before its time")
    return tuple(_ratios(answer.stderr))


def _ratios(output: str) -> Iterable[Ratio]:
    rounds: dict[int, list[float]] = {}
    counts: dict[int, int] = {}
    for found in _LINE.finditer(output):
        index, count, ns = map(int, found.groups())
        rounds.setdefault(index, []).append(ns / count)
        counts[index] = count
    if len(rounds) < 2 or len({len(times) for times in rounds.values()}) != 1:
        raise UnderglassError("the program ended before the timing did: an init function of it, perhaps")
    base = rounds[max(rounds)]
    for index in sorted(rounds)[:-1]:
        held = [mine / other for mine, other in zip(rounds[index], base, strict=True) if other]
        low, middle, high = quantiles(held, n=4)
        yield Ratio(middle, low, high, counts[index])


def _text(calls: Sequence[tuple[AskedCall, Signature]], seed: int) -> str:
    variables, sets, arguments, loops = [], [], [], []
    for number, (call, signature) in enumerate(calls):
        name = call.name.removeprefix("main.")
        if not name.isidentifier():
            raise CallError(f"{name} is no function of package main")
        words = []
        for index, (param, value) in enumerate(zip(signature.params, call.values, strict=True)):
            if "." in param.type.name:
                raise CallError(f"{param.type.name} is a type of another package")
            words.append(f"a{number}_{index}")
            arguments.append(f"\tvar {words[-1]} {param.type.name} = {go_literal(param.type, value)}")
        kinds = ", ".join(p.type.name for p in signature.params)
        results = ", ".join(p.type.name for p in signature.results)
        variables.append(f"\tunderglassF{number} func({kinds}) ({results})")
        sets.append(f"\tunderglassF{number} = {name}")
        loops.append(_loop(f"underglassF{number}({', '.join(words)})"))
    if len(calls) == 1:
        variables.append("\tunderglassBase func()")
        sets.append("\tunderglassBase = underglassEmpty")
        loops.append(_loop("underglassBase()"))
    return _GO.format(
        variables="\n".join(variables), sets="\n".join(sets), arguments="\n".join(arguments),
        loops="\n".join(loops), seed=seed % 2**64, rounds=ROUNDS, round_ns=ROUND_MS * 1_000_000,
    )  # fmt: skip


def _loop(call: str) -> str:
    return f"\t\tfunc(n int64) {{\n\t\t\tfor ; n > 0; n-- {{\n\t\t\t\t{call}\n\t\t\t}}\n\t\t}},"
