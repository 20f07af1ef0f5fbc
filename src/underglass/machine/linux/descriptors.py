"""System calls on open descriptors: reading, writing, positions, duplicates."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import (
    EAGAIN,
    EINVAL,
    ENOTSUP,
    ENOTTY,
    EPIPE,
    Blocked,
    SysError,
)
from underglass.machine.linux.file import O_NONBLOCK, File
from underglass.machine.linux.pipes import PipeEnd
from underglass.machine.linux.signals import raise_here

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "MOST_AT_ONCE", "gather", "scatter", "vector_of"]

_DUPFD, _GETFD, _SETFD, _GETFL, _SETFL, _GETLK, _SETLK, _SETLKW = range(8)  # fcntl(2)
_DUPFD_CLOEXEC, _SETPIPE_SZ, _GETPIPE_SZ = 1030, 1031, 1032
_O_CLOEXEC = 0o2000000
_SETTABLE = 0o2000 | O_NONBLOCK  # O_APPEND and O_NONBLOCK
_FIONREAD, _FIONBIO, _FIOCLEX, _FIONCLEX = 0x541B, 0x5421, 0x5451, 0x5450  # ioctl_list(2)
MOST_AT_ONCE = 1 << 24  # bytes of one read or write
_SIGPIPE = 13


def _signed(value: int) -> int:
    """A register as off_t."""
    return value - 2**64 if value >> 63 else value


def _wait(kernel: Kernel, file: File, what: str, attempt: Callable[[], int | None]) -> int:
    try:
        result = attempt()
    except SysError as error:
        if error.number == EPIPE:
            raise_here(kernel, _SIGPIPE)
        raise
    if result is None:
        if file.flags & O_NONBLOCK:
            raise SysError(EAGAIN)
        raise Blocked(what)
    if result:
        kernel.changed()
    return result


def read(kernel: Kernel, fd: int, address: int, size: int) -> int:
    """read(2)"""
    file, size = kernel.file(fd), min(size, MOST_AT_ONCE)
    if size:
        kernel.memory.check_writable(address, size)

    def attempt() -> int | None:
        data = file.read(size)
        if data is None:
            return None
        kernel.memory.write(address, data)
        return len(data)

    return _wait(kernel, file, f"read {fd}", attempt)


def write(kernel: Kernel, fd: int, address: int, size: int) -> int:
    """write(2)"""
    file = kernel.file(fd)
    data = kernel.memory.read(address, min(size, MOST_AT_ONCE))
    return _write(kernel, fd, file, data)


def _write(kernel: Kernel, fd: int, file: File, data: bytes) -> int:
    """Write all of it, as a blocking descriptor does: what was taken is remembered from try to try."""
    thread = kernel.current

    def attempt() -> int | None:
        while True:
            taken = file.write(data[thread.progress :])
            if taken is None:
                return thread.progress if thread.progress and file.flags & O_NONBLOCK else None
            thread.progress += taken
            if thread.progress >= len(data) or not taken or not isinstance(file, PipeEnd):
                return thread.progress
            kernel.changed()

    return _wait(kernel, file, f"write {fd}", attempt)


def vector_of(kernel: Kernel, vector: int, count: int) -> list[tuple[int, int]]:
    """The (address, size) pairs of a struct iovec array."""
    if not 0 <= count <= 1024:
        raise SysError(EINVAL)
    parts = list(struct.iter_unpack("<QQ", kernel.memory.read(vector, 16 * count)))
    if sum(size for _, size in parts) >= 2**63:
        raise SysError(EINVAL)
    return [(address, size) for address, size in parts]


def gather(kernel: Kernel, vector: int, count: int) -> bytes:
    """The bytes that an iovec array names."""
    data = bytearray()
    for address, size in vector_of(kernel, vector, count):
        data += kernel.memory.read(address, min(size, MOST_AT_ONCE - len(data)))
    return bytes(data)


def scatter(kernel: Kernel, parts: list[tuple[int, int]], data: bytes) -> int:
    """Put `data` where an iovec array says; return how much."""
    rest = data
    for address, size in parts:
        kernel.memory.write(address, rest[:size])
        rest = rest[size:]
    return len(data)


def writev(kernel: Kernel, fd: int, vector: int, count: int) -> int:
    """writev(2)"""
    file = kernel.file(fd)
    return _write(kernel, fd, file, gather(kernel, vector, count))


def readv(kernel: Kernel, fd: int, vector: int, count: int) -> int:
    """readv(2)"""
    file = kernel.file(fd)
    parts = vector_of(kernel, vector, count)
    for address, size in parts:
        kernel.memory.check_writable(address, min(size, MOST_AT_ONCE))
    most = min(sum(size for _, size in parts), MOST_AT_ONCE)

    def attempt() -> int | None:
        data = file.read(most)
        return None if data is None else scatter(kernel, parts, data)

    return _wait(kernel, file, f"read {fd}", attempt)


def lseek(kernel: Kernel, fd: int, offset: int, whence: int) -> int:
    """lseek(2)"""
    return kernel.file(fd).seek(_signed(offset), whence & 0xFFFF_FFFF)


def ftruncate(kernel: Kernel, fd: int, size: int) -> int:
    """ftruncate(2)"""
    if size >> 63:
        raise SysError(EINVAL)
    kernel.file(fd).truncate(size)
    return 0


def fallocate(kernel: Kernel, fd: int, mode: int, offset: int, size: int) -> int:
    """fallocate(2): lengthening only."""
    file = kernel.file(fd)
    if mode:
        raise SysError(ENOTSUP)
    if offset >> 63 or size >> 63 or not size:
        raise SysError(EINVAL)
    if offset + size > file.stat().size:
        file.truncate(offset + size)
    return 0


def fsync(kernel: Kernel, fd: int) -> int:
    """fsync(2), fdatasync(2): a pipe has nothing to keep."""
    if kernel.file(fd).stat().inode == 0 or isinstance(kernel.file(fd), PipeEnd):
        raise SysError(EINVAL)
    return 0


def close(kernel: Kernel, fd: int) -> int:
    """close(2)"""
    kernel.close(fd & 0xFFFF_FFFF)
    return 0


def close_range(kernel: Kernel, first: int, last: int, flags: int) -> int:
    """close_range(2)"""
    first, last = first & 0xFFFF_FFFF, last & 0xFFFF_FFFF
    if first > last or flags & ~6:
        raise SysError(EINVAL)
    for fd in [n for n in kernel.files if first <= n <= last]:
        if flags & 4:
            kernel.closes_on_exec.add(fd)
        else:
            kernel.close(fd)
    return 0


def dup(kernel: Kernel, fd: int) -> int:
    """dup(2)"""
    return kernel.open(kernel.file(fd, path_too=True))


def dup2(kernel: Kernel, old: int, new: int) -> int:
    """dup2(2)"""
    file, new = kernel.file(old, path_too=True), new & 0xFFFF_FFFF
    if new == old & 0xFFFF_FFFF:
        return new
    return kernel.open_as(file, new)


def dup3(kernel: Kernel, old: int, new: int, flags: int) -> int:
    """dup3(2)"""
    file, new = kernel.file(old, path_too=True), new & 0xFFFF_FFFF
    if new == old & 0xFFFF_FFFF or flags & ~_O_CLOEXEC:
        raise SysError(EINVAL)
    return kernel.open_as(file, new, closes=bool(flags))


def fcntl(kernel: Kernel, fd: int, command: int, argument: int) -> int:
    """fcntl(2): descriptor and status flags, duplicates, pipe sizes; every lock is granted."""
    file = kernel.file(fd, path_too=True)
    fd, command = fd & 0xFFFF_FFFF, command & 0xFFFF_FFFF
    if command == _GETFL:
        return file.flags | 0o100000  # O_LARGEFILE
    if command == _SETFL:
        file.flags = file.flags & ~_SETTABLE | argument & _SETTABLE
        return 0
    if command in (_DUPFD, _DUPFD_CLOEXEC):
        return kernel.open(file, argument & 0xFFFF_FFFF, closes=command == _DUPFD_CLOEXEC)
    if command == _GETFD:
        return int(fd in kernel.closes_on_exec)
    if command == _SETFD:
        (kernel.closes_on_exec.add if argument & 1 else kernel.closes_on_exec.discard)(fd)
        return 0
    if command == _GETLK:
        kernel.memory.write(argument, struct.pack("<h", 2))  # F_UNLCK
        return 0
    if command in (_SETLK, _SETLKW):
        kernel.memory.read(argument, 32)
        return 0
    if command in (_GETPIPE_SZ, _SETPIPE_SZ) and isinstance(file, PipeEnd):
        if command == _SETPIPE_SZ:
            if not 0 < argument <= 1 << 20:
                raise SysError(EINVAL)
            file.pipe.room = max(4096, 1 << (argument - 1).bit_length())
        return file.pipe.room
    raise SysError(EINVAL)


def flock(kernel: Kernel, fd: int, operation: int) -> int:
    """flock(2): there is no other process to lock out."""
    kernel.file(fd)
    if operation & 0xFFFF_FFFF & ~4 not in (1, 2, 8):
        raise SysError(EINVAL)
    return 0


def ioctl(kernel: Kernel, fd: int, request: int, argument: int) -> int:
    """ioctl(2): no descriptor is a terminal."""
    file, request = kernel.file(fd), request & 0xFFFF_FFFF
    if request == _FIONREAD and isinstance(file, PipeEnd):
        kernel.memory.write(argument, struct.pack("<i", len(file.pipe.data)))
    elif request == _FIONBIO:
        on = kernel.memory.read(argument, 4) != bytes(4)
        file.flags = file.flags | O_NONBLOCK if on else file.flags & ~O_NONBLOCK
    elif request in (_FIOCLEX, _FIONCLEX):
        number = fd & 0xFFFF_FFFF
        (kernel.closes_on_exec.add if request == _FIOCLEX else kernel.closes_on_exec.discard)(number)
    else:
        raise SysError(ENOTTY)
    return 0


def ignored(kernel: Kernel, fd: int) -> int:
    """fadvise64(2), readahead(2), sync_file_range(2): advice, taken as heard"""
    kernel.file(fd)
    return 0


def sync(kernel: Kernel) -> int:
    """sync(2)"""
    return 0


CALLS = {
    0: read, 1: write, 3: close, 8: lseek, 16: ioctl, 19: readv, 20: writev,
    32: dup, 33: dup2, 72: fcntl, 73: flock, 74: fsync, 75: fsync, 77: ftruncate, 162: sync,
    187: ignored, 221: ignored, 277: ignored, 285: fallocate, 292: dup3,
    436: close_range,
}  # fmt: skip
