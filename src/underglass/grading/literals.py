"""A typed answer is data: assignments of numbers, strings and the like, read and never run."""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["assigned_names", "literals"]

_MOST_BITS = 4096  # of a number that arithmetic gives
_MOST_SHIFT = 1024
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Mod: operator.mod,
        ast.FloorDiv: operator.floordiv, ast.Div: operator.truediv, ast.LShift: operator.lshift,
        ast.RShift: operator.rshift, ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
        ast.BitXor: operator.xor, ast.Pow: operator.pow,
    }
)  # fmt: skip
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = MappingProxyType(
    {ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Invert: operator.invert, ast.Not: operator.not_}
)


class _NoLiteral(Exception):
    """An expression that would have to be run."""


def assigned_names(source: str) -> tuple[str, ...]:
    """Return the names that the top level of a Python text assigns; none if it is no Python.

    >>> assigned_names("a, b = 1, 2")
    ('a', 'b')
    """
    tree, _ = _parsed(source)
    names = (name for target, _ in _assignments(tree) for name in _names(target))
    return tuple(dict.fromkeys(names))


def literals(source: str, names: Collection[str]) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return the values that a text assigns to these names, the last one of each, and what was left out.

    A value is a literal (ast.literal_eval) or arithmetic with numbers; nothing is run.

    >>> literals("a = 16 + 8; b = open('x')", {"a", "b"})
    ({'a': 24}, ('line 1: the value of b is no literal, and is not run',))
    """
    values: dict[str, object] = {}
    tree, wrong = _parsed(source)
    if wrong:
        return {}, (wrong,)
    notes: list[str] = []
    for node in tree.body:
        pairs = list(_assignments(ast.Module([node], [])))
        if not pairs and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            notes.append(f"line {node.lineno}: this is no assignment, and is not run")
        for target, value in pairs:
            for name, expression in _spread(target, value):
                if name not in names:
                    continue
                try:
                    values[name] = _value(expression)
                except (_NoLiteral, ValueError, TypeError, ArithmeticError, MemoryError, RecursionError):
                    values.pop(name, None)
                    notes.append(f"line {node.lineno}: the value of {name} is no literal, and is not run")
    return values, tuple(notes)


def _parsed(source: str) -> tuple[ast.Module, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SyntaxWarning: the student's text is not ours to mend
            return ast.parse(source), ""
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        return ast.Module(
            [], []
        ), f"{f'line {line}: ' if line else ''}this is no Python, and nothing of it counts"


def _assignments(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value


def _names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for inner in target.elts:
            yield from _names(inner)


def _spread(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Give each name of `a, b = 1, 2` its own expression."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        pairs = zip(target.elts, value.elts, strict=True) if len(target.elts) == len(value.elts) else ()
        for inner, part in pairs:
            yield from _spread(inner, part)


def _value(node: ast.expr) -> object:
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _number(node.left), _number(node.right)
        if isinstance(node.op, ast.Pow | ast.LShift) and not 0 <= right <= _MOST_SHIFT:
            raise _NoLiteral
        if isinstance(node.op, ast.Pow) and isinstance(left, int) and left.bit_length() * right > _MOST_BITS:
            raise _NoLiteral
        return _bounded(_BINARY[type(node.op)](left, right))
    if isinstance(node, ast.UnaryOp):
        return _bounded(_UNARY[type(node.op)](_number(node.operand)))
    if isinstance(node, ast.Tuple | ast.List):
        values = [_value(inner) for inner in node.elts]
        return tuple(values) if isinstance(node, ast.Tuple) else values
    held: object = ast.literal_eval(node)
    return held


def _number(node: ast.expr) -> Any:
    held = _value(node)
    if not isinstance(held, int | float):
        raise _NoLiteral
    return _bounded(held)


def _bounded(held: Any) -> Any:
    if isinstance(held, int) and held.bit_length() > _MOST_BITS:
        raise _NoLiteral
    return held
