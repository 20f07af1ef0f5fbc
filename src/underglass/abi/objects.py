"""What stands in Python for Go values without a plain form there: pointers, and what an interface holds."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["UNREAD", "Dynamic", "Pointer"]

UNREAD = ...
"""Stands for a value that was not read: it contains itself, or lies beyond the bounds of reading."""

_MOST_SHOWN = 12  # pointers followed in one repr
_shown: ContextVar[list[object] | None] = ContextVar("shown", default=None)


class Pointer:
    """A Go pointer that is not nil (nil is None), with the value behind it.

    As an argument it puts the value into the guest's memory for one call; the same Pointer given twice
    is one address. One that a call gave back has the value that was there when the call returned.

    >>> Pointer({"x": 1, "y": 2})
    Pointer({'x': 1, 'y': 2})
    >>> prog.call("older", Pointer({"name": "Ann", "age": 41}))
    Pointer({'name': 'Ann', 'age': 42}, '*person', 0x…)

    Two Pointers are equal if the values behind them are; what they lead to may contain themselves.

    Attributes:
        value: what it points to; `...` if that is not known, and the pointer is then only an address.
        type: as Go writes it, such as "*person"; empty if the reader made it.
        address: guest address in the call that gave it; 0 if the reader made it.
    """

    __hash__ = None  # type: ignore[assignment]  # equal by a value that may change

    def __init__(self, value: object = UNREAD, type: str = "", address: int = 0) -> None:
        self.value, self.type, self.address = value, type, address

    def __repr__(self) -> str:
        inside = _shown.get()  # a list of those shown so far, shared by all that one repr() leads to
        if inside is None:
            mark = _shown.set([self])
            try:
                return self._words(repr(self.value))
            finally:
                _shown.reset(mark)
        if len(inside) >= _MOST_SHOWN or any(self is one for one in inside):
            return self._words("...")
        inside.append(self)
        return self._words(repr(self.value))

    def _words(self, value: str) -> str:
        value = "..." if value == "Ellipsis" else value
        return f"Pointer({value}, {self.type!r}, {self.address:#x})" if self.address else f"Pointer({value})"

    def __eq__(self, other: object) -> bool:
        return _equal(self, other) if isinstance(other, Pointer) else NotImplemented


@dataclass(frozen=True, eq=False, repr=False)
class Dynamic:
    """What an interface value that is not nil (nil is None) holds.

    >>> prog.call("describe", 5)
    (<int: 5>, <*errors.errorString: division by zero>)

    Two are equal if their types and values are.
    """

    type: str  # the dynamic type, as Go writes it: "*errors.errorString"
    value: object  # the dynamic value
    errno: str | None = None  # text of a syscall.Errno

    __hash__ = None  # type: ignore[assignment]

    @property
    def text(self) -> str | None:
        """What the Error method returns, where it follows from the type's fields; else None."""
        from underglass.abi.errortext import text_of

        return text_of(self)

    def __repr__(self) -> str:
        text = self.text
        return f"<{self.type}: {repr(self.value) if text is None else text}>"

    def __str__(self) -> str:
        text = self.text
        return repr(self) if text is None else text

    def __eq__(self, other: object) -> bool:
        return _equal(self, other) if isinstance(other, Dynamic) else NotImplemented


def _equal(one: object, other: object) -> bool:
    """Compare without recursion: a chain of pointers may be long, and may lead back to its start."""
    waiting, met = [(one, other)], set()
    while waiting:
        a, b = waiting.pop()
        if isinstance(a, Pointer) and isinstance(b, Pointer):
            if (id(a), id(b)) not in met:
                met.add((id(a), id(b)))
                waiting.append((a.value, b.value))
        elif isinstance(a, Dynamic) and isinstance(b, Dynamic):
            if a.type != b.type:
                return False
            waiting.append((a.value, b.value))
        elif isinstance(a, Mapping) and isinstance(b, Mapping):
            if a.keys() != b.keys():
                return False
            waiting += [(value, b[key]) for key, value in a.items()]
        elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
            if len(a) != len(b):
                return False
            waiting += zip(a, b, strict=True)
        elif a != b:
            return False
    return True
