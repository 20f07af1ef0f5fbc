"""Standard input of a program that runs in a notebook: the front end asks its reader, a line at a time."""

from __future__ import annotations

from typing import Any

from IPython.core.error import StdinNotImplementedError

__all__ = ["Keyboard"]


class Keyboard:
    """A source of standard input, as a terminal is one: a read gets a line, Ctrl-D ends the input."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._rest = b""  # of a line that was longer than the read

    def __call__(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end, and where nobody can be asked (nbconvert)."""
        if not self._rest and size > 0:
            self._rest = self._line()
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def _line(self) -> bytes:
        kernel = getattr(self._shell, "kernel", None)
        try:
            line = input() if kernel is None else kernel.raw_input()
        except (EOFError, StdinNotImplementedError):
            return b""
        return f"{line}\n".encode(errors="surrogateescape")
