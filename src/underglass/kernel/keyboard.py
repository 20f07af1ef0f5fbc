"""Standard input of a program that runs in a notebook: the front end asks its reader, a line at a time."""

from __future__ import annotations

import sys
from typing import Any

from IPython.core.error import StdinNotImplementedError

__all__ = ["Keyboard"]

_PROMPT = "stdin (^D ends it): "
_END = "^D"  # JupyterLab sends no Ctrl-D, so that it may be typed as it is written


class Keyboard:
    """The standard input of one run, as a terminal is one: a read gets a line, ^D ends the input."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._rest = b""  # of a line that was longer than the read
        self._is_over = False

    def __call__(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end, and where nobody can be asked (nbconvert)."""
        if not self._rest and size > 0 and not self._is_over:
            self._rest = self._line()
            self._is_over = not self._rest
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def _line(self) -> bytes:
        kernel = getattr(self._shell, "kernel", None)
        if kernel is None and not sys.stdin.isatty():
            return b""
        try:
            line = input(_PROMPT) if kernel is None else kernel.raw_input(_PROMPT)
        except (EOFError, StdinNotImplementedError):
            return b""
        return b"" if line.strip() == _END else f"{line}\n".encode(errors="surrogateescape")
