"""The sentinel's rules about registers: BP, SP, g and X15 at the return; values across a CALL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from underglass.trace.activation import Activation, CallSite, source_line
from underglass.trace.operands import Uses, register_uses

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["check"]

_KEPT = frozenset({"SP", "BP"})  # a callee gives these back
_HELD = frozenset({"R14", "X15", "DX"})  # may mean something at entry: g, zero, the closure's context

Breach = tuple[str, int, str]


def check(trace: Trace, run: Activation) -> Iterator[Breach]:
    """Breaches of the rules about registers in one activation."""
    yield from _across_calls(trace, run)
    if run.ret is not None:
        yield from _links(trace, run)
        if run.function.abi == "ABIInternal":
            yield from _fixed(trace, run)


def _links(trace: Trace, run: Activation) -> Iterator[Breach]:
    """BP and SP when RET runs."""
    assert run.ret is not None
    name = run.function.name.removeprefix("main.")
    # A copied stack moves what BP points to by as much as FP.
    entry_fp, moved = run.bases[0][1], run.bases[-1][1] - run.bases[0][1]
    sp = trace.register(run.ret, "SP") - (entry_fp + moved - 8)
    if sp:
        step = next((s for s in reversed(run.steps) if _sets_sp(trace, run, s)), run.ret)
        side = "above" if sp > 0 else "below"
        yield (
            "sp-restored",
            step,
            f"When {name} executes RET, SP is {abs(sp)} bytes {side} the return address. "
            "Add or subtract there what this line took.",
        )
        return
    before, after = trace.register(run.entry, "BP"), trace.register(run.ret, "BP")
    if after in (before, before + moved) or _link_overwritten(trace, run):
        return
    step = next((s for s in reversed(run.steps) if "BP" in _uses(trace, s).writes), run.ret)
    saved = (
        "the assembler saved no BP, since the frame is $0 and there is no CALL"
        if not run.function.has_saved_bp
        else "the saved one was changed"
    )
    yield "bp-restored", step, f"{name} returns to its caller with another BP than it got: {saved}."


def _sets_sp(trace: Trace, run: Activation, step: int) -> bool:
    """Whether the reader moved SP here: the assembler's own moves stand on the lines of TEXT and RET."""
    instruction = trace.instruction(step)
    end = trace.instruction(run.ret) if run.ret is not None else None
    if instruction is None or instruction.line in (run.function.start_line, end.line if end else 0):
        return False
    text = instruction.go
    return "SP" in _uses(trace, step).writes and not text.startswith(("CALL", "RET", "PUSH", "POP"))


def _link_overwritten(trace: Trace, run: Activation) -> bool:
    """Whether the saved BP in memory was written over: the frame's rules speak of that."""
    if not run.function.has_saved_bp:
        return False
    for access in run.accesses(trace):
        instruction = trace.instruction(access.step)
        pushes = instruction is not None and instruction.go.startswith("PUSHQ BP") and access.is_own
        if access.is_write and access.offset < -8 and access.offset + access.size > -16 and not pushes:
            return True
    return False


def _fixed(trace: Trace, run: Activation) -> Iterator[Breach]:
    assert run.ret is not None
    name = run.function.name.removeprefix("main.")
    if trace.register(run.entry, "R14") != trace.register(run.ret, "R14"):
        step = next((s for s in reversed(run.steps) if "R14" in _uses(trace, s).writes), run.ret)
        yield "fixed-registers", step, f"{name} returns with R14 changed, and its caller takes R14 for g."
    if trace.vectors[run.ret, 15].any():
        step = next((s for s in reversed(run.steps) if "X15" in _uses(trace, s).writes), run.ret)
        yield "fixed-registers", step, f"{name} returns with X15 not zero, and its caller takes X15 for zero."


def _across_calls(trace: Trace, run: Activation) -> Iterator[Breach]:
    calls = {call.back: call for call in run.calls if call.back is not None}
    last_write: dict[str, int] = {}
    lost: dict[str, CallSite] = {}  # registers that a call may have used since
    called: CallSite | None = None
    for step in run.steps:
        if step in calls:
            called = calls[step]
            lost.update(dict.fromkeys(last_write, called))
        uses = _uses(trace, step)
        for register in sorted(uses.reads - _KEPT):
            is_vector = register.startswith("X")
            if register in lost and not (is_vector and register in uses.writes):
                yield (
                    "register-across-call",
                    step,
                    f"{register} was set {_at(trace, run, last_write[register])} and is used here, and "
                    f"the call of {_callee(lost[register])} lies between."
                    # Go code returns in AX, and assembly sees the result on the stack.
                    f"{_result_at(lost[register]) if register == 'AX' else ''}",
                )
            elif register not in last_write and not is_vector and register not in _HELD:
                put_aside = called is None and uses.saves and _keeps(trace, run, step)
                if put_aside or run.function.abi == "ABIInternal":
                    continue
                source = (
                    _result_at(called).strip()
                    if called is not None
                    else "The arguments are on the stack, from 0(FP) upwards."
                )
                yield (
                    "register-set",
                    step,
                    f"{register} is used before anything in {_name(run)} has set it. {source}",
                )
        for register in uses.writes:
            last_write[register] = step
            lost.pop(register, None)


def _keeps(trace: Trace, run: Activation, step: int) -> bool:
    """Whether a store puts a register aside, into the function's own frame, as callers of C code do."""
    return "(FP)" not in source_line(trace, run.function, trace.pc(step))


def _at(trace: Trace, run: Activation, step: int) -> str:
    line = run.function.line_at(trace.pc(step))
    return f"on line {line} (step {step})" if line else f"at step {step}"


def _callee(call: CallSite) -> str:
    return call.callee.name.removeprefix("main.") if call.callee else "another function"


def _result_at(call: CallSite) -> str:
    """Where the callee's results are found, as a sentence."""
    results = call.layout.results if call.layout and call.callee and call.callee.abi == "ABI0" else ()
    places = " and ".join(f"{place.offset}(SP)" for place in results if place.offset is not None)
    return f" The result of {_callee(call)} is at {places}." if places else ""


def _name(run: Activation) -> str:
    return run.function.name.removeprefix("main.")


def _uses(trace: Trace, step: int) -> Uses:
    instruction = trace.instruction(step)
    return register_uses(instruction.data if instruction else b"")
