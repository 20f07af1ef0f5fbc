"""Which thread had the processor, and which goroutine the thread, over a whole run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.abi import field_offsets

if TYPE_CHECKING:
    from underglass.machine.machine import Machine

__all__ = ["Stretch", "Timeline", "record_timeline"]


@dataclass(frozen=True)
class Stretch:
    """A run of instructions of one thread, for one goroutine."""

    start: int  # instructions since the boot
    end: int
    thread: int  # its id; the first one is the process's
    goid: int  # 0: the thread runs no goroutine, but the scheduler or C


@dataclass(frozen=True)
class Timeline:
    """A whole run, cut where the thread or the goroutine changes; counts are exact to a basic block."""

    instructions: int  # of the run
    stretches: tuple[Stretch, ...]  # in order, without gaps

    @property
    def threads(self) -> tuple[int, ...]:
        """Ids, in order of first appearance."""
        return tuple(dict.fromkeys(s.thread for s in self.stretches))

    @property
    def goids(self) -> tuple[int, ...]:
        """Goroutines that ran, by number."""
        return tuple(sorted({s.goid for s in self.stretches} - {0}))


def record_timeline(machine: Machine) -> Timeline:
    """Run a machine that stands at its boot to its end, and note each change.

    A goroutine gets its thread in runtime.gogo, whose argument is its gobuf, and has lost it when
    runtime.schedule looks for the next one (Go 1.27, runtime/proc.go, runtime/asm_amd64.s).
    """
    program, memory = machine.program, machine.memory
    in_buffer = field_offsets(program, "runtime.gobuf")["g"]
    in_g = field_offsets(program, "runtime.g")["goid"]
    stretches: list[Stretch] = []
    runs: dict[int, int] = {}  # thread → goroutine
    since = 0

    def word(address: int) -> int:
        return int.from_bytes(memory.read(address, 8), "little")

    def cut(thread: int) -> None:
        nonlocal since
        now = machine.cpu.executed
        if now > since:
            goid = runs.get(thread, 0)
            last = stretches[-1] if stretches else None
            if last is not None and (last.thread, last.goid) == (thread, goid):
                since = stretches.pop().start
            stretches.append(Stretch(since, now, thread, goid))
            since = now

    def starts() -> bool:
        cut(thread := machine.kernel.current.tid)
        runs[thread] = word(word(word(machine.cpu["SP"] + 8) + in_buffer) + in_g)
        return False

    def looks() -> bool:
        cut(thread := machine.kernel.current.tid)
        runs[thread] = 0
        return False

    def paused(tid: int) -> bool:
        cut(tid)
        return False

    gogo, schedule = program.function("runtime.gogo", "ABI0"), program.function("runtime.schedule")
    offs = [machine.cpu.watch(gogo.address, starts), machine.cpu.watch(schedule.address, looks)]
    machine.on_pause = paused
    try:
        machine.run()
        cut(machine.kernel.current.tid)
    finally:
        machine.on_pause = None
        for off in offs:
            off()
    return Timeline(machine.cpu.executed, tuple(stretches))
