"""One root for every error a reader can meet.

Each message is one paragraph: what happened, where (cell and line, or file and line, or
instruction and function), and what to do.  Raise the most specific class; never a bare one
from the standard library where the reader's input is at fault.
"""

from __future__ import annotations

from textwrap import fill

__all__ = [
    "BuildError",
    "BuildStopped",
    "CallError",
    "GuestFault",
    "LimitExceeded",
    "NotAProgram",
    "ToolchainMissing",
    "UnderglassError",
    "UnknownFunction",
]


class UnderglassError(Exception):
    """Root of all errors of the kit."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the paragraph alone. Where in our code it was raised is not the reader's
        concern (IPython's hook for exceptions that know better, core/interactiveshell.py).

        Lines are cut between words, since JupyterLab would cut them anywhere.
        """
        lines = f"{type(self).__name__}: {self}".splitlines()
        return ["\n".join(fill(line, 88, break_long_words=False, break_on_hyphens=False) for line in lines)]


class ToolchainMissing(UnderglassError):
    """No Go toolchain was found, or the one named does not run."""


class BuildError(UnderglassError):
    """The toolchain rejected the reader's Go or assembly.

    Attributes:
        diagnostics: what the toolchain said, as `underglass.toolchain.Diagnostic`, in its order.
    """

    def __init__(self, message: str, diagnostics: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


class BuildStopped(BuildError):
    """The toolchain was stopped when its seconds were up."""


class NotAProgram(UnderglassError):
    """The file is no static linux/amd64 Go program."""


class UnknownFunction(UnderglassError):
    """The program has no function of that name; the message lists the nearest names."""


class CallError(UnderglassError):
    """A call was asked for with the wrong number or type of arguments, or of a function
    whose prototype is unknown."""


class GuestFault(UnderglassError):
    """The program in the machine came to a bad end: a fault that no handler took, a deadlock,
    or an instruction that the emulator lacks.

    Attributes:
        pc: address of the instruction, or None.
        output: what the program had written to stdout and stderr by then.
    """

    def __init__(self, message: str, *, pc: int | None = None, output: bytes = b"") -> None:
        super().__init__(message)
        self.pc = pc
        self.output = output


class LimitExceeded(UnderglassError):
    """The program used up a limit: instructions, seconds, memory, output or threads.

    Attributes:
        limit: which one, as the field's name in `underglass.machine.Limits`.
        output: what the program had written by then.
    """

    def __init__(self, message: str, *, limit: str, output: bytes = b"") -> None:
        super().__init__(message)
        self.limit = limit
        self.output = output
