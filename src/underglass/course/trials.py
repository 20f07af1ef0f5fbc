"""Trials of an answer against a Go function: random inputs of the right types, the same for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import lru_cache

from underglass.abi import Signature
from underglass.abi.types import Array, Basic, GoType, Slice, String, Struct
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram, build
from underglass.toolchain import Source

__all__ = ["inputs", "reference"]

_LETTERS = "abcxyzABC019 ,._-·é"
_MOST_ELEMENTS = 9


def inputs(signature: Signature, count: int, seed: int) -> Iterator[tuple[object, ...]]:
    """Yield `count` tuples of arguments; edges of each type come often.

    Raises:
        UnderglassError: a parameter of a type that has no random values: a pointer, a map, an interface.
    """
    draw = random.Random(seed)
    for _ in range(count):
        yield tuple(_value(param.type, draw) for param in signature.params)


@lru_cache(maxsize=32)
def reference(text: str) -> tuple[GoProgram, str]:
    """Build the Go text of a reference function, and return the program and the function's name.

    Raises:
        UnderglassError: the text has no function.
        BuildError: it does not build.
    """
    named = re.search(r"^func\s+(\w+)", text, re.MULTILINE)
    if named is None:
        raise UnderglassError(f"against= is the text of a Go function, func f(x int64) int64; not {text!r}.")
    head = "" if re.search(r"^package\s", text, re.MULTILINE) else "package main\n"
    return build(Source("reference.go", head + text, "the reference")), named[1]


def _value(type_: GoType, draw: random.Random) -> object:
    if isinstance(type_, Basic):
        return _basic(type_, draw)
    if isinstance(type_, String):
        return "".join(draw.choice(_LETTERS) for _ in range(draw.randrange(_MOST_ELEMENTS)))
    if isinstance(type_, Slice):
        return [_value(type_.element, draw) for _ in range(draw.randrange(_MOST_ELEMENTS))]
    if isinstance(type_, Array):
        return [_value(type_.element, draw) for _ in range(type_.length)]
    if isinstance(type_, Struct):
        return tuple(_value(field.type, draw) for field in type_.fields)
    raise UnderglassError(f"There are no random values of {type_.name}. Give cases instead of trials.")


def _basic(type_: Basic, draw: random.Random) -> object:
    if type_.kind == "bool":
        return draw.random() < 0.5
    if type_.kind in ("float", "complex"):
        number = draw.choice([0.0, 1.0, -1.0, 0.5, draw.randint(-(1 << 20), 1 << 20) / 8])
        return complex(number, 1.0) if type_.kind == "complex" else number
    bits = 8 * type_.bytes
    low, high = (0, (1 << bits) - 1) if type_.kind == "uint" else (-(1 << bits - 1), (1 << bits - 1) - 1)
    near = [value for value in (0, 1, -1, 2, low, low + 1, high, high - 1) if low <= value <= high]
    small = draw.randint(max(low, -100), min(high, 100))
    return draw.choice([draw.choice(near), small, small, draw.randint(low, high)])
