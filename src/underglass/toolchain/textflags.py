"""The flags of TEXT and GLOBL, read from the toolchain's own header."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from underglass.toolchain.go import find_go

__all__ = ["TextFlag", "text_flags"]

_DEFINE = re.compile(r"#define\s+(\w+)\s+(\d+)")


@dataclass(frozen=True)
class TextFlag:
    """One flag."""

    value: int  # a power of two
    says: str  # the comment above it


@cache
def text_flags() -> Mapping[str, TextFlag]:
    """Return name → flag, as runtime/textflag.h of the toolchain in use defines them.

    >>> text_flags()["NOSPLIT"]
    TextFlag(value=4, says="Don't insert stack check preamble.")
    """
    found: dict[str, TextFlag] = {}
    comment: list[str] = []
    path = find_go().root / "src" / "runtime" / "textflag.h"
    for line in path.read_text(encoding="utf-8").splitlines():
        define = _DEFINE.match(line)
        if define is not None:
            found[define[1]] = TextFlag(int(define[2]), " ".join(comment))
        if line.startswith("//"):
            comment.append(line.removeprefix("//").strip())
        else:
            comment = []
    return MappingProxyType(found)
