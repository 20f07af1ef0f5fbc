"""An assembly text as completion and inspection read it: its functions, and where in it a cursor is."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace

from underglass.toolchain import asmlex
from underglass.toolchain.prototypes import prototype_above
from underglass.toolchain.records import Prototype, Source

__all__ = ["AsmFunction", "AsmText", "Place", "place_at", "read_asm"]

_HEAD = re.compile(r"\w+(?:\.\w+)*")
_SIZES = re.compile(r"\$(-?\d+)(?:-(\d+))?")
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+([^\W\d]\w*)(\([^)\n]*\))?[ \t]*([^\n]*)", re.MULTILINE)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"\n]+)"', re.MULTILINE)
_LOCAL = re.compile(r"(?<![\w·∕])([^\W\d]\w*-\d+\(SP\))")


@dataclass(frozen=True)
class AsmFunction:
    """A TEXT directive and what stands below it, to the next one."""

    name: str  # "add"; "runtime.f" for a symbol of another package
    abi: str  # "ABI0", "ABIInternal"
    is_local: bool  # TEXT ·add<>(SB)
    line: int  # 1-based, of TEXT
    start: int  # offset of TEXT in the text
    end: int  # offset of the next TEXT, or of the end
    flags: str  # "NOSPLIT|NOFRAME"; "" without any
    frame: int | None  # bytes of locals; None where the size is missing
    args: int | None  # bytes of arguments and results; None where they are not declared
    prototype: str  # of the comment above: "func add(x, y int64) int64"; "" without one
    labels: tuple[tuple[str, int], ...]  # name, line
    locals: tuple[str, ...]  # "tmp-8(SP)", as used
    calls: bool  # whether a CALL stands in it


@dataclass(frozen=True)
class AsmText:
    """A whole text."""

    functions: tuple[AsmFunction, ...]
    globals: tuple[tuple[str, int, str], ...]  # of GLOBL: "table", line, the directive's operands
    macros: tuple[tuple[str, str], ...]  # of #define: "SIZE", what it stands for
    includes: tuple[str, ...]  # "textflag.h"

    def function_at(self, offset: int) -> AsmFunction | None:
        """The function whose TEXT or body an offset lies in."""
        return next((f for f in reversed(self.functions) if f.start <= offset), None)


@dataclass(frozen=True)
class Place:
    """Where in an assembly text a cursor is."""

    kind: str  # "head", "operand", "directive" (of #), "string", "comment"
    head: str  # the statement's first word: "MOVQ", "#include"; "" at a head
    index: int  # of the operand, from 0; its operands are cut at commas outside brackets
    start: int  # offset where the head, the operand, the string or the comment starts
    before: str  # the text from there to the cursor


@functools.lru_cache(maxsize=64)
def read_asm(text: str) -> AsmText:
    """Return what an assembly text has; never raises, whatever the text."""
    statements: list[list[asmlex.Token]] = []
    labels: list[tuple[int, str, int]] = []  # offset, name, line
    for statement in asmlex.statements(text):
        while len(statement) > 1 and statement[0].kind == "name" and statement[1].text == ":":
            labels.append((statement[0].start, statement[0].text, statement[0].line))
            statement = statement[2:]
        if statement:
            statements.append(statement)
    heads = {head.line: head for head in asmlex.texts(text)}
    starts = [s for s in statements if s[0].text == "TEXT" and s[0].line in heads]
    ends = [*(s[0].start for s in starts), len(text)][1:]
    lines = text.split("\n")
    calls = [s[0].start for s in statements if s[0].text == "CALL"]
    functions = []
    for statement, end in zip(starts, ends, strict=True):
        start, inside = statement[0].start, range(statement[0].start, end)
        functions.append(
            replace(
                _opened(lines, heads[statement[0].line], statement),
                end=end,
                labels=tuple((name, line) for at, name, line in labels if at in inside),
                locals=tuple(dict.fromkeys(_LOCAL.findall(text[start:end]))),
                calls=any(at in inside for at in calls),
            )
        )
    globls = tuple(
        (s[1].text.lstrip("·"), s[0].line, text[s[1].start : s[-1].start + len(s[-1].text)])
        for s in statements
        if s[0].text == "GLOBL" and len(s) > 1
    )
    macros = tuple((name, f"{args or ''} {told}".strip()) for name, args, told in _DEFINE.findall(text))
    return AsmText(tuple(functions), globls, macros, tuple(_INCLUDE.findall(text)))


def _opened(lines: list[str], head: asmlex.Text, statement: list[asmlex.Token]) -> AsmFunction:
    """What the TEXT directive and the comment above it say."""
    operands = "".join(t.text for t in statement[1:]).split(",")
    sizes = _SIZES.fullmatch(operands[-1])
    name = head.symbol.removeprefix("main.")
    above = prototype_above(Source("cell.s", "", "cell"), lines, head.line, name)
    return AsmFunction(
        name,
        head.abi,
        head.is_local,
        head.line,
        statement[0].start,
        statement[0].start,
        flags=operands[1] if len(operands) > 2 else "",
        frame=int(sizes[1]) if sizes else None,
        args=int(sizes[2]) if sizes and sizes[2] else None,
        prototype=above.text if isinstance(above, Prototype) else "",
        labels=(),
        locals=(),
        calls=False,
    )


def place_at(text: str, cursor: int) -> Place:
    """Say where in an assembly text an offset is."""
    statement: list[asmlex.Token] = []
    for token in asmlex.tokens(text):
        if token.start >= cursor:
            break
        end = token.start + len(token.text)
        if token.kind == "comment":
            open_end = token.text.startswith("//") or not token.text.endswith("*/")
            if cursor < end or (open_end and cursor == end):
                return Place("comment", "", 0, token.start, text[token.start : cursor])
        elif token.kind == "newline" or token.text == ";":
            statement = []
        else:
            statement.append(token)
    while len(statement) > 1 and statement[0].kind == "name" and statement[1].text == ":":
        statement = statement[2:]
    if not statement:
        return Place("head", "", 0, cursor, "")
    first = statement[0]
    while len(statement) > 2 and statement[1].text == "." and statement[2].kind == "name":
        statement = [first, *statement[3:]]  # a suffix: VADDPD.Z
    if first.text == "#":
        return _hash_place(text, cursor, statement)
    last = statement[-1]
    if last.kind == "string" and _is_open(last, cursor):
        return Place("string", first.text, 0, last.start, text[last.start : cursor])
    suffixed = _HEAD.match(text, first.start)
    end = suffixed.end() if suffixed else first.start + len(first.text)
    if cursor <= end or first.kind != "name":
        return Place("head", "", 0, first.start, text[first.start : cursor])
    index, depth, start = 0, 0, end
    for token in statement[1:]:
        depth = max(0, depth + (token.text in "([") - (token.text in ")]"))
        if token.text == "," and depth == 0:
            index, start = index + 1, token.start + 1
    while start < cursor and text[start] in " \t\r\ufeff":
        start += 1
    return Place("operand", first.text, index, start, text[start:cursor])


def _hash_place(text: str, cursor: int, statement: list[asmlex.Token]) -> Place:
    word = statement[1] if len(statement) > 1 else None
    if word is None or cursor <= word.start + len(word.text):
        return Place("directive", "#", 0, statement[0].start, text[statement[0].start : cursor])
    last = statement[-1]
    start = last.start if last.kind == "string" and _is_open(last, cursor) else cursor
    kind = "string" if start != cursor else "directive"
    return Place(kind, f"#{word.text}", 1, start, text[start:cursor])


def _is_open(string: asmlex.Token, cursor: int) -> bool:
    end = string.start + len(string.text)
    closed = len(string.text) > 1 and string.text.endswith('"')
    return cursor < end or (cursor == end and not closed)
