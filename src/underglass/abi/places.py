"""Places inside a value, for messages: `argument 2 of f, p.xs[3]`."""

from __future__ import annotations

__all__ = ["Where", "said"]

Where = tuple["Where | None", str | int]
"""The place around it, and the step from there: ".field", an index, or words. It is put into text when a
message needs it, since most places never do and a list of a thousand elements has a place each."""

_LONGEST = 40  # steps in a message


def said(where: Where) -> str:
    """The place in words.

    >>> said((((None, "argument 2 of f, p"), ".xs"), 3))
    'argument 2 of f, p.xs[3]'
    """
    steps: list[str] = []
    at: Where | None = where
    while at is not None:
        at, step = at
        steps.append(f"[{step}]" if isinstance(step, int) else step)
    if len(steps) > _LONGEST:
        steps[_LONGEST // 2 : -_LONGEST // 2] = ["…"]
    return "".join(reversed(steps))
