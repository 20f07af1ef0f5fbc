"""The threads of a process: turns, waiting and waking, and the virtual clock that they wait by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from underglass.errors import LimitExceeded
from underglass.machine.cpu import Cpu
from underglass.machine.limits import Limits
from underglass.machine.linux import signals, timers
from underglass.machine.linux.errno import EINTR, Blocked
from underglass.machine.linux.spawn import Borrowed, give_back
from underglass.machine.linux.thread import SigInfo, Thread
from underglass.machine.linux.timers import Timer
from underglass.machine.linux.world import BOOT_TIME, World
from underglass.machine.memory import BadAddress, Memory

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["Call", "Threads"]

Call: TypeAlias = tuple[Callable[..., int | None], list[int]]
_HOUR = 3600 * 10**9


class Threads(ABC):
    """What `Kernel` keeps of threads and of time."""

    BOOT_TIME = BOOT_TIME

    def __init__(self, cpu: Cpu, memory: Memory, limits: Limits, world: World, pid: int) -> None:
        self.cpu, self.memory, self.limits, self.pid = cpu, memory, limits, pid
        self.world, self.schedule = world, world.schedule
        self.threads = [Thread(tid=pid, name=b"program")]
        self.current = self.threads[0]
        self.ready: list[Thread] = []
        self.exit_code: int | None = None
        self.error: BaseException | None = None  # what the last call raised, for the machine
        self.pending: list[SigInfo] = []
        self.timers: dict[int, Timer] = {}
        self.ended_by = 0  # the signal that has ended the process
        self.borrowed: Borrowed | None = None
        self._turn_began = 0
        self._waits = False  # the running call has made its thread wait, or yield
        self._jump: int | None = None
        self._retrying: Thread | None = None
        self._lonely: tuple[int, int] | None = None  # (since when, jumps of the clock)

    @property
    @abstractmethod
    def kernel(self) -> Kernel:
        """The whole of which this is a part."""

    @abstractmethod
    def do(self, function: Callable[..., int | None], arguments: list[int]) -> int | None:
        """Make a system call: its result, or Blocked is raised."""

    @property
    def now(self) -> int:
        """Virtual time in ns since 1970."""
        return self.world.clock.now

    def cpu_time(self, thread: Thread) -> int:
        """Nanoseconds that `thread` has run."""
        return thread.cpu_time + (
            self.cpu.executed - self._turn_began if thread is self.current and not self._retrying else 0
        )

    # -- waiting and waking ----------------------------------------------------------------------

    def stop(self) -> None:
        """Let the machine look at the current thread's signals after this call."""
        self.cpu.stop()

    def stop_if_due(self) -> None:
        """The same, if a signal waits that it does not block now."""
        if signals.is_due(self.kernel, self.current):
            self.cpu.stop()

    def wait(self, thread: Thread, blocked: Blocked, call: Call) -> None:
        """Make `thread` wait for what its `call` lacks."""
        thread.state, thread.waits, thread.wake_at = blocked.what, blocked, blocked.until
        thread.retry = call if blocked.retries else None
        thread.tried_at = self.world.changes
        self._waits = True
        self.cpu.stop()
        if signals.is_due(self.kernel, thread):  # the call has opened the mask for one
            self.interrupt(thread, restarts=False)

    def make_ready(self, thread: Thread, result: int | None) -> None:
        """End a thread's waiting; its call returns `result`."""
        thread.state, thread.waits, thread.retry, thread.wake_at = "ready", None, None, None
        thread.result, thread.futex, thread.accepts = result, 0, 0
        self.ready.append(thread)

    def interrupt(self, thread: Thread, *, restarts: bool) -> None:
        """A signal came: a waiting call ends with EINTR, or starts again after the handler (signal(7))."""
        waits = thread.waits
        if waits is None or thread is self._retrying:
            return
        if self.borrowed is not None and thread is self.borrowed.parent:
            return  # vfork(2): nothing ends its waiting
        if waits.remaining:
            left = divmod(max((thread.wake_at or 0) - self.now, 0), 10**9)
            with suppress(BadAddress):
                self.memory.write(waits.remaining, b"".join(n.to_bytes(8, "little") for n in left))
        thread.restarts = restarts and waits.restarts and not thread.progress
        self.make_ready(thread, None if thread.restarts else thread.progress or -EINTR)

    def yield_now(self) -> None:
        """Let the others run first."""
        self.current.result = 0
        self.ready.append(self.current)
        self._waits = True
        self.cpu.stop()

    def next_tid(self) -> int:
        """A thread id never used before."""
        self.threads = [
            t for t in self.threads if t.state != "dead" or t is self.current or t.tid == self.pid
        ]
        if sum(t.state != "dead" for t in self.threads) >= self.limits.threads:
            raise LimitExceeded(
                f"The program started more than {self.limits.threads} threads. "
                "Raise the limit `threads` if it should.",
                limit="threads",
            )
        self.world.last_id += 1
        return self.world.last_id

    def start(self, child: Thread, stack: int, fs_base: int | None) -> None:
        """Let `child` begin after the present system call, with 0 in AX."""
        cpu = self.cpu
        own_fs, ax, sp = cpu.fs_base, cpu["AX"], cpu["SP"]
        cpu["AX"], cpu["SP"] = 0, stack or sp
        if fs_base is not None:
            cpu.fs_base = fs_base
        child.context, child.pc = cpu.uc.context_save(), cpu["PC"] + 2
        cpu["AX"], cpu["SP"], cpu.fs_base = ax, sp, own_fs
        self.threads.append(child)
        self.ready.append(child)

    # -- ends ------------------------------------------------------------------------------------

    def give_up_turn(self) -> None:
        """The current thread does not go on after this call."""
        self._waits = True
        self.cpu.stop()

    def jump(self, pc: int) -> None:
        """Go on at `pc` instead of after the system call."""
        self._jump = pc
        self.cpu.stop()

    def die(self, code: int) -> None:
        """End the current thread; the process too, if it is the last."""
        self.current.state = "dead"
        self.give_up_turn()
        if self.borrowed is not None:
            give_back(self.kernel, code << 8)
        elif all(t.state == "dead" for t in self.threads):
            self.exit_code = code

    def exit(self, code: int) -> None:
        """End the process."""
        if self.borrowed is not None:
            give_back(self.kernel, code << 8)
            return
        self.exit_code = code
        self.cpu.stop()

    def killed_by(self, signal: int) -> None:
        """End the process as a shell reports it: 128 + signal."""
        if self.borrowed is not None:
            give_back(self.kernel, signal)
            return
        self.ended_by = signal
        self.exit(128 + signal)

    def after_syscall(self) -> int | None:
        """Where the stopped thread goes on; None if it waits, yields or has ended."""
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        jump, self._jump = self._jump, None
        if self._waits:
            self._waits = False
            return None
        thread = self.current
        thread.pc = jump if jump is not None else self.cpu["PC"]
        if thread.pending or self.pending or thread.mask_after is not None:
            signals.post_pending(self.kernel)
        return thread.pc

    # -- threads ---------------------------------------------------------------------------------

    def park(self) -> None:
        """Keep the current thread's registers while others run."""
        thread = self.current
        thread.cpu_time += self.cpu.executed - self._turn_began
        self._turn_began = self.cpu.executed
        if thread.state == "dead":
            return
        if thread.context is None or thread.shares_context:
            thread.context, thread.shares_context = self.cpu.uc.context_save(), False
        else:
            self.cpu.uc.context_update(thread.context)
        thread.pc = self.cpu["PC"]

    def poll(self) -> None:
        """Make those ready whose wait is over."""
        if self.borrowed is not None:  # the others stand still
            self._wake_due([self.borrowed.child])
            return
        timers.fire(self.kernel)
        self._wake_due(self.threads)

    def next_wake(self) -> int | None:
        """When the next thread's sleep ends, or the next timer runs out."""
        times = [t.wake_at for t in self.threads if t.wake_at is not None]
        timer = timers.next_wake(self.kernel)
        return min(times if timer is None else [*times, timer], default=None)

    def is_lonely(self) -> bool:
        """Whether for an hour of virtual time, one thread alone has slept and woken, and nobody else can.

        Go's monitor thread wakes each minute (Go 1.27, runtime/proc.go, sysmon), so a program whose other
        threads wait for each other never stands still.
        """
        sleepers = sum(t.wake_at is not None for t in self.threads)
        others = any(t.waits is not None and t.wake_at is None for t in self.threads)
        if sleepers != 1 or not others or timers.next_wake(self.kernel) is not None:
            self._lonely = None
            return False
        since, jumps = self._lonely or (self.now, 0)
        self._lonely = (since, jumps + 1)
        return jumps > 50 and self.now - since > _HOUR

    def _wake_due(self, threads: list[Thread]) -> None:
        now = self.now
        for thread in threads:
            if thread.waits is None:
                continue
            if thread.retry is not None and thread.tried_at != self.world.changes:
                self._retry(thread)
            if thread.wake_at is not None and thread.wake_at <= now:
                self.make_ready(thread, thread.waits.timeout_result)

    def _retry(self, thread: Thread) -> None:
        current, self.current = self.current, thread
        self._retrying = thread
        thread.tried_at = self.world.changes
        try:
            result = self.do(*thread.retry)
        except Blocked:
            return
        finally:
            self.current, self._retrying = current, None
        self.make_ready(thread, result)

    def switch(self) -> bool:
        """Load the next ready thread; False if there is none: a deadlock."""
        if not self.ready:
            return False
        thread = self.current = self.schedule.one(self.ready)
        self.ready.remove(thread)
        self._turn_began = self.cpu.executed
        self.cpu.uc.context_restore(thread.context)
        if thread.restarts:
            thread.restarts = False
            thread.pc -= 2  # the SYSCALL instruction again
            self.cpu["AX"] = thread.number
        elif thread.result is not None:
            self.cpu["AX"], thread.result = thread.result, None
        if thread.pending or self.pending or thread.mask_after is not None:
            signals.post_pending(self.kernel)
        return True

    # -- snapshot --------------------------------------------------------------------------------

    def clock_state(self) -> tuple[int, int, int]:
        """For `restore_clock`."""
        return self.world.clock.offset, self._turn_began, self.world.last_id

    def restore_clock(self, state: tuple[int, int, int]) -> None:
        """Go back to when `clock_state` was asked; whatever was under way is forgotten."""
        self.world.clock.cpus = [self.cpu]
        self.world.clock.offset, self._turn_began, self.world.last_id = state
        self.exit_code, self.error, self._jump, self._waits = None, None, None, False
        self._lonely = self._retrying = self.borrowed = None
        self.ended_by = 0
