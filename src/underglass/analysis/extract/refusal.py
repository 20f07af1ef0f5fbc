"""Why a function is not extracted: an error with the instruction, the line and a reason."""

from __future__ import annotations

from underglass.errors import UnderglassError
from underglass.program import Function, Instruction, Program

__all__ = ["CannotExtract", "refuse"]


class CannotExtract(UnderglassError):
    """The function is outside the class that `underglass extract` handles.

    Attributes:
        reason: a few words that are the same for every function refused for it.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def refuse(
    program: Program, function: Function, at: Instruction | None, reason: str, advice: str = ""
) -> CannotExtract:
    """Return the error: the function, the place, the instruction, the reason, what to do."""
    place = ""
    if at is not None:
        origin = program.origin(function, at.address)
        place = f" At {origin or 'an unknown line'}, `{at.go}` (+0x{at.address - function.address:x})."
    told = f"{function.name} cannot be extracted: it {reason}.{place} {advice}"
    return CannotExtract(told.rstrip(), reason)
