"""System calls that tell of files: stat, statx, directories, file systems."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EFAULT, EINVAL, ENOENT, SysError
from underglass.machine.linux.file import Stat
from underglass.machine.linux.openfile import OpenDirectory
from underglass.machine.linux.paths import AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, node_at, read_path

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS"]

_BILLION = 10**9
_STAT = struct.Struct("<QQQIIIxxxxQqqq6Q24x")  # struct stat (asm/stat.h of x86)
_STATX = struct.Struct("<IIQIIIH2xQQQQ" + "qI4x" * 4 + "4I112x")  # struct statx (statx(2))
_STATX_BASIC = 0x7FF
_TYPE_SHIFT = 12  # of a mode, to a directory entry's d_type


def _write_stat(kernel: Kernel, address: int, s: Stat) -> int:
    times = [part for t in (s.accessed, s.modified, s.changed) for part in divmod(t, _BILLION)]
    data = _STAT.pack(
        1, s.inode, s.links, s.mode, s.uid, s.gid, s.device, s.size, 4096, -(-s.size // 512), *times
    )
    kernel.memory.write(address, data)
    return 0


def stat(kernel: Kernel, path: int, address: int) -> int:
    """stat(2)"""
    return _write_stat(kernel, address, node_at(kernel, AT_FDCWD, read_path(kernel, path)).stat())


def lstat(kernel: Kernel, path: int, address: int) -> int:
    """lstat(2)"""
    node = node_at(kernel, AT_FDCWD, read_path(kernel, path), follow=False)
    return _write_stat(kernel, address, node.stat())


def fstat(kernel: Kernel, fd: int, address: int) -> int:
    """fstat(2)"""
    return _write_stat(kernel, address, kernel.file(fd, path_too=True).stat())


def _stat_at(kernel: Kernel, fd: int, path: int, flags: int) -> Stat:
    text = read_path(kernel, path)
    if not text and flags & AT_EMPTY_PATH and fd & 0xFFFF_FFFF != AT_FDCWD:
        return kernel.file(fd, path_too=True).stat()
    if not text and not flags & AT_EMPTY_PATH:
        raise SysError(ENOENT)
    return node_at(kernel, fd, text or ".", follow=not flags & AT_SYMLINK_NOFOLLOW).stat()


def newfstatat(kernel: Kernel, fd: int, path: int, address: int, flags: int) -> int:
    """newfstatat(2)"""
    if flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | 0x800):
        raise SysError(EINVAL)
    return _write_stat(kernel, address, _stat_at(kernel, fd, path, flags))


def statx(kernel: Kernel, fd: int, path: int, flags: int, mask: int, address: int) -> int:
    """statx(2): the basic fields."""
    if mask >> 31 & 1:
        raise SysError(EINVAL)
    s = _stat_at(kernel, fd, path, flags)
    times = [part for t in (s.accessed, 0, s.changed, s.modified) for part in divmod(t, _BILLION)]
    data = _STATX.pack(
        _STATX_BASIC, 4096, 0, s.links, s.uid, s.gid, s.mode, s.inode, s.size, -(-s.size // 512), 0,
        *times, s.device >> 8, s.device & 0xFF, 0, 1,
    )  # fmt: skip
    kernel.memory.write(address, data)
    return 0


def getdents64(kernel: Kernel, fd: int, address: int, size: int) -> int:
    """getdents64(2): in the order of creation; a host's directory by name."""
    file = kernel.file(fd)
    entries = file.entries()
    assert isinstance(file, OpenDirectory)
    if not file.directory.links:
        raise SysError(ENOENT)
    size = min(size & 0xFFFF_FFFF, 1 << 20)
    data, at = bytearray(), file.at
    for name, inode, mode in entries[at:]:
        raw = name.encode("utf-8", "surrogateescape")
        length = (19 + len(raw) + 1 + 7) & -8
        if len(data) + length > size:
            if not data:
                raise SysError(EINVAL)
            break
        at += 1
        data += struct.pack("<QqHB", inode, at, length, mode >> _TYPE_SHIFT) + raw.ljust(length - 19, b"\0")
    if len(data) and not kernel.memory.is_writable(address, len(data)):
        raise SysError(EFAULT)
    kernel.memory.write(address, bytes(data))
    file.at = at
    return len(data)


def statfs(kernel: Kernel, path: int, address: int) -> int:
    """statfs(2)"""
    node_at(kernel, AT_FDCWD, read_path(kernel, path))
    return _write_statfs(kernel, address)


def fstatfs(kernel: Kernel, fd: int, address: int) -> int:
    """fstatfs(2)"""
    kernel.file(fd, path_too=True)
    return _write_statfs(kernel, address)


def _write_statfs(kernel: Kernel, address: int) -> int:
    blocks = 65536
    data = struct.pack(
        "<QQQQQQQiiQQQ", 0x01021994, 4096, blocks, blocks, blocks, 99999, 99999, 0, 0, 255, 4096, 0
    )
    kernel.memory.write(address, data.ljust(120, b"\0"))
    return 0


CALLS = {
    4: stat, 5: fstat, 6: lstat, 137: statfs, 138: fstatfs, 217: getdents64, 262: newfstatat, 332: statx,
}  # fmt: skip
