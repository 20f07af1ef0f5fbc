"""Read a Go function's type from its text: `func add(x, y int64) int64`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from underglass.abi.types import BASIC, Array, GoType, Interface, Reference, Slice, Struct
from underglass.errors import CallError

__all__ = ["Param", "Signature", "parse_signature"]

_TOKEN = re.compile(r"\s*(\.\.\.|<-|[A-Za-z_]\w*|\d+|`[^`]*`|\"[^\"]*\"|\S)")
_MOST_TOKENS = 10_000
_MOST_DEPTH = 50


@dataclass(frozen=True)
class Param:
    """A parameter or a result."""

    name: str  # as assembly names it: unnamed results are ret, ret1, ret2 (go vet, asmdecl)
    type: GoType


@dataclass(frozen=True)
class Signature:
    """What a function takes and gives; a method's receiver is the first parameter."""

    name: str
    params: tuple[Param, ...]
    results: tuple[Param, ...]

    def __str__(self) -> str:
        params = ", ".join(f"{p.name} {p.type.name}" for p in self.params)
        results = ", ".join(p.type.name for p in self.results)
        tail = f" ({results})" if len(self.results) > 1 else f" {results}" if results else ""
        return f"func {self.name}({params}){tail}"


def parse_signature(text: str, types: Mapping[str, GoType] | None = None) -> Signature:
    """Return the signature that `text` declares.

    Args:
        text: as Go writes it, with or without a name.
        types: named types beyond Go's predeclared ones.

    Raises:
        CallError: the text is no function type, or names an unknown type.

    >>> print(parse_signature("func add(x, y int64) int64"))
    func add(x int64, y int64) int64
    """
    return _Parser(text, types or {}).function()


class _Parser:
    def __init__(self, text: str, types: Mapping[str, GoType]) -> None:
        self.text, self.types = text, types
        self.tokens = _TOKEN.findall(text)
        self.at = self.depth = 0
        if len(self.tokens) > _MOST_TOKENS:
            raise self.error("is longer than any prototype")

    def error(self, why: str) -> CallError:
        short = self.text if len(self.text) < 200 else self.text[:200] + "…"
        return CallError(f"The prototype `{short}` {why}. Write it as Go does: func add(x, y int64) int64.")

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        token = self.peek()
        if wanted is not None and token != wanted:
            raise self.error(
                f"has {token!r} where {wanted!r} is due" if token else f"ends where {wanted!r} is due"
            )
        if not token:
            raise self.error("ends too early")
        self.at += 1
        return token

    def function(self) -> Signature:
        self.take("func")
        receiver: tuple[Param, ...] = ()
        if self.peek() == "(" and self._is_method():
            receiver = self.params("recv")
        name = self.take() if _is_name(self.peek()) else ""
        params = self.params("arg")
        results = self.results()
        if self.peek():
            raise self.error(f"goes on with {self.peek()!r} after its results")
        return Signature(name, (*receiver, *params), results)

    def _is_method(self) -> bool:
        depth = 0
        for i, token in enumerate(self.tokens[self.at :]):
            depth += (token == "(") - (token == ")")
            if depth == 0:
                return _is_name(self.peek(i + 1)) and self.peek(i + 2) == "("
        return False

    def results(self) -> tuple[Param, ...]:
        if self.peek() == "(":
            return self.params("ret")
        if self.peek() in ("", ",", ")", ";", "}", "`") or self.peek()[0] in '`"':
            return ()
        return (Param("ret", self.type()),)

    def params(self, unnamed: str) -> tuple[Param, ...]:
        """A parenthesised list. Either all entries have names or none has."""
        self.take("(")
        entries: list[tuple[str, GoType | None]] = []
        while self.peek() != ")":
            if _is_name(self.peek()) and self.peek(1) in (",", ")"):
                entries.append((self.take(), None))
            elif _is_name(self.peek()) and self.peek(1) != "." and not self._is_type_word():
                entries.append((self.take(), self.type()))
            else:
                entries.append(("", self.type()))
            if self.peek() != ")":
                self.take(",")
        self.take(")")
        if any(name and kind for name, kind in entries):
            return self._named(entries, unnamed)
        kinds = [kind or self.named(name) for name, kind in entries]
        return tuple(Param(_default(unnamed, i), kind) for i, kind in enumerate(kinds))

    def _is_type_word(self) -> bool:
        return self.peek() in ("func", "map", "chan", "struct", "interface")

    def _named(self, entries: list[tuple[str, GoType | None]], unnamed: str) -> tuple[Param, ...]:
        found: list[Param] = []
        kind: GoType | None = None
        for index in range(len(entries) - 1, -1, -1):
            name, own = entries[index]
            kind = own or kind
            if kind is None or not name:
                raise self.error("mixes named and unnamed parameters")
            found.insert(0, Param(_default(unnamed, index) if name == "_" else name, kind))
        return tuple(found)

    def type(self) -> GoType:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise self.error("nests types too deeply")
        try:
            return self._type()
        finally:
            self.depth -= 1

    def _type(self) -> GoType:
        token = self.take()
        if token == "*":
            return Reference(f"*{self._pointed_to()}")
        if token == "(":
            inner = self.type()
            self.take(")")
            return inner
        if token == "...":
            element = self.type()
            return Slice(f"...{element.name}", element)
        if token == "[":
            return self._array()
        if token == "map":
            self.take("[")
            key = self.type()
            self.take("]")
            return Reference(f"map[{key.name}]{self.type().name}")
        if token in ("chan", "<-"):
            if token == "<-":
                self.take("chan")
            elif self.peek() == "<-":
                self.take()
            return Reference(f"chan {self._pointed_to()}")
        if token == "func":
            self.params("arg")
            self.results()
            return Reference("func")
        if token == "interface":
            self._braces()
            return Interface("interface{}")
        if token == "struct":
            return self._struct()
        if not _is_name(token):
            raise self.error(f"has {token!r} where a type is due")
        if self.peek() == ".":
            self.take()
            token = f"{token}.{self.take()}"
        return self.named(token)

    def _pointed_to(self) -> str:
        """The text of a type whose own layout does not matter: what a pointer points to."""
        start = self.at
        self._skip_type()
        return "".join(self.tokens[start : self.at])

    def _skip_type(self) -> None:
        if _is_name(self.peek()) and not self._is_type_word():
            self.take()
            if self.peek() == ".":
                self.take()
                self.take()
        elif self.peek() == "*":
            self.take()
            self._skip_type()
        else:
            self.type()

    def named(self, name: str) -> GoType:
        found = BASIC.get(name) or self.types.get(name)
        if found is None:
            known = ", ".join(sorted(self.types)) or "none are declared here"
            raise self.error(f"names the type {name}, whose layout is unknown (named types: {known})")
        return found

    def _array(self) -> GoType:
        if self.peek() == "]":
            self.take()
            element = self.type()
            return Slice(f"[]{element.name}", element)
        length = self.take()
        if not length.isdigit() or int(length) > 1 << 30:
            raise self.error(f"has an array of length {length}, which is no number up to 2**30")
        self.take("]")
        element = self.type()
        return Array(f"[{length}]{element.name}", element, int(length))

    def _braces(self) -> None:
        self.take("{")
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.take(), 0)

    def _struct(self) -> GoType:
        self.take("{")
        members: list[tuple[str, GoType]] = []
        while self.peek() != "}":
            names = [self.take()]
            while self.peek() == ",":
                self.take()
                names.append(self.take())
            kind = self.type()
            members += [(name, kind) for name in names]
            if self.peek()[:1] in ("`", '"'):
                self.take()
            if self.peek() != "}":
                self.take(";")
        self.take("}")
        text = "; ".join(f"{name} {kind.name}" for name, kind in members)
        return Struct.of(f"struct{{ {text} }}" if text else "struct{}", tuple(members))


def _default(unnamed: str, index: int) -> str:
    return unnamed if unnamed in ("ret", "recv") and index == 0 else f"{unnamed}{index}"


def _is_name(token: str) -> bool:
    return bool(token) and (token[0].isalpha() or token[0] == "_")
