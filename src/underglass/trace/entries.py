"""Activations of chosen functions, caught while a program runs, each as a Trace from its entry to its return.

A run of billions of instructions costs little this way: it is recorded from an entry on, until the function
returns, and runs free in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from underglass.abi import Layout
from underglass.machine.call import stack_depth
from underglass.machine.machine import Machine
from underglass.machine.memory import BadAddress
from underglass.machine.recorder import Recording
from underglass.program import Function
from underglass.trace.record import About, Before, made
from underglass.trace.trace import Trace

__all__ = ["caught"]

_WORD = 8


def caught(
    machine: Machine, functions: Sequence[Function], each: int = 12, most: int = 4000
) -> Iterator[Trace]:
    """Run `machine` to the end, and yield a recording of some activations of each function.

    The first entry is recorded, then ever later ones (1, 2, 3, 5, 8, 12, …: each about half as many again),
    since a loop's first calls are alike.

    Args:
        machine: as it was booted, or stopped anywhere; it must have no snapshot that is still needed.
        each: activations of one function to record; entries while another recording goes on do not count.
        most: instructions after which a recording ends.

    Raises:
        GuestFault, LimitExceeded: the program did not end by itself.
    """
    watch = _Entries(machine, functions, each)
    try:
        while True:
            machine.on_pause = lambda tid: watch.stopped_at is not None
            machine.run()
            machine.on_pause = None
            if watch.stopped_at is None:
                return
            machine.cpu.uncount()
            yield watch.record(most)
    finally:
        machine.on_pause = None
        watch.close()


class _Entries:
    """The watches at the functions' first instructions."""

    def __init__(self, machine: Machine, functions: Sequence[Function], each: int) -> None:
        self.machine = machine
        self.stopped_at: Function | None = None
        self._is_recording = False
        self._offs: dict[int, Callable[[], None]] = {}
        wanted = _wanted(each)
        for function in functions:
            self._offs[function.address] = machine.cpu.watch(
                function.address, self._reached(function, wanted)
            )

    def _reached(self, function: Function, wanted: frozenset[int]) -> Callable[[], bool]:
        count, last = 0, max(wanted)

        def reached() -> bool:
            nonlocal count
            if self._is_recording or count > last:
                return False
            count += 1
            if count in wanted:
                self.stopped_at = function
            return self.stopped_at is not None

        return reached

    def record(self, most: int) -> Trace:
        """Record from the entry where the machine stands until the function returns."""
        machine, function = self.machine, self.stopped_at
        assert function is not None
        machine.memory.watch()
        before = Before(machine)
        back = int.from_bytes(machine.memory.read(machine.cpu["SP"], _WORD), "little")
        depth, is_back = _depth(machine), False

        def returned() -> bool:
            nonlocal is_back
            is_back = depth is not None and _depth(machine) == depth - _WORD
            return is_back

        self._is_recording = True
        try:
            with Recording(machine, most) as recording:
                inner = machine.on_pause
                assert inner is not None
                machine.on_pause = lambda tid: inner(tid) or is_back
                off = machine.cpu.watch(back, returned)
                try:
                    machine.run()
                finally:
                    off()
            about = About(function.name, function, Layout((), 0, 0), None, None)
            return made(machine, recording, before, about, None)
        finally:
            self._is_recording, self.stopped_at = False, None
            machine.memory.unwatch()

    def close(self) -> None:
        for off in self._offs.values():
            off()


def _depth(machine: Machine) -> int | None:
    """Bytes of stack in use; None before the runtime has a g."""
    with suppress(BadAddress):
        return stack_depth(machine)
    return None


def _wanted(each: int) -> frozenset[int]:
    found, number = [1], 1
    while len(found) < each:
        number = max(number + 1, number * 3 // 2)
        found.append(number)
    return frozenset(found)
