"""What the kernel keeps of a thread, and of a signal that is on its way."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import Any

from underglass.machine.linux.errno import Blocked

__all__ = ["SigInfo", "Thread"]


@dataclass(frozen=True)
class SigInfo:
    """What a handler is told (sigaction(2), siginfo_t)."""

    signal: int
    code: int
    first: int = 0  # the bytes after si_code: pid and uid, an address, or a timer's id and overrun
    value: int = 0  # si_value

    @property
    def words(self) -> tuple[int, int, int, int, int]:
        """signo, errno, code and two quadwords."""
        return self.signal, 0, self.code, self.first & 2**64 - 1, self.value & 2**64 - 1


@dataclass
class Thread:
    """A guest thread. Its registers are in `context` while another one runs."""

    tid: int
    pc: int = 0
    context: Any = None  # the engine's saved registers
    shares_context: bool = False  # a snapshot holds them too: the next saving takes a fresh place
    state: str = "ready"  # ready, dead, or what it waits for: "futex 0x…", "sleep", "epoll 3"
    number: int = 0  # of its last system call
    waits: Blocked | None = None
    retry: Any = None  # (function, arguments): the call to make again
    tried_at: int = 0  # the system's count of changes at the last try
    wake_at: int | None = None  # virtual time in ns
    result: int | None = None  # of the call it waited in, put in AX when it goes on
    restarts: bool = False  # make the interrupted call again
    futex: int = 0  # address it waits on
    futex_bits: int = 0  # futex(2), FUTEX_WAIT_BITSET
    alt_stack: tuple[int, int, int] = (0, 2, 0)  # sigaltstack(2): address, flags (SS_DISABLE), size
    mask: int = 0  # blocked signals, bit n-1 for signal n
    mask_after: int | None = None  # mask to go back to when the call with a mask of its own has ended
    pending: list[SigInfo] = field(default_factory=list)
    accepts: int = 0  # signals that its sigtimedwait(2) takes
    progress: int = 0  # bytes a blocking write has put by
    clear_tid: int = 0  # set_tid_address(2)
    name: bytes = b""  # prctl(2), PR_SET_NAME
    keeps_capabilities: bool = False  # prctl(2), PR_SET_KEEPCAPS
    cpu_time: int = 0  # instructions before its present turn

    def clone(self) -> Thread:
        """A copy for a snapshot."""
        other = copy(self)
        other.pending = list(self.pending)
        self.shares_context = other.shares_context = True
        return other
