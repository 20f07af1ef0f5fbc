"""Read what stands behind a magic: calls as Python writes them, whose arguments the notebook computes."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from underglass.errors import CallError, UnderglassError

__all__ = ["AskedCall", "Place", "read_calls", "read_options"]

_SHOWN = 60  # characters of what was written
_GO = {"true": True, "false": False, "nil": None, "inf": math.inf, "nan": math.nan}


@dataclass(frozen=True)
class Place:
    """Where a magic stands."""

    number: int  # of its cell
    line: int  # 1-based, as the reader counts
    cell_id: str | None = None  # the front end's name for the cell, if it has told

    def __str__(self) -> str:
        return f"cell {self.number}, line {self.line}"

    def below(self, lines: int) -> Place:
        """The place so many lines further down."""
        return Place(self.number, self.line + lines, self.cell_id)


@dataclass(frozen=True)
class AskedCall:
    """A call that the reader asks for."""

    name: str  # "add", "strings.ToUpper"
    values: tuple[object, ...]  # Python's, as `GoProgram.call` takes them
    text: str  # as it was written


def read_calls(text: str, names: Mapping[str, Any], place: Place, magic: str) -> tuple[AskedCall, ...]:
    """Return the calls in a text, `add(23, 4)` or `add(x, 4), sub(x, 4)`.

    A function whose name Python cannot write stands in quotes: `"(*T).Len"(t)`.

    Args:
        names: the notebook's variables, which arguments may name.

    Raises:
        CallError: the text holds something else, or an argument cannot be computed.
    """
    form = f"Write a function of the program and its arguments: %%{magic} add(23, 4)."
    if not text.strip():
        raise CallError(f"{place}: there is no call behind %%{magic}. {form}")
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        at = f" from character {error.offset} on" if isinstance(error, SyntaxError) and error.offset else ""
        raise CallError(f"{place}: {_short(text.strip())} cannot be read as a call{at}. {form}") from error
    nodes = body.elts if isinstance(body, ast.Tuple) else [body]
    return tuple(_call(node, text.strip(), names, place, form) for node in nodes)


def read_options(
    text: str,
    names: Mapping[str, Any],
    known: Mapping[str, type | tuple[type, ...]],
    place: Place,
    magic: str,
) -> dict[str, Any]:
    """Return the options in a magic's body: Python lines `name = value`; a list alone is `predict`.

    Args:
        known: option → what it may be.
        place: of the magic; the body begins on the line below.

    Raises:
        UnderglassError: the body holds something else; the message has its line.
    """
    form = f"The body of %%{magic} may set {', '.join(known)}, one a line: {next(iter(known))} = …"
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        at = place.below(getattr(error, "lineno", None) or 1)
        raise UnderglassError(f"{at}: this is no Python that can be read. {form}") from error
    found: dict[str, Any] = {}
    for node in tree.body:
        at = place.below(node.lineno)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, node.value
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.List) and "predict" in known:
            name, value = "predict", node.value
        else:
            raise UnderglassError(f"{at}: {_short(ast.unparse(node))} is no option. {form}")
        if name not in known:
            raise UnderglassError(f"{at}: there is no option {name}. {form}")
        held = _value(value, names, f"{at}: {name}")
        if not isinstance(held, known[name]):
            kinds = known[name] if isinstance(known[name], tuple) else (known[name],)
            due = " or ".join(k.__name__ for k in kinds)  # type: ignore[union-attr] # mypy loses the tuple
            raise UnderglassError(f"{at}: {name} is {_short(held)}, and has to be {due}. {form}")
        found[name] = held
    return found


def _call(node: ast.expr, text: str, names: Mapping[str, Any], place: Place, form: str) -> AskedCall:
    written = ast.get_source_segment(text, node) or text
    if not isinstance(node, ast.Call):
        raise CallError(f"{place}: {_short(written)} is no call. {form}")
    if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
        raise CallError(
            f"{place}: {_short(written)} has an argument with a name or a star. Go's arguments have an "
            f"order and no names: write each alone. {form}"
        )
    name = _name(node.func)
    if not name:
        raise CallError(f"{place}: in {_short(written)} it is not a name that is called. {form}")
    values = tuple(_value(a, names, f"{place}: argument {i} of {name}") for i, a in enumerate(node.args, 1))
    return AskedCall(name, values, written)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Attribute):
        before = _name(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def _value(node: ast.expr, names: Mapping[str, Any], what: str) -> Any:
    from underglass import Change, Pointer, Predict

    known = {**_GO, "Change": Change, "Pointer": Pointer, "Predict": Predict, **names}
    try:
        return eval(compile(ast.Expression(node), what, "eval"), known)  # the reader's own Python
    except Exception as error:
        raise CallError(
            f"{what}, {_short(ast.unparse(node))}, gives {type(error).__name__}: {str(error).rstrip('.')}. "
            "Write a value, or a Python expression that has one."
        ) from error
