"""System calls that wait for descriptors: epoll(7), poll(2), select(2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EBADF, EEXIST, EINVAL, ELOOP, ENOENT, EPERM, Blocked, SysError
from underglass.machine.linux.file import POLLERR, POLLHUP, POLLIN, POLLOUT, File
from underglass.machine.linux.openfile import OpenNode
from underglass.machine.linux.sigcalls import set_mask
from underglass.machine.linux.time import read_timespec

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "Epoll"]

_EVENT = struct.Struct("<IQ")  # struct epoll_event is packed on x86-64
_ADD, _DELETE, _MODIFY = 1, 2, 3  # epoll_ctl(2)
_EDGE, _ONE_SHOT = 1 << 31, 1 << 30
_CLOEXEC = 0o2000000
_POLLNVAL = 0x20
_MOST = 4096  # descriptors or events of one call
_MILLISECOND = 1_000_000


@dataclass
class _Interest:
    file: File
    events: int
    data: int
    told: tuple[int, int] | None = None  # (events, the file's count of changes) when last reported


class Epoll(File):
    """The descriptors of interest, by number."""

    path = "anon_inode:[eventpoll]"
    flags = 2

    def __init__(self) -> None:
        self.interest: dict[int, _Interest] = {}

    def due(self, most: int, *, taking: bool = True) -> list[tuple[int, int]]:
        """The (events, data) pairs to report; `taking` marks them as reported."""
        found: list[tuple[int, int]] = []
        for fd, entry in list(self.interest.items()):
            if not entry.file.descriptors:  # closed: the kernel forgets it by itself (epoll(7), Q6)
                del self.interest[fd]
                continue
            now = entry.file.poll() & (entry.events | POLLERR | POLLHUP) if entry.events & 0xFFFF else 0
            state = (now, entry.file.changes())
            if not now:
                entry.told = None
            if not now or (entry.events & _EDGE and entry.told == state) or len(found) >= most:
                continue
            found.append((now, entry.data))
            if taking:
                entry.told = state
                if entry.events & _ONE_SHOT:
                    entry.events &= _EDGE | _ONE_SHOT
        return found

    def poll(self) -> int:
        return POLLIN if self.due(1, taking=False) else 0

    def changes(self) -> int:
        return sum(entry.file.changes() for entry in self.interest.values())


def epoll_create1(kernel: Kernel, flags: int) -> int:
    """epoll_create1(2)"""
    if flags & ~_CLOEXEC:
        raise SysError(EINVAL)
    return kernel.open(Epoll(), closes=bool(flags))


def epoll_create(kernel: Kernel, size: int) -> int:
    """epoll_create(2)"""
    return kernel.open(Epoll())


def epoll_ctl(kernel: Kernel, fd: int, operation: int, target: int, address: int) -> int:
    """epoll_ctl(2)"""
    poll, file = _epoll(kernel, fd), kernel.file(target)
    target &= 0xFFFF_FFFF
    if file is poll:
        raise SysError(EINVAL)
    if isinstance(file, OpenNode):
        raise SysError(EPERM)
    if isinstance(file, Epoll) and _reaches(file, poll):
        raise SysError(ELOOP)
    known = poll.interest.get(target)
    if known is not None and known.file is not file:
        known = None
    if operation == _DELETE:
        if known is None:
            raise SysError(ENOENT)
        del poll.interest[target]
        return 0
    if operation not in (_ADD, _MODIFY):
        raise SysError(EINVAL)
    events, data = _EVENT.unpack(kernel.memory.read(address, _EVENT.size))
    if (operation == _ADD) == (known is not None):
        raise SysError(EEXIST if operation == _ADD else ENOENT)
    poll.interest[target] = _Interest(file, events, data)
    kernel.changed()
    return 0


def _reaches(from_: Epoll, to: Epoll, depth: int = 5) -> bool:
    inner = [e.file for e in from_.interest.values() if isinstance(e.file, Epoll)]
    return depth == 0 or to in inner or any(_reaches(i, to, depth - 1) for i in inner)


def epoll_wait(kernel: Kernel, fd: int, address: int, most: int, timeout: int) -> int:
    """epoll_wait(2); `timeout` is in milliseconds."""
    milliseconds = _signed(timeout)
    until = kernel.now + milliseconds * _MILLISECOND if milliseconds >= 0 else None
    return _epoll_wait(kernel, fd, address, most, until, milliseconds == 0)


def epoll_pwait(kernel: Kernel, fd: int, address: int, most: int, timeout: int, mask: int) -> int:
    """epoll_pwait(2)"""
    _mask(kernel, mask)
    return epoll_wait(kernel, fd, address, most, timeout)


def epoll_pwait2(kernel: Kernel, fd: int, address: int, most: int, timeout: int, mask: int) -> int:
    """epoll_pwait2(2)"""
    duration = read_timespec(kernel, timeout) if timeout else None
    _mask(kernel, mask)
    until = kernel.now + duration if duration is not None else None
    return _epoll_wait(kernel, fd, address, most, until, duration == 0)


def _mask(kernel: Kernel, address: int) -> None:
    if address:
        set_mask(kernel, struct.unpack("<Q", kernel.memory.read(address, 8))[0])


def _epoll_wait(kernel: Kernel, fd: int, address: int, most: int, until: int | None, at_once: bool) -> int:
    poll, most = _epoll(kernel, fd), most & 0xFFFF_FFFF
    if not 0 < most < 2**31:
        raise SysError(EINVAL)
    most = min(most, _MOST)
    if not kernel.memory.is_writable(address, _EVENT.size):
        kernel.memory.check_writable(address, _EVENT.size)
    due = poll.due(most)
    if due:
        kernel.memory.write(address, b"".join(_EVENT.pack(*event) for event in due))
        return len(due)
    if at_once:
        return 0
    raise Blocked(f"epoll {fd}", until, restarts=False)


def _epoll(kernel: Kernel, fd: int) -> Epoll:
    file = kernel.file(fd)
    if not isinstance(file, Epoll):
        raise SysError(EINVAL)
    return file


def _signed(value: int) -> int:
    value &= 0xFFFF_FFFF
    return value - 2**32 if value >> 31 else value


def _poll(kernel: Kernel, address: int, count: int, until: int | None, at_once: bool) -> int:
    count &= 0xFFFF_FFFF
    if count > _MOST:
        raise SysError(EINVAL)
    entries = list(struct.iter_unpack("<IhH", kernel.memory.read(address, 8 * count)))
    answer = bytearray()
    ready = 0
    for fd, wanted, _ in entries:
        found = 0
        if not fd >> 31:
            file = kernel.files.get(fd)
            found = _POLLNVAL if file is None else file.poll() & (wanted & 0xFFFF | POLLERR | POLLHUP)
        answer += struct.pack("<IhH", fd, wanted, found)
        ready += bool(found)
    if ready or at_once:
        kernel.memory.write(address, bytes(answer))
        return ready
    raise Blocked("poll", until, restarts=False)


def poll(kernel: Kernel, address: int, count: int, timeout: int) -> int:
    """poll(2)"""
    milliseconds = _signed(timeout)
    until = kernel.now + milliseconds * _MILLISECOND if milliseconds >= 0 else None
    return _poll(kernel, address, count, until, milliseconds == 0)


def ppoll(kernel: Kernel, address: int, count: int, timeout: int, mask: int, size: int) -> int:
    """ppoll(2)"""
    duration = read_timespec(kernel, timeout) if timeout else None
    _mask(kernel, mask)
    until = kernel.now + duration if duration is not None else None
    return _poll(kernel, address, count, until, duration == 0)


def _select(kernel: Kernel, count: int, sets: tuple[int, int, int], until: int | None, at_once: bool) -> int:
    count = _signed(count)
    if count < 0:
        raise SysError(EINVAL)
    count = min(count, 1024)
    size = -(-count // 64) * 8
    wanted = [int.from_bytes(kernel.memory.read(a, size), "little") if a else 0 for a in sets]
    masks = (POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, 0)
    found = [0, 0, 0]
    for fd in range(count):
        if not any(bits >> fd & 1 for bits in wanted):
            continue
        file = kernel.files.get(fd)
        if file is None:
            raise SysError(EBADF)
        events = file.poll()
        for index, mask in enumerate(masks):
            if wanted[index] >> fd & 1 and events & mask:
                found[index] |= 1 << fd
    if any(found) or at_once:
        for address, bits in zip(sets, found, strict=True):
            if address:
                kernel.memory.write(address, bits.to_bytes(size, "little"))
        return sum(bits.bit_count() for bits in found)
    raise Blocked("select", until, restarts=False)


def select(kernel: Kernel, count: int, reads: int, writes: int, errors: int, timeout: int) -> int:
    """select(2)"""
    duration = None
    if timeout:
        seconds, micro = struct.unpack("<qq", kernel.memory.read(timeout, 16))
        if seconds < 0 or micro < 0:
            raise SysError(EINVAL)
        duration = min(seconds * 10**9 + micro * 1000, 2**62)
    until = kernel.now + duration if duration is not None else None
    return _select(kernel, count, (reads, writes, errors), until, duration == 0)


def pselect6(
    kernel: Kernel, count: int, reads: int, writes: int, errors: int, timeout: int, mask: int
) -> int:
    """pselect(2)"""
    duration = read_timespec(kernel, timeout) if timeout else None
    if mask:
        _mask(kernel, struct.unpack("<Q", kernel.memory.read(mask, 8))[0])
    until = kernel.now + duration if duration is not None else None
    return _select(kernel, count, (reads, writes, errors), until, duration == 0)


CALLS = {
    7: poll, 23: select, 213: epoll_create, 232: epoll_wait, 233: epoll_ctl, 270: pselect6, 271: ppoll,
    281: epoll_pwait, 291: epoll_create1, 441: epoll_pwait2,
}  # fmt: skip
