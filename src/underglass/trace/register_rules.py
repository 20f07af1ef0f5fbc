"""The sentinel's rules about registers: BP, SP, g, X15 and the direction flag; values across a CALL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from underglass.abi import Layout
from underglass.trace.activation import Activation, CallSite, instruction_at, source_line, text_at
from underglass.trace.operands import Uses, register_uses

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["check"]

_KEPT = frozenset({"SP", "BP"})  # a callee gives these back
_FIXED = frozenset({"R14", "X15"})
_HELD = frozenset({"R14", "X15", "DX"})  # may mean something at entry: g, zero, the closure's context

Breach = tuple[str, int, str]


def check(trace: Trace, run: Activation) -> Iterator[Breach]:
    """Breaches of the rules about registers in one activation."""
    yield from _across_calls(trace, run)
    for call in run.calls:
        yield from _handed_over(trace, run, call)
        yield from _linked(trace, run, call)
    if run.ret is None:
        return
    yield from _direction(trace, run, run.ret, "returns")
    if not run.changes_stack:
        yield from _links(trace, run)
        if run.function.abi == "ABIInternal":
            yield from _fixed(trace, run)


def _links(trace: Trace, run: Activation) -> Iterator[Breach]:
    """BP and SP when RET runs."""
    assert run.ret is not None
    # A copied stack moves what BP points to by as much as FP.
    entry_fp, moved = run.bases[0][1], run.bases[-1][1] - run.bases[0][1]
    sp = trace.register(run.ret, "SP") - (entry_fp + moved - 8)
    if sp:
        step = next((s for s in reversed(run.steps) if _sets_sp(trace, run, s)), run.ret)
        side = "above" if sp > 0 else "below"
        yield (
            "sp-restored",
            step,
            f"When {_name(run)} executes RET, SP is {abs(sp)} bytes {side} the return address. "
            "Add or subtract there what this line took.",
        )
        return
    before, after = trace.register(run.entry, "BP"), trace.register(run.ret, "BP")
    if after in (before, before + moved) or _link_overwritten(trace, run):
        return
    saved = (
        "the assembler saved no BP, since the frame is $0 and there is no CALL"
        if not run.function.has_saved_bp
        else "the saved one was changed"
    )
    yield (
        "bp-restored",
        _last_writer(trace, run, "BP", run.ret),
        f"{_name(run)} returns to its caller with another BP than it got: {saved}.",
    )


def _sets_sp(trace: Trace, run: Activation, step: int) -> bool:
    """Whether the reader moved SP here: the assembler's own moves stand on the lines of TEXT and RET."""
    instruction = instruction_at(trace, step)
    end = instruction_at(trace, run.ret) if run.ret is not None else None
    if instruction is None or instruction.line in (run.function.start_line, end.line if end else 0):
        return False
    text = instruction.go
    return "SP" in _uses(trace, step).writes and not text.startswith(("CALL", "RET", "PUSH", "POP"))


def _link_overwritten(trace: Trace, run: Activation) -> bool:
    """Whether the saved BP in memory was written over: the frame's rules speak of that."""
    if not run.function.has_saved_bp:
        return False
    for access in run.accesses(trace):
        pushes = access.is_own and text_at(trace, access.step).startswith("PUSHQ BP")
        if access.is_write and access.offset < -8 and access.offset + access.size > -16 and not pushes:
            return True
    return False


def _direction(trace: Trace, run: Activation, step: int, verb: str) -> Iterator[Breach]:
    if trace.flags(step)["DF"] and not trace.flags(run.entry)["DF"]:
        started = next((s for s in reversed(run.steps) if s < step and text_at(trace, s) == "STD"), step)
        yield (
            "direction-flag",
            started,
            f"{_name(run)} {verb} with the direction flag still set by this line. CLD clears it.",
        )


def _fixed(trace: Trace, run: Activation) -> Iterator[Breach]:
    assert run.ret is not None
    name = _name(run)
    if trace.register(run.entry, "R14") != trace.register(run.ret, "R14"):
        step = _last_writer(trace, run, "R14", run.ret)
        yield "fixed-registers", step, f"{name} returns with R14 changed, and its caller takes R14 for g."
    if trace.vectors[run.ret, 15].any():
        step = _last_writer(trace, run, "X15", run.ret)
        yield "fixed-registers", step, f"{name} returns with X15 not zero, and its caller takes X15 for zero."


def _handed_over(trace: Trace, run: Activation, call: CallSite) -> Iterator[Breach]:
    """What a callee relies on when it starts: DF clear; of ABIInternal, g in R14 and zero in X15."""
    callee = call.callee
    if callee is None:
        return
    yield from _direction(trace, run, call.step, f"calls {_callee(call)}")
    if callee.abi != "ABIInternal" or callee.is_assembly or run.changes_stack:
        return
    if trace.vectors[call.step, 15].any():
        yield (
            "fixed-registers",
            _last_writer(trace, run, "X15", call.step),
            f"{_name(run)} calls {_callee(call)}, code of ABIInternal, and X15 is not zero then.",
        )
    writer = _last_writer(trace, run, "R14", call.step)
    changed = trace.register(call.step, "R14") != trace.register(run.entry, "R14")
    if changed and writer != call.step and "FS:" not in text_at(trace, writer):
        yield (
            "fixed-registers",
            writer,
            f"{_name(run)} calls {_callee(call)}, code of ABIInternal, and R14 does not hold g then.",
        )


def _linked(trace: Trace, run: Activation, call: CallSite) -> Iterator[Breach]:
    """BP when Go code is called, which pushes it as the next link (runtime/mprof.go, saveblockevent).

    The assembler's first instructions leave it pointing to the saved one, directly above the locals.
    """
    if call.callee is None or call.callee.is_assembly or run.changes_stack or not run.function.has_saved_bp:
        return
    if trace.register(call.step, "BP") != run.fp(call.step) + run.pseudo_sp:
        yield (
            "bp-restored",
            _last_writer(trace, run, "BP", call.step),
            f"{_name(run)} calls {_callee(call)}, Go code, and BP does not point to the saved BP then: "
            "a profiler that follows the links from there reads what is at no frame's address.",
        )


def _across_calls(trace: Trace, run: Activation) -> Iterator[Breach]:
    back = {call.back: call for call in run.calls if call.back is not None}
    sites = {call.step: call for call in run.calls}
    given = _argument_registers(run.layout) if run.function.abi == "ABIInternal" else frozenset()
    last_write: dict[str, int] = {}
    lost: dict[str, CallSite] = {}  # registers that a call may have used since
    idle: dict[str, int] = {}  # register never set → step that changed it, and gave it to nothing else
    called: CallSite | None = None
    # Whether an unknown convention may have set any register; see CallSite.has_own_convention.
    anything = run.layout is None or not run.layout.places
    for step in run.steps:
        if step in back:
            called = back[step]
            anything |= called.has_own_convention
            if not called.has_own_convention:
                lost.update((r, called) for r in last_write if r not in _FIXED or _differs(trace, called, r))
            for register in _result_registers(called):
                last_write[register] = step
                lost.pop(register, None)
        if step in sites:
            yield from _arguments_in_registers(run, sites[step], given | (last_write.keys() - lost.keys()))
        uses, passed = _uses(trace, step), ""
        for register in sorted(uses.reads - _KEPT):
            is_vector = register.startswith("X")
            if is_vector and register in uses.writes:
                continue
            if register in lost:
                yield (
                    "register-across-call",
                    step,
                    f"{register} was set {_at(trace, run, last_write[register])} and is used here, and "
                    f"the call of {_callee(lost[register])} lies between."
                    # Go code returns in AX, and assembly sees the result on the stack.
                    f"{_result_at(lost[register]) if register == 'AX' else ''}",
                )
            elif register not in last_write and register not in _HELD | given and not anything:
                if called is None and uses.saves and _keeps(trace, run, step):
                    continue  # put aside
                if uses.writes == {register} and not _decides(trace, step):
                    idle.setdefault(register, step)
                    passed = register
                    continue
                yield from _unset(run, idle.get(register, step), register, called)
        for register in uses.writes:
            if register == passed:
                continue
            last_write[register] = step
            lost.pop(register, None)


def _differs(trace: Trace, call: CallSite, register: str) -> bool:
    """Whether R14 or X15 was not what Go code gives back: g, which it is given, and zero."""
    if call.callee is None or call.back is None or call.callee.is_assembly:
        return True
    if register == "X15":
        return bool((trace.vectors[call.step, 15] != trace.vectors[call.back, 15]).any())
    return trace.register(call.step, register) != trace.register(call.back, register)


def _decides(trace: Trace, step: int) -> bool:
    """Whether the next instruction looks at the flags that this one sets."""
    after = step + 1 if step + 1 < len(trace) else step
    text = text_at(trace, after)
    return text.startswith(("J", "SET", "CMOV", "ADC", "SBB", "RC")) and not text.startswith("JMP")


def _unset(run: Activation, step: int, register: str, called: CallSite | None) -> Iterator[Breach]:
    if run.function.abi == "ABIInternal":
        if run.layout is not None and run.layout.params and called is None:
            yield (
                "argument-register",
                step,
                f"{register} holds no argument of {_name(run)}: {_places(run.layout)}.",
            )
    elif not register.startswith("X"):
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


def _arguments_in_registers(run: Activation, call: CallSite, ready: frozenset[str]) -> Iterator[Breach]:
    """A function value leads to ABIInternal code, which looks for its arguments in registers."""
    if run.layout is None or call.layout is None or call.callee is None or call.callee.abi != "ABIInternal":
        return
    missing = sorted(_argument_registers(call.layout) - ready)
    if missing:
        yield (
            "argument-register",
            call.step,
            f"{_callee(call)} is code of ABIInternal: {_places(call.layout)}; "
            f"{_name(run)} has not set {' and '.join(missing)} for it.",
        )


def _argument_registers(layout: Layout | None) -> frozenset[str]:
    return frozenset(p.register for place in layout.params for p in place.pieces) if layout else frozenset()


def _result_registers(call: CallSite) -> frozenset[str]:
    if call.layout is None or call.callee is None or call.callee.abi != "ABIInternal":
        return frozenset()
    return frozenset(piece.register for place in call.layout.results for piece in place.pieces)


def _places(layout: Layout) -> str:
    found = [
        f"{p.name} is in {' and '.join(x.register for x in p.pieces)}" for p in layout.params if p.pieces
    ]
    return ", ".join(found) or "none is in a register"


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


def _last_writer(trace: Trace, run: Activation, register: str, before: int) -> int:
    """The last own step before one that wrote a register; that step itself if there is none."""
    own = (s for s in reversed(run.steps) if s < before)
    return next((s for s in own if register in _uses(trace, s).writes), before)


def _name(run: Activation) -> str:
    return run.function.name.removeprefix("main.")


def _uses(trace: Trace, step: int) -> Uses:
    instruction = instruction_at(trace, step)
    return register_uses(instruction.data if instruction else b"")
