"""Which words of a value the garbage collector follows.

Go 1.27, cmd/compile/internal/types/typebits.go (typebits.Set): one word of a string or a slice, and of an
interface the second, since what its first word points to is never collected. The runtime's own pointers to
what lies outside the heap (internal/runtime/sys.NotInHeap) are not told apart here.
"""

from __future__ import annotations

from underglass.abi.amd64 import WORD
from underglass.abi.types import Array, GoType, Interface, Reference, Slice, String, Struct

__all__ = ["pointer_words"]


def pointer_words(kind: GoType) -> tuple[int, ...]:
    """Bytes from the start of a value to each pointer in it.

    >>> pointer_words(BASIC["string"])
    (0,)
    """
    if isinstance(kind, Reference | String | Slice):
        return (0,)
    if isinstance(kind, Interface):
        return (WORD,)
    if isinstance(kind, Array):
        words, size = pointer_words(kind.element), kind.element.size
        return tuple(i * size + word for i in range(kind.length) for word in words) if words else ()
    if isinstance(kind, Struct):
        return tuple(f.offset + word for f in kind.fields for word in pointer_words(f.type))
    return ()
