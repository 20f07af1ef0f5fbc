"""System calls that link, rename and remove the entries of directories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underglass.machine.linux.errno import (
    EBUSY,
    EEXIST,
    EINVAL,
    EISDIR,
    ENOENT,
    ENOTDIR,
    ENOTEMPTY,
    EPERM,
    EXDEV,
    SysError,
)
from underglass.machine.linux.file import UID
from underglass.machine.linux.nodes import SEARCH, WRITE, Directory, Node
from underglass.machine.linux.paths import (
    AT_EMPTY_PATH,
    AT_FDCWD,
    entry_at,
    new_entry,
    node_at,
    read_path,
)

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["CALLS"]

_AT_REMOVEDIR, _AT_SYMLINK_FOLLOW = 0x200, 0x400  # unlinkat(2), linkat(2)
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2  # rename(2)


def linkat(kernel: Kernel, old_fd: int, old: int, new_fd: int, new: int, flags: int) -> int:
    """linkat(2)"""
    if flags & ~(_AT_SYMLINK_FOLLOW | AT_EMPTY_PATH):
        raise SysError(EINVAL)
    text = read_path(kernel, old)
    node = node_at(kernel, old_fd, text, follow=bool(flags & _AT_SYMLINK_FOLLOW))
    if isinstance(node, Directory):
        raise SysError(EPERM)
    parent, name = new_entry(kernel, new_fd, read_path(kernel, new))
    if node.read_only:
        raise SysError(EXDEV)
    kernel.vfs.add(parent, name, node)
    node.links += 1
    node.changed = kernel.now
    return 0


def link(kernel: Kernel, old: int, new: int) -> int:
    """link(2)"""
    return linkat(kernel, AT_FDCWD, old, AT_FDCWD, new, 0)


def unlinkat(kernel: Kernel, fd: int, path: int, flags: int) -> int:
    """unlinkat(2)"""
    if flags & ~_AT_REMOVEDIR:
        raise SysError(EINVAL)
    text = read_path(kernel, path)
    parent, name, node = entry_at(kernel, fd, text)
    if flags & _AT_REMOVEDIR:
        if not name:
            raise SysError(EINVAL if text.rstrip("/").endswith(".") else EBUSY)
        if node is None:
            raise SysError(ENOENT)
        if not isinstance(node, Directory):
            raise SysError(ENOTDIR)
        parent.check(WRITE | SEARCH)
        if node.read_only:
            raise SysError(EBUSY)
        if any(True for _ in node.names()):
            raise SysError(ENOTEMPTY)
    else:
        if isinstance(node, Directory):
            raise SysError(EISDIR)
        if node is None:
            raise SysError(ENOENT)
        if text.endswith("/"):
            raise SysError(ENOTDIR)
    _check_sticky(parent, node)
    kernel.vfs.remove(parent, name)
    return 0


def _check_sticky(parent: Directory, node: Node) -> None:
    parent.check(WRITE | SEARCH)
    if parent.permissions & 0o1000 and UID not in (parent.uid, node.uid):
        raise SysError(EPERM)


def unlink(kernel: Kernel, path: int) -> int:
    """unlink(2)"""
    return unlinkat(kernel, AT_FDCWD, path, 0)


def rmdir(kernel: Kernel, path: int) -> int:
    """rmdir(2)"""
    return unlinkat(kernel, AT_FDCWD, path, _AT_REMOVEDIR)


def renameat2(kernel: Kernel, old_fd: int, old: int, new_fd: int, new: int, flags: int) -> int:
    """renameat2(2)"""
    if flags & ~(_RENAME_NOREPLACE | _RENAME_EXCHANGE) or flags == 3:
        raise SysError(EINVAL)
    old_text, new_text = read_path(kernel, old), read_path(kernel, new)
    parent, name, node = entry_at(kernel, old_fd, old_text)
    to, to_name, there = entry_at(kernel, new_fd, new_text)
    if node is None or (there is None and flags & _RENAME_EXCHANGE):
        raise SysError(ENOENT)
    if not name or not to_name:
        raise SysError(EBUSY)
    if there is not None and flags & _RENAME_NOREPLACE:
        raise SysError(EEXIST)
    if (old_text.endswith("/") or new_text.endswith("/")) and not isinstance(node, Directory):
        raise SysError(ENOTDIR)
    if node.read_only != to.read_only:
        raise SysError(EXDEV)
    _check_sticky(parent, node)
    to.check(WRITE | SEARCH)
    if node is there:
        return 0
    if isinstance(node, Directory):
        above = to
        while above is not kernel.vfs.root:
            if above is node:
                raise SysError(EINVAL)
            above = above.parent
    vfs = kernel.vfs
    if flags & _RENAME_EXCHANGE:
        assert there is not None
        parent.children[name], to.children[to_name] = there, node
        for moved, home in ((there, parent), (node, to)):
            if isinstance(moved, Directory):
                moved.parent = home
        return 0
    if there is not None:
        if isinstance(there, Directory):
            if not isinstance(node, Directory):
                raise SysError(EISDIR)
            if there.children or there.read_only:
                raise SysError(ENOTEMPTY)
        elif isinstance(node, Directory):
            raise SysError(ENOTDIR)
        vfs.remove(to, to_name)
    vfs.move(parent, name, to, to_name)
    return 0


def renameat(kernel: Kernel, old_fd: int, old: int, new_fd: int, new: int) -> int:
    """renameat(2)"""
    return renameat2(kernel, old_fd, old, new_fd, new, 0)


def rename(kernel: Kernel, old: int, new: int) -> int:
    """rename(2)"""
    return renameat2(kernel, AT_FDCWD, old, AT_FDCWD, new, 0)


CALLS = {
    82: rename, 84: rmdir, 86: link, 87: unlink, 263: unlinkat, 264: renameat, 265: linkat, 316: renameat2,
}  # fmt: skip
