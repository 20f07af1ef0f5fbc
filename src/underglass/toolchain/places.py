"""Where in the sources a symbol is defined, and where it is named: the linker gives no lines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from underglass.toolchain import asmlex, golex
from underglass.toolchain.records import Source

__all__ = ["definition", "reference", "uneven_frame"]

_WORD = 8  # bytes: a frame is a multiple of it


def definition(symbol: str, sources: Iterable[Source]) -> tuple[Source, int] | None:
    """Return the source and line that define a linker symbol such as main.add, if one does."""
    symbol = symbol.removesuffix(".abi0")
    declared: tuple[Source, int] | None = None  # in Go, without a body
    for source in sources:
        if source.is_assembly:
            for text in asmlex.texts(source.text):
                if text.symbol == symbol:
                    return source, text.line
            continue
        for function in golex.parse(source.text).functions:
            if f"main.{function.name}" == symbol and not function.receiver:
                if function.has_body:
                    return source, function.line
                declared = declared or (source, function.line)
    return declared


def reference(inside: str, symbol: str, sources: Iterable[Source]) -> tuple[Source, int] | None:
    """Return the source and line at which a function first names a symbol, if it does."""
    place = definition(inside, sources)
    if place is None:
        return None
    source, start = place
    if source.is_assembly:
        for token in asmlex.tokens(source.text):
            if token.line > start and token.kind == "name" and _linker_name(token.text) == symbol:
                return source, token.line
        return None
    previous = ""
    for word in golex.code_tokens(source.text):
        if word.line >= start and f"main.{word.text}" == symbol and previous != "func":
            return source, word.line
        previous = word.text
    return None


def uneven_frame(sources: Iterable[Source]) -> tuple[Source, int, str] | None:
    """Return the source, line and symbol of the first TEXT whose frame is no multiple of 8 bytes."""
    for source in sources:
        if not source.is_assembly:
            continue
        lines = source.text.splitlines()
        for text in asmlex.texts(source.text):
            frame = re.search(r"\$(\d+)(?:-\d+)?\s*(?://.*)?$", lines[text.line - 1])
            if frame and int(frame[1]) % _WORD:
                return source, text.line, text.symbol
    return None


def _linker_name(word: str) -> str:
    """Return how the linker names what assembly writes as ·add or runtime·f."""
    name = word.replace("·", ".").replace("∕", "/")
    return f"main{name}" if name.startswith(".") else name
