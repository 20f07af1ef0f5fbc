"""System calls that wait for descriptors: epoll(7)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EBADF, EEXIST, EINVAL, ENOENT, SysError
from underglass.machine.linux.files import File

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "Epoll"]

_EVENT = struct.Struct("<IQ")  # struct epoll_event is packed on x86-64
_ADD, _DELETE, _MODIFY = 1, 2, 3  # epoll_ctl(2)
_IN, _OUT, _HUP, _RDHUP, _ET = 1, 4, 0x10, 0x2000, 1 << 31


class Epoll(File):
    """The descriptors of interest: fd → (events, data, events reported already if edge-triggered)."""

    def __init__(self) -> None:
        self.interest: dict[int, tuple[int, int]] = {}
        self.reported: dict[int, int] = {}

    def events(self, files: dict[int, File], most: int) -> list[tuple[int, int]]:
        """The (events, data) pairs that are due."""
        due: list[tuple[int, int]] = []
        for fd, (wanted, data) in self.interest.items():
            file = files.get(fd)
            if file is None:
                continue
            now = (_IN if file.can_read() else 0) | (_OUT if file.can_write() else 0)
            now = now & wanted | (_HUP | _RDHUP & wanted if file.hung_up() else 0)
            fresh = now & ~self.reported.get(fd, 0) if wanted & _ET else now
            self.reported[fd] = now
            if fresh and len(due) < most:
                due.append((now, data))
        return due


def epoll_create1(kernel: Kernel, flags: int) -> int:
    """epoll_create1(2)"""
    return kernel.open(Epoll())


def epoll_ctl(kernel: Kernel, fd: int, operation: int, target: int, address: int) -> int:
    """epoll_ctl(2)"""
    poll = _epoll(kernel, fd)
    kernel.file(target)
    if operation == _DELETE:
        if poll.interest.pop(target, None) is None:
            raise SysError(ENOENT)
        return 0
    if (operation == _ADD) == (target in poll.interest):
        raise SysError(EEXIST if operation == _ADD else ENOENT)
    if operation not in (_ADD, _MODIFY):
        raise SysError(EINVAL)
    events, data = _EVENT.unpack(kernel.memory.read(address, _EVENT.size))
    poll.interest[target] = (events, data)
    poll.reported.pop(target, None)
    return 0


def epoll_wait(kernel: Kernel, fd: int, address: int, most: int, timeout: int) -> int:
    """epoll_wait(2), epoll_pwait(2): the signal mask is ignored. `timeout` is in milliseconds."""
    poll = _epoll(kernel, fd)
    if not 0 < most <= 4096:
        raise SysError(EINVAL)

    def attempt() -> int | None:
        due = poll.events(kernel.files, most)
        if not due:
            return None
        kernel.memory.write(address, b"".join(_EVENT.pack(*event) for event in due))
        return len(due)

    result = attempt()
    milliseconds = timeout - 2**32 if timeout & 2**31 else timeout & 0xFFFF_FFFF
    if result is not None or milliseconds == 0:
        return result or 0
    until = kernel.now + milliseconds * 1_000_000 if milliseconds > 0 else None
    kernel.wait(f"epoll {fd}", until=until, ready=attempt)
    return 0


def _epoll(kernel: Kernel, fd: int) -> Epoll:
    file = kernel.file(fd)
    if not isinstance(file, Epoll):
        raise SysError(EBADF)
    return file


CALLS = {232: epoll_wait, 233: epoll_ctl, 281: epoll_wait, 291: epoll_create1}
