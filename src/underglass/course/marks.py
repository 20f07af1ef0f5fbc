"""Partial credit: a graded cell of several parts, each with its points."""

from __future__ import annotations

import sys
from types import TracebackType

from underglass.course.failure import CheckFailed
from underglass.errors import UnderglassError

__all__ = ["Marks"]


class Marks:
    """Counts the points of a graded cell whose parts count alone.

    >>> marks = Marks()
    >>> with marks(2): check("squares", {(5, 3): 16})
    >>> with marks(1): check("squares", {(5, 3): 16}, at_most=12)
    >>> marks.total                                                 # the cell's last line
    3

    The number that the cell ends with is its points, to nbgrader (nbgrader 0.9, utils.py, determine_grade)
    and to `underglass grade`. A part that fails says why, once, and the next one is tried.
    """

    def __init__(self) -> None:
        self.failures: list[CheckFailed] = []
        self._given: float = 0
        self._now: float = 0

    def __call__(self, points: float) -> Marks:
        """Begin a part that is worth `points`."""
        self._now = points
        return self

    def __enter__(self) -> Marks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        if error is None:
            self._given += self._now
            return False
        if not isinstance(error, UnderglassError):
            return False
        failure = error if isinstance(error, CheckFailed) else CheckFailed(str(error))
        if str(failure) not in map(str, self.failures):
            sys.stdout.write(f"{failure}\n")
        self.failures.append(failure.with_traceback(error.__traceback__))
        return True

    @property
    def total(self) -> float:
        """The points of the parts that passed.

        Raises:
            CheckFailed: none passed; it is the first one's failure.
        """
        if not self._given and self.failures:
            raise self.failures[0]
        return int(self._given) if self._given == int(self._given) else self._given
