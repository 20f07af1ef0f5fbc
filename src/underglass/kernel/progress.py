"""One line that says what takes long: there after a second, gone when it is over.

In a notebook it is one display that is updated; elsewhere a line on stderr. It starts empty and ends empty,
so that a stored notebook does not tell how fast a machine was.
"""

from __future__ import annotations

import contextvars
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

__all__ = ["ProgressLine"]

_AFTER, _EVERY = 1.0, 0.5  # seconds


class ProgressLine:
    """The line of one IPython shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._words: Callable[[], str] | None = None  # while something is being done

    @contextmanager
    def during(self, words: Callable[[], str]) -> Iterator[None]:
        """While inside, show what `words` returns, from the first second on.

        What is long inside something long changes the words of its line.
        """
        outer, self._words = self._words, words
        if outer is not None:
            try:
                yield
            finally:
                self._words = outer
            return
        over = Event()
        show = _Display(self._shell) if getattr(self._shell, "kernel", None) is not None else _Line()
        # A message belongs to the cell that runs, which ipykernel keeps in a context variable.
        context = contextvars.copy_context()
        thread = Thread(target=context.run, args=(_tell, show, self._said, over), daemon=True)
        try:
            thread.start()
            yield
        finally:
            over.set()
            thread.join()
            self._words = None

    def _said(self) -> str:
        words = self._words
        return words() if words is not None else ""


def _tell(show: _Display | _Line, words: Callable[[], str], over: Event) -> None:
    begun, is_shown = time.monotonic(), False
    wait = _AFTER
    while not over.wait(wait):
        show(f"{words()}, {time.monotonic() - begun:.0f} s")
        is_shown, wait = True, _EVERY
    if is_shown:
        show("")


class _Display:
    """A line below a cell of a notebook."""

    def __init__(self, shell: Any) -> None:
        self._publish = shell.display_pub.publish
        self._transient = {"display_id": uuid.uuid4().hex}
        self._is_there = False

    def __call__(self, text: str) -> None:
        if not self._is_there:
            self._publish({}, {}, transient=self._transient)
            self._is_there = True
        self._publish({"text/plain": text} if text else {}, {}, transient=self._transient, update=True)


class _Line:
    """A line of a terminal; where nothing can be taken back, the first words alone."""

    def __init__(self) -> None:
        self._width = 0

    def __call__(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{text:<{self._width}}" + ("" if text else "\r"))
        elif text and not self._width:
            sys.stderr.write(f"{text}\n")
        self._width = len(text)
        sys.stderr.flush()
