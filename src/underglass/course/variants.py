"""Variants of a lab: constants, names, orders and types that are drawn for each student.

The solution says what there is to draw from in a cell that begins with `%%variants`, in YAML, and uses a
drawn value anywhere, in text and in code, as `«name»`; between the marks stands an expression of Jinja's. The
solution itself, and the lab without a student, have the first value of each.

    %%variants
    factor: [3, 5, 7]
    kind:
      - {type: int64, move: MOVQ, bytes: 8}
      - {type: int32, move: MOVL, bytes: 4}

`«factor»`, `«kind.type»` and `«factor * kind.bytes»` are then 3, int64 and 24, or what the student has drawn.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

__all__ = ["MAGIC", "BadVariants", "drawn", "expanded", "filled", "first", "has_variants", "read_choices"]

MAGIC = "%%variants"
Choices = Mapping[str, Sequence[Any]]
"""name → what may be drawn, each plain data."""


class BadVariants(UnderglassError):
    """A cell of variants, or a place that uses one, that cannot be read."""


def read_choices(text: str) -> Choices:
    """Return what the YAML of a cell of variants offers.

    Raises:
        BadVariants: it is no mapping from names to lists.
    """
    try:
        held = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise BadVariants(
            f"{MAGIC} holds YAML, and this is none: {' '.join(str(error).split())}. "
            "Write a line a variant: factor: [3, 5, 7]"
        ) from error
    for name, values in held.items() if isinstance(held, dict) else [(held, None)]:
        if not (isinstance(name, str) and name.isidentifier() and isinstance(values, list) and values):
            raise BadVariants(
                f"{MAGIC} has {name!r} without a list of values. Write a line a variant: factor: [3, 5, 7]"
            )
    return held


def first(choices: Choices) -> dict[str, Any]:
    """Return the first value of each, which the solution itself has."""
    return {name: values[0] for name, values in choices.items()}


def drawn(choices: Choices, student: str, term: str = "") -> dict[str, Any]:
    """Return what a student has, the same whenever it is asked for.

    >>> drawn({"factor": [3, 5, 7]}, "ada", "2026") == drawn({"factor": [3, 5, 7]}, "ada", "2026")
    True
    """
    return {name: values[_pick(term, student, name) % len(values)] for name, values in choices.items()}


def expanded(text: str, values: Mapping[str, Any]) -> str:
    """Return a text with `«name»` filled in.

    Raises:
        BadVariants: a name that is none of the variants', or an expression that cannot be read.
    """
    from jinja2 import TemplateError

    if "«" not in text:
        return text
    try:
        return _environment().from_string(text).render(values)
    except (TemplateError, ArithmeticError, TypeError, ValueError) as error:
        raise BadVariants(
            f"What stands between « and » cannot be filled in: {error}. "
            f"The variants are {', '.join(values) or 'none'}; write «name» or «name.key»."
        ) from error


def has_variants(notebook: Any) -> bool:
    """Whether a notebook has a cell of variants."""
    return any(_is_variants(cell) for cell in notebook.cells)


def filled(notebook: Any, student: str | None = None, term: str = "") -> Any:
    """Return a notebook with its variants filled in, and without the cell that offers them.

    Args:
        student: whose values; None takes the first of each. The argument is left as it is.

    Raises:
        BadVariants: with the cell's number.
    """
    made = copy.deepcopy(notebook)
    values: dict[str, Any] = {}
    for number, cell in enumerate(made.cells, 1):
        try:
            if _is_variants(cell):
                choices = read_choices(cell.source.partition("\n")[2])
                values |= first(choices) if student is None else drawn(choices, student, term)
            elif values:
                cell.source = expanded(cell.source, values)
        except BadVariants as error:
            raise BadVariants(f"Cell {number}: {error}") from error
    made.cells = [cell for cell in made.cells if not _is_variants(cell)]
    return made


def _is_variants(cell: Any) -> bool:
    return bool(cell.cell_type == "code" and cell.source.lstrip().startswith(MAGIC))


def _pick(*words: str) -> int:
    text = "\0".join(words).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(
        block_start_string="«%", block_end_string="%»",
        variable_start_string="«", variable_end_string="»",
        comment_start_string="«#", comment_end_string="#»",
        undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
