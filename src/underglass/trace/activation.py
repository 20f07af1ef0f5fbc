"""The activations of the reader's own assembly functions in a recording: from entry to RET."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from underglass.abi import Layout, layout_of, signature
from underglass.abi.types import Array, Basic, GoType, Interface, Slice, String, Struct
from underglass.errors import CallError
from underglass.program import Function

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["Access", "Activation", "CallSite", "Leaf", "activations", "leaves", "source_line"]

_WORD = 8
_ON_STACK_MOVE = "runtime.morestack"


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


@dataclass
class Activation:
    """One run of an assembly function."""

    function: Function
    layout: Layout | None
    entry: int  # step of the first instruction
    bases: list[tuple[int, int]]  # (from this step on, FP): one pair, and one more for each move of the stack
    steps: list[int] = field(default_factory=list)  # the function's own
    calls: list[CallSite] = field(default_factory=list)
    ret: int | None = None  # step of the RET; None if it ended otherwise

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

    def accesses(self, trace: Trace) -> Iterator[Access]:
        """Loads and stores between the frame's lowest word and its results, whoever made them, in order."""
        own = set(self.steps)
        high = max(self.layout.args_size if self.layout else 0, self.function.args_size or 0)
        low = min(trace.register(s, "SP") - self.fp(s) for s in self.steps) - 64
        ends = [start for start, _ in self.bases[1:]] + [self.last + 1]
        table = trace.accesses
        for (start, base), end in zip(self.bases, ends, strict=True):
            mine = table[(table["step"] >= start) & (table["step"] < end)]
            # The window's upper part catches what lies above the results.
            near = (mine["address"] >= np.uint64(base + low)) & (
                mine["address"] < np.uint64(base + high + 4096)
            )
            mine = mine[near]
            columns = (mine[name].tolist() for name in ("step", "is_write", "address", "size"))
            for step, is_write, address, size in zip(*columns, strict=True):
                yield Access(step, bool(is_write), address - base, size, step in own)


@dataclass(frozen=True)
class Leaf:
    """A scalar part of an argument or result."""

    name: str  # as assembly calls it: "x", "s_len"
    offset: int  # bytes from FP
    size: int
    is_result: bool
    type: str  # Go type of the whole

    @property
    def expression(self) -> str:
        """How assembly writes it."""
        return f"{self.name}+{self.offset}(FP)"

    @property
    def end(self) -> int:
        """Offset of the byte after it."""
        return self.offset + self.size


def leaves(layout: Layout | None) -> tuple[Leaf, ...]:
    """The scalars of the arguments and results that lie on the stack, in order of their offsets.

    The names are those that `go vet` knows (asmdecl): s_base, s_len, c_real, p_field.
    """
    found = []
    for place in layout.places if layout else ():
        if place.offset is None:
            continue
        for suffix, offset, size in _parts(place.type):
            name, at = place.name + suffix, place.offset + offset
            found.append(Leaf(name, at, size, place.is_result, place.type.name))
    return tuple(sorted(found, key=lambda leaf: leaf.offset))


def _parts(kind: GoType) -> Iterator[tuple[str, int, int]]:
    if isinstance(kind, String | Slice):
        words = ("_base", "_len") if isinstance(kind, String) else ("_base", "_len", "_cap")
        yield from ((word, _WORD * i, _WORD) for i, word in enumerate(words))
    elif isinstance(kind, Interface):
        yield from (("_type", 0, _WORD), ("_data", _WORD, _WORD))
    elif isinstance(kind, Struct):
        for member in kind.fields:
            for suffix, offset, size in _parts(member.type):
                yield f"_{member.name}{suffix}", member.offset + offset, size
    elif isinstance(kind, Array):
        for index in range(kind.length):
            for suffix, offset, size in _parts(kind.element):
                yield f"_{index}{suffix}", index * kind.element.size + offset, size
    elif isinstance(kind, Basic) and kind.kind == "complex":
        half = kind.size // 2
        yield from (("_real", 0, half), ("_imag", half, half))
    else:
        yield "", 0, kind.size


def activations(trace: Trace) -> tuple[Activation, ...]:
    """The activations of the assembly functions whose source is at hand, in the order of their entries."""
    found: list[Activation] = []
    open_: list[Activation] = []
    before: int | None = None  # the step looked at last
    for step in _own_steps(trace):
        function = trace.function_at(step)
        assert function is not None
        sp = trace.register(step, "SP")
        at_entry = trace.pc(step) == function.address
        if at_entry and not _jumped_back(trace, step, before, function):
            found.append(Activation(function, _layout(trace, function), step, [(step, sp + _WORD)]))
            open_.append(found[-1])
        elif (resumed := _resumed(open_, function, sp)) is not None:
            open_.append(open_.pop(resumed))
        while open_ and open_[-1].function != function:  # a panic went past it
            open_.pop()
        if not open_:
            continue
        current = open_[-1]
        current.steps.append(step)
        _close_call(trace, current, step)
        text = _text(trace, step)
        if text.startswith("CALL"):
            current.calls.append(_call(trace, current, step))
        elif text.startswith("RET"):
            current.ret = step
            open_.pop()
        elif (
            text.startswith("JMP") and step < len(trace) - 1 and trace.function_at(step + 1) != function
        ):  # a tail call
            open_.pop()
        before = step
    return tuple(found)


def source_line(trace: Trace, function: Function, pc: int) -> str:
    """The reader's line that the instruction at `pc` came from, without its comment; "" if not at hand."""
    source, line = trace.program.source_of(function), function.line_at(pc)
    lines = source.text.splitlines() if source else []
    return " ".join(lines[line - 1].partition("//")[0].split()) if 0 < line <= len(lines) else ""


def _own_steps(trace: Trace) -> list[int]:
    pcs = trace.registers[:-1, 16]
    mask = np.zeros(len(pcs), bool)
    for function in trace.functions:
        if function.is_assembly and trace.program.source_of(function) is not None:
            mask |= (pcs >= np.uint64(function.address)) & (pcs < np.uint64(function.address + function.size))
    return [int(step) for step in np.nonzero(mask)[0]]


def _resumed(open_: list[Activation], function: Function, sp: int) -> int | None:
    """Which open activation a step after a call belongs to: goroutines may take turns."""
    for index in reversed(range(len(open_))):
        run = open_[index]
        call = run.calls[-1] if run.calls and run.calls[-1].back is None else None
        if run.function == function and call is not None and run.bases[-1][1] + call.sp == sp:
            return index
    return None


def _jumped_back(trace: Trace, step: int, before: int | None, function: Function) -> bool:
    """Whether a loop's branch led to the first instruction, so that this is no new activation."""
    return (
        step > 0
        and before == step - 1
        and trace.function_at(before) == function
        and not _text(trace, before).startswith("CALL")
    )


def _close_call(trace: Trace, activation: Activation, step: int) -> None:
    """Note where the last call came back to, and whether the stack was copied meanwhile.

    What the callee did after the copy it did on the new stack, so the new base counts from the call on.
    """
    if not activation.calls or activation.calls[-1].back is not None:
        return
    call = activation.calls.pop()
    if call.callee is None or not call.callee.name.startswith(_ON_STACK_MOVE):
        activation.calls.append(CallSite(call.step, call.sp, call.callee, call.layout, step))
    moved = trace.register(step, "SP") - (activation.fp(step) + call.sp)
    if moved:
        activation.bases.append((call.step + 1, activation.fp(step) + moved))


def _call(trace: Trace, caller: Activation, step: int) -> CallSite:
    callee = trace.function_at(step + 1) if step + 1 <= len(trace) else None
    sp = trace.register(step, "SP") - caller.fp(step)
    return CallSite(step, sp, callee, _layout(trace, callee) if callee else None, None)


def _layout(trace: Trace, function: Function) -> Layout | None:
    try:
        taken = signature(trace.program, function)
    except CallError:
        return None
    return layout_of(function, taken) if taken is not None else None


def _text(trace: Trace, step: int) -> str:
    instruction = trace.instruction(step)
    return instruction.go if instruction else ""
