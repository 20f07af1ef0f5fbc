"""A stack before and after the runtime copied it, word by word: what was mended, and what was not.

runtime.copystack copies the words in use to the high end of the new stack, and then adds the distance
between both ends to the words that its maps call pointers (Go 1.27, runtime/stack.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from underglass.errors import UnderglassError
from underglass.trace.stacks import Stack, stays
from underglass.views.table import Table

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["moved_words"]

_WORD = 8
_PLAIN = 1 << 20  # numbers below are shown as numbers


def moved_words(trace: Trace, before: int, after: int, depth: int | None = None) -> Table:
    """Return the words in use at step `before`, each with what is in its place at step `after`.

    Places and pointers are counted from the high end of the stack they belong to, which is where both stacks
    hold the same word.

    >>> moved_words(grown, 4, again)
    The words in use, 2,048 bytes before and 4,096 after
    place     what             before       after
    hi - 48   saved BP         old hi - 80  new hi - 80  mended
    hi - 56   16(SP) of worker 7            7

    Args:
        depth: how many frames, the innermost first; None takes the whole stack.

    Raises:
        UnderglassError: both steps run on the same stack, or one on no goroutine's.
    """
    old, new = _stack(trace, before), _stack(trace, after)
    if old == new or {old.kind, new.kind} != {"goroutine"}:
        raise UnderglassError(
            f"Step {before} of {trace.title} runs on {old}, and step {after} on {new}. Name a step "
            "before and one after a goroutine's stack was copied; show.stack_time(trace) shows where that is."
        )
    frames = trace.frames(before)[:depth]
    names = {
        slot.address: f"{slot.expression or slot.kind} of {frame.function.name.removeprefix('main.')}"
        for frame in reversed(frames)
        for slot in frame.slots
    }
    rows = []
    top = old.high if depth is None else min(frames[-1].fp, old.high)
    for address in range(top - _WORD, trace.register(before, "SP") - 1, -_WORD):
        place = old.high - address
        was, is_now = trace.word(before, address), trace.word(after, new.high - place)
        if was is None or is_now is None:
            continue
        fate = "mended" if is_now - was == new.high - old.high else "" if is_now == was else "written since"
        cells = (_shown(trace, was, old, new), _shown(trace, is_now, old, new))
        rows.append((f"hi - {place}", names.get(address, ""), *cells, fate))
    title = f"The words in use, {old.size:,} bytes before and {new.size:,} after"
    return Table(title, ("place", "what", "before", "after", ""), tuple(rows))


def _stack(trace: Trace, step: int) -> Stack:
    return next(stay.stack for stay in stays(trace) if stay.start <= step < stay.end)


def _shown(trace: Trace, value: int, old: Stack, new: Stack) -> str:
    """A word as a reader takes it: a place on a stack, a place in code, a number, or a pointer elsewhere."""
    for name, stack in (("old", old), ("new", new)):
        if stack.low <= value < stack.high:
            return f"{name} hi - {stack.high - value}"
    function = trace.program.function_at(value)
    if function is not None:
        return f"{function.name.removeprefix('main.')}+{value - function.address}"
    return str(value) if value < _PLAIN else f"{value:#x}"
