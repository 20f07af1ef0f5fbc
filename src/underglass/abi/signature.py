"""Read a Go function's type from its text: `func add(x, y int64) int64`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from underglass.abi.gotext import Text, is_name
from underglass.abi.parser import Parser
from underglass.abi.types import GoType

__all__ = ["Param", "Signature", "parse_signature", "parse_types"]

_TYPE_FORM = "Write it as Go does: type point struct{ x, y int }."


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
        CallError: the text is no function type, or names an unknown type; a caret points to the place.

    >>> print(parse_signature("func add(x, y int64) int64"))
    func add(x int64, y int64) int64
    """
    name, params, results = Parser(Text(text), types or {}).function()
    return Signature(name, tuple(Param(*p) for p in params), tuple(Param(*r) for r in results))


def parse_types(texts: Iterable[str], known: Mapping[str, GoType] | None = None) -> dict[str, GoType]:
    """Return the named types that the declarations make, which may name each other in any order.

    Args:
        texts: each one or more declarations: `type point struct{ x, y int }`.
        known: further types that they may name.

    Raises:
        CallError: a text is no declaration, names an unknown type, or a type contains itself.

    >>> parse_types(["type pair struct{ a, b point }", "type point struct{ x, y int }"])["pair"].size
    32
    """
    declared = _Declared(known or {})
    for text in texts:
        declared.read(Text(text, "declaration", _TYPE_FORM))
    return {name: declared[name] for name in declared.own}


class _Declared(Mapping[str, GoType]):
    """Named types, each read when it is first asked for."""

    def __init__(self, known: Mapping[str, GoType]) -> None:
        self._found = dict(known)
        self.own: dict[str, tuple[Parser, int]] = {}  # name → where its type stands
        self._open: list[str] = []

    def read(self, text: Text) -> None:
        """Note where each declaration of a text is; the types themselves wait."""
        parser = Parser(text, self, declares=True)
        while True:
            text.take("type")
            if not is_name(text.peek()):
                raise text.error(f"has {text.peek()!r} where a name is due")
            name = text.take()
            if text.peek() == "[" and is_name(text.peek(1)) and text.peek(2) != "]":
                raise text.error("has type parameters; give the type with its arguments put in")
            text.take_if("=")
            self.own[name] = parser, text.at
            self._found.pop(name, None)
            parser.any_type()
            if not text.peek():
                return
            text.take(";")

    def __getitem__(self, name: str) -> GoType:
        if name not in self._found and name in self.own:
            parser, start = self.own[name]
            if name in self._open:
                raise parser.text.error(f"makes the type {name} contain itself", start)
            self._open.append(name)
            back, parser.text.at = parser.text.at, start
            self._found[name] = replace(parser.type(), name=name)
            parser.text.at = back
            self._open.pop()
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found | self.own)

    def __len__(self) -> int:
        return len(self._found | self.own)
