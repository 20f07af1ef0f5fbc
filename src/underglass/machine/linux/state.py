"""What a snapshot keeps of the kernel, and what a program has written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from underglass.errors import LimitExceeded
from underglass.machine.linux.thread import SigInfo, Thread
from underglass.machine.linux.timers import Timer

__all__ = ["KernelState", "Output"]


@dataclass
class KernelState:
    """What a snapshot keeps of the kernel."""

    threads: list[Thread]
    ready: list[int]  # tids of those who may run
    current: int
    clock: tuple[int, int, int]  # threads.py, clock_state
    handlers: dict[int, tuple[int, int, int, int]]
    pending: list[SigInfo]
    timers: dict[int, Timer]
    rlimits: dict[int, tuple[int, int]]
    files: Any  # the tree, the descriptors and what belongs to them
    random: tuple[Any, Any]  # of the guest's bytes, and of the schedule


@dataclass
class Output:
    """What the program has written, in order."""

    most: int
    pieces: list[tuple[int, bytes]] = field(default_factory=list)  # (descriptor, bytes)
    listener: Callable[[int, bytes], None] | None = None
    size: int = 0

    def add(self, fd: int, data: bytes) -> None:
        room = self.most - self.size
        kept = data[:room]
        self.size += len(kept)
        self.pieces.append((fd, kept))
        if self.listener is not None:
            self.listener(fd, kept)
        if len(data) > room:
            raise LimitExceeded(
                f"The program wrote more than {self.most:,} bytes. Is there a loop that prints? "
                "Otherwise raise the limit `output`.",
                limit="output",
            )

    def text(self, fd: int | None = None) -> bytes:
        """All bytes written to `fd`; to any descriptor if None."""
        return b"".join(data for n, data in self.pieces if fd in (None, n))
