"""A whole run of a program, of millions of instructions: any window of it can be had as a Trace.

Nothing of the run is kept but how to make it again. A window is recorded by running the program once
more, from the nearest checkpoint; since runs are deterministic, it is the same run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from underglass.abi import Layout
from underglass.errors import UnderglassError
from underglass.machine.call import stack_depth
from underglass.machine.machine import Machine
from underglass.machine.recorder import Recording
from underglass.program import Function
from underglass.trace.record import About, Before, made
from underglass.trace.timeline import Timeline, record_timeline
from underglass.trace.trace import Trace

__all__ = ["Run"]

_SPACING = 50_000_000  # instructions between checkpoints: about half a second of running
_MOST_CHECKPOINTS = 4  # machines kept; each holds its guest's memory
_MOST_STEPS = 200_000


@dataclass(frozen=True)
class _Checkpoint:
    position: int  # instructions since the boot
    machine: Machine  # with its snapshot there


class Run:
    """One run of a program, from its first instruction to its exit.

    Args:
        boot: makes the machine, the same each time.
    """

    def __init__(self, boot: Callable[[], Machine]) -> None:
        self._boot = boot
        machine = boot()
        try:
            code = machine.run()
        finally:
            machine.close()
        assert code is not None
        self.program = machine.program
        self.exit_code = code
        self.instructions = machine.cpu.executed  # in all threads
        self.stdout, self.stderr = machine.kernel.output.text(1), machine.kernel.output.text(2)
        self._checkpoints: list[_Checkpoint] = []

    def __repr__(self) -> str:
        return f"<Run: {self.instructions:,} instructions, exit code {self.exit_code}>"

    def window(self, start: int, count: int = 10_000) -> Trace:
        """Record `count` instructions from the block that holds instruction `start` on.

        Args:
            start: instructions since the boot. The window begins up to `LONGEST_BLOCK` before it.
            count: how many to record; a few more come along, to the end of the last block.

        Raises:
            UnderglassError: the run has no such instruction.
        """
        self._check(start)
        machine = self._at(start)
        return self._record(machine, f"instructions from {machine.cpu.executed:,}", count)

    def around(self, name: str, occurrence: int = 1, most: int = _MOST_STEPS) -> Trace:
        """Record one activation of a function, and what it calls, until it returns.

        Args:
            name: the function, as `Program.function` takes it.
            occurrence: which of its activations, counted from 1, in all threads.
            most: instructions after which the recording ends.

        Raises:
            UnderglassError: the function ran less often than that.
        """
        function = self.program.function(name)
        machine = self._at(0)
        seen = self._go_to(machine, function, occurrence)
        if seen < occurrence:
            raise UnderglassError(
                f"{function.name} runs {seen} times in this run; there is no activation {occurrence}."
            )
        return self._record(machine, f"{name}, activation {occurrence}", most, returns=True)

    def timeline(self) -> Timeline:
        """Run the program once more, and return which thread and goroutine had the processor when."""
        machine = self._boot()
        try:
            return record_timeline(machine)
        finally:
            machine.close()

    def _go_to(self, machine: Machine, function: Function, occurrence: int) -> int:
        """Run until `function` is called for the `occurrence`-th time; how often it was called."""
        seen, jumps = 0, False

        def jumps_back() -> bool:  # the stack has grown, and the prologue begins anew: no new activation
            nonlocal jumps
            jumps = True
            return False

        def entered() -> bool:
            nonlocal seen, jumps
            seen, jumps = seen + (not jumps), False
            return seen == occurrence

        watches = [(function.address, entered)]
        for instruction in self.program.instructions(function):
            if instruction.target == function.address and not instruction.go.startswith("CALL"):
                watches.append((instruction.address, jumps_back))
        offs = [machine.cpu.watch(address, reached) for address, reached in watches]
        machine.on_pause = lambda tid: seen == occurrence
        try:
            machine.run()
        finally:
            machine.on_pause = None
            for off in offs:
                off()
        if seen == occurrence:
            machine.cpu.uncount()
        return seen

    def _check(self, start: int) -> None:
        if not 0 <= start < self.instructions:
            raise UnderglassError(
                f"The run has the instructions 0 to {self.instructions - 1:,}; there is no {start:,}."
            )

    def _at(self, position: int) -> Machine:
        """A machine that stands at `position`, rewound from the nearest checkpoint before it."""
        wanted = position // _SPACING * _SPACING
        checkpoint = next((c for c in self._checkpoints if c.position == wanted), None)
        if checkpoint is None:
            machine = self._boot()
            if wanted:
                machine.run(stop_at=wanted)
            machine.snapshot()
            checkpoint = _Checkpoint(wanted, machine)
            self._checkpoints.insert(0, checkpoint)
            for old in self._checkpoints[_MOST_CHECKPOINTS:]:
                old.machine.close()
            del self._checkpoints[_MOST_CHECKPOINTS:]
        checkpoint.machine.rewind()
        checkpoint.machine.run(stop_at=position)
        return checkpoint.machine

    def _record(self, machine: Machine, title: str, most: int, *, returns: bool = False) -> Trace:
        before = Before(machine)
        back = depth = 0
        if returns:  # elsewhere SP need not point to a return address, and at the boot there is no g yet
            back = int.from_bytes(machine.memory.read(machine.cpu["SP"], 8), "little")
            depth = stack_depth(machine) - 8
        is_back = False

        def reached() -> bool:
            nonlocal is_back
            is_back = stack_depth(machine) == depth  # not a deeper activation's return
            return is_back

        with Recording(machine, most) as recording:
            inner = machine.on_pause
            assert inner is not None
            machine.on_pause = lambda tid: inner(tid) or is_back
            off = machine.cpu.watch(back, reached) if returns else None
            try:
                machine.run()
            finally:
                if off is not None:
                    off()
        about = About(title, self.program.function("main.main"), Layout((), 0, 0), None, None)
        return made(machine, recording, before, about, None)
