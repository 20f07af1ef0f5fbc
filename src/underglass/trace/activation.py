"""The activations of assembly functions in a recording: from entry to RET."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from underglass.abi import Layout
from underglass.program import Function, Instruction, Program
from underglass.trace.library import known_layout, per_program, with_abi

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = [
    "Access",
    "Activation",
    "CallSite",
    "activations",
    "instruction_at",
    "own_accesses",
    "source_line",
    "text_at",
]

_WORD = 8
_ON_STACK_MOVE = "runtime.morestack"
_STRING = ("REP", "MOVS", "STOS", "LODS", "CMPS", "SCAS")
_FARTHEST = 1 << 16  # bytes between SP and FP within one stack; beyond, the function has changed stacks


@dataclass(frozen=True)
class Access:
    """A load or a store of stack words near a frame. Offsets are from the activation's FP, which moves
    when the runtime copies the stack."""

    step: int
    is_write: bool
    offset: int  # bytes from FP
    size: int
    is_own: bool  # by an instruction of the function itself, not of one it called


@dataclass(frozen=True)
class CallSite:
    """A CALL that an activation made."""

    step: int  # of the CALL
    sp: int  # bytes from FP: where the callee's arguments begin
    callee: Function | None
    layout: Layout | None  # of the callee's arguments; None if nobody knows its prototype
    back: int | None  # first step after the return; None if it did not come back

    @property
    def has_own_convention(self) -> bool:
        """Whether the callee is assembly that may use registers as its author likes.

        It has no prototype, or one without parameters and results, which is there for the name alone
        (runtime.spillArgs takes a pointer in R12).
        """
        return (
            self.callee is not None and self.callee.is_assembly and not (self.layout and self.layout.places)
        )


@dataclass
class Activation:
    """One run of an assembly function."""

    function: Function  # with the ABI that its TEXT line states
    layout: Layout | None
    entry: int  # step of the first instruction
    bases: list[tuple[int, int]]  # (from this step on, FP): one pair, and one more for each move of the stack
    steps: list[int] = field(default_factory=list)  # the function's own
    calls: list[CallSite] = field(default_factory=list)
    ret: int | None = None  # step of the RET; None if it ended otherwise
    changes_stack: bool = False  # it set SP to another stack, as the runtime's switches do
    caller: Activation | None = None  # the assembly function that called it, if it is one

    def fp(self, step: int) -> int:
        """Guest address of 0(FP) at `step`."""
        return next(base for start, base in reversed(self.bases) if start <= step)

    @property
    def pseudo_sp(self) -> int:
        """Bytes from FP to pseudo-SP, the high end of the locals."""
        return -_WORD - _WORD * self.function.has_saved_bp

    @property
    def last(self) -> int:
        """The last own step."""
        return self.steps[-1]

    @property
    def args_end(self) -> int | None:
        """Offset from FP of the byte after arguments, results and spill room; None if nobody knows."""
        return self.layout.args_size + self.layout.spill_size if self.layout else self.function.args_size

    def accesses(self, trace: Trace) -> Iterator[Access]:
        """Loads and stores between the frame's lowest word and its results, whoever made them, in order.

        Where the last call did not come back, those of its callee are among them.
        """
        own = set(self.steps)
        low = min(trace.register(s, "SP") - self.fp(s) for s in self.steps) - 64
        lasts = any(call.step == self.last for call in self.calls[-1:])
        ends = [start for start, _ in self.bases[1:]] + [len(trace) if lasts else self.last + 1]
        table = trace.accesses
        for (start, base), end in zip(self.bases, ends, strict=True):
            mine = table[(table["step"] >= start) & (table["step"] < end)]
            # The window's upper part catches what lies above the results.
            near = (mine["address"] >= np.uint64(base + low)) & (
                mine["address"] < np.uint64(base + (self.args_end or 0) + 4096)
            )
            mine = mine[near]
            columns = (mine[name].tolist() for name in ("step", "is_write", "address", "size"))
            for step, is_write, address, size in zip(*columns, strict=True):
                yield Access(step, bool(is_write), address - base, size, step in own)


def own_accesses(trace: Trace, run: Activation) -> Iterator[tuple[int, bool, int, int, int, str]]:
    """The function's own loads and stores: step, is_write, guest address, size, value stored, text.

    What the kernel stores in a system call, or for a signal that comes between two steps, is not among them.
    """
    table = trace.accesses[np.isin(trace.accesses["step"], np.array(run.steps, np.int64))]
    columns = (table[name].tolist() for name in ("step", "is_write", "address", "size", "value"))
    for step, is_write, address, size, value in zip(*columns, strict=True):
        text = text_at(trace, step)
        touches = "(" in text or "FS:" in text or text.startswith(_STRING)
        interrupted = (
            trace.function_at(step + 1) != trace.function_at(step) if step < len(trace) - 1 else False
        )
        if touches and not interrupted:
            yield step, bool(is_write), address, size, value, text


def activations(trace: Trace, judged: Callable[[Function], bool] | None = None) -> tuple[Activation, ...]:
    """The activations of assembly functions, in the order of their entries.

    Args:
        judged: which functions; without it, those whose source is at hand: the reader's own.
    """
    found: list[Activation] = []
    stacks: dict[int, list[Activation]] = {}  # thread → the activations that are open in it
    before: int | None = None  # the step looked at last
    starts, threads = [start for start, _ in trace.threads], [thread for _, thread in trace.threads]
    for step in _own_steps(trace, judged):
        function = trace.function_at(step)
        assert function is not None
        thread = threads[bisect_right(starts, step) - 1] if threads else 0
        open_ = stacks.setdefault(thread, [])
        sp = trace.register(step, "SP")
        at_entry = trace.pc(step) == function.address
        if at_entry and not _jumped_back(trace, step, before, function):
            known = with_abi(trace.program, function)
            caller = open_[-1] if open_ and _called(open_[-1], step) else None
            layout = known_layout(trace.program, known)
            found.append(Activation(known, layout, step, [(step, sp + _WORD)], caller=caller))
            open_.append(found[-1])
        elif (place := _resumed(trace, stacks, thread, function, step)) is not None:
            there, index = place
            open_.append(stacks[there].pop(index))
        while open_ and open_[-1].function.address != function.address:  # a panic went past it
            open_.pop()
        if not open_:
            continue
        current = open_[-1]
        current.steps.append(step)
        _close_call(trace, current, step)
        current.changes_stack |= not -_FARTHEST - function.frame_size < sp - current.fp(step) < _FARTHEST
        text = text_at(trace, step)
        if text.startswith("CALL"):
            current.calls.append(_call(trace, current, step))
        elif text.startswith("RET"):
            current.ret = step
            open_.pop()
        elif text.startswith("J") and _leaves(trace, step, function):  # a tail call
            open_.pop()
        before = step
    return tuple(found)


def instruction_at(trace: Trace, step: int) -> Instruction | None:
    """The instruction of `step`. Unlike `Trace.instruction`, it disassembles this one's function alone."""
    function = trace.function_at(step)
    return _code(trace.program, function).get(trace.pc(step)) if function is not None else None


def text_at(trace: Trace, step: int) -> str:
    """The instruction of `step` in Go syntax; "" if unknown."""
    instruction = instruction_at(trace, step)
    return instruction.go if instruction else ""


def source_line(trace: Trace, function: Function, pc: int) -> str:
    """The reader's line that the instruction at `pc` came from, without its comment; "" if not at hand."""
    source, line = trace.program.source_of(function), function.line_at(pc)
    lines = source.text.splitlines() if source else []
    return " ".join(lines[line - 1].partition("//")[0].split()) if 0 < line <= len(lines) else ""


@per_program
def _code(program: Program, function: Function) -> dict[int, Instruction]:
    return {instruction.address: instruction for instruction in program.instructions(function)}


def _own_steps(trace: Trace, judged: Callable[[Function], bool] | None) -> list[int]:
    pcs = trace.registers[:-1, 16]
    mask = np.zeros(len(pcs), bool)
    wanted = [
        f
        for f in trace.functions
        if f.is_assembly and (judged(f) if judged else trace.program.source_of(f) is not None)
    ]
    trace.program.prefetch(wanted)
    for function in wanted:
        mask |= (pcs >= np.uint64(function.address)) & (pcs < np.uint64(function.address + function.size))
    return [int(step) for step in np.nonzero(mask)[0]]


def _resumed(
    trace: Trace, stacks: dict[int, list[Activation]], thread: int, function: Function, step: int
) -> tuple[int, int] | None:
    """(thread, index) of the open activation that a step after a call belongs to: goroutines take turns."""
    sp = trace.register(step, "SP")
    for there in sorted(stacks, key=lambda each: each != thread):
        for index in reversed(range(len(stacks[there]))):
            run = stacks[there][index]
            call = run.calls[-1] if run.calls and run.calls[-1].back is None else None
            is_its = run.function.address == function.address
            if (
                is_its
                and call is not None
                and run.bases[-1][1] + call.sp == sp
                and _comes_back(trace, call, step)
            ):
                return there, index
    return None


def _comes_back(trace: Trace, call: CallSite, step: int) -> bool:
    """Whether the step runs the instruction after the CALL."""
    instruction = instruction_at(trace, call.step)
    return instruction is not None and trace.pc(step) == instruction.address + len(instruction.data)


def _called(run: Activation, step: int) -> bool:
    """Whether the step follows a CALL of `run` at once."""
    return bool(run.calls) and run.calls[-1].step == step - 1


def _jumped_back(trace: Trace, step: int, before: int | None, function: Function) -> bool:
    """Whether a loop's branch led to the first instruction, so that this is no new activation."""
    return (
        step > 0
        and before == step - 1
        and trace.function_at(before) == function
        and not text_at(trace, before).startswith("CALL")
    )


def _close_call(trace: Trace, activation: Activation, step: int) -> None:
    """Note where the last call came back to, and whether the stack was copied meanwhile.

    What the callee did after the copy it did on the new stack, so the new base counts from the call on.
    """
    if not activation.calls or activation.calls[-1].back is not None:
        return
    if not _comes_back(trace, activation.calls[-1], step):
        return
    call = activation.calls.pop()
    if call.callee is None or not call.callee.name.startswith(_ON_STACK_MOVE):
        activation.calls.append(CallSite(call.step, call.sp, call.callee, call.layout, step))
    moved = trace.register(step, "SP") - (activation.fp(step) + call.sp)
    if moved:
        activation.bases.append((call.step + 1, activation.fp(step) + moved))


def _leaves(trace: Trace, step: int, function: Function) -> bool:
    """Whether a jump goes to another function; the next step may be another thread's, or a signal's."""
    instruction = instruction_at(trace, step)
    if instruction is not None and instruction.target is not None:
        return instruction.target not in function and (
            step + 1 > len(trace) - 1 or trace.pc(step + 1) != instruction.address + len(instruction.data)
        )
    return step < len(trace) - 1 and trace.function_at(step + 1) != function


def _call(trace: Trace, caller: Activation, step: int) -> CallSite:
    instruction = instruction_at(trace, step)
    target = instruction.target if instruction else None
    if target is None and step < len(trace):
        pushed = trace.register(step + 1, "SP") == trace.register(step, "SP") - _WORD
        target = trace.pc(step + 1) if pushed else None  # else another thread, or a signal, comes first
    callee = trace.program.function_at(target) if target is not None else None
    callee = with_abi(trace.program, callee) if callee else None
    sp = trace.register(step, "SP") - caller.fp(step)
    return CallSite(step, sp, callee, known_layout(trace.program, callee) if callee else None, None)
