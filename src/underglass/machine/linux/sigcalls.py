"""System calls on signals."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EAGAIN, EINVAL, ENOMEM, EPERM, ESRCH, Blocked, SysError
from underglass.machine.linux.signals import SI_TKILL, SI_USER, return_from_handler, send
from underglass.machine.linux.thread import SigInfo, Thread
from underglass.machine.linux.time import read_timespec

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS"]

_UNBLOCKABLE = 1 << 8 | 1 << 18  # SIGKILL, SIGSTOP
_SS_ONSTACK, _SS_DISABLE, _SS_AUTODISARM, _MINSIGSTKSZ = 1, 2, 1 << 31, 2048


def rt_sigaction(kernel: Kernel, signal: int, new: int, old: int, size: int) -> int:
    """sigaction(2)"""
    signal &= 0xFFFF_FFFF
    if not 1 <= signal <= 64 or size != 8 or (new and signal in (9, 19)):
        raise SysError(EINVAL)
    before = kernel.handlers.get(signal, (0, 0, 0, 0))
    fresh = struct.unpack("<QQQQ", kernel.memory.read(new, 32)) if new else None
    if old:
        kernel.memory.write(old, struct.pack("<QQQQ", *before))
    if fresh:
        kernel.handlers[signal] = fresh
        if fresh[0] == 1:  # a signal that is ignored now is not waited for any more
            for queue in (kernel.pending, *(t.pending for t in kernel.threads)):
                queue[:] = [info for info in queue if info.signal != signal]
    return 0


def rt_sigprocmask(kernel: Kernel, how: int, new: int, old: int, size: int) -> int:
    """sigprocmask(2)"""
    thread = kernel.current
    before = thread.mask
    if size != 8:
        raise SysError(EINVAL)
    if new:
        (value,) = struct.unpack("<Q", kernel.memory.read(new, 8))
        changed = {0: before | value, 1: before & ~value, 2: value}.get(how & 0xFFFF_FFFF)
        if changed is None:
            raise SysError(EINVAL)
        thread.mask = changed & ~_UNBLOCKABLE
        kernel.stop_if_due()
    if old:
        kernel.memory.write(old, struct.pack("<Q", before))
    return 0


def rt_sigreturn(kernel: Kernel) -> None:
    """sigreturn(2): back to what the frame says; it returns no value."""
    kernel.jump(return_from_handler(kernel))


def rt_sigpending(kernel: Kernel, address: int, size: int) -> int:
    """sigpending(2)"""
    waiting = {info.signal for info in (*kernel.current.pending, *kernel.pending)}
    bits = sum(1 << signal - 1 for signal in waiting) & kernel.current.mask
    kernel.memory.write(address, struct.pack("<Q", bits)[: min(size, 8)])
    return 0


def rt_sigsuspend(kernel: Kernel, address: int, size: int) -> int:
    """sigsuspend(2)"""
    if size != 8:
        raise SysError(EINVAL)
    set_mask(kernel, struct.unpack("<Q", kernel.memory.read(address, 8))[0])
    raise Blocked("sigsuspend", retries=False, restarts=False)


def set_mask(kernel: Kernel, mask: int) -> None:
    """Let `mask` hold while the present call waits."""
    thread = kernel.current
    if thread.mask_after is None:
        thread.mask_after = thread.mask
    thread.mask = mask & ~_UNBLOCKABLE
    kernel.stop_if_due()


def pause(kernel: Kernel) -> int:
    """pause(2)"""
    raise Blocked("pause", retries=False, restarts=False)


def rt_sigtimedwait(kernel: Kernel, wanted: int, address: int, timeout: int, size: int) -> int:
    """sigtimedwait(2)"""
    if size != 8:
        raise SysError(EINVAL)
    (bits,) = struct.unpack("<Q", kernel.memory.read(wanted, 8))
    until = kernel.now + read_timespec(kernel, timeout) if timeout else None
    thread = kernel.current
    for queue in (thread.pending, kernel.pending):
        for info in queue:
            if bits >> info.signal - 1 & 1:
                if address:
                    kernel.memory.write(address, struct.pack("<iii4xQQ", *info.words).ljust(128, b"\0"))
                queue.remove(info)
                thread.accepts = 0
                return info.signal
    thread.accepts = bits & ~_UNBLOCKABLE
    raise Blocked("sigtimedwait", until, timeout_result=-EAGAIN, restarts=False)


def sigaltstack(kernel: Kernel, new: int, old: int) -> int:
    """sigaltstack(2)"""
    thread = kernel.current
    base, state, size = thread.alt_stack
    is_on_stack = bool(size) and base < kernel.cpu["SP"] <= base + size
    fresh = struct.unpack("<Qi4xQ", kernel.memory.read(new, 24)) if new else None
    if old:
        flags = _SS_ONSTACK if is_on_stack else state
        kernel.memory.write(old, struct.pack("<Qi4xQ", base, flags, size))
    if fresh is not None:
        base, flags, size = fresh
        if is_on_stack:
            raise SysError(EPERM)
        if flags & 0x7FFF_FFFF & ~(_SS_DISABLE | _SS_ONSTACK):
            raise SysError(EINVAL)
        if flags & _SS_DISABLE:
            base = size = 0
        elif size < _MINSIGSTKSZ:
            raise SysError(ENOMEM)
        thread.alt_stack = (base, flags & _SS_DISABLE, size)
    return 0


def tgkill(kernel: Kernel, pid: int, tid: int, signal: int) -> int:
    """tgkill(2)"""
    return _to_thread(kernel, tid, signal) if pid & 0xFFFF_FFFF == kernel.pid else _missing()


def tkill(kernel: Kernel, tid: int, signal: int) -> int:
    """tkill(2)"""
    return _to_thread(kernel, tid, signal)


def _to_thread(kernel: Kernel, tid: int, signal: int) -> int:
    info = _info(kernel, signal, SI_TKILL)
    thread = _thread(kernel, tid)
    if info is not None:
        send(kernel, info, thread)
    return 0


def kill(kernel: Kernel, pid: int, signal: int) -> int:
    """kill(2): to a process of this machine, to a group of them, or to all."""
    info = _info(kernel, signal, SI_USER)
    pid &= 0xFFFF_FFFF
    if pid >> 31:
        group = 2**32 - pid
        targets = [k for k in kernel.world.kernels.values() if group in (1, k.group)]
    else:
        targets = [k for k in kernel.world.kernels.values() if pid in (0, k.pid)]
        if pid and not targets and pid in kernel.children:  # it has ended, and nobody has waited for it
            return 0
    if not targets:
        _missing()
    if info is not None:
        for target in targets:
            send(target, info)
    return 0


def _info(kernel: Kernel, signal: int, code: int) -> SigInfo | None:
    signal &= 0xFFFF_FFFF
    if signal > 64:
        raise SysError(EINVAL)
    return SigInfo(signal, code, kernel.pid | 1000 << 32) if signal else None


def rt_sigqueueinfo(kernel: Kernel, pid: int, signal: int, address: int) -> int:
    """sigqueue(3)"""
    _, _, code, first, value = struct.unpack("<iii4xQQ", kernel.memory.read(address, 32))
    if pid & 0xFFFF_FFFF != kernel.pid:
        _missing()
    if _info(kernel, signal, code) is not None:
        send(kernel, SigInfo(signal & 0xFF, code, first, value))
    return 0


def rt_tgsigqueueinfo(kernel: Kernel, pid: int, tid: int, signal: int, address: int) -> int:
    """rt_tgsigqueueinfo(2)"""
    _, _, code, first, value = struct.unpack("<iii4xQQ", kernel.memory.read(address, 32))
    if pid & 0xFFFF_FFFF != kernel.pid:
        _missing()
    thread = _thread(kernel, tid)
    if _info(kernel, signal, code) is not None:
        send(kernel, SigInfo(signal & 0xFF, code, first, value), thread)
    return 0


def _thread(kernel: Kernel, tid: int) -> Thread:
    tid &= 0xFFFF_FFFF
    thread = next((t for t in kernel.threads if t.tid == tid and t.state != "dead"), None)
    if thread is None:
        raise SysError(ESRCH)
    return thread


def _missing() -> int:
    raise SysError(ESRCH)


CALLS = {
    13: rt_sigaction, 14: rt_sigprocmask, 15: rt_sigreturn, 34: pause, 62: kill, 127: rt_sigpending,
    128: rt_sigtimedwait, 129: rt_sigqueueinfo, 130: rt_sigsuspend, 131: sigaltstack, 200: tkill, 234: tgkill,
    297: rt_tgsigqueueinfo,
}  # fmt: skip
