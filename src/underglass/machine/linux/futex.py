"""futex(2): how threads wait for each other."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EAGAIN, EINVAL, ENOSYS, ETIMEDOUT, Blocked, SysError
from underglass.machine.linux.time import read_timespec

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel
    from underglass.machine.linux.thread import Thread

__all__ = ["CALLS", "wake"]

_WAIT, _WAKE, _REQUEUE, _CMP_REQUEUE, _WAKE_OP, _WAIT_BITSET, _WAKE_BITSET = 0, 1, 3, 4, 5, 9, 10
_COMMAND, _CLOCK_REALTIME = 0x7F, 0x100
_ALL_BITS = 0xFFFF_FFFF


def futex(
    kernel: Kernel, address: int, operation: int, value: int, timeout: int, other: int, bits: int
) -> int:
    """futex(2): WAIT, WAKE, their bitset forms, REQUEUE and WAKE_OP. Locks with priorities are missing."""
    command = operation & _COMMAND
    if address % 4:
        raise SysError(EINVAL)
    value, most = value & _ALL_BITS, value & _ALL_BITS
    if command == _WAKE:
        return wake(kernel, address, most)
    if command == _WAIT:
        until = kernel.now + read_timespec(kernel, timeout) if timeout else None
        return _wait(kernel, address, value, until, _ALL_BITS)
    if command == _WAIT_BITSET:
        until = None
        if timeout:
            start = 0 if operation & _CLOCK_REALTIME else kernel.BOOT_TIME
            until = start + read_timespec(kernel, timeout)
        return _wait(kernel, address, value, until, bits & _ALL_BITS)
    if command == _WAKE_BITSET:
        if not bits & _ALL_BITS:
            raise SysError(EINVAL)
        return wake(kernel, address, most, bits & _ALL_BITS)
    if command in (_REQUEUE, _CMP_REQUEUE):
        if command == _CMP_REQUEUE and _word(kernel, address) != bits & _ALL_BITS:
            raise SysError(EAGAIN)
        return _requeue(kernel, address, most, other, timeout & _ALL_BITS, command == _CMP_REQUEUE)
    if command == _WAKE_OP:
        return _wake_op(kernel, address, most, other, timeout & _ALL_BITS, bits & _ALL_BITS)
    raise SysError(ENOSYS)


def wake(kernel: Kernel, address: int, most: int, bits: int = _ALL_BITS) -> int:
    """Make up to `most` threads that wait on the futex ready; return how many."""
    waiting = [t for t in _waiting(kernel, address) if t.futex_bits & bits]
    chosen = kernel.schedule.some(waiting, most)
    for thread in chosen:
        kernel.make_ready(thread, 0)
    return len(chosen)


def _waiting(kernel: Kernel, address: int) -> list[Thread]:
    return [t for t in kernel.threads if t.futex == address and t.waits is not None]


def _word(kernel: Kernel, address: int) -> int:
    return int(struct.unpack("<I", kernel.memory.read(address, 4))[0])


def _wait(kernel: Kernel, address: int, value: int, until: int | None, bits: int) -> int:
    if not bits:
        raise SysError(EINVAL)
    if _word(kernel, address) != value:
        raise SysError(EAGAIN)
    kernel.current.futex, kernel.current.futex_bits = address, bits
    raise Blocked(
        f"futex {address:#x}",
        until,
        timeout_result=-ETIMEDOUT,
        retries=False,
        restarts=until is None,
    )


def _requeue(kernel: Kernel, address: int, most: int, other: int, moved: int, counts: bool) -> int:
    woken = wake(kernel, address, most)
    waiting = _waiting(kernel, address)[:moved]
    for thread in waiting:
        thread.futex = other
    return woken + (len(waiting) if counts else 0)


def _wake_op(kernel: Kernel, address: int, most: int, other: int, most_other: int, code: int) -> int:
    operation, compare = code >> 28 & 7, code >> 24 & 15
    operand, threshold = _signed12(code >> 12), _signed12(code)
    if code >> 31:
        operand = 1 << (operand & 31)
    old = _word(kernel, other)
    new = (operand, old + operand, old | operand, old & ~operand, old ^ operand)
    if operation >= len(new) or compare > 5:
        raise SysError(ENOSYS)
    kernel.memory.write(other, struct.pack("<I", new[operation] & _ALL_BITS))
    signed = old - 2**32 if old >> 31 else old
    holds = (
        signed == threshold,
        signed != threshold,
        signed < threshold,
        signed <= threshold,
        signed > threshold,
        signed >= threshold,
    )[compare]
    return wake(kernel, address, most) + (wake(kernel, other, most_other) if holds else 0)


def _signed12(value: int) -> int:
    value &= 0xFFF
    return value - 0x1000 if value & 0x800 else value


CALLS = {202: futex}
