"""What %%bench says: instructions in the machine, time on the host as a ratio, and how both were measured."""

from __future__ import annotations

import platform
import sys
from collections import Counter
from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from underglass.errors import CallError, UnderglassError
from underglass.goprogram import MOST_STEPS
from underglass.kernel.asked import AskedCall
from underglass.kernel.nativetime import ROUND_MS, ROUNDS, Ratio, is_measurable, ratios
from underglass.toolchain import Source

if TYPE_CHECKING:
    from underglass.goprogram import GoProgram
    from underglass.trace import Trace

__all__ = ["bench_text"]

_SHOWN = 4  # functions named in a row


def bench_text(prog: GoProgram, calls: Sequence[AskedCall], *, seed: int = 1, native: bool = True) -> str:
    """Count and time calls, and return it as text; of several calls the last is the base.

    Raises:
        UnknownFunction, CallError, GuestFault, LimitExceeded: a call does not come to its end.
    """
    width = max(len("an empty call"), *(len(call.text) for call in calls))
    rows = ["instructions in the machine"]
    prog.on_output, listener = (
        None,
        prog.on_output,
    )  # a call runs several times, and its output is not the matter
    try:
        for call in calls:
            count = prog.count(call.name, *call.values)
            where = f"  {_where(prog.record(call.name, *call.values))}" if count <= MOST_STEPS else ""
            rows.append(f"  {call.text:<{width}}  {count:>13,}{where}")
    finally:
        prog.on_output = listener
    rows.append("  Counted from the first instruction of the call to its return, the same in every run.")
    return "\n".join([*rows, *(_native(prog, calls, seed, width) if native else ())])


def _where(trace: Trace) -> str:
    """In which functions a call spends its instructions: `12 in add's wrapper, 4 in add`."""
    held: Counter[str] = Counter()
    for step in range(len(trace)):
        function = trace.program.function_at(trace.register(step, "PC"))
        if function is None:
            name = "no function"
        else:
            name = function.name.removeprefix("main.") + ("'s wrapper" if function.is_wrapper else "")
        held[name] += 1
    words = [f"{count:,} in {name}" for name, count in held.most_common(_SHOWN)]
    rest = sum(held.values()) - sum(count for _, count in held.most_common(_SHOWN))
    return ", ".join(words) + (f", {rest:,} elsewhere" if rest else "")


def _native(prog: GoProgram, calls: Sequence[AskedCall], seed: int, width: int) -> list[str]:
    base = "an empty call" if len(calls) == 1 else calls[-1].text
    try:
        if not is_measurable():
            raise UnderglassError(f"this host is {sys.platform}/{platform.machine()}, not linux/amd64")
        sources = [s for s in prog.program.sources if isinstance(s, Source)]
        if not sources:
            raise UnderglassError("the program's sources are not at hand")
        pairs = [(call, prog.signature(call.name)) for call in calls]
        found = ratios(sources, pairs, seed)
    except (CallError, UnderglassError) as error:
        return [f"native time: not measured, since {str(error).rstrip('.')}."]
    rows = [f"native time on this host, {base} = 1"]
    for call, ratio in zip(calls, found, strict=False):
        rows.append(f"  {call.text:<{width}}  {_amount(ratio.middle):>13}  {_span(ratio)}")
    how = (
        f"Median and middle half of {ROUNDS} rounds of at least {ROUND_MS} ms each, in one process on one "
        f"thread, in an order drawn from seed {seed}. Each call goes through a function value, so nothing "
        "is inlined; arguments are made once, and keep what a call changes in them."
    )
    return [*rows, fill(how, 76, initial_indent="  ", subsequent_indent="  ")]


def _span(ratio: Ratio) -> str:
    return f"{_amount(ratio.low)} to {_amount(ratio.high)}, {ratio.calls:,} calls a round"


def _amount(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 100 else f"{ratio:,.0f}"
