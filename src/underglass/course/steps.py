"""Steps of a recording by what they run, since their numbers differ from one Go release to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["calls_made", "find_step", "last_store"]


def find_step(trace: Trace, instruction: str, function: str = "", *, after: int = -1) -> int:
    """Return the first step that is about to run an instruction whose Go text begins with `instruction`.

    >>> find_step(trace, "CALL main.twice")
    6

    Args:
        function: the assembly or Go function it stands in, not its wrapper; "" for any.
        after: look at later steps only.

    Raises:
        UnderglassError: there is none.
    """
    for step in range(after + 1, len(trace)):
        found = trace.instruction(step)
        if found is None or not found.go.startswith(instruction):
            continue
        home = trace.function_at(step)
        if not function or (home is not None and home.name == f"main.{function}" and not home.is_wrapper):
            return step
    where = f" in {function}" if function else ""
    raise UnderglassError(
        f"{trace.title} runs no {instruction!r}{where} after step {after}. The stepper shows what it runs."
    )


def last_store(trace: Trace, address: int, *, before: int) -> int:
    """Return the last step before `before` that stored to the byte at `address`.

    Raises:
        UnderglassError: the recording has none.
    """
    stores = trace.writes[trace.writes["step"] < before]
    held = (stores["address"] <= address) & (address < stores["address"] + stores["size"])
    if not held.any():
        raise UnderglassError(f"Nothing stored to {address:#x} before step {before} of {trace.title}.")
    return int(stores["step"][held][-1])


def calls_made(trace: Trace) -> tuple[tuple[str, str], ...]:
    """Return the calls of a recording as they were made: the linker's symbols of caller and callee.

    A jump to the first instruction of another function, a tail call, is one of them.

    >>> calls_made(trace)
    (('main.apply', 'main.twice.abi0'),)
    """
    found = []
    for step in range(len(trace)):
        instruction = trace.instruction(step)
        if instruction is None or not instruction.go.startswith(("CALL", "J")):
            continue
        caller, callee = trace.function_at(step), trace.function_at(step + 1)
        if caller and callee and trace.pc(step + 1) == callee.address:
            is_loop = caller == callee and not instruction.go.startswith("CALL")
            found += [] if is_loop else [(caller.symbol, callee.symbol)]
    return tuple(found)
