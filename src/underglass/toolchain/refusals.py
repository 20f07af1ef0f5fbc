"""Refuse what would let a text reach files outside its workspace, or lie about where it stands.

A submission is data: its text may be hostile.  The compiler, the assembler and the linker read
files that a text names in these few ways only; the program itself runs in the emulator.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from underglass.toolchain import asmlex, golex, preamble
from underglass.toolchain.records import Diagnostic, Source

__all__ = ["refusals", "uses_c"]

# cmd/asm/internal/lex/input.go, hash; #line and #include are looked at more closely below.
_DIRECTIVES = frozenset({"define", "else", "endif", "ifdef", "ifndef", "include", "line", "undef"})
# Go's own headers, or a .s of the program: that has been looked at as assembly, its Go has not.
_HEADER = re.compile(r'"\w[\w-]*\.[hs]"')
_PLACE = "Messages and pictures need the true line, so line directives are not allowed: remove it."


def uses_c(sources: Iterable[Source]) -> bool:
    """Whether a Go text imports "C"."""
    return any(_c_import(source) is not None for source in sources)


def refusals(sources: Iterable[Source], *, cgo: bool = False) -> tuple[Diagnostic, ...]:
    """Return one diagnostic for each thing that is not allowed; empty when all is well.

    Args:
        cgo: C above `import "C"` is allowed, within bounds.
    """
    sources = tuple(sources)
    found: list[Diagnostic] = []
    with_c = next((s for s in sources if _c_import(s) is not None), None)
    for source in sources:
        if "\0" in source.text:
            line = source.text.count("\n", 0, source.text.index("\0")) + 1
            found.append(Diagnostic(source.origin, line, None, "there is a NUL character", "Remove it."))
        check = _assembly if source.is_assembly else _go
        found += [Diagnostic(source.origin, *place) for place in check(source.text)]
        imports_c = _c_import(source)
        if imports_c is not None and not cgo:
            message = 'import "C" needs a C compiler, and programs here are built without one'
            advice = (
                "Use Go or Go assembly, or ask for it: `%program cgo on` in a notebook, build(…, cgo=True), "
                "or `underglass run --cgo`."
            )
            found.append(Diagnostic(source.origin, imports_c, None, message, advice))
        elif imports_c is not None:
            found += [Diagnostic(source.origin, *place) for place in preamble.refused(source.text)]
        elif source.is_assembly and with_c is not None and cgo:
            # cmd/go/internal/work/exec.go: "package using cgo has Go assembly file"; the C compiler would
            # get any other .s.
            message = f'{with_c.origin} imports "C", and a package that uses cgo has no Go assembly'
            advice = "Make two programs: one with assembly, one with C."
            found.append(Diagnostic(source.origin, None, None, message, advice))
    return tuple(found)


def _c_import(source: Source) -> int | None:
    """The line that imports "C"; None if none does."""
    if source.is_assembly:
        return None
    return next((line for _, path, line in golex.parse(source.text).imports if path == "C"), None)


def _go(text: str) -> Iterator[tuple[int, None, str, str]]:
    """Yield what is not allowed in a Go text: line, column, message, advice."""
    file = golex.parse(text)
    for comment in file.comments:
        if comment.text.startswith("//go:embed"):
            yield (
                comment.line,
                None,
                "//go:embed takes in files, and a program here consists of its sources alone",
                "Write the data as a string or a byte slice.",
            )
        elif comment.text.startswith("/*line ") or (
            # "must start at the beginning of the line", cmd/compile doc.go; white space before
            # it is refused too.
            comment.text.startswith("//line ") and comment.first
        ):
            yield comment.line, None, "this is a line directive", _PLACE


def _assembly(text: str) -> Iterator[tuple[int, None, str, str]]:
    """Yield what is not allowed in an assembly text.

    A macro's text may hold `#include` and become a directive where it is used, so a `#` is
    accepted only where the file itself starts a directive with it.
    """
    line: list[asmlex.Token] = []
    in_macro = False
    for token in [*asmlex.tokens(text), asmlex.Token("newline", "\n", 0, 0)]:
        if token.kind == "comment":
            continue
        if token.kind != "newline":
            line.append(token)
            continue
        yield from _directive(line, in_macro)
        in_macro = bool(line) and line[-1].text == "\\"
        line = []


def _directive(line: list[asmlex.Token], in_macro: bool) -> Iterator[tuple[int, None, str, str]]:
    """Look at one line of assembly; in_macro: the line before it ended in a backslash."""
    for index, token in enumerate(line):
        if token.text != "#":
            continue
        word = line[index + 1].text if index + 1 < len(line) else ""
        if index > 0 or in_macro:
            yield token.line, None, "# stands inside a line", "A directive begins its own line."
        elif word == "line":
            yield token.line, None, "#line is a line directive", _PLACE
        elif word == "include":
            name = line[index + 2].text if index + 2 < len(line) else ""
            if not _HEADER.fullmatch(name):
                yield (
                    token.line,
                    None,
                    f"#include {name} leads out of the program's own directory"
                    if name
                    else "#include has no file name",
                    'Include Go\'s headers by their names alone, as in #include "textflag.h".',
                )
        elif word not in _DIRECTIVES:
            yield (
                token.line,
                None,
                f"#{word} is no directive of Go's assembler",
                f"It knows {', '.join('#' + d for d in sorted(_DIRECTIVES - {'line'}))}. "
                "Comments start with //, numbers with $.",
            )
