"""The inlining report as plain text: bars of the budget, the tree of what was inlined, and reasons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from underglass.analysis.inlinecost import Charge, Part
    from underglass.analysis.inlining import FunctionInlining, Inlined, InliningReport

__all__ = ["charge_words", "inlining_text", "verdict_words", "why_text"]

_WIDTH = 32  # characters of the longest bar
_SOURCE = 44  # characters of a source line that are shown
_EIGHTHS = " ▏▎▍▌▋▊▉"


def inlining_text(report: InliningReport, function: str | None = None, *, parts: bool = True) -> str:
    """Return the report of one function, or of all, as lines of text.

    >>> print(inlining_text(report(inlining(sources)), "clamp"))
    clamp (main.go, line 3:6): can be inlined, cost 13 of 80
      █████                          |
      ...

    Args:
        parts: show what each statement costs.

    Raises:
        UnknownFunction: no function of that name.
    """
    chosen = [report.function(function)] if function else list(report.functions)
    lines = [line for one in chosen for line in _function(report, one, parts=parts)]
    if function is None:
        lines += _assembly(report)
    return "\n".join(lines or ["The package has no function."])


def why_text(report: InliningReport, name: str) -> str:
    """Return one paragraph: why a function is inlined or not, and where.

    Raises:
        UnknownFunction: no function of that name.
    """
    function = report.function(name)
    said = [f"{_title(report, function)}: {verdict_words(function)}."]
    verdict = function.verdict
    if function.name in report.assembly:
        said.append("It is assembly: the compiler sees no body that it could put anywhere.")
    elif verdict is not None and not verdict.can and verdict.cost is not None:
        over = verdict.cost - verdict.budget
        largest = max(function.parts, key=lambda part: part.cost, default=None)
        if largest is not None and largest.place is not None:
            said.append(
                f"It is {over} over the budget. The statement that costs most is at "
                f"{report.where(largest.place)}: {largest.cost} ({_notes(_all_charges(largest))})."
            )
    sites = [
        f"{report.where(inner.call.places[-1])} in {other.name}"
        for other in report.functions
        for call in other.inlined
        for inner in call.every()
        if inner.call.name == function.name
    ]
    left = [
        f"{report.where(call.place)} in {other.name}: {call.reason}"
        for other in report.functions
        for call in other.left
        if call.name == function.name
    ]
    if sites:
        said.append(f"Its body was put at {'; '.join(sites)}.")
    if left:
        said.append(f"It stays a call at {'; '.join(left)}.")
    if not sites and not left:
        said.append("Nothing in this package calls it by name.")
    return " ".join(said)


def verdict_words(function: FunctionInlining) -> str:
    """Say what the compiler decided: "can be inlined, cost 13 of 80"."""
    verdict = function.verdict
    if verdict is None:
        return "made by the compiler, which never asks whether to inline it"
    if verdict.can:
        return f"can be inlined, cost {verdict.cost} of {verdict.budget}"
    return f"cannot be inlined: {verdict.reason}"


def charge_words(charge: Charge) -> str:
    """Say what one charge is for."""
    name = charge.callee or "a function value"
    words = {
        "nodes": "node" if charge.cost == 1 else "nodes",
        "call": f"call of {charge.callee or 'what is not known'}",
        "parameter call": "call of a parameter",
        "inlined": f"body of {name}",
        "literal": "function literal",
        "panic": "panic",
        "given back": "given back",
    }
    return f"{charge.cost} {words[charge.kind]}"


def _title(report: InliningReport, function: FunctionInlining) -> str:
    verdict = function.verdict
    if verdict is None or not verdict.column:
        return function.name
    return f"{function.name} ({report.where(verdict.place)})"


def _function(report: InliningReport, function: FunctionInlining, *, parts: bool) -> Iterator[str]:
    yield f"{_title(report, function)}: {verdict_words(function)}"
    verdict = function.verdict
    cost = verdict.cost if verdict else None
    budget = verdict.budget if verdict else 0
    if cost is not None:
        yield f"  {_budget_bar(cost, budget)}"
    if parts:
        yield from _parts(report, function.parts, max(cost or 0, function.counted, 1))
        if function.stopped:
            yield f"      the compiler stops counting at the next statement: {function.stopped}"
        if function.unattributed:
            yield f"{function.unattributed:>6}  not attributed to a statement"
    if function.inlined:
        yield "  inlined into it:"
        for call in function.inlined:
            yield from _tree(report, call, 2)
    if function.left:
        yield "  not inlined into it:"
        for left in function.left:
            yield f"    {report.where(left.place)}  {left.name or 'a call'}: {left.reason}"
    yield ""


def _parts(report: InliningReport, parts: tuple[Part, ...], most: int, depth: int = 0) -> Iterator[str]:
    for part in parts:
        text = report.text_of(part)
        line = f"line {part.place.line}" if part.place else ""
        source = "  " * depth + (
            text if len(text) <= _SOURCE - 2 * depth else text[: _SOURCE - 2 * depth - 1] + "…"
        )
        bar = f"{_bar(part.cost, most, 12):<12}"
        yield f"{part.cost:>6}  {bar}  {line:<9}  {source:<{_SOURCE}}  {_notes(part.charges)}".rstrip()
        yield from _parts(report, part.parts, most, depth + 1)


def _tree(report: InliningReport, inlined: Inlined, depth: int) -> Iterator[str]:
    cost = "" if inlined.cost is None else f", cost {inlined.cost}"
    yield f"{'  ' * depth}{report.where(inlined.call.places[-1])}  {inlined.call.name}{cost}"
    for inner in inlined.calls:
        yield from _tree(report, inner, depth + 1)


def _assembly(report: InliningReport) -> Iterator[str]:
    if report.assembly:
        names = ", ".join(report.assembly)
        verb = "is" if len(report.assembly) == 1 else "are"
        yield f"{names} {verb} assembly: the compiler sees no body, so nothing of it is ever inlined."


def _notes(charges: tuple[Charge, ...]) -> str:
    return ", ".join(charge_words(charge) for charge in charges)


def _all_charges(part: Part) -> tuple[Charge, ...]:
    return (*part.charges, *(charge for inner in part.parts for charge in _all_charges(inner)))


def _budget_bar(cost: int, budget: int) -> str:
    """A bar with a stroke where the budget ends."""
    most = max(cost, budget)
    at = min(round(_WIDTH * budget / most), _WIDTH)
    bar = f"{_bar(cost, most, _WIDTH):<{_WIDTH}}"
    return f"{bar[:at]}|{bar[at:]}".rstrip()


def _bar(cost: int, most: int, width: int) -> str:
    eighths = max(0, round(8 * width * cost / most)) if most else 0
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
