"""Read a call as a reader writes it, `add(23, 4)`: a name and literals, nothing that is computed."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING

from underglass.errors import CallError

if TYPE_CHECKING:
    from underglass.abi import Pointer

__all__ = ["read_call"]

_NAMES = {"true": True, "false": False, "nil": None, "inf": math.inf, "nan": math.nan}
_FORM = "Write a function's name and its arguments, as in 'add(23, 4)'."


def read_call(text: str) -> tuple[str, tuple[object, ...]]:
    """Return the function's name and the values of the arguments.

    >>> read_call('main.f(-1, [1.5, nil], {"X": 0x10})')
    ('main.f', (-1, [1.5, None], {'X': 16}))

    Raises:
        CallError: it is no call, or an argument is no literal.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        # Python's words would speak of Python ("invalid decimal literal"); only the place is of use here.
        place = error.offset if isinstance(error, SyntaxError) and error.offset else None
        where = f" from character {place} on" if place else ""
        raise CallError(f"The call {text!r} cannot be read{where}. {_FORM}") from error
    if not isinstance(node, ast.Call):
        raise CallError(f"{text!r} is no call. {_FORM}")
    if node.keywords:
        raise CallError(
            f"{text!r} names an argument. Go's arguments have an order and no names: leave it out."
        )
    return _name(node.func, text), tuple(_value(a, text) for a in node.args)


def _name(node: ast.expr, text: str) -> str:
    """Return `add`, `main.add` or `strings.Builder.Len`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value, text)}.{node.attr}"
    raise CallError(f"In {text!r} it is not a name that is called. {_FORM}")


def _value(node: ast.expr, text: str) -> object:
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    if isinstance(node, ast.Constant) and node.value is not ...:
        return node.value
    if isinstance(node, ast.List | ast.Tuple):
        values = [_value(item, text) for item in node.elts]
        return values if isinstance(node, ast.List) else tuple(values)
    if isinstance(node, ast.Dict):
        return _dict(node, text)
    if isinstance(node, ast.Call):
        return _pointer(node, text)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _value(node.operand, text)
        if isinstance(value, int | float | complex) and not isinstance(value, bool):
            return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):  # 1+2j has a plus in it
        real, imaginary = _value(node.left, text), _value(node.right, text)
        if isinstance(real, int | float) and not isinstance(real, bool) and isinstance(imaginary, complex):
            return complex(real, imaginary.imag if isinstance(node.op, ast.Add) else -imaginary.imag)
    raise _no_literal(node, text)


def _dict(node: ast.Dict, text: str) -> dict[object, object]:
    found: dict[object, object] = {}
    for name, value in zip(node.keys, node.values, strict=True):
        key = _value(name, text) if name is not None else None
        if not isinstance(key, str):
            raise _no_literal(node, text)
        found[key] = _value(value, text)
    return found


def _pointer(node: ast.Call, text: str) -> Pointer:
    """`Pointer(value)`, or as a result is printed: `Pointer(value, '*int', 0xc000012030)`."""
    if not (isinstance(node.func, ast.Name) and node.func.id == "Pointer") or node.keywords:
        raise _no_literal(node, text)
    if not 1 <= len(node.args) <= 3:
        raise CallError(
            f"{_source(node, text)} has {len(node.args)} values. Write Pointer(5): what the pointer leads to."
        )
    from underglass.abi import Pointer

    return Pointer(_value(node.args[0], text))


def _no_literal(node: ast.expr, text: str) -> CallError:
    return CallError(
        f"The argument {_source(node, text)} is no literal. Arguments are numbers, strings in quotes, true, "
        'false, nil, lists [1, 2] for slices and arrays, {"X": 1} for structs, and Pointer(1) for pointers.'
    )


def _source(node: ast.expr, text: str) -> str:
    return ast.get_source_segment(text.strip(), node) or text
