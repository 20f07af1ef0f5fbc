"""Directories of the host that the caller hands over by name. They are read, never written.

A symbolic link in one is shown to the guest as a link, and resolved in the guest's own tree: the
host never follows it. A path that turns out to lead through one is refused.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from underglass.machine.linux.errno import EACCES, EFBIG, SysError
from underglass.machine.linux.nodes import Directory, Node, ReadOnly, Symlink
from underglass.machine.linux.vfs import FileSystem

__all__ = ["HostDirectory"]

_MOST_BYTES = 64 << 20  # of one file


class HostDirectory(Directory):
    """A directory whose entries are looked up on the host when they are first asked for."""

    read_only = True

    def __init__(self, files: FileSystem, path: Path, parent: Directory | None = None) -> None:
        super().__init__(files.inode(), 0o555, 0, parent)
        self._files, self._path = files, path if parent is not None else path.resolve()
        self._names: list[str] | None = None
        self._seen: dict[str, Node | None] = {}
        _date(self, path.lstat())

    def __deepcopy__(self, memo: dict[int, object]) -> HostDirectory:
        return self  # nothing in it changes for the guest

    def lookup(self, name: str) -> Node | None:
        if name not in self._seen:
            self._seen[name] = self._make(name)
        return self._seen[name]

    def names(self) -> Iterable[str]:
        if self._names is None:
            try:
                self._names = sorted(path.name for path in self._path.iterdir())
            except OSError:
                raise SysError(EACCES) from None
        return [name for name in self._names if self.lookup(name) is not None]

    def _make(self, name: str) -> Node | None:
        path = self._path / name
        if "\0" in name or path.parent != self._path or path.name != name:
            return None
        try:
            status = path.lstat()
        except (OSError, ValueError):
            return None
        node: Node
        if stat.S_ISLNK(status.st_mode):
            node = Symlink(self._files.inode(), 0, os.readlink(path))  # noqa: PTH115 - as text, not as a Path
        elif stat.S_ISDIR(status.st_mode):
            node = HostDirectory(self._files, path, self)
        elif stat.S_ISREG(status.st_mode):
            node = ReadOnly(self._files.inode(), 0, partial(_load, path), status.st_size)
            node.permissions = 0o555 if status.st_mode & 0o100 else 0o444
        else:
            return None
        _date(node, status)
        return node


def _date(node: Node, status: os.stat_result) -> None:
    node.accessed = node.modified = node.changed = status.st_mtime_ns


def _load(path: Path) -> bytes:
    try:
        if Path(os.path.realpath(path)) != path:  # something above it was made a link after we looked
            raise SysError(EACCES)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError:
        raise SysError(EACCES) from None
    if len(data) > _MOST_BYTES:
        raise SysError(EFBIG)
    return data
