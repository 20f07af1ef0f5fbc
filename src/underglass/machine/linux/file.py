"""Open file descriptions: what a descriptor stands for (open(2)), and the streams and devices among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from underglass.machine.linux.errno import EBADF, EINVAL, ENOSPC, ENOTDIR, ESPIPE, SysError

__all__ = [
    "DEVICES",
    "O_ACCMODE",
    "O_APPEND",
    "O_NONBLOCK",
    "POLLERR",
    "POLLHUP",
    "POLLIN",
    "POLLOUT",
    "POLLRDHUP",
    "S_IFCHR",
    "S_IFDIR",
    "S_IFIFO",
    "S_IFLNK",
    "S_IFMT",
    "S_IFREG",
    "UID",
    "Device",
    "File",
    "Stat",
    "Stdin",
    "StdinBytes",
    "Stdout",
]

O_ACCMODE, O_APPEND, O_NONBLOCK = 3, 0o2000, 0o4000  # open(2)
S_IFMT, S_IFIFO, S_IFCHR, S_IFDIR, S_IFREG, S_IFLNK = 0o170000, 0o10000, 0o20000, 0o40000, 0o100000, 0o120000
POLLIN, POLLOUT, POLLERR, POLLHUP, POLLRDHUP = 1, 4, 8, 0x10, 0x2000  # poll(2)
UID = 1000
DEVICES = MappingProxyType({"null": 0x103, "zero": 0x105, "full": 0x107, "random": 0x108, "urandom": 0x109})


@dataclass(frozen=True)
class Stat:
    """What stat(2) tells. Times are in ns since 1970."""

    mode: int
    inode: int = 0
    links: int = 1
    size: int = 0
    uid: int = UID
    gid: int = UID
    device: int = 0  # st_rdev
    accessed: int = 0
    modified: int = 0
    changed: int = 0


class File:
    """An open file description. `read` and `write` return None where a blocking call would wait."""

    flags = 0  # access mode and status flags
    path = ""  # as /proc/self/fd names it
    descriptors = 0  # how many stand for it

    def read(self, size: int) -> bytes | None:
        """Up to `size` bytes; none at the end."""
        raise SysError(EBADF)

    def write(self, data: bytes) -> int | None:
        """How many of `data` were taken."""
        raise SysError(EBADF)

    def read_at(self, size: int, offset: int) -> bytes:
        """pread(2)"""
        raise SysError(ESPIPE)

    def write_at(self, data: bytes, offset: int) -> int:
        """pwrite(2)"""
        raise SysError(ESPIPE)

    def seek(self, offset: int, whence: int) -> int:
        """lseek(2)"""
        raise SysError(ESPIPE)

    def truncate(self, size: int) -> None:
        """ftruncate(2)"""
        raise SysError(EINVAL)

    def entries(self) -> list[tuple[str, int, int]]:
        """The (name, inode, mode) triples of a directory (getdents64(2))."""
        raise SysError(ENOTDIR)

    def stat(self) -> Stat:
        """fstat(2)"""
        return Stat(S_IFIFO | 0o600)

    def poll(self) -> int:
        """What can be done now without waiting: POLLIN, POLLOUT, POLLHUP, ..."""
        return 0

    def changes(self) -> int:
        """A count that grows with each arrival of data or room, for edge-triggered epoll(7)."""
        return 0

    def close(self) -> None:
        """The last descriptor is gone."""


class StdinBytes:
    """A source of standard input that a snapshot can copy."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def __call__(self, size: int) -> bytes:
        piece = self.data[self.at : self.at + size]
        self.at += len(piece)
        return piece


class Stdin(File):
    """Standard input, from the caller's `read(n)`."""

    path = "/dev/stdin"

    def __init__(self, source: Callable[[int], bytes]) -> None:
        self._source = source

    def read(self, size: int) -> bytes | None:
        return self._source(size)

    def stat(self) -> Stat:
        return Stat(S_IFCHR | 0o620)

    def poll(self) -> int:
        return POLLIN


class Stdout(File):
    """Standard output or error."""

    path = "/dev/stdout"
    flags = 1

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink

    def write(self, data: bytes) -> int | None:
        self._sink(data)
        return len(data)

    def stat(self) -> Stat:
        return Stat(S_IFCHR | 0o620)

    def poll(self) -> int:
        return POLLOUT


class Device(File):
    """/dev/null, /dev/zero, /dev/full and /dev/urandom: null(4), full(4), random(4)."""

    def __init__(self, kind: str, random: Random) -> None:
        self._kind, self._random = kind, random
        self.path = f"/dev/{kind}"

    def read(self, size: int) -> bytes | None:
        if self.flags & O_ACCMODE == 1:
            raise SysError(EBADF)
        if self._kind == "null":
            return b""
        size = min(size, 1 << 20)
        return self._random.randbytes(size) if "random" in self._kind else bytes(size)

    def write(self, data: bytes) -> int | None:
        if self.flags & O_ACCMODE == 0:
            raise SysError(EBADF)
        if self._kind == "full":
            raise SysError(ENOSPC)
        return len(data)

    def read_at(self, size: int, offset: int) -> bytes:
        return self.read(size) or b""

    def write_at(self, data: bytes, offset: int) -> int:
        return self.write(data) or 0

    def seek(self, offset: int, whence: int) -> int:
        return 0

    def stat(self) -> Stat:
        return Stat(S_IFCHR | 0o666, inode=DEVICES[self._kind], device=DEVICES[self._kind])

    def poll(self) -> int:
        return POLLIN | POLLOUT
