"""Read as much Go as the toolchain layer needs: package, imports, top-level functions.

A lexer in the sense of the Go specification's "Lexical elements", so that strings, raw strings
and comments do not look like code.  The compiler remains the judge of what is valid.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["GoFile", "GoFunction", "Token", "code_tokens", "parse", "tokens", "unquote"]

_TOKEN = re.compile(
    r"""
      (?P<comment> //[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<string>  "(?:\\[^\n]|[^"\\\n])*"? | `[^`]*`? )
    | (?P<rune>    '(?:\\[^\n]|[^'\\\n])*'? )
    | (?P<name>    [^\W\d]\w* )
    | (?P<number>  \d[\w.]* )
    | (?P<newline> \n )
    | (?P<space>   [ \t\r\ufeff]+ )
    | (?P<other>   [^\n] )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True)
class Token:
    """A piece of Go text."""

    kind: str  # "comment", "string", "rune", "name", "number", "newline", "other"
    text: str
    line: int  # 1-based
    start: int  # offset in the text, in characters
    first: bool  # nothing but white space before it on its line

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True)
class GoFunction:
    """A function or method declared at the top level of a Go file."""

    name: str
    line: int  # 1-based, of the word "func"
    column: int  # 1-based, in bytes
    declaration: str  # "func add(x, y int64) int64", comments and line ends taken out
    has_body: bool
    receiver: str  # "(p *T)", or "" for a function
    is_generic: bool


@dataclass(frozen=True)
class GoFile:
    """What a Go file declares, as far as the build needs to know."""

    package: str | None  # None where there is no package clause
    imports: tuple[tuple[str, str, int], ...]  # name ("" where not given), path, line
    functions: tuple[GoFunction, ...]
    comments: tuple[Token, ...]


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a Go text, white space left out; never raises, whatever the text."""
    line, first = 1, True
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup or "other", match.group()
        if kind != "space":
            yield Token(kind, piece, line, match.start(), first)
            first = kind == "newline"
        line += piece.count("\n")


def code_tokens(text: str) -> list[Token]:
    """Return the tokens without comments and line ends."""
    return [token for token in tokens(text) if token.kind not in ("comment", "newline")]


def unquote(literal: str) -> str:
    """Return what a Go string literal stands for, escapes resolved as far as paths need it.

    >>> unquote(r'"\\x43"')
    'C'
    """
    body = literal[1:-1]
    if literal.startswith("`"):
        return body.replace("\r", "")
    try:
        return body.encode("latin-1", "backslashreplace").decode("unicode_escape")
    except UnicodeDecodeError:
        return body


@functools.lru_cache(maxsize=16)
def parse(text: str) -> GoFile:
    """Return what a Go file declares; wrong Go gives a partial answer, never an exception."""
    everything = list(tokens(text))
    code = [token for token in everything if token.kind not in ("comment", "newline")]
    comments = [token for token in everything if token.kind == "comment"]
    functions: list[GoFunction] = []
    imports: list[tuple[str, str, int]] = []
    package: str | None = None
    depth = 0
    for index, token in enumerate(code):
        if token.kind == "other":
            depth = max(0, depth + (token.text in _OPEN) - (token.text in _CLOSE))
        elif depth == 0 and token.kind == "name":
            if token.text == "package" and index == 0 and len(code) > 1:
                package = code[1].text
            elif token.text == "import":
                imports += _imports(code, index + 1)
            elif token.text == "func" and _starts_declaration(code, index):
                function = _function(text, code, index, comments)
                if function is not None:
                    functions.append(function)
    return GoFile(package, tuple(imports), tuple(functions), tuple(comments))


def _starts_declaration(code: list[Token], index: int) -> bool:
    """Tell `func name(` and `func (r T) name(` at the start of a line from a function literal."""
    return index == 0 or code[index - 1].text == ";" or code[index - 1].line < code[index].line


def _imports(code: list[Token], index: int) -> Iterator[tuple[str, str, int]]:
    """Yield the specs of the import declaration whose words start at an index."""
    grouped = index < len(code) and code[index].text == "("
    name = ""
    for position in range(index + grouped, len(code) if grouped else min(index + 2, len(code))):
        token = code[position]
        if token.kind == "string":
            yield name, unquote(token.text), token.line
            name = ""
            if not grouped:
                return
        elif token.kind == "name" or token.text in ("_", "."):
            name = token.text
        elif token.text != ";":
            return


def _function(text: str, code: list[Token], index: int, comments: list[Token]) -> GoFunction | None:
    """Read the declaration that starts at the word func."""
    start = code[index]
    position, receiver = index + 1, ""
    if position < len(code) and code[position].text == "(":
        closing = _matching(code, position)
        if closing is None:
            return None
        receiver = text[code[position].start : code[closing].end]
        position = closing + 1
    if position + 1 >= len(code) or code[position].kind != "name":
        return None
    name, following = code[position].text, code[position + 1].text
    end, has_body = _signature_end(code, position + 1)
    first = bisect_left(comments, start.start, key=lambda comment: comment.start)
    last = bisect_left(comments, end, key=lambda comment: comment.start)
    declaration = text[start.start : end]
    for comment in reversed(comments[first:last]):
        at = comment.start - start.start
        declaration = declaration[:at] + " " + declaration[at + len(comment.text) :]
    line_start = text.rfind("\n", 0, start.start) + 1
    column = len(text[line_start : start.start].encode("utf-8", "replace")) + 1
    return GoFunction(
        name,
        start.line,
        column,
        " ".join(declaration.split()),
        has_body,
        receiver,
        following == "[",
    )


def _matching(code: list[Token], opening: int) -> int | None:
    """Return the index of the bracket that closes the one at an index."""
    depth = 0
    for index in range(opening, len(code)):
        if code[index].kind == "other":
            depth += (code[index].text in _OPEN) - (code[index].text in _CLOSE)
            if depth == 0:
                return index
    return None


def _signature_end(code: list[Token], position: int) -> tuple[int, bool]:
    """Return the offset after a signature, and whether a body follows.

    A `{` belongs to the signature after `struct` or `interface` only.
    """
    depth, previous = 0, code[position - 1]
    for index in range(position, len(code)):
        token = code[index]
        if depth == 0:
            if token.text == ";" or (token.line > previous.line and token.text != "{"):
                return previous.end, False
            if token.text == "{" and previous.text not in ("struct", "interface"):
                return previous.end, True
        if token.kind == "other":
            depth = max(0, depth + (token.text in _OPEN) - (token.text in _CLOSE))
        previous = token
    return previous.end, False
