"""How much a program may use before it is stopped."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Each limit but the last two ends a run with `LimitExceeded`, which names it."""

    instructions: int = 5_000_000_000
    seconds: float = 60.0  # wall clock of the host
    memory: int = 1 << 30  # bytes mapped readable
    output: int = 16 << 20  # bytes written to stdout and stderr
    threads: int = 128
    files: int = 1024  # open descriptors; one more fails with EMFILE, as under RLIMIT_NOFILE
    storage: int = 256 << 20  # bytes of the guest's files; more fails with ENOSPC
