"""Timers that send signals: setitimer(2), timer_create(2), alarm(2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EAGAIN, EINVAL, SysError
from underglass.machine.linux.signals import send
from underglass.machine.linux.thread import SigInfo
from underglass.machine.linux.time import clock_now, read_timespec

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "Timer", "fire", "next_wake"]

_BILLION = 10**9
_SIGEV_SIGNAL, _SIGEV_NONE, _SIGEV_THREAD_ID = 0, 1, 4  # sigevent(7)
_SI_TIMER, _SI_KERNEL = -2, 0x80
_ITIMERS = ((-1, 14), (-2, 26), (-3, 27))  # setitimer(2): REAL, VIRTUAL, PROF, and their signals
_REAL, _PROCESS, _THREAD = 0, 2, 3
_MOST_TIMERS = 256


@dataclass
class Timer:
    """One timer. Times are in ns of its own clock."""

    number: int  # of timer_create; negative for those of setitimer
    clock: int  # 0: the time of day; 2: the process's, 3: a thread's processor time
    signal: int  # 0: none
    tid: int = 0  # whose processor time counts, and who gets the signal; 0: the process
    value: int = 0  # si_value
    next_at: int | None = None
    interval: int = 0
    overrun: int = 0


def _now(kernel: Kernel, timer: Timer) -> int:
    if timer.clock == _REAL:
        return kernel.now
    if timer.clock == _PROCESS:
        return kernel.cpu.executed
    thread = next((t for t in kernel.threads if t.tid == timer.tid), None)
    return kernel.cpu_time(thread) if thread is not None else 0


def next_wake(kernel: Kernel) -> int | None:
    """When the next timer on the time of day runs out."""
    due = [t.next_at for t in kernel.timers.values() if t.next_at is not None and t.clock == _REAL]
    return min(due, default=None)


def fire(kernel: Kernel) -> None:
    """Send the signals of the timers that have run out."""
    for timer in list(kernel.timers.values()):
        if timer.next_at is None:
            continue
        late = _now(kernel, timer) - timer.next_at
        if late < 0:
            continue
        missed = late // timer.interval if timer.interval else 0
        timer.next_at = timer.next_at + (missed + 1) * timer.interval if timer.interval else None
        timer.overrun = min(missed, 2**31 - 1)
        if timer.signal:
            _send(kernel, timer)


def _send(kernel: Kernel, timer: Timer) -> None:
    if timer.number < 0:
        info = SigInfo(timer.signal, _SI_KERNEL)
    else:
        info = SigInfo(timer.signal, _SI_TIMER, timer.number | timer.overrun << 32, timer.value)
    thread = next((t for t in kernel.threads if t.tid == timer.tid and t.state != "dead"), None)
    if timer.tid == 0 or thread is not None:
        send(kernel, info, thread)


def _left(kernel: Kernel, timer: Timer) -> int:
    return max(timer.next_at - _now(kernel, timer), 1) if timer.next_at is not None else 0


def _itimer(kernel: Kernel, which: int) -> Timer:
    if which & 0xFFFF_FFFF >= len(_ITIMERS):
        raise SysError(EINVAL)
    number, signal = _ITIMERS[which & 0xFFFF_FFFF]
    return kernel.timers.setdefault(number, Timer(number, _REAL if number == -1 else _PROCESS, signal))


def _microseconds(kernel: Kernel, address: int) -> tuple[int, int]:
    a, b, c, d = struct.unpack("<qqqq", kernel.memory.read(address, 32))
    if not (0 <= b < 10**6 and 0 <= d < 10**6 and 0 <= a < 2**40 and 0 <= c < 2**40):
        raise SysError(EINVAL)
    return a * _BILLION + b * 1000, c * _BILLION + d * 1000


def getitimer(kernel: Kernel, which: int, address: int) -> int:
    """getitimer(2)"""
    timer = _itimer(kernel, which)
    parts = (*divmod(timer.interval // 1000, 10**6), *divmod(-(-_left(kernel, timer) // 1000), 10**6))
    kernel.memory.write(address, struct.pack("<qqqq", *parts))
    return 0


def setitimer(kernel: Kernel, which: int, new: int, old: int) -> int:
    """setitimer(2)"""
    timer = _itimer(kernel, which)
    interval, first = _microseconds(kernel, new) if new else (0, 0)
    if old:
        getitimer(kernel, which, old)
    timer.interval = interval
    timer.next_at = _now(kernel, timer) + first if first else None
    return 0


def alarm(kernel: Kernel, seconds: int) -> int:
    """alarm(2)"""
    timer = _itimer(kernel, 0)
    left = -(-_left(kernel, timer) // _BILLION)
    seconds &= 0xFFFF_FFFF
    timer.interval, timer.next_at = 0, kernel.now + seconds * _BILLION if seconds else None
    return left


def timer_create(kernel: Kernel, clock: int, event: int, address: int) -> int:
    """timer_create(2)"""
    clock &= 0xFFFF_FFFF
    clock_now(kernel, clock)
    value, signal, notify, tid = 0, 14, _SIGEV_SIGNAL, 0
    if event:
        value, signal, notify, tid = struct.unpack("<QiiI", kernel.memory.read(event, 20))
    if notify == _SIGEV_NONE:
        signal = 0
    elif notify not in (_SIGEV_SIGNAL, _SIGEV_THREAD_ID) or not 1 <= signal <= 64:
        raise SysError(EINVAL)
    if len(kernel.timers) >= _MOST_TIMERS:
        raise SysError(EAGAIN)
    if clock >> 31 or clock in (2, 3):
        kind = _THREAD if clock == 3 or (clock >> 31 and clock & 4) else _PROCESS
    else:
        kind = _REAL
    if notify != _SIGEV_THREAD_ID:
        tid = kernel.current.tid if kind == _THREAD else 0
    elif not any(t.tid == tid and t.state != "dead" for t in kernel.threads):
        raise SysError(EINVAL)
    number = next(n for n in range(_MOST_TIMERS + 1) if n not in kernel.timers)
    kernel.memory.write(address, struct.pack("<i", number))
    kernel.timers[number] = Timer(number, kind, signal, tid, value if event else number)
    return 0


def _timer(kernel: Kernel, number: int) -> Timer:
    timer = kernel.timers.get(number & 0x7FFF_FFFF)
    if timer is None:
        raise SysError(EINVAL)
    return timer


def timer_gettime(kernel: Kernel, number: int, address: int) -> int:
    """timer_gettime(2)"""
    timer = _timer(kernel, number)
    parts = (*divmod(timer.interval, _BILLION), *divmod(_left(kernel, timer), _BILLION))
    kernel.memory.write(address, struct.pack("<qqqq", *parts))
    return 0


def timer_settime(kernel: Kernel, number: int, flags: int, new: int, old: int) -> int:
    """timer_settime(2)"""
    timer = _timer(kernel, number)
    interval, first = read_timespec(kernel, new), read_timespec(kernel, new + 16)
    if old:
        timer_gettime(kernel, number, old)
    start = 0 if flags & 1 else _now(kernel, timer)
    timer.interval, timer.next_at = interval, start + first if first else None
    return 0


def timer_getoverrun(kernel: Kernel, number: int) -> int:
    """timer_getoverrun(2)"""
    return _timer(kernel, number).overrun


def timer_delete(kernel: Kernel, number: int) -> int:
    """timer_delete(2)"""
    del kernel.timers[_timer(kernel, number).number]
    return 0


CALLS = {
    36: getitimer, 37: alarm, 38: setitimer, 222: timer_create, 223: timer_settime, 224: timer_gettime,
    225: timer_getoverrun, 226: timer_delete,
}  # fmt: skip
