"""/dev, /proc and /tmp: what a program expects to find on every Linux."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from underglass.machine.linux.file import DEVICES
from underglass.machine.linux.nodes import DeviceNode, Directory, MagicLink, Node, Opened, ReadOnly, Symlink
from underglass.machine.linux.openfile import OpenNode

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel
    from underglass.machine.linux.world import World

__all__ = ["furnish", "own_directory"]


class _Live(Directory):
    """A directory that the kernel makes up as it is asked. Nothing in it can be changed."""

    read_only = True

    def __deepcopy__(self, memo: dict[int, object]) -> _Live:
        return self


class _Descriptors(_Live):
    """/proc/self/fd (proc(5))"""

    kernel: Kernel

    def lookup(self, name: str) -> Node | None:
        number = int(name) if name.isascii() and name.isdigit() and len(name) < 10 else -1
        file = self.kernel.files.get(number)
        if file is None:
            return None
        now = self.kernel.now
        node = file.node if isinstance(file, OpenNode) else Opened(0, now, file)
        return MagicLink(self.inode + 1 + number, now, file.path, node)

    def names(self) -> Iterable[str]:
        return [str(fd) for fd in sorted(self.kernel.files)]


class _Processes(_Live):
    """/proc (proc(5))"""

    world: World

    def lookup(self, name: str) -> Node | None:
        if name == "self" and self.world.running is not None:
            return self.world.running.proc
        if name.isascii() and name.isdigit() and len(name) < 10 and int(name) in self.world.kernels:
            return self.world.kernels[int(name)].proc
        return self.children.get(name)

    def names(self) -> Iterable[str]:
        return [*map(str, sorted(self.world.kernels)), "self", *self.children]


def furnish(world: World, program: str) -> None:
    """Make /dev, /proc and /tmp.

    Args:
        program: the path of the program, for /proc/self/exe.
    """
    vfs = world.vfs
    devices = vfs.make_directories("/dev")
    for name, number in DEVICES.items():
        vfs.add(devices, name, DeviceNode(vfs.inode(), vfs.clock(), name, number))
    vfs.add(devices, "fd", Symlink(vfs.inode(), vfs.clock(), "/proc/self/fd"))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        vfs.add(devices, name, Symlink(vfs.inode(), vfs.clock(), f"/proc/self/fd/{number}"))
    devices.uid = devices.gid = 0
    vfs.make_directories("/tmp").permissions = 0o1777

    proc = _Processes(vfs.inode(), 0o555, vfs.clock(), vfs.root)
    proc.world = world
    vfs.add(vfs.root, "proc", proc)
    texts = {
        "kernel/hostname": b"underglass\n",
        "kernel/ostype": b"Linux\n",
        "fs/pipe-max-size": b"1048576\n",
    }
    system = proc.children["sys"] = _Live(vfs.inode(), 0o555, vfs.clock(), proc)
    for path, text in texts.items():
        folder, _, name = path.partition("/")
        parent = system.children.setdefault(folder, _Live(vfs.inode(), 0o555, vfs.clock(), system))
        assert isinstance(parent, _Live)
        parent.children[name] = ReadOnly(vfs.inode(), vfs.clock(), partial(bytes, text))
    for kernel in world.kernels.values():
        kernel.proc.parent = proc
        kernel.proc.children["exe"] = Symlink(vfs.inode(), vfs.clock(), program)


def own_directory(kernel: Kernel) -> Directory:
    """/proc/self of one process."""
    vfs = kernel.vfs
    above = vfs.root.lookup("proc")
    own = _Live(vfs.inode(), 0o555, vfs.clock(), above if isinstance(above, Directory) else vfs.root)
    descriptors = _Descriptors(vfs.inode(), 0o555, vfs.clock(), own)
    descriptors.kernel = kernel
    own.children["fd"] = descriptors
    if kernel.world.running is not None:  # a child runs the same program
        own.children["exe"] = kernel.world.running.proc.children["exe"]
    texts: dict[str, Callable[[], bytes]] = {
        "cmdline": lambda: kernel.command_line,
        "comm": lambda: kernel.threads[0].name + b"\n",
        "maps": lambda: _maps(kernel),
        "stat": lambda: f"{kernel.pid} (program) R 1 {kernel.pid} {kernel.pid} 0\n".encode(),
        "status": lambda: _status(kernel),
    }
    for name, content in texts.items():
        own.children[name] = ReadOnly(vfs.inode(), vfs.clock(), content)
    return own


def _maps(kernel: Kernel) -> bytes:
    lines = []
    for region in kernel.memory.regions:
        bits = "".join(c if region.protection & b else "-" for c, b in (("r", 1), ("w", 2), ("x", 4)))
        lines.append(f"{region.start:08x}-{region.end:08x} {bits}p 00000000 00:00 0 \n")
    return "".join(lines).encode()


def _status(kernel: Kernel) -> bytes:
    alive = sum(t.state != "dead" for t in kernel.threads)
    used = kernel.memory.used >> 10
    return (
        f"Name:\tprogram\nState:\tR (running)\nTgid:\t{kernel.pid}\nPid:\t{kernel.pid}\nPPid:\t1\n"
        f"Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t1000\n"
        f"VmSize:\t{used} kB\nVmRSS:\t{used} kB\nThreads:\t{alive}\n"
    ).encode()
