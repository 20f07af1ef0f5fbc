"""What all processes of a machine share: time, files, the order of turns, random bytes, and each other."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from underglass.machine.cpu import Cpu
from underglass.machine.limits import Limits
from underglass.machine.linux.schedule import Schedule
from underglass.machine.linux.state import Output
from underglass.machine.linux.vfs import FileSystem

if TYPE_CHECKING:
    from underglass.machine.linux.kernel import Kernel

__all__ = ["BOOT_TIME", "Clock", "World"]

BOOT_TIME = 1_257_894_000_000_000_000 - 10**9  # ns; the clock starts a second later: 2009-11-10 23:00 UTC


class Clock:
    """Virtual time in ns since 1970: a nanosecond an instruction of any process, and what was slept."""

    def __init__(self, cpu: Cpu) -> None:
        self.offset = BOOT_TIME + 10**9
        self.cpus = [cpu]
        self.retired = 0  # instructions of processes that have ended

    @property
    def now(self) -> int:
        """The time."""
        return self.offset + sum(cpu.executed for cpu in self.cpus)

    def jump(self, to: int) -> None:
        """Let the time go by until `to`."""
        self.offset += max(to - self.now, 0)

    def retire(self, cpu: Cpu) -> None:
        """A process has ended: what it has run stays counted."""
        self.cpus.remove(cpu)
        self.offset += cpu.executed
        self.retired += cpu.executed


@dataclass
class World:
    """One machine's processes, and what they have in common."""

    clock: Clock
    schedule: Schedule
    random: random.Random
    output: Output
    vfs: FileSystem
    image: bytes  # the program: a new process can only run it again
    last_id: int  # of processes and threads
    kernels: dict[int, Kernel] = field(default_factory=dict)  # by process id
    running: Kernel | None = None  # whose system call is being done
    changes: int = 0  # counts what happened to files, as far as a waiting thread may care


def make_world(cpu: Cpu, limits: Limits, seed: int, image: bytes, first_id: int) -> World:
    """The world of a machine's first process."""
    clock = Clock(cpu)
    files = FileSystem(lambda: clock.now, limits.storage)
    return World(clock, Schedule(seed), random.Random(seed), Output(limits.output), files, image, first_id)
