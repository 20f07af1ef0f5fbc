"""Go types, as far as a calling convention sees them: size, alignment, and what they are made of.

Sizes and alignments: Go 1.27, cmd/compile/abi-internal.md, section "Memory layout", for amd64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, Literal

from underglass.abi.amd64 import WORD

__all__ = [
    "BASIC",
    "Array",
    "Basic",
    "Chan",
    "Field",
    "Func",
    "GoType",
    "Interface",
    "Map",
    "Pointer",
    "Reference",
    "Slice",
    "String",
    "Struct",
    "align_up",
]

Kind = Literal["int", "uint", "float", "complex", "bool"]


@dataclass(frozen=True)
class GoType:
    """Root of the types; `name` is how Go writes it."""

    name: str

    @property
    def size(self) -> int:
        """Bytes."""
        raise NotImplementedError

    @property
    def align(self) -> int:
        """Bytes; a power of two."""
        return min(self.size, WORD) or 1


@dataclass(frozen=True)
class Basic(GoType):
    """A number or a bool."""

    bytes: int
    kind: Kind

    @property
    def size(self) -> int:
        return self.bytes

    @property
    def align(self) -> int:
        return self.bytes // 2 if self.kind == "complex" else self.bytes


@dataclass(frozen=True)
class _Words(GoType):
    """A value of whole words; how many is the class's to say."""

    words: ClassVar[int]

    @property
    def size(self) -> int:
        return self.words * WORD

    @property
    def align(self) -> int:
        return WORD


Later = Callable[[], GoType]
"""Finds a type when it is asked for: a type may lead to itself."""


@dataclass(frozen=True)
class Reference(_Words):
    """One word that points: unsafe.Pointer, and whatever it is not known more of."""

    words: ClassVar[int] = 1


@dataclass(frozen=True)
class Pointer(Reference):
    """*T."""

    to: GoType | Later = field(repr=False, compare=False)

    @property
    def element(self) -> GoType:
        """T."""
        return _found(self.to)


@dataclass(frozen=True)
class Map(Reference):
    """map[K]V: the address of a header, whose type the linker made for debuggers."""

    of: tuple[GoType | Later, GoType | Later] = field(repr=False, compare=False)
    head: GoType | Later = field(repr=False, compare=False)

    @property
    def key(self) -> GoType:
        """K."""
        return _found(self.of[0])

    @property
    def element(self) -> GoType:
        """V."""
        return _found(self.of[1])

    @property
    def header(self) -> GoType:
        """The struct map<K,V>."""
        return _found(self.head)


@dataclass(frozen=True)
class Func(Reference):
    """A func value: the address of a closure, whose first word is the code's address."""


@dataclass(frozen=True)
class Chan(Reference):
    """A channel: the address of its runtime.hchan."""


@dataclass(frozen=True)
class String(_Words):
    """Two words: address of the bytes, length."""

    words: ClassVar[int] = 2


@dataclass(frozen=True)
class Slice(_Words):
    """Three words: address of the first element, length, capacity."""

    words: ClassVar[int] = 3
    of: GoType | Later = field(repr=False, compare=False)

    @property
    def element(self) -> GoType:
        """What it has many of."""
        return _found(self.of)


@dataclass(frozen=True)
class Interface(_Words):
    """Two words: type or method table, data."""

    words: ClassVar[int] = 2


@dataclass(frozen=True)
class Array(GoType):
    """`length` elements side by side."""

    element: GoType
    length: int

    @property
    def size(self) -> int:
        return self.element.size * self.length

    @property
    def align(self) -> int:
        return self.element.align


@dataclass(frozen=True)
class Field:
    """One field of a struct."""

    name: str
    type: GoType
    offset: int  # bytes from the start of the struct


@dataclass(frozen=True)
class Struct(GoType):
    """Fields in order, each at its alignment."""

    fields: tuple[Field, ...]

    @cached_property
    def size(self) -> int:
        if not self.fields:
            return 0
        last = self.fields[-1]
        end = last.offset + last.type.size
        # A zero-size field at the end gets a byte, so that its address stays inside the struct.
        if last.type.size == 0 and end > 0:
            end += 1
        return align_up(end, self.align)

    @cached_property
    def align(self) -> int:
        return max((f.type.align for f in self.fields), default=1)

    @staticmethod
    def of(name: str, members: tuple[tuple[str, GoType], ...]) -> Struct:
        """Lay out (name, type) pairs one after the other."""
        fields = []
        offset = 0
        for member, kind in members:
            offset = align_up(offset, kind.align)
            fields.append(Field(member, kind, offset))
            offset += kind.size
        return Struct(name, tuple(fields))


def _found(kind: GoType | Later) -> GoType:
    return kind if isinstance(kind, GoType) else kind()


def align_up(offset: int, align: int) -> int:
    """The next multiple of `align` that is at least `offset`."""
    return -(-offset // align) * align


def _basics() -> dict[str, GoType]:
    found: dict[str, GoType] = {
        f"{sign}int{bits}": Basic(f"{sign}int{bits}", bits // 8, "uint" if sign else "int")
        for bits in (8, 16, 32, 64)
        for sign in ("", "u")
    }
    found |= {
        "int": Basic("int", 8, "int"),
        "uint": Basic("uint", 8, "uint"),
        "uintptr": Basic("uintptr", 8, "uint"),
    }
    found |= {
        "byte": Basic("byte", 1, "uint"),
        "rune": Basic("rune", 4, "int"),
        "bool": Basic("bool", 1, "bool"),
    }
    found |= {"float32": Basic("float32", 4, "float"), "float64": Basic("float64", 8, "float")}
    found |= {"complex64": Basic("complex64", 8, "complex"), "complex128": Basic("complex128", 16, "complex")}
    found |= {"string": String("string"), "unsafe.Pointer": Reference("unsafe.Pointer")}
    found |= {"error": Interface("error"), "any": Interface("any")}
    return found


BASIC: Mapping[str, GoType] = MappingProxyType(_basics())
"""The types that need no declaration, by name."""
