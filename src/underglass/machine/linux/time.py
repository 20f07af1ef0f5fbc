"""System calls on time. The clock is virtual: it moves with instructions executed and with sleeps."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EINVAL, SysError

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS", "read_timespec"]

_REALTIME_CLOCKS = (0, 5, 11)  # clock_gettime(2): REALTIME, REALTIME_COARSE, TAI
_TIMER_ABSTIME = 1
_BILLION = 10**9


def read_timespec(kernel: Kernel, address: int) -> int:
    """A struct timespec in nanoseconds."""
    seconds, nanoseconds = struct.unpack("<qq", kernel.memory.read(address, 16))
    if seconds < 0 or not 0 <= nanoseconds < _BILLION:
        raise SysError(EINVAL)
    return min(int(seconds * _BILLION + nanoseconds), 2**62)


def _now(kernel: Kernel, clock: int) -> int:
    return kernel.now if clock in _REALTIME_CLOCKS else kernel.now - kernel.BOOT_TIME


def clock_gettime(kernel: Kernel, clock: int, address: int) -> int:
    """clock_gettime(2)"""
    kernel.memory.write(address, struct.pack("<qq", *divmod(_now(kernel, clock), _BILLION)))
    return 0


def gettimeofday(kernel: Kernel, address: int, zone: int) -> int:
    """gettimeofday(2)"""
    seconds, nanoseconds = divmod(kernel.now, _BILLION)
    kernel.memory.write(address, struct.pack("<qq", seconds, nanoseconds // 1000))
    return 0


def time(kernel: Kernel, address: int) -> int:
    """time(2)"""
    seconds = kernel.now // _BILLION
    if address:
        kernel.memory.write(address, struct.pack("<q", seconds))
    return seconds


def nanosleep(kernel: Kernel, request: int, remaining: int) -> int:
    """nanosleep(2)"""
    kernel.wait("sleep", until=kernel.now + read_timespec(kernel, request))
    return 0


def clock_nanosleep(kernel: Kernel, clock: int, flags: int, request: int, remaining: int) -> int:
    """clock_nanosleep(2)"""
    duration = read_timespec(kernel, request)
    start = kernel.now - _now(kernel, clock) if flags & _TIMER_ABSTIME else kernel.now
    kernel.wait("sleep", until=start + duration)
    return 0


CALLS = {35: nanosleep, 96: gettimeofday, 201: time, 228: clock_gettime, 230: clock_nanosleep}
