"""Ctrl-C while the engine runs: remembered, and acted on when Python is out of the engine's callbacks.

What a signal handler raises at the border of a callback from C is printed and lost ("Exception ignored on
calling ctypes callback function"), and the run would go on. So the handler only takes a note there.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["Interrupts"]

Handler = Callable[[int, FrameType | None], Any]


class Interrupts:
    """SIGINT in one engine's runs. Python hands signals to the main thread: elsewhere this does nothing."""

    def __init__(self) -> None:
        self._before: Handler | None = None  # the handler that was there; None while nothing is held
        self._came = False

    def hold(self) -> None:
        """From now on take a note of SIGINT, unless it is ignored or ends the process anyway."""
        if threading.current_thread() is not threading.main_thread():
            return
        before = signal.getsignal(signal.SIGINT)
        if callable(before) and self._before is None:
            self._before, self._came = before, False
            signal.signal(signal.SIGINT, self._note)

    def release(self) -> None:
        """Put the handler back, and give it the signal that came: Python's own raises KeyboardInterrupt."""
        before, self._before = self._before, None
        if before is None:
            return
        signal.signal(signal.SIGINT, before)
        if self._came:
            self._came = False
            before(signal.SIGINT, None)

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """While inside, SIGINT has its usual effect: for a wait on what somebody types."""
        held = self._before is not None
        self.release()
        try:
            yield
        finally:
            if held:
                self.hold()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._came = True
