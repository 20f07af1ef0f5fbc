"""What if: run a recorded call again up to a step, change something there, and record what follows.

Runs are deterministic, so that the changed run is the same up to the change; those steps are taken from
the recording, and only what follows is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from underglass.errors import UnderglassError
from underglass.machine import REGISTERS
from underglass.machine.amd64 import VECTORS
from underglass.machine.call import Call
from underglass.machine.memory import BadAddress
from underglass.program import Instruction
from underglass.program.replaced import replaced
from underglass.toolchain.assemble import assemble
from underglass.trace.naming import word_of
from underglass.trace.record import Prefix, record, rehearse
from underglass.trace.trace import FLAGS, Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Change", "changed"]


@dataclass(frozen=True)
class Change:
    """One change, made before instruction `step` runs: a register, a flag or a word gets a value, or the
    instruction is another one.

    >>> Change(12, "AX", 5), Change(12, "x+0(FP)", -1), Change(12, instruction="SUBQ BX, AX")
    """

    step: int
    what: str = ""  # "AX", "X0", "ZF", "8(SP)", "x+0(FP)", "0xc000012000"
    value: int = 0  # signed or unsigned; X registers take 128 bits
    instruction: str = ""  # Go syntax; no longer than the one that is there

    def __str__(self) -> str:
        what = f"the instruction is {self.instruction}" if self.instruction else f"{self.what} = {self.value}"
        return f"at step {self.step}, {what}"


def changed(prepare: Callable[[], Call], origin: Trace, changes: Sequence[Change], most: int) -> Trace:
    """Return the recording of the call with the changes made.

    Args:
        prepare: sets the call up; the machine then stands before its first instruction.
        origin: the recording without changes.
        most: instructions to record, as for `record`.

    Raises:
        UnderglassError: a step that is not there, a name that nobody knows, an instruction that does not fit.
    """
    trace = origin
    done: list[tuple[Trace, Change]] = []
    for change in sorted(changes, key=lambda one: one.step):
        _check(trace, change)
        done.append((trace, change))
        trace = _run(prepare, done, most)
    return replace(trace, changes=tuple(change for _, change in done), again=origin.again)


def _check(trace: Trace, change: Change) -> None:
    step = change.step
    if not isinstance(step, int) or not 0 <= step <= len(trace) - (trace.fault is None):
        raise UnderglassError(
            f"{trace.title} has the steps 0 to {len(trace) - 1}; a change at step {step!r} is not possible. "
            "Choose one of these."
        )
    if trace.function_at(step) is None:
        raise UnderglassError(
            f"At step {step} {trace.title} is in no function of the program; choose another step."
        )


def _run(prepare: Callable[[], Call], done: Sequence[tuple[Trace, Change]], most: int) -> Trace:
    last, change = done[-1]
    patches: dict[int, tuple[Instruction, ...]] = {}
    with _changed_call(prepare, done, patches) as call:
        ending = rehearse(call, most)
    with _changed_call(prepare, done, patches) as call:
        stores = [store for trace, one in done if (store := _store(trace, one)) is not None]
        trace = record(call, most, ending, Prefix(last, change.step, tuple(stores)))
    return replace(trace, patches={**last.patches, **patches})


@contextmanager
def _changed_call(
    prepare: Callable[[], Call],
    done: Sequence[tuple[Trace, Change]],
    patches: dict[int, tuple[Instruction, ...]],
) -> Iterator[Call]:
    """The call, run up to the last change, with all changes made; afterwards the code is as it was."""
    call = prepare()
    uc = call.machine.cpu.uc
    before: list[tuple[int, bytes]] = []
    at = 0
    try:
        for trace, change in done:
            _go_to(call, trace, at, change.step)
            at = change.step
            if change.instruction:
                pc = trace.pc(at)
                code, patches[pc] = _patch(trace, change)
                before.append((pc, bytes(uc.mem_read(pc, len(code)))))
                uc.mem_write(pc, code)
                uc.ctl_flush_tb()
            else:
                _set(call, trace, change)
        yield call
    finally:
        for address, data in reversed(before):
            uc.mem_write(address, data)
        uc.ctl_flush_tb()


def _go_to(call: Call, trace: Trace, start: int, step: int) -> None:
    """Run from step `start` to step `step`, which the count of how often its address was reached tells."""
    pcs = trace.registers[start : step + 1, REGISTERS.index("PC")]
    wanted = int(np.count_nonzero(pcs == pcs[-1]))
    if step == start:
        return
    machine, seen, pc = call.machine, 0, int(pcs[-1])

    def reached() -> bool:
        nonlocal seen
        seen += 1
        return seen == wanted

    off = machine.cpu.watch(pc, reached)
    machine.on_pause = lambda tid: seen == wanted
    try:
        with call.watched():
            machine.run()
    finally:
        machine.on_pause = None
        off()
    if seen != wanted or machine.pc != pc:
        raise UnderglassError(
            f"{trace.title} did not come to step {step} a second time; nothing was changed."
        )
    machine.cpu.uncount()


def _set(call: Call, trace: Trace, change: Change) -> None:
    """Make the change of a register, a flag or a word."""
    machine, name = call.machine, change.what.strip()
    upper = name.upper()
    if upper in VECTORS:
        machine.cpu.uc.reg_write(VECTORS[upper], change.value & (1 << 128) - 1)
    elif upper == "PC":
        machine.pc = change.value & (1 << 64) - 1
    elif upper in REGISTERS:
        machine.cpu[upper] = change.value
    elif upper in FLAGS:
        bit = 1 << FLAGS[upper]
        machine.cpu["FLAGS"] = machine.cpu["FLAGS"] & ~bit | (bit if change.value else 0)
    else:
        address, size = word_of(trace, change.step, name)
        data = (change.value & (1 << 8 * size) - 1).to_bytes(size, "little")
        try:
            machine.memory.write(address, data)
        except BadAddress:
            raise UnderglassError(
                f"{name} at step {change.step} is the address {address:#x}, where the program may not write. "
                "Choose a word of its stack, its heap or its variables."
            ) from None


def _store(trace: Trace, change: Change) -> tuple[int, int, int, int] | None:
    """(step, address, bytes, value) of a changed word, as if the instruction before had stored it."""
    name = change.what.strip()
    if change.instruction or name.upper() in (*VECTORS, *REGISTERS, *FLAGS):
        return None
    address, size = word_of(trace, change.step, name)
    return change.step - 1, address, size, change.value & (1 << 8 * size) - 1


def _patch(trace: Trace, change: Change) -> tuple[bytes, tuple[Instruction, ...]]:
    """The code of the new instruction, filled up with NOPs, and what it reads as."""
    step = change.step
    old, function = trace.instruction(step), trace.function_at(step)
    assert function is not None
    if old is None:
        raise UnderglassError(f"Nobody knows the instruction of step {step}, so that it cannot be replaced.")
    pieces = assemble(change.instruction, frame=function.frame_size, args=function.args_size or 0)
    size, room = sum(len(data) for data, _ in pieces), len(old.data)
    if size > room:
        raise UnderglassError(
            f"{change.instruction} takes {size} bytes, and {old.go} at step {step} has {room}. "
            "Choose a shorter one; NOPs fill what is left."
        )
    made = replaced(old, pieces)
    return b"".join(instruction.data for instruction in made), made
