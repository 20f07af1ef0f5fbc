"""Run `go vet`, and keep what it says about the reader's own files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from underglass.errors import BuildError
from underglass.toolchain import process, stubs
from underglass.toolchain.diagnostics import build_error, diagnose
from underglass.toolchain.go import find_go
from underglass.toolchain.lints import lint
from underglass.toolchain.prototypes import ABOVE
from underglass.toolchain.records import Diagnostic, Source
from underglass.toolchain.workspace import MEMORY, filled, prepare

__all__ = ["vet"]

_POSITION = re.compile(r"(?:.*[/\\])?(?P<name>[^/\\:]+):(?P<line>\d+)(?::(?P<column>\d+))?")
# What to do, by message (cmd/vendor/golang.org/x/tools/go/analysis/passes/asmdecl/asmdecl.go).
_ADVICE = (
    (r"function (\S+) missing Go declaration", ABOVE.replace("{name}", "{0}")),
    (
        r"wrong argument size (\d+); expected \$\.\.\.-(\d+)",
        "The number after the minus sign in TEXT counts the bytes of arguments and results: write -{1}.",
    ),
    (
        r"invalid offset (\S+)\(FP\); expected (\S+)\(FP\)",
        "Arguments stand in the order of the prototype, each aligned to its size: write {1}(FP).",
    ),
    (
        r"unknown variable \S+; offset \d+ is (\S+)\+(\d+)\(FP\)",
        "The prototype calls what stands there {0}: write {0}+{1}(FP).",
    ),
    (r"unknown variable", "An argument is called as in the prototype, an unnamed result ret."),
    (
        r"invalid \S+ of \S+; \S+ is (\d+)-byte value",
        "Take the instruction whose last letter says this size: B 1, W 2, L 4, Q 8 bytes.",
    ),
    (
        r"RET without writing to (\d+)-byte (\S+)\+(\d+)\(FP\)",
        "A result that nothing writes holds what was there before: store to {1}+{2}(FP).",
    ),
    (r"frame pointer is clobbered", "Save BP and restore it, or give the function a frame: TEXT does both."),
    (r"use of unnamed argument (\S+)", "Write the argument's name before its offset: name+{0}."),
)


def vet(sources: Iterable[Source], *, timeout: float = 120.0) -> tuple[Diagnostic, ...]:
    """Return what `go vet` finds in sources that build, in the order of its analyzers, then the lints.

    asmdecl compares assembly with its prototypes: argument names, offsets, sizes; framepointer
    finds BP overwritten.  The other default analyzers read the Go sources.  What `lint` finds on a line
    that asmdecl speaks of is left out.

    Raises:
        BuildError: the sources do not compile, or the time was up.
        ToolchainMissing: there is no Go.
    """
    sources = tuple(sources)
    go = find_go()
    generated = stubs.generate(prepare(sources, go), keep=False)
    with filled(go, sources, generated) as workspace:
        try:
            answer = go.run(
                ["vet", "-json", "."],
                cwd=workspace,
                env={"GOTMPDIR": str(workspace / ".tmp")},
                timeout=timeout,
                memory=MEMORY,
            )
        except process.TimedOut as error:
            raise BuildError(f"go vet was stopped after {timeout:g} seconds. Run it again.") from error
    try:
        findings = list(_findings(answer.stdout))
    except ValueError:
        findings = []
        if answer.returncode == 0:
            raise build_error(diagnose(answer.stdout, sources, go)) from None
    if answer.returncode != 0:
        raise build_error(diagnose(answer.stderr, sources, go))
    by_name = {source.name: source for source in sources}
    told = [d for analyzer, finding in findings if (d := _diagnostic(analyzer, finding, by_name)) is not None]
    places = {(d.source, d.line) for d in told}
    return (*told, *(d for d in lint(sources) if (d.source, d.line) not in places))


def _findings(output: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield analyzer and finding from the JSON objects, one for each package.

    Raises:
        ValueError: this is no such output.
    """
    text = "\n".join(line for line in output.splitlines() if not line.startswith("# ")).strip()
    decoder = json.JSONDecoder()
    while text:
        packages, end = decoder.raw_decode(text)
        text = text[end:].strip()
        for analyzers in packages.values():
            for analyzer, found in analyzers.items():
                for finding in found if isinstance(found, list) else ():
                    yield analyzer, finding


def _diagnostic(analyzer: str, finding: dict[str, Any], by_name: dict[str, Source]) -> Diagnostic | None:
    """Return a finding as a diagnostic, or None if it is not about the reader's files."""
    place = _POSITION.fullmatch(str(finding.get("posn", "")))
    if place is None or place["name"] not in by_name:
        return None
    message = str(finding.get("message", "")).removeprefix("[amd64] ")
    advice = ""
    for pattern, text in _ADVICE:
        matched = re.search(pattern, message)
        if matched:
            advice = text.format(*matched.groups())
            break
    column = int(place["column"]) if place["column"] and not place["name"].endswith(".s") else None
    return Diagnostic(
        by_name[place["name"]].origin, int(place["line"]), column, f"{message} ({analyzer})", advice
    )
