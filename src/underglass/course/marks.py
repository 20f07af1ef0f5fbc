"""Partial credit: a graded cell of several parts, each with its points."""

from __future__ import annotations

import sys
from types import TracebackType

from underglass.course.failure import CheckFailed

__all__ = ["Marks"]


class Marks:
    """Counts the points of a graded cell whose parts count alone.

    >>> marks = Marks()
    >>> with marks(2): check("squares", {(5, 3): 16})
    >>> with marks(1): check("squares", {(5, 3): 16}, at_most=12)
    >>> marks.total                                                 # the cell's last line
    3

    The number that the cell ends with is its points, to nbgrader (nbgrader 0.9, utils.py, determine_grade)
    and to `underglass grade`. A part that fails says why, and the next one is tried.
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
        if not isinstance(error, CheckFailed):
            return False
        self.failures.append(error)
        sys.stdout.write(f"{error}\n")
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
