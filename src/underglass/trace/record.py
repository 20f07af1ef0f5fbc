"""Run a prepared call and make a Trace of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from underglass.abi import Layout
from underglass.errors import CallError, GuestFault, LimitExceeded
from underglass.machine import REGISTERS
from underglass.machine.bare import BareMachine
from underglass.machine.call import Call
from underglass.machine.machine import Machine
from underglass.machine.memory import BadAddress
from underglass.machine.native import PAGE
from underglass.machine.recorder import CpuRecording, Recording
from underglass.program import Function
from underglass.trace.trace import Trace

__all__ = ["About", "Before", "Ending", "Prefix", "made", "record", "rehearse"]

_PC = REGISTERS.index("PC")
_REHEARSAL = 20_000_000  # instructions; the runtime's panic and traceback take a hundred thousand and more
_AROUND_SP = range(-2 * PAGE, 3 * PAGE, PAGE)  # pages of the stack that are kept, touched or not


@dataclass(frozen=True)
class Ending:
    """How a call that is about to be recorded will end."""

    faults: int  # processor faults up to the one that ends it; 0 if none does
    fault: str | None  # why it will not return


@dataclass(frozen=True)
class Prefix:
    """The steps of another recording that come before those recorded now."""

    trace: Trace
    steps: int  # how many of it
    stores: tuple[
        tuple[int, int, int, int], ...
    ] = ()  # what was changed since: (step, address, bytes, value)


def rehearse(call: Call, most: int) -> Ending:
    """Run `call` unrecorded, which is fast, and say how it ends.

    Runs are deterministic, so a recording may stop at the fault that brings the program down,
    instead of following the runtime through its panic.
    """
    machine = call.machine
    machine.limits = replace(machine.limits, instructions=max(2 * most, _REHEARSAL))
    machine.kernel.output.listener, listener = None, machine.kernel.output.listener
    try:
        call.finish()
    except LimitExceeded:
        return Ending(0, None)  # too long to be recorded whole; the recording will say so
    except (GuestFault, CallError) as error:
        return Ending(len(machine.faults), str(error))
    finally:
        machine.kernel.output.listener = listener
    return Ending(0, None)


def record(call: Call, most: int, ending: Ending, prefix: Prefix | None = None) -> Trace:
    """Return the recording of `call`, up to `most` instructions, or to the fault that ends it.

    Args:
        prefix: the steps that led to where the machine stands, if it is not the call's beginning.

    A call that faults, does not return or is too long gives a trace too; its `fault` says why. The last
    step of a trace that ends in a processor fault is the state before the instruction at fault.
    """
    machine = call.machine
    machine.on_fault = lambda: len(machine.faults) == ending.faults
    before = Before(machine)
    left = most - (prefix.steps if prefix else 0)
    results: tuple[object, ...] | None = None
    fault = None
    try:
        with Recording(machine, left) as recording, call.watched():
            machine.run()
        if ending.faults and len(machine.faults) == ending.faults:
            fault = ending.fault
        elif recording.is_full and not call.has_returned():
            fault = (
                f"{call.title} went on after {most:,} instructions, where the recording ends. "
                "Record with a larger `most`."
            )
        else:
            results = call.results()
    except (GuestFault, LimitExceeded, CallError) as error:
        fault = str(error)
    finally:
        machine.on_fault = None
    about = About(call.title, call.function, call.layout, results, fault)
    trace = made(machine, recording, before, about, call.back if results is not None else None)
    return trace if prefix is None else _joined(prefix, trace)


@dataclass(frozen=True)
class About:
    """What a trace says of itself, beside its columns."""

    title: str
    function: Function
    layout: Layout
    results: tuple[object, ...] | None
    fault: str | None


class Before:
    """Memory as it is now, for as long as the machine's snapshot is not left."""

    def __init__(self, machine: Machine | BareMachine) -> None:
        self._memory = machine.memory
        sp = machine.cpu["SP"] & -PAGE
        self.around = tuple(sp + offset for offset in _AROUND_SP)
        self.changed = {page: _page(machine, page) for page in machine.memory.changed()}

    def page(self, address: int) -> bytes | None:
        """A page as it was; None if it was not mapped."""
        return self.changed.get(address) or self._memory.before(address)


def made(
    machine: Machine | BareMachine,
    recording: CpuRecording,
    before: Before,
    about: About,
    back: int | None,
) -> Trace:
    """Return the trace of a finished recording.

    Args:
        back: where the run returned to, if it did: the last step is the first one there.
    """
    if back is None:
        recording.close()
    registers, vectors, accesses = recording.columns()
    end = int(np.argmax(registers[:, _PC] == back)) if back is not None else len(registers) - 1
    accesses = accesses[accesses["step"] < end]
    first, last = accesses["address"], accesses["address"] + accesses["size"] - np.uint64(1)
    touched = {int(a) * PAGE for a in np.unique(np.concatenate([first, last]) // np.uint64(PAGE))}
    assert machine.program is not None
    ran = {int(a) * PAGE for a in np.unique(registers[:end, _PC] // np.uint64(PAGE))}
    made_code = {page for page in ran if not machine.program.bytes_at(page, PAGE)}  # no file holds it
    wanted = sorted(touched | made_code | set(before.around) | set(before.changed))
    pages = {page: data for page in wanted if (data := before.page(page)) is not None}
    # Code in a page that was mapped since step 0: the mapping was of zeros, the stores are in the recording.
    pages |= {page: bytes(PAGE) for page in made_code & touched - pages.keys()}
    return Trace(
        machine.program,
        about.title,
        about.function,
        about.layout,
        registers[: end + 1],
        vectors[: end + 1],
        accesses,
        pages,
        tuple(o for o in recording.output if o[0] <= end),
        tuple(t for t in recording.threads if t[0] <= end),
        about.results,
        about.fault,
    )


def _joined(prefix: Prefix, rest: Trace) -> Trace:
    """One recording of both. Memory before step 0 is the prefix's; where that has no page, the rest's."""
    first, steps = prefix.trace, prefix.steps
    earlier = first.accesses[first.accesses["step"] < steps]
    later = rest.accesses.copy()
    later["step"] += np.uint32(steps)
    pages = dict(rest.pages)
    pages.update(first.pages)
    changes = np.zeros(len(prefix.stores), rest.accesses.dtype)
    for row, (step, address, size, value) in zip(changes, prefix.stores, strict=True):
        if step >= 0:
            row["step"], row["is_write"], row["size"], row["address"], row["value"] = (
                step,
                1,
                size,
                address,
                value,
            )
        else:  # before the first instruction: it was always so
            for offset, byte in enumerate(value.to_bytes(size, "little")):
                page = (address + offset) & -PAGE
                if page in pages:
                    data = bytearray(pages[page])
                    data[address + offset - page] = byte
                    pages[page] = bytes(data)
    changes = changes[changes["size"] > 0]
    threads = [t for t in first.threads if t[0] < steps] or list(rest.threads[:1])
    for step, tid in rest.threads:
        if tid != threads[-1][1]:
            threads.append((step + steps, tid))
    return replace(
        rest,
        registers=np.concatenate([first.registers[:steps], rest.registers]),
        vectors=np.concatenate([first.vectors[:steps], rest.vectors]),
        accesses=_in_order(np.concatenate([earlier, changes, later])),
        pages=pages,
        output=(*(o for o in first.output if o[0] < steps), *((o[0] + steps, *o[1:]) for o in rest.output)),
        threads=tuple(threads),
    )


def _in_order(accesses: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return accesses[np.argsort(accesses["step"], kind="stable")]


def _page(machine: Machine | BareMachine, page: int) -> bytes | None:
    try:
        return machine.memory.read(page, PAGE)
    except BadAddress:
        return None
