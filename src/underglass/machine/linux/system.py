"""System calls on what a process may know of the system: limits, identity, load, random bytes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EAFNOSUPPORT, EINVAL, EPERM, SysError
from underglass.machine.linux.file import UID

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS"]

_STACK, _NOFILE, _NOTHING = 3, 7, 2**64 - 1  # getrlimit(2); RLIM_INFINITY
_RESOURCES = 16
_BILLION = 10**9


def uname(kernel: Kernel, address: int) -> int:
    """uname(2)"""
    fields = (b"Linux", b"underglass", b"6.1.0", b"#1", b"x86_64", b"(none)")
    kernel.memory.write(address, b"".join(f.ljust(65, b"\0") for f in fields))
    return 0


def prlimit64(kernel: Kernel, pid: int, resource: int, new: int, old: int) -> int:
    """prlimit(2): what is set is shown again; the machine's own limits stay as they are."""
    if resource >= _RESOURCES or pid not in (0, kernel.pid):
        raise SysError(EINVAL)
    default = {_STACK: (8 << 20, _NOTHING), _NOFILE: (kernel.limits.files,) * 2}
    soft, hard = kernel.rlimits.get(resource, default.get(resource, (_NOTHING, _NOTHING)))
    fresh = struct.unpack("<QQ", kernel.memory.read(new, 16)) if new else None
    if old:
        kernel.memory.write(old, struct.pack("<QQ", soft, hard))
    if fresh:
        if fresh[0] > fresh[1]:
            raise SysError(EINVAL)
        if fresh[1] > hard:
            raise SysError(EPERM)
        kernel.rlimits[resource] = (fresh[0], fresh[1])
    return 0


def getrlimit(kernel: Kernel, resource: int, address: int) -> int:
    """getrlimit(2)"""
    return prlimit64(kernel, 0, resource, 0, address)


def setrlimit(kernel: Kernel, resource: int, address: int) -> int:
    """setrlimit(2)"""
    return prlimit64(kernel, 0, resource, address, 0)


def identity(kernel: Kernel) -> int:
    """getuid(2), getgid(2) and their effective forms"""
    return UID


def getresuid(kernel: Kernel, real: int, effective: int, saved: int) -> int:
    """getresuid(2), getresgid(2)"""
    for address in (real, effective, saved):
        kernel.memory.write(address, struct.pack("<I", UID))
    return 0


def getgroups(kernel: Kernel, size: int, address: int) -> int:
    """getgroups(2): the one group."""
    size &= 0xFFFF_FFFF
    if size:
        kernel.memory.write(address, struct.pack("<I", UID))
    return 1


def set_identity(kernel: Kernel, uid: int) -> int:
    """setuid(2), setgid(2): to what it is already"""
    if uid & 0xFFFF_FFFF != UID:
        raise SysError(EPERM)
    return 0


def refused(kernel: Kernel) -> int:
    """setgroups(2), chroot(2), mount(2), sethostname(2) and the like: not for this user"""
    raise SysError(EPERM)


def capget(kernel: Kernel, header: int, data: int) -> int:
    """capget(2): none."""
    version, pid = struct.unpack("<Ii", kernel.memory.read(header, 8))
    words = {0x19980330: 3, 0x20071026: 6, 0x20080522: 6}.get(version)
    if words is None or pid < 0:
        kernel.memory.write(header, struct.pack("<I", 0x20080522))
        raise SysError(EINVAL)
    if data:
        kernel.memory.write(data, bytes(4 * words))
    return 0


def sysinfo(kernel: Kernel, address: int) -> int:
    """sysinfo(2)"""
    total, uptime = kernel.limits.memory, (kernel.now - kernel.BOOT_TIME) // _BILLION
    free = max(total - kernel.memory.used, 0)
    data = struct.pack("<q3Q6QHxxxxxxQQI", uptime, 0, 0, 0, total, free, 0, 0, 0, 0, 1, 0, 0, 1)
    kernel.memory.write(address, data.ljust(112, b"\0"))
    return 0


def getrusage(kernel: Kernel, who: int, address: int) -> int:
    """getrusage(2): processor time, a nanosecond an instruction."""
    who &= 0xFFFF_FFFF
    if who not in (0, 1, 2**32 - 1):
        raise SysError(EINVAL)
    spent = {0: kernel.cpu.executed, 1: kernel.cpu_time(kernel.current)}.get(who, 0)
    seconds, rest = divmod(spent, _BILLION)
    usage = struct.pack("<qqqqq", seconds, rest // 1000, 0, 0, kernel.memory.used >> 10)
    kernel.memory.write(address, usage.ljust(144, b"\0"))
    return 0


def getcpu(kernel: Kernel, cpu: int, node: int) -> int:
    """getcpu(2): the first"""
    for address in (cpu, node):
        if address:
            kernel.memory.write(address, bytes(4))
    return 0


def getrandom(kernel: Kernel, address: int, size: int, flags: int) -> int:
    """getrandom(2): the machine's seeded generator."""
    if flags & ~7:
        raise SysError(EINVAL)
    size = min(size, 1 << 20)
    kernel.memory.check_writable(address, size)
    kernel.memory.write(address, kernel.random.randbytes(size))
    return size


def no_network(kernel: Kernel) -> int:
    """socket(2), socketpair(2): no family of addresses is there"""
    raise SysError(EAFNOSUPPORT)


CALLS = {
    41: no_network, 53: no_network, 63: uname, 97: getrlimit, 98: getrusage, 99: sysinfo, 102: identity,
    104: identity, 105: set_identity, 106: set_identity, 107: identity, 108: identity, 115: getgroups,
    116: refused, 118: getresuid, 120: getresuid, 125: capget, 160: setrlimit, 161: refused, 165: refused,
    166: refused, 170: refused, 302: prlimit64, 309: getcpu, 318: getrandom,
}  # fmt: skip
