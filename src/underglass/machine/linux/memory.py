"""System calls on memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EINVAL, ENOMEM, SysError
from underglass.machine.memory import TOP, BadAddress
from underglass.machine.native import PAGE

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS"]

_MAP_FIXED, _MAP_ANONYMOUS, _MAP_FIXED_NOREPLACE = 0x10, 0x20, 0x100000  # mmap(2)
_MADV_DONTNEED = 4  # madvise(2)


def _range(address: int, size: int) -> tuple[int, int]:
    length = -(-size // PAGE) * PAGE
    if address % PAGE or length <= 0 or address + length > TOP:
        raise SysError(EINVAL)
    return address, length


def mmap(kernel: Kernel, address: int, size: int, protection: int, flags: int, fd: int, offset: int) -> int:
    """mmap(2), anonymous memory only."""
    if not flags & _MAP_ANONYMOUS:
        raise SysError(EINVAL)
    _, length = _range(0, size)
    if flags & (_MAP_FIXED | _MAP_FIXED_NOREPLACE):
        _range(address, size)
    else:
        try:
            address = kernel.memory.find_free(length, address & -PAGE)
        except BadAddress:
            raise SysError(ENOMEM) from None
    kernel.memory.map(address, length, protection & 7)
    return address


def munmap(kernel: Kernel, address: int, size: int) -> int:
    """munmap(2)"""
    kernel.memory.unmap(*_range(address, size))
    return 0


def mprotect(kernel: Kernel, address: int, size: int, protection: int) -> int:
    """mprotect(2)"""
    try:
        kernel.memory.protect(*_range(address, size), protection & 7)
    except BadAddress:
        raise SysError(ENOMEM) from None
    return 0


def madvise(kernel: Kernel, address: int, size: int, advice: int) -> int:
    """madvise(2): MADV_DONTNEED zeroes; the rest is advice, and is taken as heard."""
    if size and advice == _MADV_DONTNEED:
        kernel.memory.discard(*_range(address, size))
    return 0


def brk(kernel: Kernel, address: int) -> int:
    """brk(2): the heap has no room, so that callers turn to mmap."""
    return 0


def mincore(kernel: Kernel, address: int, size: int, vector: int) -> int:
    """mincore(2): mapped pages are in memory."""
    address, length = _range(address, size)
    if any(kernel.memory.region_at(a) is None for a in range(address, address + length, PAGE)):
        raise SysError(ENOMEM)
    kernel.memory.write(vector, b"\x01" * (length // PAGE))
    return 0


CALLS = {9: mmap, 10: mprotect, 11: munmap, 12: brk, 27: mincore, 28: madvise}
