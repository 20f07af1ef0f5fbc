"""Read as much Go assembly as the toolchain layer needs: TEXT directives and # directives.

Tokens as cmd/asm/internal/lex/tokenizer.go makes them (text/scanner with `·` and `∕` in names),
so that what is a comment or a string to the assembler is one here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Text", "Token", "statements", "texts", "tokens"]

_TOKEN = re.compile(
    r"""
      (?P<comment> //[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<string>  "(?:\\[^\n]|[^"\\\n])*"? )
    | (?P<char>    '(?:\\[^\n]|[^'\\\n])*'? )
    | (?P<name>    (?:[^\W\d]|[·∕])[\w·∕]* )
    | (?P<number>  \d[\w.]* )
    | (?P<newline> \n )
    | (?P<space>   [ \t\r\ufeff]+ )
    | (?P<other>   <<|>>|->|@>|[^\n] )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A piece of assembly text."""

    kind: str  # "comment", "string", "char", "name", "number", "newline", "other"
    text: str
    line: int  # 1-based
    start: int  # offset in the text, in characters


@dataclass(frozen=True)
class Text:
    """A TEXT directive: where an assembly function starts."""

    symbol: str  # as the linker names it: "main.add", or "runtime.f" for another package
    abi: str  # "ABI0", "ABIInternal"
    is_local: bool  # TEXT ·x<>(SB): visible in its file only
    line: int  # 1-based


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of an assembly text, white space left out; never raises."""
    line = 1
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup or "other", match.group()
        if kind != "space":
            yield Token(kind, piece, line, match.start())
        line += piece.count("\n")


def statements(text: str) -> Iterator[list[Token]]:
    """Yield the statements, each a list of tokens, comments left out: lines, cut at `;`."""
    current: list[Token] = []
    for token in tokens(text):
        if token.kind == "newline" or token.text == ";":
            if current:
                yield current
            current = []
        elif token.kind != "comment":
            current.append(token)
    if current:
        yield current


def texts(text: str) -> Iterator[Text]:
    """Yield the TEXT directives of an assembly file, in its order."""
    for statement in statements(text):
        while len(statement) > 2 and statement[1].text == ":":  # a label before it
            statement = statement[2:]
        words = [token.text for token in statement]
        if len(words) < 3 or words[0] != "TEXT" or statement[1].kind not in ("name", "string"):
            continue
        bracket = words.index("(") if "(" in words else len(words)
        selector = "".join(words[2:bracket])
        symbol = words[1].replace("·", ".").replace("∕", "/")
        if symbol.startswith("."):
            symbol = "main" + symbol
        abi = "ABIInternal" if selector.startswith("<ABIInternal>") else "ABI0"
        yield Text(symbol, abi, selector.startswith("<>"), statement[0].line)
