"""Descriptors: standard streams, pipes and event counters. The guest has no file system yet: every
path is missing, and no path of the host can be named."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EAGAIN, EBADF, EINVAL, EMFILE, ENOENT, EPIPE, ESPIPE, SysError

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "EventFd", "File", "PipeReader", "PipeWriter", "Stdin", "Stdout"]

_O_NONBLOCK, _O_ACCMODE = 0x800, 3  # open(2)
_F_DUPFD, _F_GETFD, _F_SETFD, _F_GETFL, _F_SETFL, _F_DUPFD_CLOEXEC = 0, 1, 2, 3, 4, 1030  # fcntl(2)
_EFD_SEMAPHORE = 1  # eventfd(2)
_S_IFIFO, _S_IFCHR = 0o010000, 0o020000  # inode(7)
_PIPE_ROOM = 65536  # pipe(7)
_MOST_FILES = 256
_MOST_AT_ONCE = 1 << 24  # bytes of one read or write


class File:
    """An open file description. `read` and `write` return None where a blocking call would wait."""

    flags = 0  # O_NONBLOCK and the access mode
    mode = _S_IFIFO | 0o600

    def read(self, size: int) -> bytes | None:
        raise SysError(EBADF)

    def write(self, data: bytes) -> int | None:
        raise SysError(EBADF)

    def can_read(self) -> bool:
        return False

    def can_write(self) -> bool:
        return False

    def hung_up(self) -> bool:
        """The other end is gone."""
        return False

    def close(self) -> None:
        pass


class Stdin(File):
    """Standard input, from the caller's `read(n)`."""

    mode = _S_IFCHR | 0o620

    def __init__(self, source: Callable[[int], bytes]) -> None:
        self._source = source

    def read(self, size: int) -> bytes | None:
        return self._source(size)

    def can_read(self) -> bool:
        return True


class Stdout(File):
    """Standard output or error."""

    mode = _S_IFCHR | 0o620
    flags = 1

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink

    def write(self, data: bytes) -> int | None:
        self._sink(data)
        return len(data)

    def can_write(self) -> bool:
        return True


class _Pipe:
    def __init__(self) -> None:
        self.data = bytearray()
        self.readers = self.writers = 1


class PipeReader(File):
    """The read end of pipe(7)."""

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe

    def read(self, size: int) -> bytes | None:
        if not self._pipe.data:
            return None if self._pipe.writers else b""
        data = bytes(self._pipe.data[:size])
        del self._pipe.data[:size]
        return data

    def can_read(self) -> bool:
        return bool(self._pipe.data) or not self._pipe.writers

    def hung_up(self) -> bool:
        return not self._pipe.writers

    def close(self) -> None:
        self._pipe.readers -= 1


class PipeWriter(File):
    """The write end of pipe(7)."""

    flags = 1

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe

    def write(self, data: bytes) -> int | None:
        if not self._pipe.readers:
            raise SysError(EPIPE)
        room = _PIPE_ROOM - len(self._pipe.data)
        if room <= 0:
            return None
        self._pipe.data += data[:room]
        return min(room, len(data))

    def can_write(self) -> bool:
        return len(self._pipe.data) < _PIPE_ROOM or not self._pipe.readers

    def hung_up(self) -> bool:
        return not self._pipe.readers

    def close(self) -> None:
        self._pipe.writers -= 1


class EventFd(File):
    """eventfd(2)"""

    def __init__(self, count: int, is_semaphore: bool) -> None:
        self._count, self._is_semaphore = count, is_semaphore

    def read(self, size: int) -> bytes | None:
        if size < 8:
            raise SysError(EINVAL)
        if not self._count:
            return None
        value = 1 if self._is_semaphore else self._count
        self._count -= value
        return struct.pack("<Q", value)

    def write(self, data: bytes) -> int | None:
        if len(data) < 8:
            raise SysError(EINVAL)
        self._count = min(self._count + struct.unpack("<Q", data[:8])[0], 2**64 - 2)
        return 8

    def can_read(self) -> bool:
        return self._count > 0

    def can_write(self) -> bool:
        return True


def read(kernel: Kernel, fd: int, address: int, size: int) -> int:
    """read(2)"""
    file, size = kernel.file(fd), min(size, _MOST_AT_ONCE)

    def attempt() -> int | None:
        data = file.read(size)
        if data is None:
            return None
        kernel.memory.write(address, data)
        return len(data)

    return _now_or_wait(kernel, file, f"read {fd}", attempt)


def write(kernel: Kernel, fd: int, address: int, size: int) -> int:
    """write(2)"""
    file = kernel.file(fd)
    data = kernel.memory.read(address, min(size, _MOST_AT_ONCE))
    return _now_or_wait(kernel, file, f"write {fd}", lambda: file.write(data))


def writev(kernel: Kernel, fd: int, vector: int, count: int) -> int:
    """writev(2)"""
    if not 0 <= count <= 1024:
        raise SysError(EINVAL)
    parts = struct.iter_unpack("<QQ", kernel.memory.read(vector, 16 * count))
    file = kernel.file(fd)
    data = b"".join(kernel.memory.read(address, min(size, _MOST_AT_ONCE)) for address, size in parts)
    return _now_or_wait(kernel, file, f"write {fd}", lambda: file.write(data))


def _now_or_wait(kernel: Kernel, file: File, what: str, attempt: Callable[[], int | None]) -> int:
    result = attempt()
    if result is not None:
        return result
    if file.flags & _O_NONBLOCK:
        raise SysError(EAGAIN)
    kernel.wait(what, ready=attempt)
    return 0


def close(kernel: Kernel, fd: int) -> int:
    """close(2)"""
    file = kernel.file(fd)
    del kernel.files[fd]
    if file not in kernel.files.values():
        file.close()
    return 0


def pipe2(kernel: Kernel, address: int, flags: int) -> int:
    """pipe2(2)"""
    pipe = _Pipe()
    ends = (PipeReader(pipe), PipeWriter(pipe))
    numbers = []
    for end in ends:
        end.flags |= flags & _O_NONBLOCK
        numbers.append(kernel.open(end))
    kernel.memory.write(address, struct.pack("<ii", *numbers))
    return 0


def pipe(kernel: Kernel, address: int) -> int:
    """pipe(2)"""
    return pipe2(kernel, address, 0)


def eventfd2(kernel: Kernel, count: int, flags: int) -> int:
    """eventfd2(2)"""
    file = EventFd(count & 0xFFFF_FFFF, bool(flags & _EFD_SEMAPHORE))
    file.flags = 2 | flags & _O_NONBLOCK
    return kernel.open(file)


def fcntl(kernel: Kernel, fd: int, command: int, argument: int) -> int:
    """fcntl(2): descriptor and status flags, and duplicates."""
    file = kernel.file(fd)
    if command == _F_GETFL:
        return file.flags
    if command == _F_SETFL:
        file.flags = file.flags & _O_ACCMODE | argument & ~_O_ACCMODE
        return 0
    if command in (_F_DUPFD, _F_DUPFD_CLOEXEC):
        return kernel.open(file, argument)
    if command in (_F_GETFD, _F_SETFD):
        return 0
    raise SysError(EINVAL)


def fstat(kernel: Kernel, fd: int, address: int) -> int:
    """fstat(2): kind and permissions; the rest is zero."""
    file = kernel.file(fd)
    kernel.memory.write(
        address, struct.pack("<QQQIII", 1, fd + 1, 1, file.mode, 1000, 1000).ljust(144, b"\0")
    )
    return 0


def lseek(kernel: Kernel, fd: int) -> int:
    """lseek(2): no descriptor here has a position."""
    kernel.file(fd)
    raise SysError(ESPIPE)


def no_such_file(kernel: Kernel) -> int:
    """open(2), openat(2), access(2), faccessat(2), newfstatat(2), readlink(2), readlinkat(2)"""
    raise SysError(ENOENT)


def lowest_free(files: dict[int, File], at_least: int) -> int:
    """The descriptor a new file gets (open(2))."""
    if len(files) >= _MOST_FILES or not 0 <= at_least < _MOST_FILES:
        raise SysError(EMFILE)
    return next(n for n in range(at_least, at_least + _MOST_FILES + 1) if n not in files)


CALLS = {
    0: read, 1: write, 3: close, 5: fstat, 8: lseek, 20: writev, 22: pipe, 72: fcntl,
    290: eventfd2, 293: pipe2,
    2: no_such_file, 21: no_such_file, 89: no_such_file, 257: no_such_file, 262: no_such_file,
    267: no_such_file, 269: no_such_file,
}  # fmt: skip
