"""System calls on the process and its threads."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EINVAL, EPERM, ESRCH, SysError
from underglass.machine.linux.futex import wake
from underglass.machine.linux.spawn import vfork
from underglass.machine.linux.thread import Thread
from underglass.machine.memory import TOP, BadAddress

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "PID"]

PID = 1000
_CLONE_VM, _CLONE_PIDFD, _CLONE_VFORK, _CLONE_THREAD = 0x100, 0x1000, 0x4000, 0x10000  # clone(2)
_CLONE_SETTLS = 0x80000
_CLONE_PARENT_SETTID, _CLONE_CHILD_CLEARTID, _CLONE_CHILD_SETTID = 0x100000, 0x200000, 0x1000000
_ARCH_SET_FS, _ARCH_GET_FS = 0x1002, 0x1003  # arch_prctl(2)
_PR_SET_PDEATHSIG, _PR_GET_DUMPABLE, _PR_SET_DUMPABLE, _PR_SET_NAME, _PR_GET_NAME = (
    1,
    3,
    4,
    15,
    16,
)  # prctl(2)
_PR_GET_KEEPCAPS, _PR_SET_KEEPCAPS = 7, 8
_PR_SET_VMA = 0x53564D41


def exit_group(kernel: Kernel, code: int) -> int:
    """exit_group(2)"""
    kernel.exit(code & 0xFF)
    return 0


def exit_thread(kernel: Kernel, code: int) -> int:
    """_exit(2) of one thread"""
    thread = kernel.current
    if thread.clear_tid:
        with suppress(BadAddress):  # as Linux does: kernel/fork.c, mm_release
            kernel.memory.write(thread.clear_tid, bytes(4))
        wake(kernel, thread.clear_tid, 1)
    kernel.die(code & 0xFF)
    return 0


def clone(kernel: Kernel, flags: int, stack: int, parent_tid: int, child_tid: int, tls: int) -> int:
    """clone(2): a thread of this process, or a child as by vfork(2). A copy of its memory is refused."""
    if flags & (_CLONE_THREAD | _CLONE_VM | _CLONE_VFORK | _CLONE_PIDFD) == _CLONE_VM | _CLONE_VFORK:
        return vfork(kernel, stack)
    if not flags & _CLONE_THREAD or not flags & _CLONE_VM or kernel.borrowed is not None:
        raise SysError(EPERM)
    if flags & _CLONE_SETTLS and tls >= TOP:
        raise SysError(EPERM)
    child = Thread(tid=kernel.next_tid(), mask=kernel.current.mask, name=kernel.current.name)
    tid = struct.pack("<i", child.tid)
    if flags & _CLONE_PARENT_SETTID:
        kernel.memory.write(parent_tid, tid)
    if flags & _CLONE_CHILD_SETTID:
        kernel.memory.write(child_tid, tid)
    if flags & _CLONE_CHILD_CLEARTID:
        child.clear_tid = child_tid
    kernel.start(child, stack, tls if flags & _CLONE_SETTLS else None)
    return child.tid


def sched_yield(kernel: Kernel) -> int:
    """sched_yield(2)"""
    kernel.yield_now()
    return 0


def sched_getaffinity(kernel: Kernel, pid: int, size: int, address: int) -> int:
    """sched_getaffinity(2)"""
    if size < 8 or size % 8:
        raise SysError(EINVAL)
    _known(kernel, pid)
    kernel.memory.write(address, struct.pack("<Q", (1 << kernel.cpus) - 1))
    return 8


def sched_setaffinity(kernel: Kernel, pid: int, size: int, address: int) -> int:
    """sched_setaffinity(2): heard, and without effect"""
    _known(kernel, pid)
    kernel.memory.read(address, min(size, 128))
    return 0


def getpriority(kernel: Kernel, which: int, who: int) -> int:
    """getpriority(2): nice 0, which the call gives as 20."""
    return 20


def _known(kernel: Kernel, pid: int) -> None:
    if pid and not any(t.tid == pid & 0xFFFF_FFFF for t in kernel.threads if t.state != "dead"):
        raise SysError(ESRCH)


def arch_prctl(kernel: Kernel, code: int, address: int) -> int:
    """arch_prctl(2): the FS base."""
    if code == _ARCH_SET_FS:
        if address >= TOP:
            raise SysError(EPERM)
        kernel.cpu.fs_base = address
        return 0
    if code == _ARCH_GET_FS:
        kernel.memory.write(address, struct.pack("<Q", kernel.cpu.fs_base))
        return 0
    raise SysError(EINVAL)


def set_tid_address(kernel: Kernel, address: int) -> int:
    """set_tid_address(2)"""
    kernel.current.clear_tid = address
    return kernel.current.tid


def robust_list(kernel: Kernel) -> int:
    """set_robust_list(2), rseq(2) without its use: heard"""
    return 0


def getpid(kernel: Kernel) -> int:
    """getpid(2)"""
    return kernel.pid


def getpgid(kernel: Kernel, pid: int) -> int:
    """getpgid(2), getsid(2)"""
    found = kernel if not pid else kernel.world.kernels.get(pid & 0xFFFF_FFFF)
    if found is None:
        raise SysError(ESRCH)
    return found.group


def gettid(kernel: Kernel) -> int:
    """gettid(2)"""
    return kernel.current.tid


def getppid(kernel: Kernel) -> int:
    """getppid(2)"""
    return kernel.parent.pid if kernel.parent is not None else 1


def vfork_alone(kernel: Kernel) -> int:
    """vfork(2)"""
    return vfork(kernel, 0)


def fork(kernel: Kernel) -> int:
    """fork(2), execveat(2): a copy of the memory is not made"""
    raise SysError(EPERM)


def setpgid(kernel: Kernel, pid: int, group: int) -> int:
    """setpgid(2): of this process only."""
    own = kernel.borrowed.child.tid if kernel.borrowed is not None else kernel.pid
    if pid & 0xFFFF_FFFF not in (0, own):
        raise SysError(ESRCH)
    kernel.group = group & 0xFFFF_FFFF or own
    return 0


def getpgrp(kernel: Kernel) -> int:
    """getpgrp(2)"""
    return kernel.group


def setsid(kernel: Kernel) -> int:
    """setsid(2)"""
    kernel.group = kernel.borrowed.child.tid if kernel.borrowed is not None else kernel.pid
    return kernel.group


def prctl(kernel: Kernel, option: int, argument: int) -> int:
    """prctl(2): names of threads; names of memory are accepted and forgotten."""
    if option == _PR_SET_NAME:
        kernel.current.name = kernel.memory.read(argument, 16).partition(b"\0")[0][:15]
        return 0
    if option == _PR_GET_NAME:
        kernel.memory.write(argument, kernel.current.name.ljust(16, b"\0"))
        return 0
    if option == _PR_GET_DUMPABLE:
        return 1
    if option == _PR_GET_KEEPCAPS:
        return int(kernel.current.keeps_capabilities)
    if option == _PR_SET_KEEPCAPS:
        if argument > 1:
            raise SysError(EINVAL)
        kernel.current.keeps_capabilities = bool(argument)
        return 0
    if option in (_PR_SET_VMA, _PR_SET_DUMPABLE, _PR_SET_PDEATHSIG):
        return 0
    raise SysError(EINVAL)


CALLS = {
    24: sched_yield, 39: getpid, 56: clone, 57: fork, 58: vfork_alone, 60: exit_thread, 109: setpgid,
    110: getppid, 111: getpgrp, 112: setsid, 121: getpgid, 124: getpgid, 140: getpriority, 157: prctl,
    158: arch_prctl, 186: gettid, 203: sched_setaffinity, 204: sched_getaffinity, 218: set_tid_address,
    231: exit_group, 273: robust_list, 322: fork,
}  # fmt: skip
