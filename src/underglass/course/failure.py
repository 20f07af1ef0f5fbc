"""An exercise that is not solved yet: what is wrong, and the recording that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["CheckFailed"]


class CheckFailed(UnderglassError):
    """An exercise is not solved yet; the message says what to look at."""

    def __init__(
        self, message: str, *, trace: Trace | None = None, step: int = 0, rules: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.trace = trace  # of the case that failed; None if nothing ran
        self.step = step  # where to look at it
        self.rules = rules  # ids of the sentinel's rules that it broke
