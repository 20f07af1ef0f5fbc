"""The small Linux that a Go program meets: one process, its threads, and a virtual clock.

Everything is decided here and nothing by the host: the order of threads, the time, random bytes.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from unicorn import UC_HOOK_INSN
from unicorn.x86_const import UC_X86_INS_SYSCALL

from underglass.errors import LimitExceeded
from underglass.machine.amd64 import SYSCALL_ARGS
from underglass.machine.cpu import Cpu
from underglass.machine.limits import Limits
from underglass.machine.linux import files, memory, polling, process, signals, time
from underglass.machine.linux.errno import EBADF, EFAULT, ENOSYS, SysError
from underglass.machine.linux.files import File, Stdin, Stdout
from underglass.machine.linux.thread import Thread
from underglass.machine.memory import BadAddress, Memory

__all__ = ["Kernel", "KernelState", "Output"]

log = logging.getLogger(__name__)

_EINTR = 4
_AREAS = (files, memory, polling, process, signals, time)
_CALLS: Mapping[int, tuple[Callable[..., int | None], int]] = MappingProxyType(
    {n: (f, f.__code__.co_argcount - 1) for area in _AREAS for n, f in area.CALLS.items()}
)


@dataclass
class KernelState:
    """What a snapshot keeps of the kernel."""

    threads: list[Thread]
    ready: list[int]  # tids in the order they will run
    current: int
    now_at: tuple[int, int]  # time of the last jump of the clock, instructions executed then
    handlers: dict[int, tuple[int, int, int, int]]
    files: dict[int, File]
    random: Any
    last_tid: int


@dataclass
class Output:
    """What the program has written, in order."""

    most: int
    pieces: list[tuple[int, bytes]] = field(default_factory=list)  # (descriptor, bytes)
    listener: Callable[[int, bytes], None] | None = None
    size: int = 0

    def add(self, fd: int, data: bytes) -> None:
        self.size += len(data)
        self.pieces.append((fd, data))
        if self.listener is not None:
            self.listener(fd, data)
        if self.size > self.most:
            raise LimitExceeded(
                f"The program wrote more than {self.most:,} bytes. Is there a loop that prints? "
                "Otherwise raise the limit `output`.",
                limit="output",
            )

    def text(self, fd: int | None = None) -> bytes:
        """All bytes written to `fd`; to any descriptor if None."""
        return b"".join(data for n, data in self.pieces if fd in (None, n))


class Kernel:
    """System calls, threads and the clock of one process."""

    BOOT_TIME = (
        1_257_894_000_000_000_000 - 1_000_000_000
    )  # ns; the clock starts a second later: 2009-11-10 23:00 UTC

    def __init__(
        self, cpu: Cpu, memory: Memory, limits: Limits, seed: int, stdin: Callable[[int], bytes]
    ) -> None:
        self.cpu, self.memory, self.limits = cpu, memory, limits
        self.random = random.Random(seed)
        self.output = Output(limits.output)
        self.files: dict[int, File] = {
            0: Stdin(stdin),
            1: Stdout(lambda data: self.output.add(1, data)),
            2: Stdout(lambda data: self.output.add(2, data)),
        }
        self.handlers: dict[int, tuple[int, int, int, int]] = {}
        self.threads = [Thread(tid=process.PID)]
        self.current = self.threads[0]
        self.ready: deque[Thread] = deque()
        self.exit_code: int | None = None
        self.unknown_calls: list[int] = []
        self._last_tid = process.PID
        self._now_at = (self.BOOT_TIME + 1_000_000_000, 0)
        self._waits = False  # the running call has made its thread wait
        self._jump: int | None = None
        self.error: BaseException | None = None
        cpu.uc.hook_add(UC_HOOK_INSN, self._on_syscall, None, 1, 0, UC_X86_INS_SYSCALL)

    # -- what system calls use -------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Virtual time in ns since 1970: a nanosecond an instruction, and what was slept."""
        start, executed = self._now_at
        return start + self.cpu.executed - executed

    def file(self, fd: int) -> File:
        """The open file at `fd`, or EBADF."""
        found = self.files.get(fd & 0xFFFF_FFFF)
        if found is None:
            raise SysError(EBADF)
        return found

    def open(self, file: File, at_least: int = 0) -> int:
        """Give `file` the lowest free descriptor."""
        fd = files.lowest_free(self.files, at_least)
        self.files[fd] = file
        return fd

    def next_tid(self) -> int:
        """A thread id never used before."""
        if sum(t.state != "dead" for t in self.threads) >= self.limits.threads:
            raise LimitExceeded(
                f"The program started more than {self.limits.threads} threads. "
                "Raise the limit `threads` if it should.",
                limit="threads",
            )
        self._last_tid += 1
        return self._last_tid

    def wait(
        self,
        what: str,
        until: int | None = None,
        ready: Callable[[], int | None] | None = None,
        timeout_result: int = 0,
    ) -> None:
        """Make the current thread wait, until a time, or until `ready` gives its call's result."""
        thread = self.current
        thread.state, thread.wake_at, thread.ready, thread.timeout_result = what, until, ready, timeout_result
        self._waits = True
        self.cpu.stop()

    def make_ready(self, thread: Thread, result: int) -> None:
        """End a thread's waiting; its call returns `result`."""
        thread.state, thread.wake_at, thread.ready, thread.result = "ready", None, None, result
        thread.futex = 0
        self.ready.append(thread)

    def interrupted(self, thread: Thread) -> None:
        """A signal came: a waiting call ends with EINTR."""
        if thread is not self.current and thread.state not in ("ready", "dead"):
            self.make_ready(thread, -_EINTR)
        elif thread is self.current:
            self.yield_now()

    def yield_now(self) -> None:
        """Let the others run first."""
        self.ready.append(self.current)
        self._waits = True
        self.cpu.stop()

    def start(self, child: Thread, stack: int, fs_base: int | None) -> None:
        """Let `child` begin after the present system call, with 0 in AX."""
        cpu = self.cpu
        own_fs, ax, sp = cpu.fs_base, cpu["AX"], cpu["SP"]
        cpu["AX"], cpu["SP"] = 0, stack
        if fs_base is not None:
            cpu.fs_base = fs_base
        child.context, child.pc = cpu.uc.context_save(), cpu["PC"] + 2
        cpu["AX"], cpu["SP"], cpu.fs_base = ax, sp, own_fs
        self.threads.append(child)
        self.ready.append(child)

    def jump(self, pc: int) -> None:
        """Go on at `pc` instead of after the system call."""
        self._jump = pc
        self.cpu.stop()

    def die(self, code: int) -> None:
        """End the current thread; the process too, if it is the last."""
        self.current.state = "dead"
        self._waits = True
        if all(t.state == "dead" for t in self.threads):
            self.exit_code = code
        self.cpu.stop()

    def exit(self, code: int) -> None:
        """End the process."""
        self.exit_code = code
        self.cpu.stop()

    def killed_by(self, signal: int) -> None:
        """End the process as a shell reports it: 128 + signal."""
        self.exit(128 + signal)

    # -- the call itself -------------------------------------------------------------------------

    def _on_syscall(self, uc: Any, data: Any) -> None:
        try:
            result = self._call()
        except BaseException as error:  # noqa: BLE001 - no frame of C may see it; the machine raises it again
            self.error = error
            self.cpu.stop()
            return
        if result is not None:
            self.cpu["AX"] = result

    def _call(self) -> int | None:
        cpu = self.cpu
        number = cpu["AX"]
        cpu["CX"], cpu["R11"] = cpu["PC"] + 2, cpu["FLAGS"]  # as SYSCALL does (Intel SDM, volume 2)
        entry = _CALLS.get(number)
        if entry is None:
            self.unknown_calls.append(number)
            log.info("system call %d is unknown; it returns ENOSYS", number)
            return -ENOSYS
        function, count = entry
        arguments = [cpu[name] for name in SYSCALL_ARGS[:count]]
        try:
            return function(self, *arguments)
        except SysError as error:
            return -error.number
        except BadAddress:
            return -EFAULT

    def after_syscall(self) -> int | None:
        """Where the stopped thread goes on; None if it waits, yields or has ended."""
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        jump, self._jump = self._jump, None
        if self._waits:
            self._waits = False
            return None
        return jump if jump is not None else self.cpu["PC"]

    # -- threads ---------------------------------------------------------------------------------

    def park(self) -> None:
        """Keep the current thread's registers while others run."""
        thread = self.current
        if thread.state != "dead":
            thread.context, thread.pc = self.cpu.uc.context_save(), self.cpu["PC"]

    def poll(self) -> None:
        """Make those ready whose wait is over; if none is, let the clock jump to the next that will be."""
        self._wake_due()
        if not self.ready:
            sleepers = [t.wake_at for t in self.threads if t.wake_at is not None and t.state != "dead"]
            if sleepers:
                self._now_at = (max(min(sleepers), self.now), self.cpu.executed)
                self._wake_due()

    def _wake_due(self) -> None:
        now = self.now
        for thread in self.threads:
            if thread.state in ("ready", "dead"):
                continue
            result = thread.ready() if thread.ready is not None else None
            if result is not None:
                self.make_ready(thread, result)
            elif thread.wake_at is not None and thread.wake_at <= now:
                self.make_ready(thread, thread.timeout_result)

    def switch(self) -> bool:
        """Load the next ready thread; False if there is none: a deadlock."""
        if not self.ready:
            return False
        thread = self.current = self.ready.popleft()
        assert thread.context is not None
        self.cpu.uc.context_restore(thread.context)
        if thread.result is not None:
            self.cpu["AX"], thread.result = thread.result, None
        if thread.pending:
            signals.post_pending(self)
        return True

    # -- snapshot --------------------------------------------------------------------------------

    def state(self) -> KernelState:
        """A copy of what the kernel knows, for `restore`."""
        return KernelState(
            [t.clone() for t in self.threads],
            [t.tid for t in self.ready],
            self.current.tid,
            self._now_at,
            dict(self.handlers),
            {fd: copy(f) for fd, f in self.files.items()},
            self.random.getstate(),
            self._last_tid,
        )

    def restore(self, state: KernelState, executed: int) -> None:
        """Go back to `state`, taken when `executed` instructions had run."""
        self.cpu.budget.executed = executed
        by_tid = {t.tid: t for t in (t.clone() for t in state.threads)}
        self.threads = list(by_tid.values())
        self.ready = deque(by_tid[tid] for tid in state.ready)
        self.current = by_tid[state.current]
        self._now_at, self.handlers, self._last_tid = state.now_at, dict(state.handlers), state.last_tid
        self.files = {fd: copy(f) for fd, f in state.files.items()}
        self.random.setstate(state.random)
        self.exit_code, self.error, self._jump, self._waits = None, None, None, False
        self.output.pieces.clear()
        self.output.size = 0
