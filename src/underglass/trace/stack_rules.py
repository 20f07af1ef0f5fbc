"""The sentinel's rules about the stack as a whole: room below the guard, and addresses that outlive a frame.

Sources: Go 1.27, internal/abi/stack.go (StackNosplitBase); cmd/link/internal/ld/stackcheck.go;
runtime/stack.go, copystack, which mends pointers into the stack where it knows of them: in frames and in g.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from underglass.abi.amd64 import WORD
from underglass.program import Function, Program
from underglass.trace.activation import Activation, own_accesses
from underglass.trace.leaves import Leaf, leaves
from underglass.trace.library import per_program

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["check"]

_NOSPLIT_ROOM = 800  # bytes; internal/abi/stack.go, StackNosplitBase
_BELOW = 1024  # bytes below SP that still count as this stack's

Breach = tuple[str, int, str]


def check(trace: Trace, run: Activation) -> Iterator[Breach]:
    """Breaches of the rules about the stack in one activation."""
    if run.changes_stack:
        return
    yield from _room(trace, run)
    yield from _kept(trace, run)


def _room(trace: Trace, run: Activation) -> Iterator[Breach]:
    """SP within the bytes that the last stack check vouched for."""
    first, chain = run, [run.function]
    if _checks_stack(trace.program, run.function):
        return
    while (caller := first.caller) is not None and not _checks_stack(trace.program, caller.function):
        if caller.changes_stack:
            return  # of the other stack nobody knows the guard
        first = caller
        chain.insert(0, first.function)
    top = first.bases[0][1]
    for before, step in pairwise(run.steps):
        depth = top - trace.register(step, "SP")
        if depth > _NOSPLIT_ROOM:
            names = " and ".join(f.name.removeprefix("main.") for f in dict.fromkeys(chain))
            yield (
                "nosplit-room",
                before,
                f"Nothing has checked the stack since {names} began, and SP is {depth} bytes lower now; "
                f"{_NOSPLIT_ROOM} bytes are kept free for such code.",
            )
            return


@per_program
def _checks_stack(program: Program, function: Function) -> bool:
    """Whether the function's prologue compares SP with the guard and calls runtime.morestack if need be."""
    targets = {
        i.target for i in program.instructions(function) if i.target is not None and i.go.startswith("CALL")
    }
    callees = (program.function_at(target) for target in targets)
    return any(callee is not None and callee.name.startswith("runtime.morestack") for callee in callees)


def _kept(trace: Trace, run: Activation) -> Iterator[Breach]:
    """Own stores of an address in this frame to somewhere else, where it still lies at the return."""
    if run.ret is None:
        return
    slots = [leaf for leaf in leaves(run.layout) if leaf.is_result and _points(leaf)]
    name = run.function.name.removeprefix("main.")
    for step, is_write, address, size, value, _ in own_accesses(trace, run):
        fp, sp = run.fp(step), trace.register(step, "SP")
        if not is_write or size != WORD or not sp <= value < fp + (run.args_end or 0):
            continue
        slot = next((s for s in slots if s.offset <= address - fp < s.end), None)
        if slot is None and sp - _BELOW <= address < fp + max(run.args_end or 0, 0):
            continue
        if trace.word(run.ret, address) != value:  # taken out again, as the runtime does with m.vdsoSP
            continue
        where = f"the result {slot.expression}" if slot else f"{address:#x}, outside its frame"
        yield (
            "stack-pointer-kept",
            step,
            f"{name} stores the address {value:#x}, which lies in its own frame, to {where}.",
        )


def _points(leaf: Leaf) -> bool:
    return leaf.type.startswith(("*", "[]", "string", "unsafe.Pointer")) and not leaf.name.endswith(
        ("_len", "_cap")
    )
