"""Read the prototype in the comment directly above a TEXT directive."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

from underglass.toolchain import golex
from underglass.toolchain.records import Diagnostic, Prototype, Source

__all__ = ["ABOVE", "prototype_above", "qualifiers", "standard_packages"]

ABOVE = (
    "To call it from Go, write its prototype in a comment directly above TEXT, "
    "as in `// func {name}(x, y int64) int64`."
)
_COMMENT = 200  # lines of a comment that are looked at
_LOOKS = re.compile(r"([ \t]*//[ \t]*)(func[ \t]+(?:\([^()]*\)[ \t]*)?[^\W\d]\w*[ \t]*[(\[].*)")


def prototype_above(source: Source, lines: list[str], line: int, name: str) -> Prototype | Diagnostic | None:
    """Return the prototype of the TEXT directive on a line (1-based).

    A Diagnostic says what is wrong with one that is there; None means that there is none.
    Of several comment lines that look like one, the line that names the function counts.
    """
    wrong: Diagnostic | None = None
    above = line - 1
    while above >= max(1, line - _COMMENT) and lines[above - 1].strip().startswith("//"):
        found = _LOOKS.fullmatch(lines[above - 1].rstrip())
        if found:
            column = len(found.group(1).encode("utf-8", "replace")) + 1
            answer = _read(source, found.group(2), above, column, name)
            if isinstance(answer, Prototype):
                return answer
            wrong = wrong or answer
        above -= 1
    return wrong


def _read(source: Source, text: str, line: int, column: int, name: str) -> Prototype | Diagnostic:
    """Read one comment line that looks like a prototype."""

    def wrong(message: str, advice: str) -> Diagnostic:
        return Diagnostic(source.origin, line, column, message, advice)

    functions = golex.parse(text).functions
    words = [token.text for token in golex.code_tokens(text)]
    if not functions or any(words.count(a) != words.count(b) for a, b in ("()", "[]", "{}")):
        return wrong(
            "this prototype does not end",
            "Write it on one line, with as many ) as (, as in `// func add(x, y int64) int64`.",
        )
    function = functions[0]
    shown = f"{function.receiver} {function.name}" if function.receiver else function.name
    if function.has_body or ";" in (token.text for token in _outside_braces(text)):
        return wrong(
            f"the prototype of {shown} goes on after its results",
            "A prototype has no body: the assembly below it is the body.",
        )
    if function.receiver:
        return wrong(
            f"{shown} is a method, and Go makes no ABI0 wrapper for methods",
            "Write a function that takes the receiver as its first argument, and call it from the method.",
        )
    if function.name != name:
        return wrong(
            f"the prototype is of {function.name}, but the TEXT below it is {name}",
            "Give both the same name, or take the prototype out of the comment.",
        )
    if function.is_generic:
        return wrong(
            f"{name} has type parameters",
            "A function in assembly has one body: write one prototype for each type.",
        )
    return Prototype(name, function.declaration, source.name, line, column)


def _outside_braces(text: str) -> list[golex.Token]:
    """Return the tokens that stand outside all brackets."""
    outside, depth = [], 0
    for token in golex.code_tokens(text):
        if token.kind == "other" and token.text in "([{":
            depth += 1
        elif token.kind == "other" and token.text in ")]}":
            depth -= 1
        elif depth <= 0:
            outside.append(token)
    return outside


def qualifiers(text: str) -> tuple[str, ...]:
    """Return the package names that a declaration uses.

    >>> qualifiers("func f(p unsafe.Pointer, d time.Duration)")
    ('unsafe', 'time')
    """
    code = golex.code_tokens(text.replace("...", " "))
    found = [
        first.text
        for before, first, dot, second in zip(code, code[1:], code[2:], code[3:], strict=False)
        if first.kind == second.kind == "name" and dot.text == "." and before.text != "."
    ]
    return tuple(dict.fromkeys(found))


@functools.lru_cache(maxsize=4)
def standard_packages(goroot: Path) -> dict[str, tuple[str, ...]]:
    """Return the standard library's public packages: last element of the path → the paths.

    `math/rand/v2` counts as rand: its package clause says so.
    """
    top = goroot / "src"
    found: dict[str, list[str]] = {"unsafe": ["unsafe"]}
    for directory, inner, files in os.walk(top):
        inner[:] = sorted(set(inner) - {"internal", "vendor", "cmd", "testdata", "builtin", "unsafe"})
        parts = Path(directory).relative_to(top).parts
        if parts and any(f.endswith(".go") and not f.endswith("_test.go") for f in files):
            versioned = len(parts) > 1 and re.fullmatch(r"v\d+", parts[-1])
            found.setdefault(parts[-2] if versioned else parts[-1], []).append("/".join(parts))
    return {name: tuple(paths) for name, paths in found.items()}
