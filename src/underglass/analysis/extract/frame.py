"""Where the words of a compiled function's frame lie in the extracted one.

Locals keep their distance from SP, plus the room for the arguments of ABI0 calls below them. What lies above
the return address, stack arguments and the room where register arguments are spilled, becomes the argument's
own word in ABI0: it holds the same variable, so that the map of the arguments stays true.
"""

from __future__ import annotations

from dataclasses import dataclass

from underglass.abi import Layout, Piece, Place, Signature, abi0_layout, abi_internal_layout
from underglass.trace.leaves import leaves

__all__ = ["ArgumentWord", "FrameMap", "load", "store"]

_LOADS = {1: "MOVBLZX", 2: "MOVWLZX", 4: "MOVL", 8: "MOVQ"}
_STORES = {1: "MOVB", 2: "MOVW", 4: "MOVL", 8: "MOVQ"}
_FLOATS = {4: "MOVSS", 8: "MOVSD"}


@dataclass(frozen=True)
class ArgumentWord:
    """A place in the arguments, as assembly writes it."""

    text: str  # "s_len+8(FP)"
    is_result: bool


def load(piece: Piece, source: str) -> str:
    """The move of a piece of a value into its register."""
    return f"{(_FLOATS if piece.register.startswith('X') else _LOADS)[piece.size]} {source}, {piece.register}"


def store(piece: Piece, target: str) -> str:
    """The move of a piece of a value out of its register."""
    return (
        f"{(_FLOATS if piece.register.startswith('X') else _STORES)[piece.size]} {piece.register}, {target}"
    )


class FrameMap:
    """The two layouts of one function, side by side."""

    def __init__(self, signature: Signature) -> None:
        self.internal: Layout = abi_internal_layout(signature)
        self.zero: Layout = abi0_layout(signature)
        self._leaves = leaves(self.zero)

    @property
    def args_size(self) -> int:
        """Bytes of arguments and results as a TEXT line has them: no padding after the last."""
        return max(((p.offset or 0) + p.type.size for p in self.zero.places), default=0)

    def pairs(self, *, results: bool) -> tuple[tuple[Place, Place], ...]:
        """(ABIInternal place, ABI0 place) of each parameter, or of each result."""
        sides = (
            (self.internal.results, self.zero.results)
            if results
            else (self.internal.params, self.zero.params)
        )
        return tuple(zip(*sides, strict=True))

    def slot(self, place: Place, offset: int, size: int) -> str | None:
        """How assembly writes `size` bytes that begin `offset` bytes into an ABI0 place.

        Several elements at once, or a part of one, have no name that vet's asmdecl takes: their offset stands
        in parentheses, which it does not read.
        """
        assert place.offset is not None
        at = place.offset + offset
        leaf = next((x for x in self._leaves if x.offset <= at < x.end), None)
        if leaf is None:
            return None
        return (
            f"{leaf.name}+{at}(FP)" if (leaf.offset, leaf.size) == (at, size) else f"{leaf.name}+({at})(FP)"
        )

    def argument(self, offset: int, size: int) -> ArgumentWord | None:
        """The ABI0 word for `size` bytes at `offset` from ABIInternal's FP; None if not one argument's."""
        for results in (False, True):
            for internal, zero in self.pairs(results=results):
                start = internal.spill if internal.offset is None else internal.offset
                if start is None or not start <= offset or offset + size > start + internal.type.size:
                    continue
                text = self.slot(zero, offset - start, size)
                return ArgumentWord(text, results) if text else None
        return None
