"""System calls on paths: opening, and the entries of directories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underglass.machine.linux.errno import (
    EEXIST,
    EINVAL,
    EISDIR,
    ELOOP,
    ENAMETOOLONG,
    ENOENT,
    ENOTDIR,
    ENXIO,
    EPERM,
    ERANGE,
    SysError,
)
from underglass.machine.linux.file import DEVICES, O_ACCMODE, S_IFDIR, S_IFIFO, S_IFMT, S_IFREG, Device, File
from underglass.machine.linux.nodes import (
    READ,
    SEARCH,
    WRITE,
    DeviceNode,
    Directory,
    Fifo,
    Node,
    Opened,
    Regular,
    Symlink,
)
from underglass.machine.linux.openfile import OpenDirectory, OpenNode, OpenPath, open_file
from underglass.machine.linux.pipes import open_fifo

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = [
    "AT_EMPTY_PATH",
    "AT_FDCWD",
    "AT_SYMLINK_NOFOLLOW",
    "CALLS",
    "entry_at",
    "new_entry",
    "node_at",
    "read_path",
    "start_at",
]

AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH = 0xFFFF_FF9C, 0x100, 0x1000  # openat(2); -100 as 32 bits
_AT_REMOVEDIR, _AT_SYMLINK_FOLLOW = 0x200, 0x400
_O_CREAT, _O_EXCL, _O_TRUNC, _O_DIRECTORY, _O_NOFOLLOW = 0o100, 0o200, 0o1000, 0o200000, 0o400000
_O_CLOEXEC, _O_PATH, _O_TMPFILE = 0o2000000, 0o10000000, 0o20000000
_KEPT = (
    0o3 | 0o2000 | 0o4000 | 0o40000 | 0o200000 | 0o4010000 | 0o100000
)  # what F_GETFL shows of open's flags
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2  # rename(2)
_MOST_PATH = 4096


def read_path(kernel: Kernel, address: int, most: int = _MOST_PATH) -> str:
    """The string at `address`, of less than `most` bytes."""
    data = b""
    while len(data) < most:
        at = address + len(data)
        piece = kernel.memory.read(at, min(4096 - at % 4096, most - len(data)))
        end = piece.find(b"\0")
        data += piece if end < 0 else piece[:end]
        if end >= 0:
            return data.decode("utf-8", "surrogateescape")
    raise SysError(ENAMETOOLONG)


def start_at(kernel: Kernel, fd: int, path: str) -> Directory:
    """The directory that a relative `path` starts from."""
    if path.startswith("/") or fd & 0xFFFF_FFFF == AT_FDCWD:
        return kernel.cwd
    file = kernel.file(fd, path_too=True)
    if not isinstance(file, OpenNode) or not isinstance(file.node, Directory):
        raise SysError(ENOTDIR)
    return file.node


def node_at(kernel: Kernel, fd: int, path: str, *, follow: bool = True) -> Node:
    """The node at `path` from the directory `fd`."""
    return kernel.vfs.find(path, start_at(kernel, fd, path), follow=follow)


def entry_at(kernel: Kernel, fd: int, path: str) -> tuple[Directory, str, Node | None]:
    """The entry itself: a link is not followed. A path that ends in "/" names a directory."""
    start = start_at(kernel, fd, path)
    parent, name, node = kernel.vfs.walk(path.rstrip("/") or path, start, follow=False)
    return parent, name, node


def openat(kernel: Kernel, fd: int, path: int, flags: int, mode: int) -> int:
    """openat(2)"""
    text = read_path(kernel, path)
    if flags & _O_TMPFILE:
        flags |= 0  # the bit of O_TMPFILE; with O_DIRECTORY it asks for a file without a name
        if flags & _O_DIRECTORY:
            return _open_unnamed(kernel, fd, text, flags, mode)
    follow = not flags & _O_NOFOLLOW and not (flags & _O_CREAT and flags & _O_EXCL)
    parent, name, node = kernel.vfs.walk(text, start_at(kernel, fd, text), follow=follow)
    created = False
    if node is None:
        if not flags & _O_CREAT:
            raise SysError(ENOENT)
        if text.endswith("/"):
            raise SysError(EISDIR)
        permissions = mode & 0o7777 & ~kernel.umask
        node = Regular(kernel.vfs.inode(), permissions, kernel.now)
        kernel.vfs.add(parent, name, node)
        created = True
    elif flags & _O_CREAT and flags & _O_EXCL:
        raise SysError(EEXIST)
    if text.endswith("/") and not isinstance(node, Directory):
        raise SysError(ENOTDIR)
    file = open_node(kernel, node, _named(kernel, parent, name), flags, created)
    return kernel.open(file, closes=bool(flags & _O_CLOEXEC))


def _named(kernel: Kernel, parent: Directory, name: str) -> str:
    return f"{kernel.vfs.path_of(parent).rstrip('/')}/{name}" if name else kernel.vfs.path_of(parent)


def _open_unnamed(kernel: Kernel, fd: int, path: str, flags: int, mode: int) -> int:
    folder = node_at(kernel, fd, path)
    folder.check(WRITE | SEARCH)
    if not flags & O_ACCMODE:
        raise SysError(EINVAL)
    node = Regular(kernel.vfs.inode(), mode & 0o7777 & ~kernel.umask, kernel.now)
    node.links = 0
    return kernel.open(open_file(node, "/tmp/#unnamed (deleted)", flags & _KEPT, kernel.vfs))


def open_node(kernel: Kernel, node: Node, path: str, flags: int, created: bool = False) -> File:
    """An open file description of `node`."""
    if flags & _O_PATH:
        if flags & _O_DIRECTORY and not isinstance(node, Directory):
            raise SysError(ENOTDIR)
        return OpenPath(node, path, _O_PATH)
    if isinstance(node, Opened):
        return node.file
    if isinstance(node, Symlink):
        raise SysError(ENOTDIR if flags & _O_DIRECTORY else ELOOP)
    if flags & _O_DIRECTORY and not isinstance(node, Directory):
        raise SysError(ENOTDIR)
    access = flags & O_ACCMODE
    wants = (READ, WRITE, READ | WRITE, READ | WRITE)[access]
    if isinstance(node, Directory):
        if wants & WRITE or flags & _O_CREAT:
            raise SysError(EISDIR)
        node.check(READ)
        return OpenDirectory(node, path, flags & _KEPT)
    if not created:
        node.check(wants)
    if isinstance(node, Regular):
        if flags & _O_TRUNC and not node.read_only and not created:
            kernel.vfs.resize(node, 0)
        return open_file(node, path, flags & _KEPT, kernel.vfs)
    if isinstance(node, Fifo):
        return open_fifo(node, flags)
    if isinstance(node, DeviceNode) and node.name in DEVICES:
        device = Device(node.name, kernel.random)
        device.flags = flags & _KEPT
        return device
    raise SysError(ENXIO)


def open_(kernel: Kernel, path: int, flags: int, mode: int) -> int:
    """open(2)"""
    return openat(kernel, AT_FDCWD, path, flags, mode)


def creat(kernel: Kernel, path: int, mode: int) -> int:
    """creat(2)"""
    return openat(kernel, AT_FDCWD, path, _O_CREAT | _O_TRUNC | 1, mode)


def new_entry(kernel: Kernel, fd: int, path: str, *, is_directory: bool = False) -> tuple[Directory, str]:
    """Where a new entry goes: its directory and name; EEXIST if it is there."""
    parent, name, node = entry_at(kernel, fd, path)
    if node is not None or not name:
        raise SysError(EEXIST)
    if path.endswith("/") and not is_directory:
        raise SysError(ENOENT)
    parent.check(WRITE | SEARCH)
    return parent, name


def mkdirat(kernel: Kernel, fd: int, path: int, mode: int) -> int:
    """mkdirat(2)"""
    parent, name = new_entry(kernel, fd, read_path(kernel, path), is_directory=True)
    permissions = mode & 0o1777 & ~kernel.umask
    kernel.vfs.add(parent, name, Directory(kernel.vfs.inode(), permissions, kernel.now, parent))
    return 0


def mkdir(kernel: Kernel, path: int, mode: int) -> int:
    """mkdir(2)"""
    return mkdirat(kernel, AT_FDCWD, path, mode)


def mknodat(kernel: Kernel, fd: int, path: int, mode: int, device: int) -> int:
    """mknodat(2): regular files and FIFOs."""
    text = read_path(kernel, path)
    kind = mode & S_IFMT
    if kind == S_IFDIR or kind not in (0, S_IFREG, S_IFIFO):
        raise SysError(EPERM)
    parent, name = new_entry(kernel, fd, text)
    make = Fifo if kind == S_IFIFO else Regular
    kernel.vfs.add(parent, name, make(kernel.vfs.inode(), mode & 0o7777 & ~kernel.umask, kernel.now))
    return 0


def mknod(kernel: Kernel, path: int, mode: int, device: int) -> int:
    """mknod(2)"""
    return mknodat(kernel, AT_FDCWD, path, mode, device)


def symlinkat(kernel: Kernel, target: int, fd: int, path: int) -> int:
    """symlinkat(2)"""
    text = read_path(kernel, target)
    if not text:
        raise SysError(ENOENT)
    parent, name = new_entry(kernel, fd, read_path(kernel, path))
    kernel.vfs.add(parent, name, Symlink(kernel.vfs.inode(), kernel.now, text))
    return 0


def symlink(kernel: Kernel, target: int, path: int) -> int:
    """symlink(2)"""
    return symlinkat(kernel, target, AT_FDCWD, path)


def readlinkat(kernel: Kernel, fd: int, path: int, address: int, size: int) -> int:
    """readlinkat(2)"""
    if not 0 < size < 2**31:
        raise SysError(EINVAL)
    text = read_path(kernel, path)
    node = node_at(kernel, fd, text, follow=False)
    if not isinstance(node, Symlink):
        raise SysError(EINVAL)
    data = node.target.encode("utf-8", "surrogateescape")[:size]
    kernel.memory.write(address, data)
    return len(data)


def readlink(kernel: Kernel, path: int, address: int, size: int) -> int:
    """readlink(2)"""
    return readlinkat(kernel, AT_FDCWD, path, address, size)


def chdir(kernel: Kernel, path: int) -> int:
    """chdir(2)"""
    return _enter(kernel, node_at(kernel, AT_FDCWD, read_path(kernel, path)))


def fchdir(kernel: Kernel, fd: int) -> int:
    """fchdir(2)"""
    file = kernel.file(fd, path_too=True)
    if not isinstance(file, OpenNode):
        raise SysError(ENOTDIR)
    return _enter(kernel, file.node)


def _enter(kernel: Kernel, node: Node) -> int:
    if not isinstance(node, Directory):
        raise SysError(ENOTDIR)
    node.check(SEARCH)
    kernel.cwd = node
    return 0


def getcwd(kernel: Kernel, address: int, size: int) -> int:
    """getcwd(2)"""
    data = kernel.vfs.path_of(kernel.cwd).encode("utf-8", "surrogateescape") + b"\0"
    if len(data) > size:
        raise SysError(ERANGE)
    kernel.memory.write(address, data)
    return len(data)


CALLS = {
    2: open_, 79: getcwd, 80: chdir, 81: fchdir, 83: mkdir, 85: creat, 88: symlink, 89: readlink, 133: mknod,
    257: openat, 258: mkdirat, 259: mknodat, 266: symlinkat, 267: readlinkat,
}  # fmt: skip
