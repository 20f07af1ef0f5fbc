"""Signals: handlers, masks, and the frame that a handler finds on its stack."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.amd64 import VECTORS
from underglass.machine.linux.errno import EINVAL, ESRCH, SysError
from underglass.machine.linux.process import PID
from underglass.machine.memory import BadAddress

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "NAMES", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGTRAP", "deliver", "post_pending"]

SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGPIPE, SIGTERM = 4, 5, 6, 7, 8, 11, 13, 15  # signal(7)
NAMES = {
    4: "SIGILL",
    5: "SIGTRAP",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
}
_IGNORED_BY_DEFAULT = (17, 18, 23, 28)  # SIGCHLD, SIGCONT, SIGURG, SIGWINCH
_DEFAULT, _IGNORE = 0, 1
_SA_ONSTACK, _SA_NODEFER = 0x0800_0000, 0x4000_0000  # sigaction(2)
_SS_ONSTACK, _SS_DISABLE = 1, 2  # sigaltstack(2)
_RED_ZONE = 128  # System V ABI, section 3.2.2
_SI_TKILL = -6

# struct sigcontext, in its order (Linux, arch/x86/include/uapi/asm/sigcontext.h)
_SAVED = (
    "R8",
    "R9",
    "R10",
    "R11",
    "R12",
    "R13",
    "R14",
    "R15",
    "DI",
    "SI",
    "BP",
    "BX",
    "DX",
    "AX",
    "CX",
    "SP",
    "PC",
    "FLAGS",
)
_UCONTEXT = struct.Struct("<QQ QiiQ 18Q HHHH QQQQ Q 64x Q")  # ucontext_t with one word of signal mask
_FXSAVE_XMM = 160  # offset of XMM0 in the FXSAVE area (Intel SDM, volume 1, table 10-2)


def deliver(kernel: Kernel, signal: int, code: int, address: int) -> bool:
    """Make the current thread run its handler for `signal`; False if there is none, or it is blocked.

    The frame is Linux's struct rt_sigframe, with the FXSAVE area above it, so that a handler may
    read and change every register.
    """
    handler, flags, restorer, mask = kernel.handlers.get(signal, (_DEFAULT, 0, 0, 0))
    thread, cpu = kernel.current, kernel.cpu
    if handler in (_DEFAULT, _IGNORE) or thread.mask & 1 << signal - 1:
        return False
    base, state, size = thread.alt_stack
    sp = cpu["SP"] - _RED_ZONE
    if flags & _SA_ONSTACK and not state & _SS_DISABLE and not base <= cpu["SP"] < base + size:
        sp = base + size
    fxsave = (sp - 512) & -64
    info = fxsave - 128
    context = info - _UCONTEXT.size & -16
    sp = context - 8  # the handler's return address lies at 8 mod 16, as after a CALL
    on_stack = _SS_ONSTACK if base <= cpu["SP"] < base + size else state
    saved = [cpu[name] for name in _SAVED]
    words = _UCONTEXT.pack(
        0, 0, base, on_stack, 0, size, *saved, 0x33, 0, 0, 0x2B, 0, 0, 0, address, fxsave, thread.mask
    )
    vectors = b"".join(int(kernel.cpu.uc.reg_read(r)).to_bytes(16, "little") for r in VECTORS.values())
    try:
        kernel.memory.write(
            fxsave,
            struct.pack("<HHHHQQII", 0x37F, 0, 0, 0, 0, 0, 0x1F80, 0xFFFF).ljust(_FXSAVE_XMM, b"\0")
            + vectors,
        )
        kernel.memory.write(info, struct.pack("<iii4xQ", signal, 0, code, address).ljust(128, b"\0"))
        kernel.memory.write(context, words)
        kernel.memory.write(sp, struct.pack("<Q", restorer))
    except BadAddress:
        return False
    thread.mask |= mask | (0 if flags & _SA_NODEFER else 1 << signal - 1)
    cpu["SP"], cpu["DI"], cpu["SI"], cpu["DX"], cpu["AX"] = sp, signal, info, context, 0
    cpu["FLAGS"] = cpu["FLAGS"] & ~0x400
    thread.pc = handler
    return True


def post_pending(kernel: Kernel) -> None:
    """Deliver what other threads have sent to the current one and it does not block."""
    thread = kernel.current
    for entry in list(thread.pending):
        signal, code = entry
        if thread.mask & 1 << signal - 1:
            continue
        thread.pending.remove(entry)
        handler = kernel.handlers.get(signal, (_DEFAULT, 0, 0, 0))[0]
        if handler == _DEFAULT and signal not in _IGNORED_BY_DEFAULT:
            kernel.killed_by(signal)
            return
        kernel.cpu["PC"] = thread.pc
        if deliver(kernel, signal, code, PID << 32):
            return


def rt_sigaction(kernel: Kernel, signal: int, new: int, old: int, size: int) -> int:
    """rt_sigaction(2)"""
    if not 1 <= signal <= 64 or size != 8 or (new and signal in (9, 19)):
        raise SysError(EINVAL)
    before = kernel.handlers.get(signal, (0, 0, 0, 0))
    fresh = struct.unpack("<QQQQ", kernel.memory.read(new, 32)) if new else None
    if old:
        kernel.memory.write(old, struct.pack("<QQQQ", *before))
    if fresh:
        kernel.handlers[signal] = fresh
    return 0


def rt_sigprocmask(kernel: Kernel, how: int, new: int, old: int, size: int) -> int:
    """rt_sigprocmask(2)"""
    thread = kernel.current
    before = thread.mask
    if new:
        (value,) = struct.unpack("<Q", kernel.memory.read(new, 8))
        changed = {0: before | value, 1: before & ~value, 2: value}.get(how)
        if changed is None:
            raise SysError(EINVAL)
        thread.mask = changed & ~(1 << 8 | 1 << 18)  # SIGKILL and SIGSTOP cannot be blocked
    if old:
        kernel.memory.write(old, struct.pack("<Q", before))
    return 0


def rt_sigreturn(kernel: Kernel) -> None:
    """rt_sigreturn(2): back to what the frame says; it returns no value."""
    cpu = kernel.cpu
    fields = _UCONTEXT.unpack(kernel.memory.read(cpu["SP"], _UCONTEXT.size))
    saved, fxsave, mask = fields[6:24], fields[-2], fields[-1]
    vectors = kernel.memory.read(fxsave + _FXSAVE_XMM, 256) if fxsave else b""
    for name, value in zip(_SAVED, saved, strict=True):
        cpu[name] = value
    for index, register in enumerate(VECTORS.values()):
        if vectors:
            cpu.uc.reg_write(register, int.from_bytes(vectors[16 * index : 16 * index + 16], "little"))
    kernel.current.mask = mask
    kernel.jump(saved[_SAVED.index("PC")])


def sigaltstack(kernel: Kernel, new: int, old: int) -> int:
    """sigaltstack(2)"""
    thread = kernel.current
    if old:
        kernel.memory.write(old, struct.pack("<Qi4xQ", *thread.alt_stack))
    if new:
        base, flags, size = struct.unpack("<Qi4xQ", kernel.memory.read(new, 24))
        if flags & ~_SS_DISABLE:
            raise SysError(EINVAL)
        thread.alt_stack = (base, flags, size)
    return 0


def tgkill(kernel: Kernel, pid: int, tid: int, signal: int) -> int:
    """tgkill(2)"""
    return _send(kernel, tid, signal) if pid == PID else _missing()


def tkill(kernel: Kernel, tid: int, signal: int) -> int:
    """tkill(2)"""
    return _send(kernel, tid, signal)


def kill(kernel: Kernel, pid: int, signal: int) -> int:
    """kill(2): to this process only; its first living thread takes it."""
    alive = next((t for t in kernel.threads if t.state != "dead"), None)
    return _send(kernel, alive.tid, signal) if pid in (0, PID) and alive else _missing()


def _send(kernel: Kernel, tid: int, signal: int) -> int:
    thread = next((t for t in kernel.threads if t.tid == tid and t.state != "dead"), None)
    if thread is None:
        return _missing()
    if not 0 <= signal <= 64:
        raise SysError(EINVAL)
    if signal and len(thread.pending) < 64 and (signal, _SI_TKILL) not in thread.pending:
        thread.pending.append((signal, _SI_TKILL))
        kernel.interrupted(thread)
    return 0


def _missing() -> int:
    raise SysError(ESRCH)


CALLS = {
    13: rt_sigaction,
    14: rt_sigprocmask,
    15: rt_sigreturn,
    62: kill,
    131: sigaltstack,
    200: tkill,
    234: tgkill,
}
