"""Lock files: two kernels at once must not build in the same directory."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["first_free"]

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


@contextmanager
def first_free(parent: Path, count: int) -> Iterator[Path]:
    """Hold the first of the directories parent/0 ... that nobody holds; wait if all are held.

    The lock is the operating system's: it goes when its process ends, however it ends.
    """
    parent.mkdir(parents=True, exist_ok=True)
    while True:
        for number in range(count):
            with (parent / f"{number}.lock").open("ab") as file:
                if _try_lock(file):
                    directory = parent / str(number)
                    directory.mkdir(exist_ok=True)
                    yield directory
                    return
        time.sleep(0.02)
