"""What a Go text declares, and what has a name at a place inside it; wrong Go gives a partial answer."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from underglass.toolchain import golex

__all__ = ["Declared", "doc_above", "locals_at", "outline"]

_GROUPED = ("type", "var", "const")


@dataclass(frozen=True)
class Declared:
    """A name and what it stands for."""

    name: str  # "add"; of a method "T.String"
    kind: str  # "func", "method", "type", "var", "const", "local"
    text: str  # "func add(x, y int64) int64", "var table [4]int"; a struct's fields included
    line: int  # 1-based


@functools.lru_cache(maxsize=64)
def outline(text: str) -> tuple[Declared, ...]:
    """Return what a text declares at its top level."""
    found = []
    for function in golex.parse(text).functions:
        of = function.receiver.strip("()").split()[-1:] if function.receiver else []
        name = f"{of[0].lstrip('*').partition('[')[0]}.{function.name}" if of else function.name
        found.append(Declared(name, "method" if of else "func", function.declaration, function.line))
    found += _specs(text, golex.code_tokens(text))
    return tuple(found)


def _specs(text: str, code: list[golex.Token]) -> Iterator[Declared]:
    """Types, variables and constants of the top level."""
    depth, index = 0, 0
    while index < len(code):
        token = code[index]
        if depth == 0 and token.kind == "name" and token.text in _GROUPED and index + 1 < len(code):
            grouped = code[index + 1].text == "("
            index += 1 + grouped
            while index < len(code) and not (grouped and code[index].text == ")"):
                end = _spec_end(code, index)
                yield from _names(text, token.text, code[index:end])
                index = max(end, index + 1)
                if not grouped:
                    break
                if index < len(code) and code[index].text == ";":
                    index += 1
            continue
        if token.kind == "other":
            depth = max(0, depth + (token.text in "([{") - (token.text in ")]}"))
        index += 1


def _spec_end(code: list[golex.Token], index: int) -> int:
    """The index after a spec: at a line's end, `;` or the group's `)` outside its own brackets."""
    depth = 0
    for at in range(index, len(code)):
        token = code[at]
        if depth == 0 and at > index and (token.line > code[at - 1].line or token.text in (";", ")")):
            return at
        if token.kind == "other":
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth < 0:
                return at
    return len(code)


def _names(text: str, word: str, spec: list[golex.Token]) -> Iterator[Declared]:
    if not spec or spec[0].kind != "name":
        return
    names = [spec[0]]
    for comma, name in zip(spec[1::2], spec[2::2], strict=False):
        if comma.text != "," or name.kind != "name" or word == "type":
            break
        names.append(name)
    rest = " ".join(text[names[-1].end : spec[-1].end].split())
    yield from (Declared(n.text, word, f"{word} {n.text} {rest}".rstrip(), n.line) for n in names)


def doc_above(text: str, line: int) -> str:
    """The text of the `//` comment directly above a line."""
    lines = text.split("\n")
    start = min(line - 1, len(lines))
    while start > 0 and lines[start - 1].strip().startswith("//"):
        start -= 1
    return "\n".join(raw.strip().removeprefix("//").strip() for raw in lines[start : line - 1])


def locals_at(text: str, cursor: int) -> tuple[Declared, ...]:
    """The parameters, results and variables of the function around an offset, the nearest first.

    Blocks that have ended are not told from those around the cursor: a name too many does no harm.
    """
    code = golex.code_tokens(text[:cursor])
    start = _function_start(code)
    if start is None:
        return ()
    found: dict[str, Declared] = {}
    inside = code[start:]
    for at, token in enumerate(inside):
        if token.text == "func" and token.kind == "name":
            for name, kind, line in _parameters(text, inside, at):
                found[name] = Declared(name, "local", f"{name} {kind}", line)
        elif token.text == ":" and inside[at + 1 : at + 2] and inside[at + 1].text == "=":
            value = _line_after(text, inside, at + 2)
            for left in _left_of(inside, at):
                found.pop(left.text, None)
                found[left.text] = Declared(left.text, "local", f"{left.text} := {value}", left.line)
        elif token.kind == "name" and token.text in ("var", "const"):
            end = _spec_end(inside, at + 1)
            for spec in _names(text, token.text, inside[at + 1 : end]):
                found.pop(spec.name, None)
                found[spec.name] = Declared(spec.name, "local", spec.text, spec.line)
    found.pop("_", None)
    return tuple(reversed(found.values()))


def _function_start(code: list[golex.Token]) -> int | None:
    """The index of the `func` whose body the text breaks off in; None at the top level."""
    depth, start = 0, None
    for index, token in enumerate(code):
        if depth == 0 and token.kind == "name" and token.text == "func":
            start = index
        if token.kind == "other":
            depth = max(0, depth + (token.text in "([{") - (token.text in ")]}"))
            if depth == 0 and token.text == "}":
                start = None
    return start


def _parameters(text: str, code: list[golex.Token], at: int) -> Iterator[tuple[str, str, int]]:
    """(name, type, line) in a function's head: the receiver, the parameters, the results."""
    depth, part = 0, []
    groups: list[list[list[golex.Token]]] = []
    for token in code[at + 1 :]:
        if token.text == "{" and depth == 0:
            break
        if depth >= 1 and not (depth == 1 and token.text in (",", ")")):
            part.append(token)
        if token.kind == "other" and token.text in "([{":
            depth += 1
            if depth == 1 and token.text == "(":
                groups.append([])
        elif token.kind == "other" and token.text in ")]}":
            depth -= 1
        if part and groups and ((token.text == "," and depth == 1) or depth == 0):
            groups[-1].append(part)
            part = []
        if depth < 0:
            break
    for group in groups:
        kind = ""
        for words in reversed(group):
            if len(words) > 1 and words[0].kind == "name" and words[1].text != ".":
                kind = " ".join(text[words[1].start : words[-1].end].split())
                yield words[0].text, kind, words[0].line
            elif len(words) == 1 and kind:
                yield words[0].text, kind, words[0].line


def _left_of(code: list[golex.Token], at: int) -> Iterator[golex.Token]:
    """The names before `:=`."""
    index = at - 1
    while index >= 0 and code[index].kind == "name" and code[index].line == code[at].line:
        yield code[index]
        if index == 0 or code[index - 1].text != ",":
            return
        index -= 2


def _line_after(text: str, code: list[golex.Token], at: int) -> str:
    if at >= len(code):
        return ""
    line = text[code[at].start :].partition("\n")[0].split("//")[0]
    return " ".join(line.split()).removesuffix("{").rstrip()
