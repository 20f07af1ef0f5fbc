"""System calls that read and write at a position, or from file to file."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.linux.descriptors import MOST_AT_ONCE, gather, scatter, vector_of
from underglass.machine.linux.errno import EAGAIN, EBADF, EINVAL, Blocked, SysError
from underglass.machine.linux.file import O_ACCMODE, O_NONBLOCK, POLLIN
from underglass.machine.linux.openfile import OpenFile, OpenPath
from underglass.machine.linux.pipes import PipeEnd

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS"]


def pread64(kernel: Kernel, fd: int, address: int, size: int, offset: int) -> int:
    """pread(2)"""
    if offset >> 63:
        raise SysError(EINVAL)
    data = kernel.file(fd).read_at(min(size, MOST_AT_ONCE), offset)
    kernel.memory.write(address, data)
    return len(data)


def pwrite64(kernel: Kernel, fd: int, address: int, size: int, offset: int) -> int:
    """pwrite(2)"""
    if offset >> 63:
        raise SysError(EINVAL)
    return kernel.file(fd).write_at(kernel.memory.read(address, min(size, MOST_AT_ONCE)), offset)


def preadv(kernel: Kernel, fd: int, vector: int, count: int, offset: int) -> int:
    """preadv(2)"""
    parts = vector_of(kernel, vector, count)
    if offset >> 63:
        raise SysError(EINVAL)
    most = min(sum(size for _, size in parts), MOST_AT_ONCE)
    return scatter(kernel, parts, kernel.file(fd).read_at(most, offset))


def pwritev(kernel: Kernel, fd: int, vector: int, count: int, offset: int) -> int:
    """pwritev(2)"""
    if offset >> 63:
        raise SysError(EINVAL)
    return kernel.file(fd).write_at(gather(kernel, vector, count), offset)


def _position(kernel: Kernel, address: int) -> int | None:
    if not address:
        return None
    (offset,) = struct.unpack("<q", kernel.memory.read(address, 8))
    if offset < 0:
        raise SysError(EINVAL)
    return int(offset)


def copy_file_range(
    kernel: Kernel, source: int, source_at: int, target: int, target_at: int, size: int, flags: int
) -> int:
    """copy_file_range(2), and sendfile(2) by it"""
    from_, to = kernel.file(source), kernel.file(target)
    if flags:
        raise SysError(EINVAL)
    start, end = _position(kernel, source_at), _position(kernel, target_at)
    if not from_.poll() & POLLIN or from_.flags & O_ACCMODE == 1 or to.flags & O_ACCMODE == 0:
        raise SysError(EBADF if from_.flags & O_ACCMODE == 1 or to.flags & O_ACCMODE == 0 else EINVAL)
    if isinstance(from_, PipeEnd | OpenPath):
        raise SysError(EINVAL)
    size = min(size, MOST_AT_ONCE)
    if isinstance(from_, OpenFile) and isinstance(to, OpenFile) and from_.node is to.node:
        first, second = from_.at if start is None else start, to.at if end is None else end
        if abs(first - second) < size:
            raise SysError(EINVAL)
    data = from_.read_at(size, start) if start is not None else from_.read(size)
    if not data:
        return 0
    written = to.write_at(data, end) if end is not None else to.write(data)
    if written is None:
        if start is None:
            from_.seek(-len(data), 1)
        if to.flags & O_NONBLOCK:
            raise SysError(EAGAIN)
        raise Blocked(f"write {target}")
    if start is None and written < len(data):
        from_.seek(written - len(data), 1)
    for address, offset in ((source_at, start), (target_at, end)):
        if offset is not None:
            kernel.memory.write(address, struct.pack("<q", offset + written))
    kernel.changed()
    return written


def sendfile(kernel: Kernel, target: int, source: int, offset: int, size: int) -> int:
    """sendfile(2)"""
    return copy_file_range(kernel, source, offset, target, 0, size, 0)


CALLS = {
    17: pread64, 18: pwrite64, 40: sendfile, 295: preadv, 296: pwritev, 326: copy_file_range,
}  # fmt: skip
