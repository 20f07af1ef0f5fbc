"""Whether a cell of Go or assembly can be run as it stands: what a console asks at each Enter."""

from __future__ import annotations

import re

from underglass.toolchain import asmlex, golex

__all__ = ["completeness"]

_MAGIC = re.compile(r"(?:\s*%%\w[^\n]*\n)*?\s*%%(asm|go)\b[^\n]*\n")  # or below %%expect_error
_OPENS, _CLOSES = frozenset("([{"), frozenset(")]}")
_LITERAL = re.compile(r"""(["'])(?:\\.|(?!\1).)*\1|`[^`]*`""", re.DOTALL)
_CONDITIONS = frozenset({"ifdef", "ifndef"})


def completeness(code: str) -> dict[str, str] | None:
    """Return the content of an is_complete reply where the cell's language decides it, else None.

    A comment, a raw string, a bracket or an #ifdef that is open asks for more, blank line or not. A string
    that its line does not end, or a bracket that nothing has opened, cannot be mended by more text.
    """
    text = code.replace("\r\n", "\n")
    match = _MAGIC.match(text)
    if match is None:
        return None
    state = (_assembly if match[1] == "asm" else _go)(text[match.end() :])
    if state is None:
        return None
    indent = re.findall(r"^[ \t]*(?=\S)", text, re.MULTILINE)[-1]
    return {"status": "incomplete", "indent": indent} if state == "incomplete" else {"status": "invalid"}


def _assembly(body: str) -> str | None:
    depth, last = 0, None
    for token in asmlex.tokens(body):
        if token.kind in ("string", "char") and not _is_closed(token.text):
            return "invalid"
        if last is not None and last.text == "#":
            depth += (token.text in _CONDITIONS) - (token.text == "endif")
        last = token
    if depth < 0:
        return "invalid"
    is_open = last is not None and last.kind == "comment" and not _is_ended(last.text)
    return "incomplete" if depth or is_open else None


def _go(body: str) -> str | None:
    depth, last = 0, None
    for last in golex.tokens(body):
        if last.kind in ("string", "rune") and not last.text.startswith("`") and not _is_closed(last.text):
            return "invalid"
        if last.kind == "other":
            depth += (last.text in _OPENS) - (last.text in _CLOSES)
        if depth < 0:
            return "invalid"
    is_open = last is not None and (
        (last.kind == "comment" and not _is_ended(last.text))
        or (last.text.startswith("`") and not _is_closed(last.text))
    )
    return "incomplete" if depth or is_open else None


def _is_closed(literal: str) -> bool:
    return _LITERAL.fullmatch(literal) is not None


def _is_ended(comment: str) -> bool:
    return comment.startswith("//") or (len(comment) > 3 and comment.endswith("*/"))
