"""A reader's program on a processor that nobody has set up: what a boot loader hands to a kernel."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from underglass.course.failure import CheckFailed, refuse_old
from underglass.course.tries import note_failure
from underglass.errors import UnknownFunction
from underglass.goprogram import GoProgram
from underglass.machine.bare import BareMachine

if TYPE_CHECKING:
    from underglass.program import Abi
    from underglass.trace import Trace

__all__ = ["STACK", "check_bare", "power_on"]

STACK = 0x80000
"""Where start-up code may put SP: 64 KB are free below, and a page above."""

_ROOM = 0x10000  # bytes
_PAGE = 0x1000


def power_on(
    prog: GoProgram, *, sse: bool = False, fs: int = 0, gates: Mapping[int, str] | None = None
) -> BareMachine:
    """Return a bare machine with the program in its memory, and 64 KB of free memory below `STACK`.

    SP is `STACK`. DI and SI hold what a Multiboot loader hands over: its magic number, and the address of
    its information (Multiboot Specification 0.6.96, section 3.2; there in EAX and EBX).

    Args:
        sse: whether SSE is on already.
        fs: the FS base; Go looks for g 8 bytes below it.
        gates: vector → the assembly function that handles it.

    Raises:
        UnderglassError: no such vector or function.
    """
    machine = BareMachine(prog.program, sse=sse)
    machine.write(STACK - _ROOM, bytes(_ROOM + _PAGE))
    machine.fs_base = fs
    machine.cpu["SP"] = STACK
    machine.cpu["DI"], machine.cpu["SI"] = 0x2BADB002, 0x9000
    for vector, handler in (gates or {}).items():
        machine.set_gate(vector, handler)
    return machine


def check_bare(
    prog: GoProgram,
    entry: str,
    *,
    sse: bool = False,
    fs: int = 0,
    gates: Mapping[int, str] | None = None,
    abi: Abi = "ABI0",
    registers: Mapping[str, int] | None = None,
    variables: Mapping[str, int] | None = None,
    state: Callable[[Trace], str] | None = None,
    beliefs: Mapping[str, str] | None = None,
    hints: Sequence[str] = (),
) -> None:
    """Run a program on the bare machine until it halts, and compare how it ends with what is wanted.

    Args:
        sse, fs, gates: as for `power_on`.
        entry, abi: where the run begins.
        registers: what they hold at the end.
        variables: the same for Go variables of package main, 8 bytes each.
        state: looks at the recording, and returns what is wrong with it in a sentence, or "".
        beliefs: the exception that ends the run ("#UD"), or a wrong end ("AX = 99") → what its author
            probably believed.
        hints: from the first nudge to the last.

    Raises:
        CheckFailed: it does not halt, or ends otherwise.
    """
    try:
        trace = _run(prog, entry, abi, sse, fs, gates, beliefs or {})
        _judge(trace, registers or {}, variables or {}, beliefs or {})
        said = state(trace) if state is not None else ""
        if said:
            raise CheckFailed(f"{entry} halts, and something is wrong: {said}", trace=trace, step=len(trace))
    except CheckFailed as failure:
        note_failure(entry, prog, failure, hints)
        raise
    sys.stdout.write(f"{entry}: it halts after {len(trace)} instructions, with all as it should be.\n")


def _run(
    prog: GoProgram,
    entry: str,
    abi: Abi,
    sse: bool,
    fs: int,
    gates: Mapping[int, str] | None,
    beliefs: Mapping[str, str],
) -> Trace:
    from underglass.trace import record_bare

    try:
        trace = record_bare(power_on(prog, sse=sse, fs=fs, gates=gates), entry, abi=abi)
    except UnknownFunction as error:
        refuse_old(prog, entry, *(gates or {}).values())
        raise CheckFailed(f"The program is not whole yet. {error}") from error
    refuse_old(prog, entry, ran=trace)
    if trace.fault is not None:
        believed = beliefs.get(trace.fault.split()[0], "The stepper shows the steps before it.")
        raise CheckFailed(f"{entry} does not halt: {trace.fault} {believed}", trace=trace, step=len(trace))
    return trace


def _judge(
    trace: Trace, registers: Mapping[str, int], variables: Mapping[str, int], beliefs: Mapping[str, str]
) -> None:
    end = len(trace)
    held: dict[str, int | None] = {name: trace.register(end, name) for name in registers}
    held |= {name: _variable(trace, name) for name in variables}
    for name, wanted in {**registers, **variables}.items():
        if held[name] != wanted:
            believed = beliefs.get(f"{name} = {held[name]}", "The stepper shows who put it there.")
            raise CheckFailed(
                f"{trace.title} halts with {name} = {held[name]}, and {wanted} was expected. {believed}",
                trace=trace,
                step=end,
            )


def _variable(trace: Trace, name: str) -> int:
    """A variable's 8 bytes at the end: where the run has not touched them, as they were linked."""
    try:
        address, _ = trace.program.symbol(f"main.{name}")
    except UnknownFunction as error:
        raise CheckFailed(
            f"{trace.title} halts, and no code of the program uses {name}.", trace=trace, step=len(trace)
        ) from error
    held = trace.word(len(trace), address)
    return int.from_bytes(trace.program.bytes_at(address, 8), "little") if held is None else held
