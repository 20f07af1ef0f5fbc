"""Pygments lexers for Go's assembly and for the notebook's cells: static pages are coloured by them.

What is a word of the language is taken from Go's own assembler (Go 1.27, cmd/asm/internal/arch/arch.go for
the registers of amd64 and arm64, cmd/asm/internal/asm/parse.go and asm.go for the directives,
runtime/textflag.h for the flags); which mnemonics exist is left to the toolchain, which says so better than a
colour can. labextension/src/asm.js says the same to JupyterLab.
"""

from __future__ import annotations

__all__ = ["CellLexer", "Plan9AssemblyLexer"]

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pygments.lexer import Lexer, RegexLexer, bygroups, include
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

_groups: Any = bygroups  # the stub has no types

# Go's assembler takes · (U+00B7) and ∕ (U+2215) for . and / in names (cmd/asm/internal/lex/tokenizer.go).
_NAME = r"(?:[^\W\d]|·)[\w·∕]*"
_END = r"(?![\w·∕])"
_REGISTERS = (
    r"(?:[ABCD][XLH]|[SD]IB?|BPB?|SPB|R(?:[12]?[0-9]|30)|R(?:8|9|1[0-5])B|[FVXYZ](?:3[01]|[12]?[0-9])"
    r"|PN?(?:1[0-5]|[0-9])|K[0-7]|M[0-7]|(?:CR|DR|TR)(?:1[0-5]|[0-9])|[CDEFGS]S|[GIL]DTR|MSW|TASK|TLS|RSP|ZR|LR"
    r"|R18_PLATFORM|NZCV|g)"
)
_FLAGS = (
    r"(?:NOPROF|DUPOK|NOSPLIT|RODATA|NOPTR|WRAPPER|NEEDCTXT|TLSBSS|NOFRAME|REFLECTMETHOD|TOPFRAME|ABIWRAPPER)"
)
_NUMBER = r"0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?"


class Plan9AssemblyLexer(RegexLexer):
    """Assembly as Go writes it, with the registers of amd64 and arm64."""

    name = "Go assembly"
    aliases: ClassVar[list[str]] = ["goasm", "plan9asm"]
    filenames: ClassVar[list[str]] = ["*.s"]  # other assemblers' too: analyse_text tells them apart
    mimetypes: ClassVar[list[str]] = ["text/x-goasm"]
    flags = re.MULTILINE

    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (r"\s+", Whitespace),
            include("comments"),
            (r"(#[ \t]*include)([ \t]*)([^\n]*)", _groups(Comment.Preproc, Whitespace, Comment.PreprocFile)),
            (
                rf"(#[ \t]*define)([ \t]+)({_NAME})(\([^)\n]*\))?",
                _groups(Comment.Preproc, Whitespace, Name.Function, Comment.Preproc),
                "macro",
            ),
            (r"#(?:\\\n|[^\n])*", Comment.Preproc),
            include("statement"),
        ],
        "comments": [
            (r"//[^\n]*", Comment.Single),
            (r"/\*(?:.|\n)*?\*/", Comment.Multiline),
        ],
        "statement": [
            (
                rf"(?:TEXT|DATA|GLOBL|PCDATA|FUNCDATA|PCALIGN)(?:{_END})(?!\.)",
                Keyword.Declaration,
                "operands",
            ),
            (rf"({_NAME})([ \t]*)(:)", _groups(Name.Label, Whitespace, Punctuation)),
            (r"[^\W\d][\w·∕.]*", Keyword, "operands"),
            (r"[;\\]", Punctuation),
            (r"(?=\S)", Whitespace, "operands"),  # a macro's value: (1 << 0)
        ],
        # The body of a macro is assembly, over as many lines as end in a backslash.
        "macro": [
            (r"\\\n", Punctuation),
            (r"\n", Whitespace, "#pop"),
            (r"[ \t\r]+", Whitespace),
            include("comments"),
            include("statement"),
        ],
        "operands": [
            (r"\\\n(?=[ \t]*\S)", Punctuation, "#pop"),  # only a macro goes on: with a new statement
            (r"(?=\n)", Whitespace, "#pop"),
            (r";", Punctuation, "#pop"),
            include("comments"),
            (r"[ \t\r]+", Whitespace),
            (r'"(?:\\.|[^"\\\n])*"', String),
            (r"'(?:\\.|[^'\\\n])+'", String.Char),
            (r"<ABI(?:0|Internal)>", Keyword.Type),
            (rf"(?:FP|SB|SP|PC){_END}", Name.Builtin.Pseudo),
            (rf"({_REGISTERS})(?![\w·∕(])(\.[BHSDQ]\d{{0,2}}\b)?", _groups(Name.Builtin, Keyword.Type)),
            (rf"{_FLAGS}{_END}", Name.Constant),
            (_NUMBER, Number),
            (_NAME, Name),
            (r"<<|>>|->|@>|<>|[$+\-*/&|^~%!=]", Operator),
            (r"[(),:<>\[\]{}.#\\]", Punctuation),
            (r".", Text),
        ],
    }

    def analyse_text(text: str) -> float:  # type: ignore[misc, override] # Pygments makes it static
        """Say how surely a `.s` file is Go's: nobody else's has TEXT, DATA or GLOBL of a symbol off SB."""
        return 1.0 if re.search(r"^(?:TEXT|DATA|GLOBL)[ \t]+[^\n]*\(SB\)", text, re.MULTILINE) else 0.0


class CellLexer(Lexer):
    """A cell of the notebook: Go after `%%go`, assembly after `%%asm`, else Python."""

    name = "Go under glass"
    aliases: ClassVar[list[str]] = ["underglass"]

    # Below another magic, too: %%expect_error, and a cell that is to fail.
    _magic = re.compile(r"(?:\s*%%\w[^\n]*\n)*?\s*%%(go|asm)\b[^\n]*\n?")

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
