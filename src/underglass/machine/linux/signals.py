"""Signals: who gets them, what they do, and the frame that a handler finds on its stack."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.linux.thread import SigInfo, Thread
from underglass.machine.memory import BadAddress

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = [
    "NAMES", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGTRAP", "deliver", "is_due", "post_pending",
    "raise_here", "return_from_handler", "send",
]  # fmt: skip

SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGKILL, SIGSEGV = 4, 5, 7, 8, 9, 11  # signal(7)
NAMES = {
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS",
    8: "SIGFPE", 9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM",
    15: "SIGTERM", 27: "SIGPROF",
}  # fmt: skip
# SIGCHLD, SIGCONT, SIGURG, SIGWINCH; and the stop signals, which nobody here could undo.
_IGNORED_BY_DEFAULT = frozenset((17, 18, 23, 28, 19, 20, 21, 22))
_DEFAULT, _IGNORE = 0, 1
_SA_ONSTACK, _SA_RESTART, _SA_NODEFER, _SA_RESETHAND = 0x0800_0000, 0x1000_0000, 0x4000_0000, 0x8000_0000
_SS_ONSTACK, _SS_DISABLE = 1, 2  # sigaltstack(2)
_RED_ZONE = 128  # System V ABI, section 3.2.2
SI_USER, SI_TKILL, _SI_KERNEL = 0, -6, 0x80
_UNBLOCKABLE = 1 << 8 | 1 << 18  # SIGKILL, SIGSTOP
_MOST_QUEUED = 1024

# struct sigcontext, in its order (Linux, arch/x86/include/uapi/asm/sigcontext.h)
_SAVED = (
    "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15", "DI", "SI", "BP", "BX", "DX", "AX", "CX", "SP",
    "PC", "FLAGS",
)  # fmt: skip
_UCONTEXT = struct.Struct("<QQ QiiQ 18Q HHHH QQQQ Q 64x Q")  # ucontext_t with one word of signal mask
_SIGINFO = struct.Struct("<iii4xQQ")
_FXSAVE = struct.Struct("<HHHHQQII")  # start of the FXSAVE area (Intel SDM, volume 1, table 10-2)
_FXSAVE_XMM = 160  # offset of XMM0 in it
_FLAGS_KEPT = 0x40DD5  # what sigreturn may change (Linux, arch/x86/kernel/signal_64.c, FIX_EFLAGS)


def deliver(kernel: Kernel, info: SigInfo) -> bool:
    """Make the current thread run its handler; False if there is none, it is blocked, or has no stack.

    The frame is Linux's struct rt_sigframe, with the FXSAVE area above it, so that a handler may
    read and change every register.
    """
    signal = info.signal
    handler, flags, restorer, mask = kernel.handlers.get(signal, (_DEFAULT, 0, 0, 0))
    thread, cpu = kernel.current, kernel.cpu
    if handler in (_DEFAULT, _IGNORE) or thread.mask & 1 << signal - 1:
        return False
    base, state, size = thread.alt_stack
    own = cpu["SP"]
    is_on_stack = bool(size) and base < own <= base + size
    sp = own - _RED_ZONE
    if flags & _SA_ONSTACK and not state & _SS_DISABLE and not is_on_stack:
        sp = base + size
    fxsave = (sp - 512) & -64
    info_at = fxsave - 128
    context = info_at - _UCONTEXT.size & -16
    sp = context - 8  # the handler's return address lies at 8 mod 16, as after a CALL
    saved = cpu.read(_SAVED)
    mask_then = thread.mask if thread.mask_after is None else thread.mask_after
    trap = {SIGSEGV: 14, SIGBUS: 14, SIGFPE: 0, SIGILL: 6, SIGTRAP: 3}.get(signal, 0)
    words = _UCONTEXT.pack(
        0, 0, base, _SS_ONSTACK if is_on_stack else state, 0, size, *saved, 0x33, 0, 0, 0x2B, 0, trap, 0,
        info.first if signal in (SIGSEGV, SIGBUS) else 0, fxsave, mask_then,
    )  # fmt: skip
    start = _FXSAVE.pack(0x37F, 0, 0, 0, 0, 0, cpu.mxcsr, 0xFFFF)
    frame = (
        struct.pack("<Q", restorer)
        + words.ljust(info_at - context, b"\0")
        + _SIGINFO.pack(*info.words).ljust(128, b"\0")
        + (start.ljust(_FXSAVE_XMM, b"\0") + cpu.vectors).ljust(512, b"\0")
    )
    try:
        kernel.memory.write(sp, frame)
    except BadAddress:
        return False
    thread.mask_after = None
    thread.mask |= (mask | (0 if flags & _SA_NODEFER else 1 << signal - 1)) & ~_UNBLOCKABLE
    if flags & _SA_RESETHAND:
        kernel.handlers[signal] = (_DEFAULT, flags, restorer, mask)
    cpu["SP"], cpu["DI"], cpu["SI"], cpu["DX"], cpu["AX"] = sp, signal, info_at, context, 0
    cpu["FLAGS"] = saved[-1] & ~0x500  # DF and TF
    thread.pc = handler
    return True


def return_from_handler(kernel: Kernel) -> int:
    """Take everything back from the frame at SP; return the address to go on at."""
    cpu, thread = kernel.cpu, kernel.current
    fields = _UCONTEXT.unpack(kernel.memory.read(cpu["SP"], _UCONTEXT.size))
    saved, fxsave, mask = fields[6:24], fields[-2], fields[-1]
    state = kernel.memory.read(fxsave, 512) if fxsave else b""
    flags = cpu["FLAGS"] & ~_FLAGS_KEPT | saved[-1] & _FLAGS_KEPT
    cpu.write(_SAVED, (*saved[:-1], flags))
    if state:
        cpu.vectors = state[_FXSAVE_XMM : _FXSAVE_XMM + 256]
        cpu.mxcsr = int.from_bytes(state[24:28], "little") & 0xFFBF
    thread.mask = mask & ~_UNBLOCKABLE
    base, on_stack, size = fields[2], fields[3], fields[5]
    thread.alt_stack = (base, on_stack & _SS_DISABLE, size)
    return int(saved[_SAVED.index("PC")])


def _is_ignored(kernel: Kernel, signal: int) -> bool:
    handler = kernel.handlers.get(signal, (_DEFAULT,))[0]
    return handler == _IGNORE or (handler == _DEFAULT and signal in _IGNORED_BY_DEFAULT)


def send(kernel: Kernel, info: SigInfo, thread: Thread | None = None) -> None:
    """Let a signal come to `thread`, or to the process: its first thread that does not block it."""
    bit = 1 << info.signal - 1
    takers = [thread] if thread is not None else [t for t in kernel.threads if t.state != "dead"]
    if _is_ignored(kernel, info.signal) and not any(t.mask & bit or t.accepts & bit for t in takers):
        return
    queue = thread.pending if thread is not None else kernel.pending
    if len(queue) >= _MOST_QUEUED or (info.signal < 32 and any(i.signal == info.signal for i in queue)):
        return
    queue.append(info)
    taker = next((t for t in takers if not t.mask & bit or t.accepts & bit), None)
    if taker is None:
        return
    if taker is kernel.current and taker.state == "ready":
        kernel.stop()
    else:
        kernel.interrupt(taker, restarts=_restarts(kernel, info.signal))


def _restarts(kernel: Kernel, signal: int) -> bool:
    return bool(kernel.handlers.get(signal, (0, 0))[1] & _SA_RESTART)


def raise_here(kernel: Kernel, signal: int) -> None:
    """Send a signal to the thread that makes the present call, as a write to a broken pipe does."""
    send(kernel, SigInfo(signal, SI_USER, kernel.pid | 1000 << 32), kernel.current)


def is_due(kernel: Kernel, thread: Thread) -> bool:
    """Whether a signal waits that `thread` does not block."""
    return any(not thread.mask & 1 << i.signal - 1 for i in (*thread.pending, *kernel.pending))


def post_pending(kernel: Kernel) -> None:
    """Deliver what has come for the current thread and it does not block, or end the process by it."""
    thread = kernel.current
    for queue in (thread.pending, kernel.pending):
        for info in list(queue):
            bit = 1 << info.signal - 1
            if thread.mask & bit:
                continue
            queue.remove(info)
            if _is_ignored(kernel, info.signal):
                continue
            kernel.cpu["PC"] = thread.pc
            if not deliver(kernel, info):
                kernel.killed_by(info.signal)
                return
    if thread.mask_after is not None:
        thread.mask, thread.mask_after = thread.mask_after, None
