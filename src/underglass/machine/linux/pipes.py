"""Pipes and event counters (pipe(7), fifo(7), eventfd(2))."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EINVAL, ENXIO, EPIPE, SysError
from underglass.machine.linux.file import (
    O_ACCMODE,
    O_NONBLOCK,
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLRDHUP,
    S_IFIFO,
    File,
    Stat,
)
from underglass.machine.linux.nodes import Fifo

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "EventFd", "Pipe", "PipeEnd", "open_fifo"]

_ROOM = 65536  # pipe(7)
_ATOMIC = 4096  # PIPE_BUF
_EFD_SEMAPHORE = 1  # eventfd(2)
_O_CLOEXEC = 0o2000000


class Pipe:
    """The bytes between two ends."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.room = _ROOM
        self.readers = self.writers = 0
        self.changes = 0


class PipeEnd(File):
    """One end; both for a FIFO opened to read and write."""

    def __init__(self, pipe: Pipe, flags: int, node: Fifo | None = None) -> None:
        self.pipe, self.flags, self._node = pipe, flags, node
        self.path = "pipe:[1]"
        self._reads = flags & O_ACCMODE in (0, 2)
        self._writes = flags & O_ACCMODE in (1, 2)
        pipe.readers += self._reads
        pipe.writers += self._writes
        pipe.changes += 1

    def read(self, size: int) -> bytes | None:
        if not self._reads:
            return super().read(size)
        pipe = self.pipe
        if not pipe.data:
            return None if pipe.writers else b""
        data = bytes(pipe.data[:size])
        del pipe.data[:size]
        pipe.changes += 1
        return data

    def write(self, data: bytes) -> int | None:
        if not self._writes:
            return super().write(data)
        pipe = self.pipe
        if not pipe.readers:
            raise SysError(EPIPE)
        room = pipe.room - len(pipe.data)
        if data and room < (len(data) if len(data) <= _ATOMIC else 1):
            return None
        pipe.data += data[:room]
        pipe.changes += 1
        return min(room, len(data))

    def poll(self) -> int:
        pipe, events = self.pipe, 0
        if self._reads:
            events |= POLLIN * bool(pipe.data)
            events |= 0 if pipe.writers else POLLHUP | POLLRDHUP
        if self._writes:
            events |= POLLOUT * (pipe.room - len(pipe.data) >= _ATOMIC)
            events |= 0 if pipe.readers else POLLERR | POLLOUT
        return events

    def changes(self) -> int:
        return self.pipe.changes

    def stat(self) -> Stat:
        return self._node.stat() if self._node is not None else Stat(S_IFIFO | 0o600, inode=self.pipe.room)

    def close(self) -> None:
        self.pipe.readers -= self._reads
        self.pipe.writers -= self._writes
        self.pipe.changes += 1
        if self._node is not None and not self.pipe.readers and not self.pipe.writers:
            self._node.pipe = None


class EventFd(File):
    """eventfd(2)"""

    path = "anon_inode:[eventfd]"

    def __init__(self, count: int, is_semaphore: bool, flags: int) -> None:
        self._count, self._is_semaphore, self.flags, self._changes = count, is_semaphore, flags, 0

    def read(self, size: int) -> bytes | None:
        if size < 8:
            raise SysError(EINVAL)
        if not self._count:
            return None
        value = 1 if self._is_semaphore else self._count
        self._count -= value
        self._changes += 1
        return struct.pack("<Q", value)

    def write(self, data: bytes) -> int | None:
        value = int.from_bytes(data[:8], "little")
        if len(data) < 8 or value == 2**64 - 1:
            raise SysError(EINVAL)
        if self._count + value > 2**64 - 2:
            return None
        self._count += value
        self._changes += 1
        return 8

    def poll(self) -> int:
        return POLLIN * (self._count > 0) | POLLOUT * (self._count < 2**64 - 2)

    def changes(self) -> int:
        return self._changes


def pipe2(kernel: Kernel, address: int, flags: int) -> int:
    """pipe2(2)"""
    if flags & ~(O_NONBLOCK | _O_CLOEXEC | 0o40000):
        raise SysError(EINVAL)
    kernel.memory.write(address, bytes(8))  # a bad address must not leave descriptors behind
    pipe = Pipe()
    numbers = [
        kernel.open(PipeEnd(pipe, end | flags & O_NONBLOCK), closes=bool(flags & _O_CLOEXEC))
        for end in (0, 1)
    ]
    kernel.memory.write(address, struct.pack("<ii", *numbers))
    return 0


def pipe(kernel: Kernel, address: int) -> int:
    """pipe(2)"""
    return pipe2(kernel, address, 0)


def eventfd2(kernel: Kernel, count: int, flags: int) -> int:
    """eventfd2(2)"""
    file = EventFd(count & 0xFFFF_FFFF, bool(flags & _EFD_SEMAPHORE), 2 | flags & O_NONBLOCK)
    return kernel.open(file, closes=bool(flags & _O_CLOEXEC))


def eventfd(kernel: Kernel, count: int) -> int:
    """eventfd(2) without flags"""
    return eventfd2(kernel, count, 0)


def open_fifo(node: Fifo, flags: int) -> PipeEnd:
    """Open one end of a FIFO. Ours does not wait for the other end (fifo(7) does, without O_NONBLOCK)."""
    pipe = node.pipe if isinstance(node.pipe, Pipe) else Pipe()
    if flags & O_ACCMODE == 1 and flags & O_NONBLOCK and not pipe.readers:
        raise SysError(ENXIO)
    node.pipe = pipe
    return PipeEnd(pipe, flags & (O_ACCMODE | O_NONBLOCK), node)


CALLS = {22: pipe, 284: eventfd, 290: eventfd2, 293: pipe2}
