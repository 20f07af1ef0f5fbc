"""The guest's file system: a tree in memory, which the caller fills and the guest may change.

No node reaches the host but those of `hostdir`, which the caller hands over by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from underglass.machine.linux.errno import (
    EACCES,
    EEXIST,
    EFBIG,
    EISDIR,
    ELOOP,
    ENAMETOOLONG,
    ENOENT,
    ENOSPC,
    ENOTDIR,
    EROFS,
    SysError,
)
from underglass.machine.linux.file import S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, UID, Stat

__all__ = ["DeviceNode", "Directory", "Fifo", "FileSystem", "Node", "ReadOnly", "Regular", "Symlink"]

_MOST_LINKS = 40  # path_resolution(7)
_MOST_NODES = 100_000
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


class FileSystem:
    """The tree, paths in it, and room for it.

    Args:
        clock: the virtual time in ns.
        room: bytes that all files may take.
    """

    def __init__(self, clock: Callable[[], int], room: int) -> None:
        self.clock, self._room, self._last_inode = clock, room, 1
        self.used = 0
        self.root = Directory(1, 0o755, clock())

    # -- paths -----------------------------------------------------------------------------------

    def find(self, path: str, start: Directory, *, follow: bool = True) -> Node:
        """The node at `path`, from `start` unless it begins with a slash (path_resolution(7))."""
        _, _, node = self.walk(path, start, follow=follow)
        if node is None:
            raise SysError(ENOENT)
        return node

    def walk(self, path: str, start: Directory, *, follow: bool = True) -> tuple[Directory, str, Node | None]:
        """(directory, last name, node): the node is None if only the last name is missing.

        The name is "" where the path names a directory without one: "/", ".", "..".
        """
        if not path:
            raise SysError(ENOENT)
        if len(path.encode("utf-8", "surrogateescape")) >= 4096:
            raise SysError(ENAMETOOLONG)
        here = self.root if path.startswith("/") else start
        parts = [part for part in path.split("/") if part]
        parts.reverse()
        links, name, leads_to_directory = 0, "", False
        node: Node = here
        is_directory = path.endswith("/")
        follow = follow or is_directory
        while parts:
            name = parts.pop()
            if not isinstance(node, Directory):
                raise SysError(ENOTDIR)
            here = node
            here.check(SEARCH)
            if name in (".", ".."):
                node, name = (here if name == "." else here.parent), ""
                continue
            if len(name.encode("utf-8", "surrogateescape")) > 255:
                raise SysError(ENAMETOOLONG)
            found = here.lookup(name)
            if isinstance(found, Symlink) and (parts or follow):
                links += 1
                if links > _MOST_LINKS:
                    raise SysError(ELOOP)
                target = found.target
                if not target:
                    raise SysError(ENOENT)
                leads_to_directory = leads_to_directory or (not parts and target.endswith("/"))
                parts.extend(reversed([part for part in target.split("/") if part]))
                node, name = (self.root if target.startswith("/") else here), ""
                continue
            if found is None:
                if parts or leads_to_directory:
                    raise SysError(ENOENT)
                return here, name, None
            node = found
        if (is_directory or leads_to_directory) and not isinstance(node, Directory):
            raise SysError(ENOTDIR)
        if name:
            return here, name, node
        assert isinstance(node, Directory)
        return node, "", node

    def path_of(self, directory: Directory) -> str:
        """The absolute path of a directory; ENOENT once it was removed."""
        parts: list[str] = []
        while directory is not self.root:
            above = directory.parent
            name = next((n for n in above.names() if above.lookup(n) is directory), None)
            if name is None:
                raise SysError(ENOENT)
            parts.append(name)
            directory = above
        return "/" + "/".join(reversed(parts))

    # -- changes ---------------------------------------------------------------------------------

    def inode(self) -> int:
        """A number for a new node."""
        self._last_inode += 1
        return self._last_inode

    def charge(self, size: int) -> None:
        """Take room for `size` more bytes, or give it back if negative."""
        if size > 0 and self.used + size > self._room:
            raise SysError(EFBIG if size > self._room else ENOSPC)
        self.used += size

    def add(self, parent: Directory, name: str, node: Node) -> None:
        """Enter `node` in `parent`."""
        if len(name.encode("utf-8", "surrogateescape")) > 255:
            raise SysError(ENAMETOOLONG)
        parent.check(WRITE | SEARCH)
        parent.children[name] = node
        if isinstance(node, Directory):
            node.parent = parent
            parent.links += 1
        parent.modified = parent.changed = self.clock()

    def remove(self, parent: Directory, name: str) -> None:
        """Take the entry `name` out of `parent`."""
        parent.check(WRITE | SEARCH)
        node = parent.children.pop(name)
        parent.modified = parent.changed = node.changed = self.clock()
        if isinstance(node, Directory):
            parent.links -= 1
            node.links = 0
        else:
            node.links -= 1
            self.released(node)

    def released(self, node: Node) -> None:
        """Give back the room of a file that has neither a name nor a descriptor left."""
        if node.links <= 0 and isinstance(node, Regular) and not node.read_only and not node.openings:
            self.used -= node.size

    def resize(self, node: Regular, size: int) -> None:
        """Cut a file, or lengthen it with zeros."""
        assert isinstance(node.data, bytearray)
        self.charge(size - len(node.data))
        if size < len(node.data):
            del node.data[size:]
        else:
            node.data.extend(bytes(size - len(node.data)))
        node.modified = node.changed = self.clock()

    def make_directories(self, path: str) -> Directory:
        """The directory at `path`, made with all above it if need be: the caller's way, not the guest's."""
        here = self.root
        for name in path.split("/"):
            if not name:
                continue
            found = here.lookup(name)
            if found is None:
                found = Directory(self.inode(), 0o755, self.clock(), here)
                self.add(here, name, found)
            if not isinstance(found, Directory):
                raise SysError(ENOTDIR)
            here = found
        return here

    def fill(self, files: Mapping[str, bytes]) -> None:
        """Write the caller's files."""
        for path, data in files.items():
            folder, _, name = path.rpartition("/")
            parent = self.make_directories(folder)
            if not name or isinstance(parent.lookup(name), Directory):
                raise SysError(EISDIR)
            if parent.lookup(name) is not None:
                raise SysError(EEXIST)
            self.charge(len(data))
            self.add(parent, name, Regular(self.inode(), 0o644, self.clock(), data))
