"""Turn what the toolchain says into diagnostics that name the reader's own place."""

from __future__ import annotations

from collections.abc import Iterable

from underglass.errors import BuildError
from underglass.toolchain import stubs
from underglass.toolchain.go import Go
from underglass.toolchain.records import Diagnostic, Source

__all__ = ["build_error", "diagnose"]


def build_error(diagnostics: Iterable[Diagnostic]) -> BuildError:
    """Return the error that carries these diagnostics, one paragraph each."""
    diagnostics = tuple(diagnostics)
    return BuildError("\n".join(map(str, diagnostics)), diagnostics)


def diagnose(output: str, sources: tuple[Source, ...], plan: stubs.Plan, go: Go) -> tuple[Diagnostic, ...]:
    """Return the diagnostics in what `go build` or `go vet` wrote."""
    return (Diagnostic("", None, None, output),)
