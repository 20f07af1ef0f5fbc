"""Read a call as a reader writes it, `add(23, 4)`: a name and literals, nothing that is computed."""

from __future__ import annotations

import ast

from underglass.errors import CallError

__all__ = ["read_call"]

_GO_NAMES = {"true": True, "false": False, "nil": None}
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
    if isinstance(node, ast.Name) and node.id in _GO_NAMES:
        return _GO_NAMES[node.id]
    if isinstance(node, ast.Constant) and node.value is not ...:
        return node.value
    if isinstance(node, ast.List | ast.Tuple):
        values = [_value(item, text) for item in node.elts]
        return values if isinstance(node, ast.List) else tuple(values)
    if isinstance(node, ast.Dict) and all(key is not None for key in node.keys):
        return {
            _value(key, text): _value(value, text)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _value(node.operand, text)
        if isinstance(value, int | float | complex) and not isinstance(value, bool):
            return -value if isinstance(node.op, ast.USub) else value
    shown = ast.get_source_segment(text.strip(), node) or text
    raise CallError(
        f"The argument {shown} is no literal. Arguments are numbers, strings in quotes, true, false, nil, "
        'lists [1, 2] for slices and arrays, and {"X": 1} for structs.'
    )
