"""The tokens of a Go type as a reader types it, each with its place in the text, for errors that point.

A line end after a word, a literal or a closing bracket ends a field or a declaration, as Go's own rule has
it (the Go specification, "Semicolons").
"""

from __future__ import annotations

import re

from underglass.errors import CallError

__all__ = ["MOST_DEPTH", "Text", "is_name"]

MOST_DEPTH = 50  # of types inside types
_MOST_TOKENS = 10_000
_SHOWN = 72  # characters of a long text around the place in question

_TOKEN = re.compile(r"\.\.\.|<-|[^\W\d]\w*|\d\w*|`[^`]*`|\"[^\"\n]*\"|\n|\S")
_ENDS_BEFORE_LINE_END = re.compile(r"[\w)\]}`\"]$")
# The Go specification, "Keywords".
_KEYWORD = re.compile(
    "break|case|chan|const|continue|default|defer|else|fallthrough|for|func|go|goto|if|import|interface|"
    "map|package|range|return|select|struct|switch|type|var"
)
_FORM = "Write it as Go does: func add(x, y int64) int64."


def is_name(token: str) -> bool:
    """Whether Go takes the token for an identifier."""
    return bool(token) and (token[0].isalpha() or token[0] == "_") and not _KEYWORD.fullmatch(token)


class Text:
    """A cursor over the tokens of a text.

    Args:
        what: what messages call the text: "prototype".
        form: the sentence that says how it is written.
    """

    def __init__(self, text: str, what: str = "prototype", form: str = _FORM) -> None:
        self.text, self._what, self._form = text, what, form
        self.at = 0  # index of the next token
        self.tokens: list[str] = []
        self._starts: list[int] = []
        for match in _TOKEN.finditer(text):
            token = match.group()
            if token == "\n":
                if not self.tokens or not _ENDS_BEFORE_LINE_END.search(self.tokens[-1]):
                    continue
                token = ";"
            self.tokens.append(token)
            self._starts.append(match.start())
        while self.tokens[-1:] == [";"]:
            self.tokens.pop()
        if len(self.tokens) > _MOST_TOKENS:
            raise self.error("is longer than any prototype", 0)

    def peek(self, ahead: int = 0) -> str:
        """The token to come; "" at the end."""
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        """The next token, which has to be `wanted`.

        Raises:
            CallError: it is another, or there is none.
        """
        token = self.peek()
        if wanted is not None and token != wanted:
            raise self.error(
                f"has {token!r} where {wanted!r} is due" if token else f"ends where {wanted!r} is due"
            )
        if not token:
            raise self.error("ends too early")
        self.at += 1
        return token

    def take_if(self, token: str) -> bool:
        """Whether the next token is this one; it is taken if so."""
        found = self.peek() == token
        self.at += found
        return found

    def since(self, start: int) -> str:
        """The text from token `start` up to the last one taken, on one line."""
        last = self.at - 1
        return " ".join(self.text[self._starts[start] : self._starts[last] + len(self.tokens[last])].split())

    def error(self, why: str, at: int | None = None) -> CallError:
        """An error at a token, the next one by default: what is wrong, the text, a caret at the place."""
        index = self.at if at is None else at
        place = self._starts[index] if index < len(self.tokens) else len(self.text.rstrip())
        flat = re.sub(r"\s", " ", self.text)
        begin = max(0, min(place - _SHOWN // 2, len(flat) - _SHOWN))
        shown = flat[begin : begin + _SHOWN].rstrip()
        dots = "…" if begin else ""
        after = "…" if begin + _SHOWN < len(flat) else ""
        column = place - begin + len(dots)
        return CallError(
            f"The {self._what} {why}, at character {place + 1}:\n"
            f"    {dots}{shown}{after}\n    {' ' * column}^\n{self._form}"
        )
