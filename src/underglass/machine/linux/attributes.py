"""System calls that change what is known of a file: permissions, owner, times, length."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from underglass.machine.linux.errno import EACCES, EINVAL, EISDIR, ENOTSUP, EPERM, EROFS, SysError
from underglass.machine.linux.file import UID
from underglass.machine.linux.nodes import WRITE, Directory, Node, Regular, Symlink
from underglass.machine.linux.openfile import OpenNode
from underglass.machine.linux.paths import AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, node_at, read_path

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS"]

_UTIME_NOW, _UTIME_OMIT, _BILLION = 0x3FFFFFFF, 0x3FFFFFFE, 10**9  # utimensat(2)
_NO_ID = 0xFFFF_FFFF


def _own(node: Node) -> Node:
    if node.read_only:
        raise SysError(EROFS)
    if node.uid != UID:
        raise SysError(EPERM)
    return node


def _node_of(kernel: Kernel, fd: int) -> Node | None:
    file = kernel.file(fd, path_too=True)
    return file.node if isinstance(file, OpenNode) else None


def _chmod(kernel: Kernel, node: Node, mode: int) -> int:
    if isinstance(node, Symlink):
        raise SysError(ENOTSUP)
    _own(node).permissions = mode & 0o7777
    node.changed = kernel.now
    return 0


def chmod(kernel: Kernel, path: int, mode: int) -> int:
    """chmod(2)"""
    return _chmod(kernel, node_at(kernel, AT_FDCWD, read_path(kernel, path)), mode)


def fchmod(kernel: Kernel, fd: int, mode: int) -> int:
    """fchmod(2)"""
    node = _node_of(kernel, fd)
    return _chmod(kernel, node, mode) if node is not None else 0


def fchmodat(kernel: Kernel, fd: int, path: int, mode: int) -> int:
    """fchmodat(2)"""
    return _chmod(kernel, node_at(kernel, fd, read_path(kernel, path)), mode)


def fchmodat2(kernel: Kernel, fd: int, path: int, mode: int, flags: int) -> int:
    """fchmodat2(2)"""
    if flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
        raise SysError(EINVAL)
    text = read_path(kernel, path)
    return _chmod(kernel, node_at(kernel, fd, text, follow=not flags & AT_SYMLINK_NOFOLLOW), mode)


def _chown(node: Node, uid: int, gid: int) -> int:
    for new, old in ((uid & _NO_ID, node.uid), (gid & _NO_ID, node.gid)):
        if new not in (_NO_ID, old):
            raise SysError(EPERM)
    _own(node)
    return 0


def chown(kernel: Kernel, path: int, uid: int, gid: int) -> int:
    """chown(2): only to the owner it has."""
    return _chown(node_at(kernel, AT_FDCWD, read_path(kernel, path)), uid, gid)


def lchown(kernel: Kernel, path: int, uid: int, gid: int) -> int:
    """lchown(2)"""
    return _chown(node_at(kernel, AT_FDCWD, read_path(kernel, path), follow=False), uid, gid)


def fchown(kernel: Kernel, fd: int, uid: int, gid: int) -> int:
    """fchown(2)"""
    node = _node_of(kernel, fd)
    return _chown(node, uid, gid) if node is not None else 0


def fchownat(kernel: Kernel, fd: int, path: int, uid: int, gid: int, flags: int) -> int:
    """fchownat(2)"""
    follow = not flags & AT_SYMLINK_NOFOLLOW
    return _chown(node_at(kernel, fd, read_path(kernel, path), follow=follow), uid, gid)


def utimensat(kernel: Kernel, fd: int, path: int, times: int, flags: int) -> int:
    """utimensat(2)"""
    if flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
        raise SysError(EINVAL)
    new = [(0, _UTIME_NOW), (0, _UTIME_NOW)]
    if times:
        new = list(struct.iter_unpack("<qq", kernel.memory.read(times, 32)))
    node: Node | None
    if path:
        node = node_at(kernel, fd, read_path(kernel, path), follow=not flags & AT_SYMLINK_NOFOLLOW)
    else:
        node = _node_of(kernel, fd)
    if any(n not in (_UTIME_NOW, _UTIME_OMIT) and not 0 <= n < _BILLION for _, n in new):
        raise SysError(EINVAL)
    if node is None:
        return 0
    _own(node)
    accessed, modified = (
        None if n == _UTIME_OMIT else kernel.now if n == _UTIME_NOW else s * _BILLION + n for s, n in new
    )
    node.accessed = node.accessed if accessed is None else accessed
    node.modified = node.modified if modified is None else modified
    node.changed = kernel.now
    return 0


def futimesat(kernel: Kernel, fd: int, path: int, times: int) -> int:
    """futimesat(2): times in microseconds"""
    node = node_at(kernel, fd, read_path(kernel, path))
    _own(node)
    node.accessed = node.modified = node.changed = kernel.now
    if times:
        pairs = list(struct.iter_unpack("<qq", kernel.memory.read(times, 32)))
        if any(not 0 <= micro < 10**6 for _, micro in pairs):
            raise SysError(EINVAL)
        node.accessed, node.modified = (s * _BILLION + micro * 1000 for s, micro in pairs)
    return 0


def utimes(kernel: Kernel, path: int, times: int) -> int:
    """utimes(2)"""
    return futimesat(kernel, AT_FDCWD, path, times)


def truncate(kernel: Kernel, path: int, size: int) -> int:
    """truncate(2)"""
    node = node_at(kernel, AT_FDCWD, read_path(kernel, path))
    if isinstance(node, Directory):
        raise SysError(EISDIR)
    if not isinstance(node, Regular) or size >> 63:
        raise SysError(EINVAL)
    node.check(WRITE)
    kernel.vfs.resize(node, size)
    return 0


def faccessat(kernel: Kernel, fd: int, path: int, mode: int) -> int:
    """faccessat(2)"""
    return faccessat2(kernel, fd, path, mode, 0)


def faccessat2(kernel: Kernel, fd: int, path: int, mode: int, flags: int) -> int:
    """faccessat2(2)"""
    mode &= 0xFFFF_FFFF
    if mode & ~7 or flags & ~(0x200 | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
        raise SysError(EINVAL)
    node = node_at(kernel, fd, read_path(kernel, path), follow=not flags & AT_SYMLINK_NOFOLLOW)
    if mode & 2 and node.read_only:
        raise SysError(EROFS)
    if not node.may(mode):
        raise SysError(EACCES)
    return 0


def access(kernel: Kernel, path: int, mode: int) -> int:
    """access(2)"""
    return faccessat2(kernel, AT_FDCWD, path, mode, 0)


def umask(kernel: Kernel, mask: int) -> int:
    """umask(2)"""
    before, kernel.umask = kernel.umask, mask & 0o777
    return before


def no_attributes(kernel: Kernel) -> int:
    """setxattr(2), getxattr(2), listxattr(2) and their kin: no file has extended attributes"""
    raise SysError(ENOTSUP)


CALLS = {
    21: access, 76: truncate, 90: chmod, 91: fchmod, 92: chown, 93: fchown, 94: lchown, 95: umask,
    235: utimes, 260: fchownat, 261: futimesat, 268: fchmodat, 269: faccessat, 280: utimensat,
    439: faccessat2, 452: fchmodat2, **dict.fromkeys(range(188, 200), no_attributes),
}  # fmt: skip
