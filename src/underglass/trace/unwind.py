"""The call stack at a step, each frame with its words named in the source's terms.

The depth of each function's frame comes from pclntab's pcsp table, as in the runtime's own unwinder
(Go 1.27, runtime/traceback.go); the picture of a frame is that of cmd/internal/obj/x86/obj6.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from underglass.abi import Layout, layout_of, signature
from underglass.errors import CallError
from underglass.program import Function
from underglass.program.asmsource import StackNames, stack_names

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["Frame", "Slot", "SlotKind", "depth_at", "unwind"]

SlotKind = Literal["argument", "result", "spill", "return address", "saved BP", "local", "outgoing"]

_WORD = 8
_DEEPEST = 64  # frames shown; deeper ones are left out
_MOST_WORDS = 512  # words of one frame that are named one by one


@dataclass(frozen=True)
class Slot:
    """A named piece of a frame."""

    name: str  # "y"; "" for a word the source does not name
    expression: str  # how assembly writes it: "y+8(FP)", "tmp-8(SP)", "0(SP)"
    address: int  # guest address
    size: int  # bytes
    kind: SlotKind
    type: str  # Go type; "" if unknown


@dataclass(frozen=True)
class Frame:
    """One activation of a function. Addresses are the guest's."""

    function: Function
    pc: int  # of the instruction it will run next
    sp: int  # hardware SP while it runs: the low end of the frame
    fp: int  # pseudo-FP: the first stack argument, the caller's SP before the CALL
    pseudo_sp: int  # pseudo-SP: the high end of the locals
    return_address_at: int
    saved_bp_at: int | None  # None: the function keeps no frame pointer
    complete: bool  # False in prologue and epilogue, while SP is on its way
    slots: tuple[Slot, ...]  # highest address first


def unwind(trace: Trace, step: int) -> tuple[Frame, ...]:
    """The frames before instruction `step`, innermost first.

    It ends where the recording has no more stack, in code that no function holds, or at a function whose
    depth the table does not know: one that sets SP itself, as those that change stacks do.
    """
    frames: list[Frame] = []
    pc, sp = trace.pc(step), trace.register(step, "SP")
    while len(frames) < _DEEPEST:
        function = trace.program.function_at(pc)
        # A return address may lie past the end of what called; the call itself is one byte before.
        depth = None if function is None else function.sp_delta(pc - 1) if frames else depth_at(trace, step)
        if function is None or depth is None:
            break
        fp = sp + depth + _WORD
        back = trace.word(step, fp - _WORD)
        if back is None:
            break
        known = trace.known_frames
        frame = known.get((pc, sp, fp))
        if frame is None:
            frame = known[pc, sp, fp] = _frame(trace, step, function, pc, sp, fp, depth)
        frames.append(frame)
        pc, sp = back, fp
    return tuple(frames)


def depth_at(trace: Trace, step: int) -> int | None:
    """Bytes between SP and the return address before a step; None where neither table nor recording knows.

    The table is the linker's, and tells of the code that it linked. Code written over it begins where linked
    code would have run: the table's depth holds there, and from there SP tells.
    """
    function, first = trace.function_at(step), step
    if function is None:
        return None
    made = trace.rewritten

    def is_ours(at: int) -> bool:
        return at >= 0 and function.address <= trace.pc(at) < function.address + function.size

    while first in made and first - 1 in made and is_ours(first - 1):
        first -= 1
    if first in made and trace.pc(first) != function.address and not is_ours(first - 1):
        return None  # it was jumped or returned to, past its beginning
    depth = function.sp_delta(trace.pc(first))
    moved = trace.register(first, "SP") - trace.register(step, "SP")
    return None if depth is None else depth + moved


def _frame(trace: Trace, step: int, function: Function, pc: int, sp: int, fp: int, depth: int) -> Frame:
    settled = function.frame_size + _WORD * function.has_saved_bp
    saved_bp = fp - 2 * _WORD if function.has_saved_bp and depth >= _WORD else None
    pseudo_sp = fp - _WORD - _WORD * function.has_saved_bp
    layout = _layout(trace, function)
    slots = [*_argument_slots(layout, fp), Slot("", "", fp - _WORD, _WORD, "return address", "uintptr")]
    if saved_bp is not None:
        slots.append(Slot("", "", saved_bp, _WORD, "saved BP", "uintptr"))
    slots += _local_slots(trace, function, sp, min(pseudo_sp, fp - _WORD))
    return Frame(function, pc, sp, fp, pseudo_sp, fp - _WORD, saved_bp, depth == settled, tuple(slots))


def _argument_slots(layout: Layout | None, fp: int) -> list[Slot]:
    if layout is None:
        return []
    slots = []
    for place in layout.places:
        offset = place.offset if place.offset is not None else place.spill
        if offset is None or place.type.size == 0:
            continue
        kind: SlotKind = "spill" if place.offset is None else "result" if place.is_result else "argument"
        slots.append(
            Slot(
                place.name, f"{place.name}+{offset}(FP)", fp + offset, place.type.size, kind, place.type.name
            )
        )
    return sorted(slots, key=lambda s: -s.address)


def _local_slots(trace: Trace, function: Function, sp: int, pseudo_sp: int) -> list[Slot]:
    """The words between SP and pseudo-SP: named locals, outgoing area, and the rest."""
    count = min((pseudo_sp - sp) // _WORD, _MOST_WORDS)
    source = trace.program.source_of(function) if function.is_assembly else None
    names = stack_names(source.text, function) if source else StackNames({}, _outgoing(trace, function))
    bottom = pseudo_sp - function.frame_size  # where SP settles after the prologue
    slots = []
    for index in range(count):
        address = pseudo_sp - _WORD * (index + 1)
        below, above = address - pseudo_sp, f"{address - sp}(SP)"
        local = names.locals.get(below)
        if local is not None:
            slots.append(Slot(local, f"{local}{below}(SP)", address, _WORD, "local", ""))
        else:
            kind: SlotKind = "outgoing" if address - bottom in names.outgoing else "local"
            slots.append(Slot("", above, address, _WORD, kind, ""))
    return slots


def _outgoing(trace: Trace, function: Function) -> frozenset[int]:
    """Offsets from SP of a wrapper's outgoing area: what the function of the other ABI takes."""
    if not function.is_wrapper:
        return frozenset()
    symbol = function.name if function.abi == "ABI0" else f"{function.name}.abi0"
    other = trace.program.functions.get(symbol)
    layout = _layout(trace, other) if other is not None else None
    return frozenset(range(0, layout.args_size + layout.spill_size, _WORD)) if layout else frozenset()


def _layout(trace: Trace, function: Function) -> Layout | None:
    if function.symbol == trace.function.symbol:
        return trace.layout
    try:
        taken = signature(trace.program, function)
    except CallError:
        return None
    return layout_of(function, taken) if taken is not None else None
