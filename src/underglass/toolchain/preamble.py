"""Look at the C above `import "C"` before any C compiler does.

C has many ways to take in a file: quoted headers, #embed, and assembly text with .incbin, which an
attribute's string can hold, too. What is left here is C that reads headers of the C library only.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from underglass.toolchain import golex

__all__ = ["refused"]

Place = tuple[int, None, str, str]
_TOKEN = re.compile(
    r"""
      (?P<comment> //[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<raw>     (?:u8|[uUL])?R" )
    | (?P<string>  "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
    | (?P<name>    [^\W\d]\w* )
    | (?P<number>  \.?\d[\w.]* )
    | (?P<newline> \n )
    | (?P<space>   [^\S\n]+ )
    | (?P<other>   \#\#? | %: | <: | \[\[ | \(\( | \)\) | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_SPLICE = re.compile(r"\\[ \t\f\v\r]*\n")
_DIRECTIVES = re.compile(
    r"define|undef|if|ifdef|ifndef|elif|elifdef|elifndef|else|endif|error|warning|include"
)
_HEADER = re.compile(r"\s*<[A-Za-z]\w*(/\w+)*\.h>\s*(//.*|/\*.*)?")
# Names that start with __ or _ and a capital are the compiler's own (C17, 7.1.3): these are harmless.
_RESERVED = re.compile(
    r"__(FILE|LINE|VA_ARGS|VA_OPT|GNUC|GNUC_MINOR|clang|linux|x86_64|amd64|STDC|STDC_VERSION|cplusplus)__"
    r"|__(func|FUNCTION)__|__func__|__(restrict|inline|const|volatile|signed|typeof|alignof|extension)(__)?"
    r"|__(thread|int128|auto_type|label__|SIZEOF_\w+|builtin_\w+|sync_\w+|atomic_\w+|ATOMIC_\w+)"
    r"|_(Bool|Atomic|Static_assert|Alignas|Alignof|Generic|Noreturn|Thread_local|Complex|Imaginary)"
    r"|_(GNU|POSIX_C|POSIX|XOPEN|DEFAULT|BSD|ISOC11)_SOURCE|_GoString\w*"
)
_ATTRIBUTES = (
    "aligned", "always_inline", "cold", "const", "constructor", "destructor", "format", "hot", "malloc",
    "noclone", "noinline", "nonnull", "noreturn", "packed", "printf", "pure", "unused", "used",
    "warn_unused_result",
)  # fmt: skip
_CFLAG = re.compile(r"-O[0-3sgz]?|-g|-D\w+(=-?\w+)?|-U\w+|-W(no-)?[a-z][\w-]*|-lm|-lpthread|-pthread")
_CGO = re.compile(r"#cgo[ \t]+(?:[\w!, \t]+[ \t])?(CFLAGS|CPPFLAGS|LDFLAGS)[ \t]*:(?P<flags>.*)")
_CGO_HINT = re.compile(r"#cgo[ \t]+(noescape|nocallback)[ \t]+\w+")


def refused(text: str) -> Iterator[Place]:
    """Yield what a Go text's C may not do: line, column, message, advice.

    The comment that cgo takes stands between the package clause and the import; every comment there is
    looked at, since the one that counts depends on blank lines.
    """
    code = golex.code_tokens(text)
    begin = code[1].end if len(code) > 1 and code[0].text == "package" else 0
    paths = [t for t in code if t.kind == "string" and golex.unquote(t.text) == "C"]
    end = paths[-1].start if paths else 0  # any later "C" as well: never too little
    found: list[tuple[int, str]] = []
    for comment in golex.parse(text).comments:
        if begin <= comment.start < end:
            body = comment.text[2:].removesuffix("*/") if comment.text.startswith("/*") else comment.text[2:]
            found += enumerate(body.split("\n"), comment.line)
    kept: list[tuple[int, str]] = []
    for line, words in found:
        if re.match(r"#cgo[ \t]", words.strip()):
            yield from _cgo(line, words.strip())
        elif "\r" in words.rstrip("\r"):  # Go takes it out of comments, and joins what stood beside it
            yield line, None, "there is a carriage return inside a line", "Remove it."
        else:
            kept.append((line, words))
    yield from _c(kept)


def _cgo(line: int, words: str) -> Iterator[Place]:
    known = _CGO.fullmatch(words)
    if known is None and not _CGO_HINT.fullmatch(words):
        yield (
            line,
            None,
            f"{words.split(':')[0].strip()} is not taken here",
            "Of #cgo lines, CFLAGS, CPPFLAGS, LDFLAGS, noescape and nocallback are.",
        )
    for flag in known["flags"].split() if known else ():
        value = flag.partition("=")[2]
        if not _CFLAG.fullmatch(flag) or _is_own(value):
            yield (
                line,
                None,
                f"the flag {flag} may lead out of the program's own text",
                "Flags that are taken: -O, -g, -D, -U, -W with a warning's name, -lm, -lpthread.",
            )


def _c(lines: list[tuple[int, str]]) -> Iterator[Place]:
    """Look at C text, of which each line has its number."""
    text, starts, at = "", [], 0
    for _, words in lines:
        starts.append(at)
        at += len(words) + 1
    text = "\n".join(words for _, words in lines) + "\n"
    removed: list[tuple[int, int]] = []  # (offset in the spliced text, characters taken out before it)
    taken = 0
    for splice in _SPLICE.finditer(text):
        removed.append((splice.start() - taken, taken + len(splice[0])))
        taken += len(splice[0])
    text = _SPLICE.sub("", text)

    def line_of(offset: int) -> int:
        index = bisect_right(removed, offset, key=lambda pair: pair[0])
        return lines[bisect_right(starts, offset + (removed[index - 1][1] if index else 0)) - 1][0]

    pieces = [m for m in _TOKEN.finditer(text) if m.lastgroup not in ("space", "comment")]
    first = True
    for index, piece in enumerate(pieces):
        word = piece[0]
        what = _what(text, pieces, index, first)
        if what is not None:
            yield (line_of(piece.start()), None, *what)
        first = word == "\n"


def _what(text: str, pieces: list[re.Match[str]], index: int, first: bool) -> tuple[str, str] | None:
    """Message and advice if the piece is not allowed."""
    piece = pieces[index]
    word, following = piece[0], pieces[index + 1][0] if index + 1 < len(pieces) else ""
    if piece.lastgroup == "raw":
        return "this is a raw string", "Write an ordinary string."
    if word == "#" and first:
        if following == "include":
            line = text[pieces[index + 1].end() : text.find("\n", piece.start())]
            if not _HEADER.fullmatch(line):
                return (
                    f"#include {line.strip()} leads out of the program's own text",
                    "Include the C library's headers, as in #include <stdio.h>.",
                )
        elif following != "\n" and not _DIRECTIVES.fullmatch(following):
            return f"#{following} is not taken here", "Write plain C."
    elif word in ("##", "%:", "<:", "[[", "\\"):
        return f"{word} could hide what is not allowed", "Write it out, without it."
    elif word in ("__attribute__", "__attribute"):
        given = [p[0] for p in pieces[index + 1 : index + 40]]
        closing = given.index("))") if "))" in given else 0
        known = given[1:closing] if given[0] == "((" else [""]
        if not all(w in _ATTRIBUTES or re.fullmatch(r"[\d,()]+", w) for w in known) or not closing:
            return (
                "an attribute can carry text to the assembler, and this one is not known to be harmless",
                f"These are taken: {', '.join(_ATTRIBUTES)}.",
            )
    elif piece.lastgroup == "name" and _is_own(word):
        return (
            f"{word} belongs to the compiler itself",
            "Assembly is what Go assembly is for, in a program without cgo."
            if "asm" in word
            else "Use plain C and the C library.",
        )
    return None


def _is_own(word: str) -> bool:
    return word == "asm" or bool(re.match(r"__|_[A-Z]", word) and not _RESERVED.fullmatch(word))
