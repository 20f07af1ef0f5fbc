"""An exercise that is not solved yet: what is wrong, and the recording that shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.goprogram import GoProgram
    from underglass.trace import Trace

__all__ = ["CheckFailed", "refuse_old"]

_NAMED = re.compile(r"main\.(\w+)")


class CheckFailed(UnderglassError):
    """An exercise is not solved yet; the message says what to look at."""

    def __init__(
        self, message: str, *, trace: Trace | None = None, step: int = 0, rules: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.trace = trace  # of the case that failed; None if nothing ran
        self.step = step  # where to look at it
        self.rules = rules  # ids of the sentinel's rules that it broke


def refuse_old(program: GoProgram, *names: str, ran: Trace | None = None) -> None:
    """Refuse to judge what is older than its text: the cell that was run last did not get in.

    Args:
        names: what is to be judged.
        ran: a recording; all that it called or named counts as well.

    Raises:
        CheckFailed: it is older.
    """
    waiting = program.waiting()
    if not waiting:
        return
    used = list(names)
    if ran is not None:
        used += [function.name.removeprefix("main.") for function in ran.functions]
        code = (ran.instruction(step) for step in range(len(ran)))
        used += [name for i in code if i is not None for name in _NAMED.findall(i.go)]
    for name in used:
        if name in waiting:
            raise CheckFailed(f"{waiting[name]} Mend that cell and run it, then this one.")
