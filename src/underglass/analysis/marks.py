"""Whether the author marked a function NOSPLIT, where its text is at hand: the ELF file does not say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underglass.toolchain import asmlex, golex

if TYPE_CHECKING:
    from underglass.program import Function, Program

__all__ = ["marked_nosplit"]

_NOSPLIT = 4  # Go 1.27, runtime/textflag.h
_OTHERS = frozenset(
    {"NOPROF", "DUPOK", "WRAPPER", "NEEDCTXT", "NOFRAME", "TOPFRAME", "ABIWRAPPER", "REFLECTMETHOD"}
)


def marked_nosplit(program: Program, function: Function) -> bool | None:
    """Whether the TEXT line has NOSPLIT, or //go:nosplit stands above the func; None if nothing tells."""
    source = program.source_of(function)
    if source is None or function.is_wrapper:
        return None
    if function.is_assembly:
        return _in_text_line(source.text, function.start_line)
    above = {c.line: c.text for c in golex.parse(source.text).comments if c.first}
    line = function.start_line - 1
    while line in above:
        if re.match(r"//go:nosplit\b", above[line]):
            return True
        line -= 1
    return False


def _in_text_line(text: str, line: int) -> bool | None:
    for statement in asmlex.statements(text):
        words = [token.text for token in statement]
        if "TEXT" not in words or statement[words.index("TEXT")].line != line or words.count(",") < 2:
            continue
        first = words.index(",")
        flags = words[first + 1 : words.index(",", first + 1)]
        numbers = [int(word, 0) for word in flags if re.fullmatch(r"0x[0-9a-fA-F]+|[1-9]\d*|0", word)]
        if "NOSPLIT" in flags or any(n & _NOSPLIT for n in numbers):
            return True
        unknown = [w for w in flags if w.isidentifier() and w not in _OTHERS]
        return None if unknown else False
    return None
