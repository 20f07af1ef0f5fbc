"""Run a prepared call and make a Trace of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from underglass.errors import CallError, GuestFault, LimitExceeded
from underglass.machine.call import Call
from underglass.machine.machine import Machine
from underglass.machine.memory import BadAddress
from underglass.machine.native import PAGE
from underglass.machine.recorder import Recording
from underglass.trace.trace import Trace

__all__ = ["Ending", "record", "rehearse"]

_REHEARSAL = 20_000_000  # instructions; the runtime's panic and traceback take a hundred thousand and more
_AROUND_SP = range(-2 * PAGE, 3 * PAGE, PAGE)  # pages of the stack that are kept, touched or not


@dataclass(frozen=True)
class Ending:
    """How a call that is about to be recorded will end."""

    faults: int  # processor faults up to the one that ends it; 0 if none does
    fault: str | None  # why it will not return


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


def record(call: Call, most: int, ending: Ending) -> Trace:
    """Return the recording of `call`, up to `most` instructions, or to the fault that ends it.

    A call that faults, does not return or is too long gives a trace too; its `fault` says why. The last
    step of a trace that ends in a processor fault is the state before the instruction at fault.
    """
    machine = call.machine
    machine.on_fault = lambda: len(machine.faults) == ending.faults
    baseline = {page: _page(machine, page) for page in machine.memory.changed()}
    around = [(call.args & -PAGE) + offset for offset in _AROUND_SP]
    results: tuple[object, ...] | None = None
    fault = None
    try:
        with Recording(machine, most) as recording, call.watched():
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
    if results is None:
        recording.close()
    registers, vectors, accesses = recording.columns()
    end = int(np.argmax(registers[:, 16] == call.back)) if results is not None else len(registers) - 1
    accesses = accesses[accesses["step"] < end]
    touched = {int(a) & -PAGE for a in np.unique(accesses["address"] & np.uint64(2**64 - PAGE))}
    touched |= {
        int(a) & -PAGE
        for a in np.unique((accesses["address"] + accesses["size"] - np.uint64(1)) & np.uint64(2**64 - PAGE))
    }
    pages = {}
    for page in sorted(touched | set(around) | set(baseline)):
        data = baseline.get(page) or machine.memory.before(page)
        if data is not None:
            pages[page] = data
    return Trace(
        machine.program,
        call.title,
        call.function,
        call.layout,
        registers[: end + 1],
        vectors[: end + 1],
        accesses,
        pages,
        tuple(o for o in recording.output if o[0] <= end),
        tuple(t for t in recording.threads if t[0] <= end),
        results,
        fault,
    )


def _page(machine: Machine, page: int) -> bytes | None:
    try:
        return machine.memory.read(page, PAGE)
    except BadAddress:
        return None
