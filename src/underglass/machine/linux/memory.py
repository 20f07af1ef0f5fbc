"""System calls on memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EACCES, EEXIST, EINVAL, ENODEV, ENOMEM, SysError
from underglass.machine.linux.file import O_ACCMODE
from underglass.machine.linux.openfile import OpenFile
from underglass.machine.memory import READ, TOP, WRITE, BadAddress
from underglass.machine.native import PAGE

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS"]

_MAP_SHARED, _MAP_PRIVATE, _MAP_SHARED_VALIDATE, _MAP_KIND = 1, 2, 3, 0xF  # mmap(2)
_MAP_FIXED, _MAP_ANONYMOUS, _MAP_FIXED_NOREPLACE = 0x10, 0x20, 0x100000
_MADV_DONTNEED = 4  # madvise(2)
_ADVICE = frozenset((0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25))
_MREMAP_MAYMOVE = 1
_MOST_REGIONS = 4096  # the engine searches them one after another


def _range(address: int, size: int) -> tuple[int, int]:
    length = -(-size // PAGE) * PAGE
    if address % PAGE or length <= 0 or address + length > TOP:
        raise SysError(EINVAL)
    return address, length


def mmap(kernel: Kernel, address: int, size: int, protection: int, flags: int, fd: int, offset: int) -> int:
    """mmap(2). A file's pages are a copy of it: a shared writable mapping is refused."""
    if flags & _MAP_KIND not in (_MAP_SHARED, _MAP_PRIVATE, _MAP_SHARED_VALIDATE) or not size:
        raise SysError(EINVAL)
    if size > TOP:
        raise SysError(ENOMEM)
    data = b""
    if not flags & _MAP_ANONYMOUS:
        data = _content(kernel, size, protection, flags, fd, offset)
    _, length = _range(0, size)
    _check_room(kernel)
    memory = kernel.memory
    if flags & (_MAP_FIXED | _MAP_FIXED_NOREPLACE):
        address, length = _range(address, size)
        if address < PAGE:
            raise SysError(EINVAL)
        if not flags & _MAP_FIXED and memory.overlaps(address, length):
            raise SysError(EEXIST)
    else:
        try:
            address = memory.find_free(length, address & -PAGE)
        except BadAddress:
            raise SysError(ENOMEM) from None
    memory.map(address, length, protection & 7)
    if data:
        memory.load(address, data)
    return address


def _content(kernel: Kernel, size: int, protection: int, flags: int, fd: int, offset: int) -> bytes:
    file = kernel.file(fd)
    if offset % PAGE or offset >> 63:
        raise SysError(EINVAL)
    if not isinstance(file, OpenFile):
        raise SysError(ENODEV)
    if file.flags & O_ACCMODE == 1:
        raise SysError(EACCES)
    if flags & _MAP_KIND != _MAP_PRIVATE and protection & WRITE:
        raise SysError(EACCES if file.flags & O_ACCMODE == 0 else ENODEV)
    if not protection & READ:
        return b""
    return file.read_at(size, offset)


def _check_room(kernel: Kernel) -> None:
    if len(kernel.memory.regions) >= _MOST_REGIONS:
        raise SysError(ENOMEM)


def munmap(kernel: Kernel, address: int, size: int) -> int:
    """munmap(2)"""
    address, size = _range(address, size)
    _check_room(kernel)
    kernel.memory.unmap(address, size)
    return 0


def mprotect(kernel: Kernel, address: int, size: int, protection: int) -> int:
    """mprotect(2)"""
    if not size and not address % PAGE:
        return 0
    address, size = _range(address, size)
    _check_room(kernel)
    try:
        kernel.memory.protect(address, size, protection & 7)
    except BadAddress:
        raise SysError(ENOMEM) from None
    return 0


def mremap(kernel: Kernel, old: int, old_size: int, new_size: int, flags: int, new: int) -> int:
    """mremap(2): shrinking, and growing by a copy elsewhere."""
    if flags & ~_MREMAP_MAYMOVE or old % PAGE or not new_size or not old_size:
        raise SysError(EINVAL)
    old, old_size = _range(old, old_size)
    _, new_size = _range(0, new_size)
    region = kernel.memory.region_at(old)
    if region is None or region.end < old + old_size:
        raise BadAddress
    if new_size <= old_size:
        if new_size < old_size:
            kernel.memory.unmap(old + new_size, old_size - new_size)
        return old
    if not flags & _MREMAP_MAYMOVE:
        raise SysError(ENOMEM)
    _check_room(kernel)
    data = kernel.memory.read(old, old_size) if region.backed else b""
    address = kernel.memory.find_free(new_size)
    kernel.memory.map(address, new_size, region.protection)
    if data:
        kernel.memory.load(address, data)
    kernel.memory.unmap(old, old_size)
    return address


def madvise(kernel: Kernel, address: int, size: int, advice: int) -> int:
    """madvise(2): MADV_DONTNEED zeroes; the rest is advice, and is taken as heard."""
    if advice & 0xFFFF_FFFF not in _ADVICE or address % PAGE:
        raise SysError(EINVAL)
    if size:
        address, size = _range(address, size)
        if not kernel.memory.is_mapped(address, size):
            raise SysError(ENOMEM)
        if advice == _MADV_DONTNEED:
            kernel.memory.discard(address, size)
    return 0


def brk(kernel: Kernel, address: int) -> int:
    """brk(2): the heap has no room, so that callers turn to mmap."""
    return 0


def mincore(kernel: Kernel, address: int, size: int, vector: int) -> int:
    """mincore(2): mapped pages are in memory."""
    address, length = _range(address, size)
    if not kernel.memory.is_mapped(address, length):
        raise SysError(ENOMEM)
    pages = length // PAGE
    if pages > 1 << 20:
        raise BadAddress
    kernel.memory.write(vector, b"\x01" * pages)
    return 0


def mapped(kernel: Kernel, address: int, size: int) -> int:
    """msync(2), mlock(2), munlock(2): nothing to do for what is mapped"""
    if address % PAGE:
        raise SysError(EINVAL)
    if size:
        address, size = _range(address, size)
        if not kernel.memory.is_mapped(address, size):
            raise SysError(ENOMEM)
    return 0


def membarrier(kernel: Kernel, command: int, flags: int) -> int:
    """membarrier(2): threads take turns on one processor, so every store is seen."""
    return 0 if command else 0x7F


CALLS = {
    9: mmap, 10: mprotect, 11: munmap, 12: brk, 25: mremap, 26: mapped, 27: mincore, 28: madvise, 149: mapped,
    150: mapped, 324: membarrier,
}  # fmt: skip
