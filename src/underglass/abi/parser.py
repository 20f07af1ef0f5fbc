"""Parse the types and parameter lists of Go text into what a calling convention needs of them."""

from __future__ import annotations

from collections.abc import Mapping

from underglass.abi.gotext import MOST_DEPTH, Text, is_name
from underglass.abi.types import BASIC, Array, GoType, Interface, Reference, Slice, Struct

__all__ = ["Named", "Parser"]

Named = tuple[str, GoType]
"""A parameter, result or field: its name and its type."""
_MOST_LENGTH = 1 << 30  # elements of an array


class Parser:
    """Reads one text.

    Args:
        types: named types beyond Go's predeclared ones.
        declares: the text declares types, which may contain slices of themselves: what a slice
            points to is then as good as unknown.
    """

    def __init__(self, text: Text, types: Mapping[str, GoType], *, declares: bool = False) -> None:
        self.text, self.types = text, types
        self._declares = declares
        self._depth = 0
        self._unsized = 0  # above zero inside a type whose own layout does not matter

    def function(self) -> tuple[str, tuple[Named, ...], tuple[Named, ...]]:
        """The whole text: the name ("" without one), the parameters after the receiver, the results."""
        text = self.text
        text.take("func")
        receiver: tuple[Named, ...] = ()
        if text.peek() == "(" and self._is_method():
            at = text.at
            receiver = self.params("recv")
            if len(receiver) != 1:
                raise text.error(f"has {len(receiver)} receivers; a method has one", at)
        name = text.take() if is_name(text.peek()) else ""
        if name and text.peek() == "[":
            raise text.error("has type parameters; write the function with its type arguments put in")
        params = self.params("arg")
        results = self.results()
        if text.peek():
            raise text.error(f"goes on with {text.peek()!r} after its results")
        return name, (*receiver, *params), results

    def _is_method(self) -> bool:
        text, depth = self.text, 0
        for i in range(len(text.tokens) - text.at):
            depth += (text.peek(i) == "(") - (text.peek(i) == ")")
            if depth == 0:
                return is_name(text.peek(i + 1)) and text.peek(i + 2) == "("
        return False

    def results(self) -> tuple[Named, ...]:
        token = self.text.peek()
        if token == "(":
            return self.params("ret")
        if token in ("", ",", ")", ";", "{", "}", "]") or token[0] in '`"':
            return ()
        return (("ret", self.type()),)

    def params(self, unnamed: str) -> tuple[Named, ...]:
        """A parenthesised list. Either all entries have names or none has."""
        text = self.text
        text.take("(")
        entries: list[tuple[int, str, GoType | None]] = []  # token, name, type
        while text.peek() != ")":
            at, name = text.at, ""
            kind: GoType | None = None
            if is_name(text.peek()) and text.peek(1) in (",", ")"):
                name = text.take()  # a name whose type follows later, or a type alone
            else:
                if is_name(text.peek()) and text.peek(1) != ".":
                    name = text.take()
                variadic = text.peek() == "..."
                kind = self.type()
                if variadic and (unnamed != "arg" or text.peek() != ")"):
                    raise text.error("has '...' elsewhere than at the last parameter", at)
            entries.append((at, name, kind))
            if text.peek() != ")":
                text.take(",")
        text.take(")")
        if any(name and kind for _, name, kind in entries):
            return self._named(entries, unnamed)
        kinds = [kind or self.named(name, at) for at, name, kind in entries]
        return tuple((_default(unnamed, i), kind) for i, kind in enumerate(kinds))

    def _named(self, entries: list[tuple[int, str, GoType | None]], unnamed: str) -> tuple[Named, ...]:
        found: list[Named] = []
        kind: GoType | None = None
        for index in range(len(entries) - 1, -1, -1):
            at, name, own = entries[index]
            kind = own or kind
            if kind is None or not name:
                raise self.text.error("mixes named and unnamed parameters", at)
            if name != "_" and name in (known for known, _ in found):
                raise self.text.error(f"has two parameters {name}", at)
            found.insert(0, (_default(unnamed, index) if name == "_" else name, kind))
        return tuple(found)

    def any_type(self) -> str:
        """The text of a type whose own layout does not matter: what a pointer points to."""
        start = self.text.at
        self._unsized += 1
        self.type()
        self._unsized -= 1
        return self.text.since(start)

    def type(self) -> GoType:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self.text.error("nests types too deeply")
        try:
            return self._type()
        finally:
            self._depth -= 1

    def _type(self) -> GoType:
        text, start = self.text, self.text.at
        token = text.take() if text.peek() else ""
        if token == "*":
            return Reference(f"*{self.any_type()}")
        if token == "(":
            inner = self.type()
            text.take(")")
            return inner
        if token == "...":
            element = self.type()
            return Slice(f"...{element.name}", element)
        if token == "[":
            return self._array()
        if token == "map":
            text.take("[")
            key = self.any_type()
            text.take("]")
            return Reference(f"map[{key}]{self.any_type()}")
        if token in ("chan", "<-"):
            if token == "<-":
                text.take("chan")
            arrow = "<-" if token == "chan" and text.take_if("<-") else ""
            return Reference(f"{'<-' if token == '<-' else ''}chan{arrow} {self.any_type()}")
        if token == "func":
            self._unsized += 1
            self.params("arg")
            self.results()
            self._unsized -= 1
            return Reference(text.since(start))
        if token == "interface":
            self._braces()
            return Interface(text.since(start))
        if token == "struct":
            return self._struct()
        if not is_name(token):
            raise text.error(
                f"has {token!r} where a type is due" if token else "ends where a type is due", start
            )
        if text.take_if("."):
            token = f"{token}.{text.take()}"
        return self.named(token, start)

    def named(self, name: str, at: int) -> GoType:
        """The type that token `at` names."""
        text = self.text
        if text.peek() == "[" and text.at == at + 1 and not self._unsized:
            raise text.error(f"has type arguments for {name}; give that type a name of its own", at)
        if self._unsized and name not in BASIC:
            if text.take_if("["):
                self.any_type()
                while text.take_if(","):
                    self.any_type()
                text.take("]")
            return Reference(name)
        found = self.types.get(name) or BASIC.get(name)
        if found is None:
            known = ", ".join(sorted(self.types)) or "none are declared here"
            raise text.error(f"names the type {name}, whose layout is unknown (named types: {known})", at)
        return found

    def _array(self) -> GoType:
        text = self.text
        if text.take_if("]"):
            self._unsized += self._declares
            element = self.type()
            self._unsized -= self._declares
            return Slice(f"[]{element.name}", element)
        at, token = text.at, text.take()
        try:
            length = int(token, 0) if token[0].isdigit() else -1
        except ValueError:
            length = -1
        if not 0 <= length <= _MOST_LENGTH:
            raise text.error(f"has an array of length {token}, which is no number up to 2**30", at)
        text.take("]")
        element = self.type()
        return Array(f"[{length}]{element.name}", element, length)

    def _braces(self) -> None:
        self.text.take("{")
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.text.take(), 0)

    def _struct(self) -> GoType:
        text = self.text
        text.take("{")
        members: list[tuple[str, GoType]] = []
        while text.peek() != "}":
            if text.peek() == "*" or text.peek(1) in (".", ";", "}") or text.peek(1)[:1] in ("`", '"'):
                kind = self.type()  # embedded: its name is the type's
                members.append((kind.name.lstrip("*").rpartition(".")[2], kind))
            else:
                at = text.at
                names = [text.take()]
                while text.take_if(","):
                    names.append(text.take())
                if not all(map(is_name, names)):
                    raise text.error("has a field without a name", at)
                kind = self.type()
                members += [(name, kind) for name in names]
            if text.peek()[:1] in ("`", '"'):
                text.take()
            if text.peek() != "}":
                text.take(";")
        text.take("}")
        body = "; ".join(f"{name} {kind.name}" for name, kind in members)
        return Struct.of(f"struct{{ {body} }}" if body else "struct{}", tuple(members))


def _default(unnamed: str, index: int) -> str:
    return unnamed if unnamed in ("ret", "recv") and index == 0 else f"{unnamed}{index}"
