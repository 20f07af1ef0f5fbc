"""What a reader gave a view: a program or its facts, a recording, a type's name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from underglass.abi import named_types, parse_signature
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram
from underglass.program import Program
from underglass.trace import Trace

if TYPE_CHECKING:
    from underglass.abi import GoType

__all__ = ["facts_of", "recording", "runnable", "spelled"]


def facts_of(program: GoProgram | Program) -> Program:
    """The facts of a program, whichever of its two forms it was given in."""
    return program if isinstance(program, Program) else runnable(program).program


def runnable(program: GoProgram | Program) -> GoProgram:
    """The program as it can be run.

    Raises:
        UnderglassError: it is no program.
    """
    if isinstance(program, GoProgram):
        return program
    if isinstance(program, Program):
        return GoProgram(program)
    raise UnderglassError(
        f"A program is due, such as prog, and this is {type(program).__name__}: {program!r:.60}."
    )


def recording(trace: Trace) -> Trace:
    """The recording itself.

    Raises:
        UnderglassError: it is none.
    """
    if isinstance(trace, Trace):
        return trace
    raise UnderglassError(
        f"A recording is due, such as prog.record(…), and this is {type(trace).__name__}: {trace!r:.60}."
    )


def spelled(program: Program, type_: str) -> GoType:
    """A type that is spelled out, as "[]byte".

    Raises:
        UnderglassError: it is none, or names a type that the program does not have.
    """
    known = named_types(program)
    try:
        found = parse_signature(f"func f(x {type_})", known)
        if found.results or [param.name for param in found.params] != ["x"]:
            raise UnderglassError(f"{type_} is more than one type.")
    except UnderglassError as error:
        near = difflib.get_close_matches(type_.removeprefix("main."), known, 3, 0.5)
        hint = (
            f"Did you mean {' or '.join(near)}?"
            if near
            else f"Its own: {', '.join(sorted(known)) or 'none'}."
        )
        raise UnderglassError(
            f"The program knows no type {type_!r}. {hint} Write it as Go does ([]byte, any, runtime.g); a "
            "type that no code uses is not in the program."
        ) from error
    return found.params[0].type
