"""The sentinel's rule about what a callee finds: each argument that it reads was stored for it.

Source: Go 1.27, cmd/compile/abi-internal.md, "Function call argument and result passing": with no registers,
the sequence of stack-assigned values is that of ABI0, and the caller stores it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from underglass.trace.activation import Activation, CallSite
from underglass.trace.leaves import Leaf, leaves

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["check"]

Breach = tuple[str, int, str]


def check(trace: Trace, run: Activation) -> Iterator[Breach]:
    """Breaches of the rule in one activation: words that a callee reads and nobody wrote since the entry."""
    if run.changes_stack:
        return
    written: set[int] = set()  # bytes from FP
    calls = list(reversed(run.calls))
    call, missing = None, list[Leaf]()
    for access in run.accesses(trace):
        while calls and calls[-1].step < access.step:
            call = calls.pop()
            missing = [leaf for leaf in _arguments(call) if written.isdisjoint(_bytes(call, leaf))]
        touched = range(access.offset, access.offset + access.size)
        if access.is_write:
            written.update(touched)
        if call is None or (call.back is not None and access.step >= call.back):
            continue
        for leaf in [leaf for leaf in missing if not set(touched).isdisjoint(_bytes(call, leaf))]:
            missing.remove(leaf)
            reader = trace.function_at(access.step)
            if not access.is_write and reader is not None and call.callee == reader:
                yield "written-before-read", call.step, _sentence(run, call, leaf)


def _arguments(call: CallSite) -> list[Leaf]:
    """What the callee finds on the stack."""
    if call.callee is None or call.callee.abi != "ABI0":
        return []
    return [leaf for leaf in leaves(call.layout) if not leaf.is_result and leaf.size]


def _bytes(call: CallSite, leaf: Leaf) -> range:
    return range(call.sp + leaf.offset, call.sp + leaf.end)


def _sentence(run: Activation, call: CallSite, leaf: Leaf) -> str:
    assert call.callee is not None
    name, callee = (f.name.removeprefix("main.") for f in (run.function, call.callee))
    return (
        f"{callee} reads its {leaf.name} at {leaf.offset}(SP), and nothing was written there since "
        f"{name} started."
    )
