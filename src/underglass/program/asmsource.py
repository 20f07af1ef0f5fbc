"""What an assembly text calls the words of its frame."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from underglass.program.function import Function

__all__ = ["StackNames", "stack_names"]

_TEXT = re.compile(r"^\s*TEXT\s+(?:\w+)?·(?P<name>\w+)")
_PSEUDO = re.compile(r"\b([A-Za-z_]\w*)(-\d+)\(SP\)")
_HARDWARE = re.compile(r"(?<![\w+-])(\d*)\(SP\)")
_COMMENT = re.compile(r"//.*|/\*.*?\*/")


@dataclass(frozen=True)
class StackNames:
    """Offsets that the text of one function uses."""

    locals: Mapping[int, str]  # bytes below pseudo-SP (negative) → name
    outgoing: frozenset[int]  # bytes above hardware SP that are written before calls


def stack_names(text: str, function: Function) -> StackNames:
    """The names in the body of `function` (`tmp-8(SP)`) and its uses of the hardware SP (`8(SP)`)."""
    return _names(text, function.name.rpartition(".")[2], function.start_line)


@lru_cache(maxsize=256)
def _names(text: str, name: str, start_line: int) -> StackNames:
    found: dict[int, str] = {}
    outgoing: set[int] = set()
    inside = False
    for number, raw in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", raw)
        header = _TEXT.match(line)
        if header:
            inside = header["name"] == name and number >= start_line
            continue
        if not inside:
            continue
        for symbol, offset in _PSEUDO.findall(line):
            found.setdefault(int(offset), symbol)
        outgoing.update(int(offset or 0) // 8 * 8 for offset in _HARDWARE.findall(line))
    return StackNames(found, frozenset(outgoing))
