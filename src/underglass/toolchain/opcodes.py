"""The instruction names that Go's amd64 assembler knows, read from the toolchain's own source."""

from __future__ import annotations

import difflib
import functools
import re
from pathlib import Path

__all__ = ["nearest", "opcodes"]

# Where the names stand in GOROOT/src, and how (Go 1.27).
_LISTS = (
    ("cmd/internal/obj/x86/anames.go", re.compile(r'^\t(?:obj\.\w+: )?"(\w+)",$', re.MULTILINE)),
    ("cmd/internal/obj/util.go", re.compile(r'^\t"([A-Z]+)",$', re.MULTILINE)),
)
_ALIASES = ("cmd/asm/internal/arch/arch.go", re.compile(r'instructions\["(\w+)"\]\s*=\s*x86\.'))
# What GNU and Intel syntax call differently, beyond the size suffix.
_FOREIGN = {
    "CDQ": "CDQ",
    "CQO": "CQO",
    "CWDE": "CWDE",
    "JMPQ": "JMP",
    "MOVABS": "MOVQ",
    "MOVSX": "MOVLQSX",
    "MOVSXD": "MOVLQSX",
    "MOVZX": "MOVBLZX",
    "RETQ": "RET",
    "CALLQ": "CALL",
    "SHR": "SHRQ",
}


@functools.lru_cache(maxsize=4)
def opcodes(goroot: Path) -> frozenset[str]:
    """Return the names, or none at all where the toolchain comes without its source."""
    names: set[str] = set()
    for file, pattern in (*_LISTS, _ALIASES):
        path = goroot / "src" / file
        if path.is_file():
            names.update(pattern.findall(path.read_text(encoding="utf-8")))
    return frozenset(names - {"XXX", "LAST", "END"})


def nearest(word: str, goroot: Path, count: int = 3) -> list[str]:
    """Return the known instructions nearest to a word, the most likely first.

    >>> nearest("mov", find_go().root)  # doctest: +SKIP
    ['MOVQ', 'MOVL', 'MOVW']
    """
    known = opcodes(goroot)
    upper = word.upper()
    if upper in _FOREIGN and _FOREIGN[upper] in known:
        return [_FOREIGN[upper]]
    likely = [upper, *(upper + size for size in "QLWB")]  # a forgotten size
    found = [name for name in likely if name in known]
    if not found:
        if upper[:-1] in known:
            return [upper[:-1]]
        found = difflib.get_close_matches(upper, sorted(known), n=count, cutoff=0.6)
    return found[:count]
