"""System calls on the process and its threads."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import ECHILD, EINVAL, EPERM, ESRCH, SysError
from underglass.machine.linux.futex import wake
from underglass.machine.linux.thread import Thread
from underglass.machine.memory import TOP, BadAddress

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "PID"]

PID = 1000
_CLONE_VM, _CLONE_THREAD, _CLONE_SETTLS = 0x100, 0x10000, 0x80000  # clone(2)
_CLONE_PARENT_SETTID, _CLONE_CHILD_CLEARTID, _CLONE_CHILD_SETTID = 0x100000, 0x200000, 0x1000000
_ARCH_SET_FS, _ARCH_GET_FS = 0x1002, 0x1003  # arch_prctl(2)
_PR_SET_PDEATHSIG, _PR_GET_DUMPABLE, _PR_SET_DUMPABLE, _PR_SET_NAME, _PR_GET_NAME = (
    1,
    3,
    4,
    15,
    16,
)  # prctl(2)
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
    """clone(2): a thread of this process; a process of its own is refused."""
    if not flags & _CLONE_THREAD or not flags & _CLONE_VM:
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


def no_process(kernel: Kernel) -> int:
    """fork(2), vfork(2), execve(2): there is one process, with one program"""
    raise SysError(EPERM)


def wait4(kernel: Kernel, pid: int, status: int, options: int, usage: int) -> int:
    """wait4(2): there are no children."""
    raise SysError(ECHILD)


def waitid(kernel: Kernel) -> int:
    """waitid(2): there are no children."""
    raise SysError(ECHILD)


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
    """getpid(2), and getpgid(2), getsid(2): the process leads its group"""
    return kernel.pid


def getpgid(kernel: Kernel, pid: int) -> int:
    """getpgid(2), getsid(2)"""
    if pid & 0xFFFF_FFFF not in (0, kernel.pid):
        raise SysError(ESRCH)
    return kernel.pid


def gettid(kernel: Kernel) -> int:
    """gettid(2)"""
    return kernel.current.tid


def getppid(kernel: Kernel) -> int:
    """getppid(2)"""
    return 1


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
    if option in (_PR_SET_VMA, _PR_SET_DUMPABLE, _PR_SET_PDEATHSIG):
        return 0
    raise SysError(EINVAL)


CALLS = {
    24: sched_yield, 39: getpid, 56: clone, 57: no_process, 58: no_process, 59: no_process, 60: exit_thread,
    61: wait4, 110: getppid, 111: getpid, 121: getpgid, 124: getpgid, 140: getpriority, 157: prctl,
    158: arch_prctl, 186: gettid, 203: sched_setaffinity, 204: sched_getaffinity, 218: set_tid_address,
    231: exit_group, 247: waitid, 273: robust_list, 322: no_process,
}  # fmt: skip
