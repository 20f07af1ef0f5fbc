"""Open files and directories of the guest's tree."""

from __future__ import annotations

from underglass.machine.linux.errno import EBADF, EFBIG, EINVAL, EISDIR, ENXIO, SysError
from underglass.machine.linux.file import O_ACCMODE, O_APPEND, POLLIN, POLLOUT, File, Stat
from underglass.machine.linux.nodes import Directory, Node, ReadOnly, Regular
from underglass.machine.linux.vfs import FileSystem

__all__ = ["OpenDirectory", "OpenFile", "OpenNode", "OpenPath", "open_file"]

_MOST_OFFSET = 2**63 - 1
_SET, _CUR, _END, _DATA, _HOLE = range(5)  # lseek(2)


class OpenNode(File):
    """What a descriptor of a node in the tree has in common."""

    def __init__(self, node: Node, path: str, flags: int) -> None:
        self.node, self.path, self.flags = node, path, flags

    def stat(self) -> Stat:
        return self.node.stat()


class OpenPath(OpenNode):
    """A descriptor by O_PATH: it names the node, and opens nothing."""


class OpenFile(OpenNode):
    """A regular file with a position."""

    def __init__(self, node: Regular, path: str, flags: int, files: FileSystem) -> None:
        super().__init__(node, path, flags)
        self._files, self._file, self.at = files, node, 0
        self._data = node.load() if isinstance(node, ReadOnly) else None

    @property
    def _bytes(self) -> bytes | bytearray:
        return self._file.data if self._data is None else self._data

    def read(self, size: int) -> bytes | None:
        data = self.read_at(size, self.at)
        self.at += len(data)
        return data

    def read_at(self, size: int, offset: int) -> bytes:
        if self.flags & O_ACCMODE == 1:
            raise SysError(EBADF)
        self._file.accessed = self._files.clock()
        return bytes(self._bytes[offset : offset + size])

    def write(self, data: bytes) -> int | None:
        if self.flags & O_APPEND:
            self.at = len(self._bytes)
        written = self.write_at(data, self.at)
        self.at += written
        return written

    def write_at(self, data: bytes, offset: int) -> int:
        if self.flags & O_ACCMODE == 0 or self._data is not None:
            raise SysError(EBADF)
        if self.flags & O_APPEND:
            offset = len(self._bytes)  # pwrite(2), BUGS
        if offset + len(data) > _MOST_OFFSET:
            raise SysError(EFBIG)
        if not data:
            return 0
        if offset + len(data) > len(self._file.data):
            self._files.resize(self._file, offset + len(data))
        assert isinstance(self._file.data, bytearray)
        self._file.data[offset : offset + len(data)] = data
        self._file.modified = self._file.changed = self._files.clock()
        return len(data)

    def seek(self, offset: int, whence: int) -> int:
        size = len(self._bytes)
        if whence in (_DATA, _HOLE):
            if not 0 <= offset < size:
                raise SysError(ENXIO)
            at = offset if whence == _DATA else size
        elif whence in (_SET, _CUR, _END):
            at = offset + (0, self.at, size)[whence]
        else:
            raise SysError(EINVAL)
        if not 0 <= at <= _MOST_OFFSET:
            raise SysError(EINVAL)
        self.at = at
        return at

    def truncate(self, size: int) -> None:
        if self.flags & O_ACCMODE == 0 or self._data is not None:
            raise SysError(EINVAL)
        self._files.resize(self._file, size)

    def poll(self) -> int:
        return POLLIN | POLLOUT

    def close(self) -> None:
        self._file.openings -= 1
        self._files.released(self._file)


class OpenDirectory(OpenNode):
    """A directory and how far it was listed."""

    def __init__(self, node: Directory, path: str, flags: int) -> None:
        super().__init__(node, path, flags)
        self.directory = node
        self.at = 0
        self._listed: list[tuple[str, int, int]] | None = None

    def read(self, size: int) -> bytes | None:
        raise SysError(EISDIR)

    def entries(self) -> list[tuple[str, int, int]]:
        if self._listed is None or self.at == 0:
            here, above = self.directory, self.directory.parent
            self._listed = [(".", here.inode, here.kind), ("..", above.inode, above.kind)]
            nodes = ((name, here.lookup(name)) for name in here.names())
            self._listed += [(name, node.inode, node.kind) for name, node in nodes if node is not None]
        return self._listed

    def seek(self, offset: int, whence: int) -> int:
        if whence != _SET or offset < 0:
            raise SysError(EINVAL)
        self.at = min(offset, 2**31)
        return self.at


def open_file(node: Regular, path: str, flags: int, files: FileSystem) -> OpenFile:
    """Open a regular file."""
    opened = OpenFile(node, path, flags, files)
    node.openings += 1
    return opened
