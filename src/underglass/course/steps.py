"""Steps of a recording by what they run, since their numbers differ from one Go release to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["find_step", "last_store"]


def find_step(trace: Trace, instruction: str, function: str = "", *, after: int = -1) -> int:
    """Return the first step that is about to run an instruction whose Go text begins with `instruction`.

    >>> find_step(trace, "CALL main.add")        # doctest: +SKIP
    17

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
