"""Processes: vfork(2) by clone, execve(2) of the same program, and waiting for children."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import (
    E2BIG,
    EACCES,
    EAGAIN,
    ECHILD,
    EINVAL,
    ENOEXEC,
    EPERM,
    Blocked,
    SysError,
)
from underglass.machine.linux.file import File
from underglass.machine.linux.nodes import SEARCH, Directory, ReadOnly, Regular
from underglass.machine.linux.paths import AT_FDCWD, node_at, read_path
from underglass.machine.linux.signals import send
from underglass.machine.linux.thread import SigInfo, Thread

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "Borrowed", "Child", "Start", "ended", "give_back", "vfork"]

_MOST_PROCESSES = 8  # alive at the same time: each is an engine of its own
_MOST_ARGUMENTS, _MOST_BYTES = 4096, 128 << 10
_SIGCHLD = 17
_CLD_EXITED, _CLD_KILLED = 1, 2  # sigaction(2)
_WNOHANG, _WEXITED, _WNOWAIT = 1, 4, 0x0100_0000  # waitid(2)
_P_ALL, _P_PID, _P_PGID = 0, 1, 2


@dataclass
class Child:
    """What a process knows of one it has started."""

    kernel: Kernel | None  # None before the exec
    status: int | None = None  # as wait(2) gives it, once it has ended
    spent: int = 0  # ns of processor time


@dataclass(frozen=True)
class Start:
    """What a new process begins with."""

    parent: Kernel
    pid: int
    path: str
    arguments: tuple[str, ...]
    environment: tuple[str, ...]
    files: dict[int, File]
    cwd: Directory
    umask: int
    mask: int
    ignored: tuple[int, ...]  # signals
    group: int


@dataclass
class Borrowed:
    """A process while a child made by vfork runs in its memory: what is to come back."""

    parent: Thread
    child: Thread
    ready: list[Thread]
    files: dict[int, File]
    closes_on_exec: set[int]
    cwd: Directory
    umask: int
    handlers: dict[int, tuple[int, int, int, int]]
    pending: list[SigInfo] = field(default_factory=list)
    group: int = 0


def vfork(kernel: Kernel, stack: int) -> int:
    """A child that runs in its parent's memory until it calls execve or exits; all others stand still."""
    world = kernel.world
    alive = sum(child.status is None for child in kernel.children.values())
    if kernel.borrowed is not None or alive + len(world.kernels) > _MOST_PROCESSES:
        raise SysError(EAGAIN)
    world.last_id += 1
    parent = kernel.current
    child = Thread(tid=world.last_id, mask=parent.mask, name=parent.name, alt_stack=parent.alt_stack)
    kernel.borrowed = Borrowed(
        parent, child, list(kernel.ready), kernel.files, kernel.closes_on_exec, kernel.cwd, kernel.umask,
        kernel.handlers, kernel.pending, kernel.group,
    )  # fmt: skip
    kernel.ready.clear()
    kernel.start(child, stack, None)
    kernel.files, kernel.closes_on_exec = dict(kernel.files), set(kernel.closes_on_exec)
    for file in kernel.files.values():
        file.descriptors += 1
    kernel.handlers, kernel.pending = dict(kernel.handlers), []
    kernel.children[child.tid] = Child(None)
    raise Blocked("vfork", retries=False)


def give_back(kernel: Kernel, status: int | None) -> None:
    """The child has left its parent's memory, by an exec (None) or an exit with `status`."""
    borrowed = kernel.borrowed
    assert borrowed is not None
    for fd in list(kernel.files):
        kernel.close(fd)
    kernel.files, kernel.closes_on_exec = borrowed.files, borrowed.closes_on_exec
    kernel.cwd, kernel.umask, kernel.group = borrowed.cwd, borrowed.umask, borrowed.group
    kernel.handlers, kernel.pending, kernel.borrowed = borrowed.handlers, borrowed.pending, None
    borrowed.child.state = "dead"
    kernel.ready[:] = borrowed.ready
    kernel.make_ready(borrowed.parent, borrowed.child.tid)
    kernel.give_up_turn()
    if status is not None:
        _tell(kernel, borrowed.child.tid, status)


def ended(kernel: Kernel) -> None:
    """Process `kernel` is over: close its files, and tell the one that started it."""
    for fd in list(kernel.files):
        kernel.close(fd)
    world = kernel.world
    del world.kernels[kernel.pid]
    world.clock.retire(kernel.cpu)
    code = kernel.exit_code or 0
    status = kernel.ended_by or (code & 0xFF) << 8
    if kernel.parent is not None and kernel.parent.exit_code is None:
        kernel.parent.children[kernel.pid].spent = kernel.cpu.executed
        _tell(kernel.parent, kernel.pid, status)


def _tell(parent: Kernel, pid: int, status: int) -> None:
    child = parent.children[pid]
    child.status, child.kernel = status, None
    parent.changed()
    code = _CLD_KILLED if status & 0x7F else _CLD_EXITED
    send(parent, SigInfo(_SIGCHLD, code, pid | 1000 << 32, status & 0x7F or status >> 8))


def _strings(kernel: Kernel, address: int) -> tuple[str, ...]:
    """A null-terminated array of strings."""
    found: list[str] = []
    total = 0
    while address:
        (at,) = struct.unpack("<Q", kernel.memory.read(address + 8 * len(found), 8))
        if not at:
            break
        found.append(read_path(kernel, at, _MOST_BYTES))
        total += len(found[-1])
        if len(found) > _MOST_ARGUMENTS or total > _MOST_BYTES:
            raise SysError(E2BIG)
    return tuple(found)


def execve(kernel: Kernel, path: int, arguments: int, environment: int) -> int:
    """execve(2): only of the machine's own program, and only in a child that vfork has made."""
    text = read_path(kernel, path)
    argv, envp = _strings(kernel, arguments), _strings(kernel, environment)
    node = node_at(kernel, AT_FDCWD, text)
    if isinstance(node, Directory):
        raise SysError(EACCES)
    node.check(SEARCH)
    if not isinstance(node, Regular):
        raise SysError(EACCES)
    image = node.load() if isinstance(node, ReadOnly) else node.data
    if image != kernel.world.image:
        raise SysError(ENOEXEC)
    borrowed = kernel.borrowed
    if borrowed is None:
        raise SysError(EPERM)
    for fd in sorted(kernel.closes_on_exec):
        kernel.close(fd)
    files = dict(kernel.files)
    for file in files.values():
        file.descriptors += 1
    ignored = tuple(signal for signal, action in kernel.handlers.items() if action[0] == 1)
    start = Start(
        kernel, borrowed.child.tid, text, argv or (text,), envp, files, kernel.cwd, kernel.umask,
        kernel.current.mask, ignored, kernel.group,
    )  # fmt: skip
    child = kernel.spawn(start)
    kernel.children[child.pid].kernel = child
    give_back(kernel, None)
    return 0


def _matching(kernel: Kernel, pid: int) -> dict[int, Child]:
    found = {number: child for number, child in kernel.children.items() if pid <= 0 or number == pid}
    if not found:
        raise SysError(ECHILD)
    return found


def wait4(kernel: Kernel, pid: int, status: int, options: int, usage: int) -> int:
    """wait4(2)"""
    pid &= 0xFFFF_FFFF
    for number, child in _matching(kernel, pid - 2**32 if pid >> 31 else pid).items():
        if child.status is None:
            continue
        if status:
            kernel.memory.write(status, struct.pack("<I", child.status))
        if usage:
            seconds, rest = divmod(child.spent, 10**9)
            kernel.memory.write(usage, struct.pack("<qq", seconds, rest // 1000).ljust(144, b"\0"))
        del kernel.children[number]
        return number
    if options & _WNOHANG:
        return 0
    raise Blocked("wait for a child")


def waitid(kernel: Kernel, kind: int, pid: int, address: int, options: int, usage: int) -> int:
    """waitid(2)"""
    if kind > _P_PGID or not options & _WEXITED:
        raise SysError(EINVAL)
    for number, child in _matching(kernel, pid if kind == _P_PID else -1).items():
        if child.status is None:
            continue
        killed = child.status & 0x7F
        code, value = (_CLD_KILLED, killed) if killed else (_CLD_EXITED, child.status >> 8)
        if address:
            info = struct.pack("<iii4xiIi", _SIGCHLD, 0, code, number, 1000, value)
            kernel.memory.write(address, info.ljust(128, b"\0"))
        if not options & _WNOWAIT:
            del kernel.children[number]
        return 0
    if options & _WNOHANG:
        if address:
            kernel.memory.write(address, bytes(128))
        return 0
    raise Blocked("wait for a child")


CALLS = {59: execve, 61: wait4, 247: waitid}
