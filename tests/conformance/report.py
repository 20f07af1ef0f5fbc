"""Write RESULTS.md: the table of a run of the conformance suite, with what fails and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lists import CAUSES, NEEDS, SKIPS

if TYPE_CHECKING:
    from run import Result

__all__ = ["write"]

HEAD = """\
# The standard library's own tests in the machine

Written by `make conformance` ({version}). Each package's test binary (`go test -c`, linux/amd64, no cgo)
runs with `-test.short` natively and in the machine, one after the other on the same host. Seconds are wall
time; the instructions are the machine's own count, the same on every host. "Tests" are those that say PASS,
subtests not counted: natively, in the machine.

{passed} of the {native} packages that pass natively pass in the machine ({percent:.1f} %).
Median of seconds in the machine by seconds natively, of the packages that take 0.1 s or more: {ratio:.0f}.

"""


def write(results: Sequence[Result], version: str) -> None:
    """Write the table of `results` beside this file."""
    both = [r for r in results if r.native and r.native.verdict == "pass"]
    good = [r for r in both if r.machine.verdict == "pass"]
    ratios = sorted(
        r.machine.seconds / r.native.seconds for r in good if r.native and r.native.seconds >= 0.1
    )
    head = HEAD.format(
        version=version, passed=len(good), native=len(both), percent=100 * len(good) / max(len(both), 1),
        ratio=ratios[len(ratios) // 2] if ratios else 0,
    )  # fmt: skip
    parts = [head, "## What fails, and why\n\n"]
    for r in both:
        if r.machine.verdict != "pass":
            names = ", ".join(sorted({name.partition("/")[0] for name in r.machine.failed}))
            why = CAUSES.get(r.package, "not looked into yet")
            parts.append(f"- **{r.package}** ({r.machine.verdict}{f': {names}' if names else ''}): {why}\n")
    parts.append("\n## Left out, both ways\n\n")
    parts += [f"- {package}: {why}\n" for package, why in NEEDS.items()]
    for package, tests in SKIPS.items():
        parts += [f"- {package}, {name}: {why}\n" for name, why in tests.items()]
    columns = ("package", "native", "s", "machine", "s", "ratio", "tests", "million instructions")
    parts += ["\n## All packages\n\n", _row(*columns), _row("---", "---", "---:", "---", *["---:"] * 4)]
    for r in sorted(results, key=lambda each: each.package):
        native, ours = r.native, r.machine
        ratio = f"{ours.seconds / native.seconds:.0f}" if native and native.seconds else ""
        left = (native.verdict, f"{native.seconds:.2f}") if native else ("", "")
        counts = f"{native.passed if native else ''}, {ours.passed}"
        millions = f"{r.instructions // 10**6:,}"
        parts.append(_row(r.package, *left, ours.verdict, f"{ours.seconds:.2f}", ratio, counts, millions))
    (Path(__file__).parent / "RESULTS.md").write_text("".join(parts), encoding="utf-8")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"
