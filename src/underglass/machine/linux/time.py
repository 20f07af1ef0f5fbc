"""System calls on time. The clock is virtual: it moves with instructions executed and with sleeps."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EINVAL, EPERM, Blocked, SysError

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "CPU_CLOCKS", "clock_now", "read_timespec"]

_REALTIME, _MONOTONIC, _PROCESS, _THREAD = 0, 1, 2, 3  # clock_gettime(2)
_REALTIME_CLOCKS = (_REALTIME, 5, 8, 11)  # and REALTIME_COARSE, REALTIME_ALARM, TAI
_CLOCKS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11)
CPU_CLOCKS = (_PROCESS, _THREAD)
_TIMER_ABSTIME = 1
_BILLION = 10**9


def read_timespec(kernel: Kernel, address: int) -> int:
    """A struct timespec in nanoseconds."""
    seconds, nanoseconds = struct.unpack("<qq", kernel.memory.read(address, 16))
    if seconds < 0 or not 0 <= nanoseconds < _BILLION:
        raise SysError(EINVAL)
    return min(int(seconds * _BILLION + nanoseconds), 2**62)


def clock_now(kernel: Kernel, clock: int) -> int:
    """What `clock` shows, in ns. The processor's time is a nanosecond an instruction."""
    clock &= 0xFFFF_FFFF
    if clock >> 31:  # a process's or thread's CPU clock (clock_getcpuclockid(3)): the low bits say which
        clock = _THREAD if clock & 4 else _PROCESS
    if clock not in _CLOCKS:
        raise SysError(EINVAL)
    if clock == _PROCESS:
        return kernel.cpu.executed
    if clock == _THREAD:
        return kernel.cpu_time(kernel.current)
    return kernel.now if clock in _REALTIME_CLOCKS else kernel.now - kernel.BOOT_TIME


def clock_gettime(kernel: Kernel, clock: int, address: int) -> int:
    """clock_gettime(2)"""
    kernel.world.clock.offset += kernel.schedule.delay()
    kernel.memory.write(address, struct.pack("<qq", *divmod(clock_now(kernel, clock), _BILLION)))
    return 0


def clock_getres(kernel: Kernel, clock: int, address: int) -> int:
    """clock_getres(2): a nanosecond."""
    clock_now(kernel, clock)
    if address:
        kernel.memory.write(address, struct.pack("<qq", 0, 1))
    return 0


def clock_settime(kernel: Kernel, clock: int, address: int) -> int:
    """clock_settime(2), settimeofday(2): not for this user"""
    raise SysError(EPERM)


def gettimeofday(kernel: Kernel, address: int, zone: int) -> int:
    """gettimeofday(2)"""
    seconds, nanoseconds = divmod(kernel.now, _BILLION)
    if address:
        kernel.memory.write(address, struct.pack("<qq", seconds, nanoseconds // 1000))
    if zone:
        kernel.memory.write(zone, bytes(8))
    return 0


def time(kernel: Kernel, address: int) -> int:
    """time(2)"""
    seconds = kernel.now // _BILLION
    if address:
        kernel.memory.write(address, struct.pack("<q", seconds))
    return seconds


def nanosleep(kernel: Kernel, request: int, remaining: int) -> int:
    """nanosleep(2)"""
    until = kernel.now + read_timespec(kernel, request)
    raise Blocked("sleep", until, retries=False, restarts=False, remaining=remaining)


def clock_nanosleep(kernel: Kernel, clock: int, flags: int, request: int, remaining: int) -> int:
    """clock_nanosleep(2)"""
    duration = read_timespec(kernel, request)
    now = clock_now(kernel, clock)
    if clock & 0xFFFF_FFFF == _THREAD:
        raise SysError(EINVAL)
    if flags & _TIMER_ABSTIME:
        duration, remaining = duration - now, 0
        if duration <= 0:
            return 0
    raise Blocked("sleep", kernel.now + duration, retries=False, restarts=False, remaining=remaining)


def times(kernel: Kernel, address: int) -> int:
    """times(2): in ticks of 10 ms."""
    ticks = kernel.cpu.executed // 10_000_000
    if address:
        kernel.memory.write(address, struct.pack("<qqqq", ticks, 0, 0, 0))
    return (kernel.now - kernel.BOOT_TIME) // 10_000_000


CALLS = {
    35: nanosleep, 96: gettimeofday, 100: times, 164: clock_settime, 201: time, 227: clock_settime,
    228: clock_gettime, 229: clock_getres, 230: clock_nanosleep,
}  # fmt: skip
