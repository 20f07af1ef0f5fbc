"""Memory at any step of a recording: the pages before step 0, and the stores since."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["Replay"]

_PAGE = 4096


class Replay:
    """Reading forward costs each store once; reading back starts again from step 0."""

    def __init__(self, pages: Mapping[int, bytes], writes: NDArray[np.void]) -> None:
        self._original = pages
        columns = (writes[name].tolist() for name in ("step", "address", "size", "value"))
        self._writes: list[tuple[int, int, int, int]] = list(zip(*columns, strict=True))
        self._rewind()

    def _rewind(self) -> None:
        self._step = self._next = 0
        self._pages: dict[int, bytearray] = {}

    def read(self, step: int, address: int, size: int) -> bytes | None:
        """`size` bytes before instruction `step`; None where there is no page."""
        self._go(step)
        found = b""
        while size > 0:
            page = address & -_PAGE
            data = self._pages.get(page) or self._original.get(page)
            if data is None:
                return None
            piece = bytes(data[address - page : address - page + size])
            found += piece
            address, size = address + len(piece), size - len(piece)
        return found

    def _go(self, step: int) -> None:
        if step < self._step:
            self._rewind()
        self._step = step
        writes = self._writes
        while self._next < len(writes) and writes[self._next][0] < step:
            _, address, size, value = writes[self._next]
            self._store(address, (value & (1 << 8 * size) - 1).to_bytes(size, "little"))
            self._next += 1

    def _store(self, address: int, data: bytes) -> None:
        page = address & -_PAGE
        held = self._pages.get(page)
        if held is None:
            original = self._original.get(page)
            if original is None:
                return
            held = self._pages[page] = bytearray(original)
        room = page + _PAGE - address
        held[address - page : address - page + len(data[:room])] = data[:room]
        if len(data) > room:
            self._store(page + _PAGE, data[room:])
