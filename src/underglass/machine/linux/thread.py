"""What the kernel keeps of a thread."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field

__all__ = ["Thread"]


@dataclass
class Thread:
    """A guest thread. Its registers are in `context` while another one runs."""

    tid: int
    pc: int = 0
    context: bytes | None = None  # the engine's saved registers
    state: str = "ready"  # ready, dead, or what it waits for: "futex 0x…", "sleep", "epoll 3"
    wake_at: int | None = None  # virtual time in ns
    ready: Callable[[], int | None] | None = None  # a waiting thread's test: its result once it may go on
    result: int | None = None  # of the call it waited in, put in AX when it goes on
    timeout_result: int = 0  # the same if `wake_at` comes first
    futex: int = 0  # address it waits on
    alt_stack: tuple[int, int, int] = (0, 2, 0)  # sigaltstack(2): address, flags (SS_DISABLE), size
    mask: int = 0  # blocked signals, bit n-1 for signal n
    pending: list[tuple[int, int]] = field(default_factory=list)  # (signal, si_code)
    clear_tid: int = 0  # set_tid_address(2)

    def clone(self) -> Thread:
        """A copy for a snapshot."""
        other = copy(self)
        other.pending = list(self.pending)
        return other
