"""The files of a process: its tree, its descriptors, its working directory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from underglass.machine.limits import Limits
from underglass.machine.linux.errno import EBADF, EINVAL, EMFILE, SysError
from underglass.machine.linux.file import File, Stdin, Stdout
from underglass.machine.linux.hostdir import HostDirectory
from underglass.machine.linux.nodes import Directory
from underglass.machine.linux.openfile import OpenPath
from underglass.machine.linux.state import Output
from underglass.machine.linux.vfs import FileSystem
from underglass.machine.linux.world import World

__all__ = ["Files"]


class Files:
    """What `Kernel` keeps of files.

    Attributes:
        touched: files were used since the last snapshot or rewind.
    """

    def __init__(self, world: World, limits: Limits) -> None:
        self.world, self.limits = world, limits
        self.files: dict[int, File] = {}
        self.closes_on_exec: set[int] = set()
        self.umask = 0o022
        self.cwd: Directory = self.vfs.root
        self.touched = True

    @property
    def vfs(self) -> FileSystem:
        """The tree."""
        return self.world.vfs

    def open_streams(self, stdin: Callable[[int], bytes], output: Output) -> None:
        """Standard input, output and error."""
        sinks = (lambda data: output.add(1, data), lambda data: output.add(2, data))
        for number, file in enumerate((Stdin(stdin), *map(Stdout, sinks))):
            self.open_as(file, number)

    def fill(self, files: Mapping[str, bytes], mounts: Mapping[str, Path], directory: str) -> None:
        """Put the caller's files and directories into the tree, and start in `directory`."""
        self.vfs.fill(files)
        for path, source in mounts.items():
            folder, _, name = path.rstrip("/").rpartition("/")
            self.vfs.add(self.vfs.make_directories(folder), name, HostDirectory(self.vfs, source.resolve()))
        node = self.vfs.find(directory, self.vfs.root)
        assert isinstance(node, Directory), directory
        self.cwd = node

    def file(self, fd: int, *, path_too: bool = False) -> File:
        """The open file at `fd`, or EBADF. One opened by O_PATH only counts where `path_too` says so."""
        found = self.files.get(fd & 0xFFFF_FFFF)
        if found is None or (isinstance(found, OpenPath) and not path_too):
            raise SysError(EBADF)
        if not isinstance(found, Stdout):
            self.touched = True
        return found

    def open(self, file: File, at_least: int = 0, *, closes: bool = False) -> int:
        """Give `file` the lowest free descriptor; `closes` is its close-on-exec flag."""
        most = self.limits.files
        if at_least >= most:
            raise SysError(EINVAL)
        fd = next((n for n in range(at_least, most) if n not in self.files), None)
        if fd is None:
            raise SysError(EMFILE)
        return self.open_as(file, fd, closes=closes)

    def open_as(self, file: File, fd: int, *, closes: bool = False) -> int:
        """Give `file` the descriptor `fd`, closing what it stood for."""
        if fd >= self.limits.files:
            raise SysError(EBADF)
        file.descriptors += 1
        if fd in self.files:
            self.close(fd)
        self.files[fd] = file
        (self.closes_on_exec.add if closes else self.closes_on_exec.discard)(fd)
        return fd

    def close(self, fd: int) -> None:
        """Take the descriptor `fd` away."""
        file = self.file(fd, path_too=True)
        del self.files[fd]
        self.closes_on_exec.discard(fd)
        file.descriptors -= 1
        if not file.descriptors:
            file.close()
        self.changed()

    def changed(self) -> None:
        """Something happened to a file: those who wait for one try again."""
        self.world.changes += 1

    def copy(self, shared: tuple[object, ...]) -> Any:
        """Everything above, for `restore`; the `shared` objects are not copied but kept."""
        here = (self.vfs, self.files, self.closes_on_exec, self.cwd, self.umask)
        self.touched = False
        return deepcopy(here, {id(each): each for each in shared})

    def restore_files(self, copied: Any, shared: tuple[object, ...]) -> None:
        """Go back to what `copy` gave, unless nothing was touched since."""
        if self.touched:
            fresh = deepcopy(copied, {id(each): each for each in shared})
            self.world.vfs, self.files, self.closes_on_exec, self.cwd, self.umask = fresh
            self.touched = False
