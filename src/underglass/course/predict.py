"""The book's questions: what is asked before the run shows it.

They lie in `questions/`, one file a chapter, so that the cell that asks does not tell the answer.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from underglass.errors import UnderglassError
from underglass.views.quiz import Choice, Question

__all__ = ["Choice", "Question", "predict"]


def predict(name: str) -> Question:
    """Ask, before the run shows it.

    >>> predict("frame/entry")
    add has just been entered, and SP points to the return address. At which offset from SP …
      ( ) 0(SP)
      ( ) 8(SP)
      ( ) 16(SP)

    A teacher's own question is a `Question`, which shows itself as these do.

    Args:
        name: file and question, as "frame/entry".

    Raises:
        UnderglassError: there is no such question.
    """
    known = _questions()
    if name not in known:
        near = difflib.get_close_matches(name, known, 3, 0.3)
        raise UnderglassError(f"There is no question {name!r}. Nearest: {', '.join(near) or 'none'}.")
    return known[name]


@cache
def _questions() -> dict[str, Question]:
    """Every question, by its name."""
    found = {}
    for file in files("underglass.course").joinpath("questions").iterdir():
        if file.name.endswith(".yml"):
            for key, held in yaml.safe_load(file.read_text(encoding="utf-8")).items():
                found[f"{file.name.removesuffix('.yml')}/{key}"] = _question(held)
    return found


def _question(held: dict[str, Any]) -> Question:
    choices = (Choice(c["choice"], c["says"], c.get("is_right", False)) for c in held.get("choices", ()))
    answer = held.get("answer", ())
    return Question(
        held["text"],
        tuple(choices),
        tuple(answer) if isinstance(answer, list) else answer,
        held.get("says", ""),
        held.get("wrong", {}),
    )
