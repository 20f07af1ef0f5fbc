"""What order the threads run in, and for how long: a fixed choice, drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

__all__ = ["Schedule"]

_T = TypeVar("_T")
_SHORTEST, _DOUBLINGS = 31_250, 5  # a turn has 31,250 to 1,000,000 instructions


class Schedule:
    """A generator of its own, so that the guest's random bytes do not depend on the turns."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"schedule {seed}")

    def turn(self) -> int:
        """Instructions until the next thread's turn; short ones are as likely as long ones."""
        return int(_SHORTEST * 2 ** (_DOUBLINGS * self._random.random()))

    def delay(self) -> int:
        """Nanoseconds that reading a clock takes: never quite the same, as on a real machine.

        Go's FIPS module draws its first entropy from such differences, and refuses a clock without any
        (Go 1.27, crypto/internal/entropy).
        """
        return 20 + self._random.getrandbits(5)

    def one(self, among: Sequence[_T]) -> _T:
        """Who runs next."""
        return among[0] if len(among) == 1 else among[self._random.randrange(len(among))]

    def some(self, among: list[_T], most: int) -> list[_T]:
        """Who is woken."""
        return among if len(among) <= most else self._random.sample(among, most)

    def state(self) -> Any:
        """What `restore` goes back to."""
        return self._random.getstate()

    def restore(self, state: Any) -> None:
        """Draw again what was drawn after `state` was taken."""
        self._random.setstate(state)
