"""Pygments lexers for Go's assembly and for the notebook's cells: static pages are coloured by them.

What is a word of the language is taken from Go's own assembler (Go 1.27, cmd/asm/internal/arch/arch.go for
the amd64 registers, cmd/asm/internal/asm/parse.go and asm.go for the directives); which mnemonics exist is
left to the toolchain, which says so better than a colour can.
"""

from __future__ import annotations

__all__ = ["CellLexer", "Plan9AssemblyLexer"]

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pygments.lexer import Lexer, RegexLexer, bygroups
from pygments.lexers.go import GoLexer
from pygments.lexers.python import Python3Lexer
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
)

_REGISTERS = (
    r"(?:[ABCD][XLH]|[SD]IB?|BPB?|SPB|R(?:8|9|1[0-5])B?|[XYZ](?:3[01]|[12]?[0-9])|K[0-7]|M[0-7]"
    r"|[CDEFGS]S|TLS|g)"
)
# Go's assembler takes · (U+00B7) and ∕ (U+2215) for . and / in names (cmd/asm/internal/lex/tokenizer.go).
_NAME = r"[^\W\d][\w·∕]*|·[\w·∕]+"


class Plan9AssemblyLexer(RegexLexer):
    """Assembly as Go writes it, amd64's registers."""

    name = "Go assembly"
    aliases: ClassVar[list[str]] = ["goasm", "plan9asm"]
    filenames: ClassVar[list[str]] = []  # *.s is everyone's
    flags = re.MULTILINE

    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (r"\s+", Whitespace),
            (r"//[^\n]*", Comment.Single),
            (r"/\*(?:.|\n)*?\*/", Comment.Multiline),
            (r"#[ \t]*include\b[^\n]*", Comment.PreprocFile),
            (r"#(?:\\\n|[^\n])*", Comment.Preproc),
            (r"(?:TEXT|DATA|GLOBL|PCDATA|FUNCDATA)\b", Keyword.Declaration, "operands"),
            (rf"({_NAME})([ \t]*)(:)", bygroups(Name.Label, Whitespace, Punctuation)),  # type: ignore[no-untyped-call] # the stub has no types
            (r"[A-Za-z_][\w.]*", Keyword, "operands"),
            (r"[;\\]", Punctuation),
            (r".", Text),
        ],
        "operands": [
            (r"\\\n", Punctuation),
            (r"\n|;", Punctuation, "#pop"),
            (r"//[^\n]*", Comment.Single),
            (r"[ \t\r]+", Whitespace),
            (r'"(?:\\.|[^"\\\n])*"', String),
            (r"'(?:\\.|[^'\\\n])+'", String.Char),
            (r"<ABI(?:0|Internal)>", Keyword.Type),
            (r"(?:FP|SB|SP|PC)\b", Name.Builtin.Pseudo),
            (rf"{_REGISTERS}\b(?![·(])", Name.Builtin),
            (r"0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d+(?:[eE][+-]?\d+)?)?", Number),
            (_NAME, Name),
            (r"[$+\-*/&|^~%]|<<|>>|<>", Operator),
            (r"[(),:<>\[\]{}]", Punctuation),
            (r".", Text),
        ],
    }


class CellLexer(Lexer):
    """A cell of the notebook: Go after `%%go`, assembly after `%%asm`, else Python."""

    name = "Go under glass"
    aliases: ClassVar[list[str]] = ["underglass"]

    _magic = re.compile(r"%%(go|asm)\b[^\n]*\n?")

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """Yield (index, token, text), as Pygments asks."""
        match = self._magic.match(text)
        if match is None:
            yield from Python3Lexer(**self.options).get_tokens_unprocessed(text)
            return
        yield 0, Comment.Special, match[0]
        language = GoLexer if match[1] == "go" else Plan9AssemblyLexer
        for index, token, value in language(**self.options).get_tokens_unprocessed(text[match.end() :]):
            yield match.end() + index, token, value
