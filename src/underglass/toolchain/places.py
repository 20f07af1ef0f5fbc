"""Where in the sources a symbol is defined, and where it is named: the linker gives no lines."""

from __future__ import annotations

from collections.abc import Iterable

from underglass.toolchain import asmlex, golex
from underglass.toolchain.records import Source

__all__ = ["definition", "reference"]


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


def _linker_name(word: str) -> str:
    """Return how the linker names what assembly writes as ·add or runtime·f."""
    name = word.replace("·", ".").replace("∕", "/")
    return f"main{name}" if name.startswith(".") else name
