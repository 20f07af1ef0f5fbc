"""The processes that a machine's first one has started: each is a machine of its own, and gets turns."""

from __future__ import annotations

from typing import Protocol

from underglass.machine.linux import Kernel
from underglass.machine.linux.spawn import ended

__all__ = ["Family", "Member"]


class Member(Protocol):
    """What a family needs of a machine."""

    kernel: Kernel

    def take_turn(self) -> bool:
        """Run for a turn; False if all its threads wait."""


class Family:
    """All processes but the first, in the order of their birth."""

    def __init__(self) -> None:
        self.members: list[Member] = []

    def advance(self) -> bool:
        """Give each a turn; False if all of them wait."""
        was_busy = False
        for member in list(self.members):
            was_busy = member.take_turn() or was_busy
            if member.kernel.exit_code is not None:
                self.members.remove(member)
                ended(member.kernel)
                was_busy = True
        return was_busy
