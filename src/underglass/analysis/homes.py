"""Where an ABI has each byte of a function's arguments and results, and whether a wrapper carries it there.

A byte is known by its offset from FP in ABI0's layout, which has a place for every one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from underglass.abi import Layout
from underglass.analysis.carry import STACK, TLS, Byte, Carried, Origin, State
from underglass.trace.leaves import Leaf, leaves

__all__ = ["Homes", "leaf_at", "lost", "named"]


class Homes:
    """Where one ABI has the bytes.

    Args:
        zero: the function's layout in ABI0.
        layout: its layout in the ABI that is asked about.
    """

    def __init__(self, zero: Layout, layout: Layout) -> None:
        self.registers: dict[tuple[bool, str, int], int] = {}  # (is result, register, byte) → ABI0 offset
        self.stack: dict[tuple[bool, int], int] = {}  # (is result, bytes above FP) → ABI0 offset
        self.spill: dict[int, int] = {}  # bytes above FP → ABI0 offset
        for home, place in zip(zero.places, layout.places, strict=True):
            assert home.offset is not None
            for piece in place.pieces:
                for i in range(piece.size):
                    self.registers[place.is_result, piece.register, i] = home.offset + piece.offset + i
            for i in range(place.type.size):
                if place.offset is not None:
                    self.stack[place.is_result, place.offset + i] = home.offset + i
                if place.spill is not None:
                    self.spill[place.spill + i] = home.offset + i

    def of(self, origin: Origin) -> int | None:
        """The ABI0 offset of a byte that lay there; None if it is no part of a value."""
        is_result = origin.when == "call"
        if origin.where == STACK:
            return self.stack.get((is_result, origin.offset))
        return self.registers.get((is_result, origin.where, origin.offset))

    def bytes_of(self, state: State, leaf: Leaf) -> Iterator[Byte]:
        """What lies, at a CALL or a RET, where this ABI has an argument or a result."""
        registers = {o: (r, i) for (result, r, i), o in self.registers.items() if result == leaf.is_result}
        stack = {o: at for (result, at), o in self.stack.items() if result == leaf.is_result}
        base = 0 if leaf.is_result else state.sp
        for offset in range(leaf.offset, leaf.end):
            if offset in registers:
                name, index = registers[offset]
                held = state.register(name, 16)
                yield None if isinstance(held, int) else held[index]
            else:
                yield state.stack(base + stack[offset]) if offset in stack else None


def leaf_at(parts: Iterable[Leaf], offset: int) -> str:
    """Assembly's name of the part that a byte belongs to, or "args" for one between the parts."""
    return next((leaf.name for leaf in parts if leaf.offset <= offset < leaf.end), "args")


def named(zero: Layout, offsets: Iterable[int | None]) -> str:
    """What assembly calls the bytes at these ABI0 offsets: a part, a whole value, or a piece of one."""
    known = sorted({offset for offset in offsets if offset is not None})
    if not known:
        return "a value"
    start, end = known[0], known[-1] + 1
    for leaf in leaves(zero):
        if (leaf.offset, leaf.end) == (start, end):
            return leaf.name
    spans = [(p.name, p.offset or 0, (p.offset or 0) + p.type.size) for p in zero.places]
    touched = [span for span in spans if span[1] < end and start < span[2]]
    if len(touched) > 1:
        return " and ".join(name for name, _, _ in touched)
    name, first, last = touched[0]
    whole = (first, last) == (start, end)
    return name if whole else f"bytes {start - first} to {end - first - 1} of {name}"


def lost(
    carried: Carried, parts: tuple[Leaf, ...], outer: Homes, inner: Homes, *, into_assembly: bool
) -> tuple[str, ...]:
    """The names of what a wrapper does not bring where it belongs; empty for a wrapper that is right.

    Each argument has to be where the target takes it when the CALL is reached, each result where the caller
    takes it at the RET, and code that obeys ABIInternal has to get X15 = 0 and R14 = g.

    Args:
        parts: those of the arguments and results, in ABI0's layout.
        outer: the homes in the wrapper's own ABI.
        inner: the homes in its target's.
    """
    found = []
    at_return = carried.at_return
    if at_return is None and not parts and not into_assembly:  # it ends by a JMP: nothing comes back
        at_return = carried.at_call
    for leaf in parts:
        state, homes, source = (
            (at_return, outer, inner) if leaf.is_result else (carried.at_call, inner, outer)
        )
        offsets = [
            source.of(b) if isinstance(b, Origin) and b.where != TLS else None
            for b in (homes.bytes_of(state, leaf) if state else ())
        ]
        if offsets != list(range(leaf.offset, leaf.end)):
            found.append(leaf.name)
    into_internal = at_return if into_assembly else carried.at_call
    if into_internal is None or into_internal.register("X15", 16) != (0,) * 16:
        found.append("X15")
    g = tuple(Origin("entry", TLS, i) for i in range(8))
    if into_internal is None or into_internal.register("R14", 8) != g:
        found.append("R14")
    if at_return is None or at_return.sp != -8 or not _keeps_bp(at_return):
        found.append("SP or BP")
    return tuple(found)


def _keeps_bp(state: State) -> bool:
    return state.register("BP", 8) == tuple(Origin("entry", "BP", i) for i in range(8))
