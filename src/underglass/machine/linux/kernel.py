"""The small Linux that a Go program meets: one process, its threads, and a virtual clock.

Everything is decided here and nothing by the host: the order of threads, the time, random bytes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from unicorn import UC_HOOK_INSN
from unicorn.x86_const import UC_X86_INS_SYSCALL

from underglass.machine.amd64 import SYSCALL_ARGS
from underglass.machine.cpu import Cpu
from underglass.machine.limits import Limits
from underglass.machine.linux.calls import CALLS, TREE_CALLS
from underglass.machine.linux.errno import EAGAIN, EFAULT, ENOSYS, Blocked, SysError
from underglass.machine.linux.proc import furnish, own_directory
from underglass.machine.linux.process import PID
from underglass.machine.linux.spawn import Child, Start
from underglass.machine.linux.state import KernelState
from underglass.machine.linux.table import Files
from underglass.machine.linux.threads import Threads
from underglass.machine.linux.world import World
from underglass.machine.memory import BadAddress, Memory

__all__ = ["Kernel"]

log = logging.getLogger(__name__)

_ENTRY = ("AX", *SYSCALL_ARGS, "PC", "FLAGS")
_GLANCE = 1024  # system calls between looks at the wall clock
_MOST_UNKNOWN = 1000


class Kernel(Files, Threads):
    """System calls of one process.

    Args:
        start: what a child begins with; None for a machine's first process.
        cpus: how many processors the program is told of.
    """

    def __init__(
        self,
        cpu: Cpu,
        memory: Memory,
        limits: Limits,
        world: World,
        start: Start | None = None,
        cpus: int = 1,
    ) -> None:
        pid = start.pid if start is not None else PID
        Threads.__init__(self, cpu, memory, limits, world, pid)
        Files.__init__(self, world, limits)
        self.cpus, self.random, self.output = cpus, world.random, world.output
        self.parent: Kernel | None = None
        self.group = pid
        self.children: dict[int, Child] = {}
        self.spawn: Callable[[Start], Kernel] = _no_spawn
        self.handlers: dict[int, tuple[int, int, int, int]] = {}
        self.rlimits: dict[int, tuple[int, int]] = {}
        self.unknown_calls: list[int] = []
        self.command_line = b""
        self._calls = 0
        world.kernels[pid] = self
        self.proc = own_directory(self)
        if start is not None:
            self._inherit(start)
        cpu.uc.hook_add(UC_HOOK_INSN, self._on_syscall, None, 1, 0, UC_X86_INS_SYSCALL)

    def _inherit(self, start: Start) -> None:
        self.parent, self.group, self.files = start.parent, start.group, start.files
        self.cwd, self.umask = start.cwd, start.umask
        self.threads[0].mask = start.mask
        self.handlers = dict.fromkeys(start.ignored, (1, 0, 0, 0))
        self.rlimits = dict(start.parent.rlimits)
        self.world.clock.cpus.append(self.cpu)

    def boot(
        self,
        program: str,
        stdin: Callable[[int], bytes],
        files: Mapping[str, bytes],
        mounts: Mapping[str, Path],
        directory: str,
    ) -> None:
        """Set up the files of a machine's first process.

        Args:
            files: the guest's files, by absolute path.
            mounts: directories of the host that the guest may read, by absolute guest path.
            directory: where the program starts.
        """
        self.open_streams(stdin, self.output)
        furnish(self.world, program)
        self.fill({program: self.world.image, **files}, mounts, directory)
        self.vfs.find(program, self.vfs.root).permissions = 0o755

    @property
    def kernel(self) -> Kernel:
        return self

    # -- the call itself -------------------------------------------------------------------------

    def _on_syscall(self, uc: Any, data: Any) -> None:
        try:
            self.enter()
        except BaseException as error:  # noqa: BLE001 - no frame of C may see it; the machine raises it again
            self.error = error
            self.cpu.stop()

    def enter(self) -> None:
        """Make the system call that the registers ask for."""
        cpu, thread = self.cpu, self.current
        self.world.running = self
        number, *arguments, pc, flags = cpu.read(_ENTRY)
        cpu.write(("CX", "R11"), (pc + 2, flags))  # as SYSCALL does (Intel SDM, volume 2)
        thread.number, thread.progress = number, 0
        self._calls += 1
        if not self._calls % _GLANCE:
            cpu.stop()  # so that a loop of calls meets the wall clock, too
        entry = CALLS.get(number)
        if entry is None:
            if len(self.unknown_calls) < _MOST_UNKNOWN:
                self.unknown_calls.append(number)
            log.info("system call %d is unknown; it returns ENOSYS", number)
            cpu["AX"] = -ENOSYS
            return
        function, count = entry
        if number in TREE_CALLS:
            self.touched = True
        try:
            result = self.do(function, arguments[:count])
        except Blocked as blocked:
            # Without its traceback, whose frames hold the whole machine in a circle.
            self.wait(thread, blocked.with_traceback(None), (function, arguments[:count]))
            return
        if thread.mask_after is not None:
            self.cpu.stop()
        if result is not None:
            cpu["AX"] = result

    def do(self, function: Callable[..., int | None], arguments: list[int]) -> int | None:
        """Make a system call: its result, or Blocked is raised."""
        try:
            return function(self, *arguments)
        except SysError as error:
            return -error.number
        except BadAddress:
            return -EFAULT

    def let_go(self) -> None:
        """Let go of the engine and of all that leads back here; output, counts and exit code stay.

        What is left of the circles (the tree of files) is small and waits for the garbage collector.
        """
        for thread in {id(t): t for t in (*self.threads, *self.ready, self.current)}.values():
            thread.context = thread.waits = thread.retry = None
        self.threads.clear()
        self.ready.clear()
        self.spawn = _no_spawn
        self.world.kernels.pop(self.pid, None)
        self.world.running = None
        if self.cpu in self.world.clock.cpus:
            self.world.clock.retire(self.cpu)

    # -- snapshot --------------------------------------------------------------------------------

    def state(self) -> KernelState:
        """A copy of what the kernel knows, for `restore`."""
        assert len(self.world.kernels) == 1, "a snapshot holds one process"
        return KernelState(
            [t.clone() for t in self.threads],
            [t.tid for t in self.ready],
            self.current.tid,
            self.clock_state(),
            dict(self.handlers),
            list(self.pending),
            deepcopy(self.timers),
            dict(self.rlimits),
            self.copy((self, self.world, self.random)),
            (self.random.getstate(), self.schedule.state()),
        )

    def restore(self, state: KernelState, executed: int) -> None:
        """Go back to `state`, taken when `executed` instructions had run."""
        self.cpu.budget.executed = executed
        by_tid = {t.tid: t for t in (t.clone() for t in state.threads)}
        self.threads = list(by_tid.values())
        self.ready = [by_tid[tid] for tid in state.ready]
        self.current = by_tid[state.current]
        self.restore_clock(state.clock)
        self.world.kernels = {self.pid: self}
        self.children.clear()
        self.handlers, self.pending = dict(state.handlers), list(state.pending)
        self.timers, self.rlimits = deepcopy(state.timers), dict(state.rlimits)
        self.restore_files(state.files, (self, self.world, self.random))
        self.random.setstate(state.random[0])
        self.schedule.restore(state.random[1])
        self.output.pieces.clear()
        self.output.size = 0


def _no_spawn(start: Start) -> Kernel:
    raise SysError(EAGAIN)
