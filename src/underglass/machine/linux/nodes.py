"""Inodes: what the entries of the guest's directories stand for (inode(7))."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from underglass.machine.linux.errno import EACCES, EROFS, SysError
from underglass.machine.linux.file import S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, UID, File, Stat

__all__ = [
    "READ",
    "SEARCH",
    "WRITE",
    "DeviceNode",
    "Directory",
    "Fifo",
    "MagicLink",
    "Node",
    "Opened",
    "ReadOnly",
    "Regular",
    "Symlink",
]

READ, WRITE, SEARCH = 4, 2, 1  # bits of a mode


class Node:
    """An inode (inode(7))."""

    kind = 0  # S_IFREG and so on
    read_only = False  # on a file system that cannot be written

    def __init__(self, inode: int, permissions: int, now: int) -> None:
        self.inode, self.permissions = inode, permissions
        self.uid = self.gid = UID
        self.links = 1
        self.accessed = self.modified = self.changed = now

    @property
    def size(self) -> int:
        return 0

    def stat(self) -> Stat:
        """What stat(2) tells of it."""
        return Stat(
            self.kind | self.permissions, self.inode, self.links, self.size, self.uid, self.gid,
            self.device, self.accessed, self.modified, self.changed,
        )  # fmt: skip

    @property
    def device(self) -> int:
        return 0

    def may(self, want: int) -> bool:
        """Whether user 1000 may do what the bits of `want` say."""
        shift = 6 if self.uid == UID else 3 if self.gid == UID else 0
        return self.permissions >> shift & want == want

    def check(self, want: int) -> None:
        """Raise EACCES, or EROFS for a write to what cannot be written."""
        if want & WRITE and self.read_only:
            raise SysError(EROFS)
        if not self.may(want):
            raise SysError(EACCES)


class Regular(Node):
    """A file in memory."""

    kind = S_IFREG
    openings = 0  # open file descriptions of it

    def __init__(self, inode: int, permissions: int, now: int, data: bytes = b"") -> None:
        super().__init__(inode, permissions, now)
        self.data: bytes | bytearray = bytearray(data)

    @property
    def size(self) -> int:
        return len(self.data)


class ReadOnly(Regular):
    """A file whose bytes are made when it is opened: of the host, or of /proc."""

    read_only = True

    def __init__(self, inode: int, now: int, content: Callable[[], bytes], size: int = 0) -> None:
        Node.__init__(self, inode, 0o444, now)
        self._content, self._size = content, size

    @property
    def size(self) -> int:
        return self._size

    def load(self) -> bytes:
        """Its bytes at this moment."""
        return self._content()


class Symlink(Node):
    """A symbolic link."""

    kind = S_IFLNK

    def __init__(self, inode: int, now: int, target: str) -> None:
        super().__init__(inode, 0o777, now)
        self.target = target

    @property
    def size(self) -> int:
        return len(self.target.encode("utf-8", "surrogateescape"))


class Opened(Node):
    """What a descriptor stands for, where that has no name in the tree: a pipe, a standard stream."""

    def __init__(self, inode: int, now: int, file: File) -> None:
        super().__init__(inode, 0o600, now)
        self.file = file

    def stat(self) -> Stat:
        return self.file.stat()


class MagicLink(Symlink):
    """An entry of /proc/self/fd: it leads to what is open, whatever its text says (proc(5))."""

    def __init__(self, inode: int, now: int, target: str, node: Node) -> None:
        super().__init__(inode, now, target)
        self.node = node


class DeviceNode(Node):
    """A character device."""

    kind = S_IFCHR

    def __init__(self, inode: int, now: int, name: str, number: int) -> None:
        super().__init__(inode, 0o666, now)
        self.name, self._number = name, number

    @property
    def device(self) -> int:
        return self._number


class Fifo(Node):
    """A named pipe (fifo(7))."""

    kind = S_IFIFO
    pipe: object = None  # the open pipe, if any


class Directory(Node):
    """A directory. `parent` is itself for the root."""

    kind = S_IFDIR

    def __init__(self, inode: int, permissions: int, now: int, parent: Directory | None = None) -> None:
        super().__init__(inode, permissions, now)
        self.parent = parent or self
        self.children: dict[str, Node] = {}
        self.links = 2

    @property
    def size(self) -> int:
        return 4096

    def lookup(self, name: str) -> Node | None:
        """The entry `name`."""
        return self.children.get(name)

    def names(self) -> Iterable[str]:
        """The names of its entries, in a fixed order."""
        return list(self.children)
