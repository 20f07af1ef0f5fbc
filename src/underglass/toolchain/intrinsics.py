"""The functions that the compiler replaces by instructions: calls of them cost what any node costs.

The list is the compiler's own: Go 1.27, cmd/compile/internal/ssagen/intrinsics_test.go, wantIntrinsics,
against which Go's tests compare the table in intrinsics.go.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

__all__ = ["intrinsics"]

_ENTRY = re.compile(r'\{"amd64", "([^"]+)", "([^"]+)"\}')


@lru_cache(maxsize=2)
def intrinsics(goroot: Path) -> frozenset[tuple[str, str]]:
    """Return (import path, function) of each, for amd64; empty if this Go came without its tests."""
    listed = goroot / "src/cmd/compile/internal/ssagen/intrinsics_test.go"
    if not listed.is_file():
        return frozenset()
    return frozenset(_ENTRY.findall(listed.read_text(encoding="utf-8")))
