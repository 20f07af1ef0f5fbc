"""System calls on the process, its threads and what it may know of the system."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EAGAIN, EFAULT, EINVAL, EPERM, ETIMEDOUT, SysError
from underglass.machine.linux.thread import Thread
from underglass.machine.linux.time import read_timespec
from underglass.machine.memory import BadAddress

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "PID"]

PID = 1000
_CLONE_SETTLS, _CLONE_CHILD_CLEARTID, _CLONE_VM = 0x80000, 0x200000, 0x100  # clone(2)
_ARCH_SET_FS, _ARCH_GET_FS = 0x1002, 0x1003  # arch_prctl(2)
_FUTEX_WAIT, _FUTEX_WAKE, _FUTEX_COMMAND = 0, 1, 0x7F  # futex(2)


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
    if not flags & _CLONE_VM:
        raise SysError(EPERM)
    child = Thread(tid=kernel.next_tid(), mask=kernel.current.mask)
    if flags & _CLONE_CHILD_CLEARTID:
        child.clear_tid = child_tid
    kernel.start(child, stack, tls if flags & _CLONE_SETTLS else None)
    return child.tid


def futex(
    kernel: Kernel, address: int, operation: int, value: int, timeout: int, other: int, bits: int
) -> int:
    """futex(2): WAIT and WAKE."""
    command = operation & _FUTEX_COMMAND
    if command == _FUTEX_WAKE:
        return wake(kernel, address, value)
    if command != _FUTEX_WAIT:
        raise SysError(EINVAL)
    (present,) = struct.unpack("<I", kernel.memory.read(address, 4))
    if present != value & 0xFFFF_FFFF:
        raise SysError(EAGAIN)
    until = kernel.now + read_timespec(kernel, timeout) if timeout else None
    kernel.current.futex = address
    kernel.wait(f"futex {address:#x}", until=until, timeout_result=-ETIMEDOUT)
    return 0


def wake(kernel: Kernel, address: int, most: int) -> int:
    """Make up to `most` threads that wait on the futex ready; return how many."""
    waiting = [t for t in kernel.threads if t.futex == address and t.state.startswith("futex")]
    for thread in waiting[:most]:
        kernel.make_ready(thread, 0)
    return len(waiting[:most])


def sched_yield(kernel: Kernel) -> int:
    """sched_yield(2)"""
    kernel.yield_now()
    return 0


def sched_getaffinity(kernel: Kernel, pid: int, size: int, address: int) -> int:
    """sched_getaffinity(2): one processor."""
    if size < 8:
        raise SysError(EINVAL)
    kernel.memory.write(address, struct.pack("<Q", 1))
    return 8


def arch_prctl(kernel: Kernel, code: int, address: int) -> int:
    """arch_prctl(2): the FS base."""
    if code == _ARCH_SET_FS:
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


def getrandom(kernel: Kernel, address: int, size: int, flags: int) -> int:
    """getrandom(2): the machine's seeded generator."""
    size = min(size, 1 << 20)
    kernel.memory.write(address, kernel.random.randbytes(size))
    return size


def uname(kernel: Kernel, address: int) -> int:
    """uname(2)"""
    fields = (b"Linux", b"underglass", b"6.1.0", b"#1", b"x86_64", b"")
    kernel.memory.write(address, b"".join(f.ljust(65, b"\0") for f in fields))
    return 0


def prlimit64(kernel: Kernel, pid: int, resource: int, new: int, old: int) -> int:
    """prlimit(2): stacks of 8 MiB, 1024 open files, the rest without limit."""
    if old:
        amount = {3: 8 << 20, 7: 1024}.get(resource, 2**64 - 1)
        kernel.memory.write(old, struct.pack("<QQ", amount, amount))
    return 0


def getrlimit(kernel: Kernel, resource: int, address: int) -> int:
    """getrlimit(2)"""
    return prlimit64(kernel, 0, resource, 0, address)


def getpid(kernel: Kernel) -> int:
    """getpid(2)"""
    return PID


def gettid(kernel: Kernel) -> int:
    """gettid(2)"""
    return kernel.current.tid


def identity(kernel: Kernel) -> int:
    """getuid(2), getgid(2) and their effective forms"""
    return 1000


def getppid(kernel: Kernel) -> int:
    """getppid(2)"""
    return 1


def getcwd(kernel: Kernel, address: int, size: int) -> int:
    """getcwd(2): the root."""
    if size < 2:
        raise SysError(EFAULT)
    kernel.memory.write(address, b"/\0")
    return 2


def prctl(kernel: Kernel, option: int) -> int:
    """prctl(2): thread and memory names, accepted and forgotten; the rest refused."""
    if option in (15, 0x53564D41):
        return 0
    raise SysError(EINVAL)


CALLS = {
    24: sched_yield, 39: getpid, 56: clone, 60: exit_thread, 63: uname, 79: getcwd, 97: getrlimit,
    102: identity, 104: identity, 107: identity, 108: identity, 110: getppid, 157: prctl, 158: arch_prctl,
    186: gettid, 202: futex, 204: sched_getaffinity, 218: set_tid_address, 231: exit_group,
    302: prlimit64, 318: getrandom,
}  # fmt: skip
