"""The guest's file system: a tree in memory, which the caller fills and the guest may change.

No node reaches the host but those of `hostdir`, which the caller hands over by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from underglass.machine.linux.errno import (
    EEXIST,
    EFBIG,
    EISDIR,
    ELOOP,
    ENAMETOOLONG,
    ENOENT,
    ENOSPC,
    ENOTDIR,
    SysError,
)
from underglass.machine.linux.nodes import SEARCH, WRITE, Directory, MagicLink, Node, Regular, Symlink

__all__ = ["FileSystem"]

_MOST_LINKS = 40  # path_resolution(7)
_ENTRY = 4096  # bytes that each name counts for, so that their number is bounded, too


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
            if isinstance(found, MagicLink) and (parts or follow):
                node = found.node
                continue
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
        self.charge(_ENTRY)
        parent.children[name] = node
        if isinstance(node, Directory):
            node.parent = parent
            parent.links += 1
        parent.modified = parent.changed = self.clock()

    def remove(self, parent: Directory, name: str) -> None:
        """Take the entry `name` out of `parent`."""
        parent.check(WRITE | SEARCH)
        node = parent.children.pop(name)
        self.charge(-_ENTRY)
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

    def move(self, parent: Directory, name: str, to: Directory, to_name: str) -> None:
        """Give a node another name."""
        node = parent.children[name]
        self.add(to, to_name, node)
        del parent.children[name]
        self.charge(-_ENTRY)
        parent.links -= isinstance(node, Directory)
        parent.modified = parent.changed = node.changed = self.clock()

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
