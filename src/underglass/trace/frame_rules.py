"""The sentinel's rules about stack words: arguments, results, locals, the two links, the outgoing area."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from underglass.program import Function
from underglass.program.asmsource import stack_names
from underglass.trace.activation import Access, Activation, CallSite, source_line, text_at
from underglass.trace.leaves import Leaf, leaves

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["check"]

_WORD = 8
_SCALAR = 8  # bytes; a wider load is a vector and may take several whole words
_IMPLICIT = ("PUSH", "POP", "CALL", "RET")  # they move SP themselves
_FP_NAME = re.compile(r"\b([A-Za-z_]\w*)\+(\d+)\(FP\)")

Breach = tuple[str, int, str]


@dataclass
class _State:
    """What is known of the frame's bytes while its accesses are gone through in order."""

    trace: Trace
    run: Activation
    leaves: tuple[Leaf, ...]
    written: dict[int, tuple[int, bool]] = field(default_factory=dict)  # offset → (step, by own code)
    read: set[int] = field(default_factory=set)
    last_argument_store: Access | None = None

    def is_written(self, access: Access) -> bool:
        return all(o in self.written for o in range(access.offset, access.offset + access.size))

    def leaf_at(self, offset: int) -> Leaf | None:
        return next((leaf for leaf in self.leaves if leaf.offset <= offset < leaf.end), None)


def check(trace: Trace, run: Activation) -> Iterator[Breach]:
    """Breaches of the rules about stack words in one activation."""
    if run.changes_stack:
        return
    state = _State(trace, run, leaves(run.layout))
    for access in run.accesses(trace):
        text = text_at(trace, access.step)
        formed_from_sp = access.is_own and "(SP)" in text and not text.startswith(_IMPLICIT)
        if formed_from_sp:
            yield from _access(state, access)
        covered = range(access.offset, access.offset + access.size)
        if access.is_write:
            state.written.update(dict.fromkeys(covered, (access.step, access.is_own)))
            if formed_from_sp and (leaf := state.leaf_at(access.offset)) and not leaf.is_result:
                state.last_argument_store = access
        else:
            state.read.update(covered)
    yield from _outgoing(state)
    if run.ret is not None:
        yield from _results(state)
        yield from _unread(state)


def _access(state: _State, access: Access) -> Iterator[Breach]:
    """What one load or store through SP does wrong; the first thing only."""
    run, step, end = state.run, access.step, access.offset + access.size
    sp = state.trace.register(step, "SP") - run.fp(step)
    name, verb = _plain(run.function), "writes" if access.is_write else "reads"
    if access.offset < sp:
        below = sp - access.offset
        yield (
            "below-sp",
            step,
            f"{name} {verb} {below} bytes below SP; its TEXT line declares a frame of "
            f"${run.function.frame_size}, which ends {below} bytes too early for this word.",
        )
    elif run.args_end is not None and end > run.args_end and access.offset >= 0:
        last = f"{run.args_end} bytes of arguments and results"
        yield (
            "above-arguments",
            step,
            f"{name} {verb} at {access.offset}(FP); it has {last}, so this word is its caller's.",
        )
    elif access.is_write and end > run.pseudo_sp and access.offset < 0:
        if any(c.step > step and c.sp <= access.offset < _end(c) for c in run.calls):
            return  # an argument for a callee that has no room: said at the CALL
        yield "frame-links", step, f"{name} writes over {_links(run, access.offset, end)}."
    elif not access.is_write and access.offset >= 0 and state.leaves:
        yield from _argument_read(state, access)
    elif not access.is_write and end <= run.pseudo_sp and not state.is_written(access):
        word = _local_name(state, access.offset)
        yield (
            "written-before-read",
            step,
            f"{name} reads {word}, and nothing was written there since {name} started.",
        )


def _argument_read(state: _State, access: Access) -> Iterator[Breach]:
    if state.is_written(access):  # its own scratch by now
        return
    step, end = access.step, access.offset + access.size
    leaf = state.leaf_at(access.offset)
    touched = [x for x in state.leaves if x.offset < end and access.offset < x.end]
    meant = _meant(state, step, access.offset)
    if meant is not None:
        lies = f", where {leaf.expression} lies" if leaf else ", which is padding"
        lies = ", inside it" if leaf == meant else lies
        yield (
            "argument-place",
            step,
            f"The line calls it {meant.name}, and reads {access.size} bytes at {access.offset}(FP)"
            f"{lies}; {meant.name} begins at {meant.offset}(FP).",
        )
    elif leaf is not None and leaf.is_result:
        yield (
            "written-before-read",
            step,
            f"{_plain(state.run.function)} reads the result slot {leaf.expression} before it wrote "
            f"there. The arguments are {_list(state.leaves)}.",
        )
    elif leaf is None or leaf.offset != access.offset:
        inside = f"inside {leaf.expression}" if leaf else "in the padding between arguments"
        yield (
            "argument-place",
            step,
            f"The load begins at {access.offset}(FP), {inside}. The arguments are {_list(state.leaves)}.",
        )
    elif (access.size <= _SCALAR and access.size != leaf.size) or end != touched[-1].end:
        over = f" and takes in {' and '.join(x.expression for x in touched[1:])}" if len(touched) > 1 else ""
        yield (
            "argument-place",
            step,
            f"The load takes {access.size} bytes{over}; {leaf.name} is {leaf.type}, {leaf.size} bytes at "
            f"{leaf.expression}. {_move(leaf.size)} loads it.",
        )


def _results(state: _State) -> Iterator[Breach]:
    assert state.run.ret is not None
    name = _plain(state.run.function)
    for leaf in state.leaves:
        if not leaf.is_result or leaf.size == 0:
            continue
        done = sum(offset in state.written for offset in range(leaf.offset, leaf.end))
        if done == leaf.size:
            continue
        stray = state.last_argument_store
        if done:
            yield (
                "result-written",
                _writer(state, leaf),
                f"{name} wrote {done} of the {leaf.size} bytes of {leaf.expression}. "
                f"{_move(leaf.size)} writes them all.",
            )
        elif stray is not None:
            struck = state.leaf_at(stray.offset)
            over = f", over {struck.expression}" if struck else ""
            yield (
                "result-written",
                stray.step,
                f"{name} never writes its result {leaf.expression}: this store goes to "
                f"{stray.offset}(FP){over}.",
            )
        else:
            yield (
                "result-written",
                state.run.ret,
                f"{name} returns, and nothing was written to its result {leaf.expression}.",
            )


def _unread(state: _State) -> Iterator[Breach]:
    assert state.run.ret is not None
    for leaf in state.leaves:
        whole = range(leaf.offset, leaf.end)
        if leaf.is_result or leaf.name == "_" or not whole or any(offset in state.read for offset in whole):
            continue
        if leaf.type.startswith("[]") and leaf.name.endswith("_cap"):  # few functions have a use for it
            continue
        yield (
            "argument-read",
            state.run.ret,
            f"{_plain(state.run.function)} returns without having looked at {leaf.expression}.",
        )


def _outgoing(state: _State) -> Iterator[Breach]:
    run = state.run
    for call in run.calls:
        end = _end(call)
        if end == call.sp or call.callee is None:
            continue
        callee, name = _plain(call.callee), _plain(run.function)
        held = "arguments and results" if call.callee.abi == "ABI0" else "stack arguments and spill space"
        takes = f"{callee} has {end - call.sp} bytes of {held} from {name}'s 0(SP) upwards"
        if end > run.pseudo_sp:
            yield (
                "outgoing-area",
                call.step,
                f"{takes}, and the frame of ${run.function.frame_size} ends before: "
                f"they lie over {_links(run, call.sp, end)}.",
            )
        elif (struck := _local_struck(state, call, end)) is not None:
            yield (
                "outgoing-area",
                call.step,
                f"{takes}: they lie over the local {struck}, which is read again after the call. Declare "
                f"a frame that holds both.",
            )


def _end(call: CallSite) -> int:
    """Offset after what the caller reserves for the callee; where that begins if it is nothing.

    Code of ABIInternal may store its register arguments in spill space above the stack-assigned ones
    (Go 1.27, cmd/compile/abi-internal.md, "Function call argument and result passing").
    """
    if call.layout:
        return call.sp + call.layout.args_size + call.layout.spill_size
    known = call.callee is not None and call.callee.abi == "ABI0"
    return call.sp + (call.callee.args_size or 0 if known and call.callee else 0)


def _local_struck(state: _State, call: CallSite, end: int) -> str | None:
    """A named local inside the callee's arguments, stored before the call and loaded after it."""
    run, source = state.run, state.trace.program.source_of(state.run.function)
    names = stack_names(source.text, run.function).locals if source else {}
    kept: dict[int, str] = {}
    for access in run.accesses(state.trace):
        local = f"{names.get(access.offset - run.pseudo_sp, '')}{access.offset - run.pseudo_sp}(SP)"
        if not access.is_own or local.startswith("-") or not call.sp <= access.offset < end:
            continue
        if _pseudo(state, access.step, local):
            if access.is_write:
                if access.step < call.step:
                    kept[access.offset] = local
                else:
                    kept.pop(access.offset, None)
            elif access.step > call.step and access.offset in kept:
                return kept[access.offset]
    return None


def _pseudo(state: _State, step: int, local: str) -> bool:
    """Whether the source line of `step` names the word as a local, not as an outgoing word."""
    return local in source_line(state.trace, state.run.function, state.trace.pc(step)).replace(" ", "")


def _meant(state: _State, step: int, offset: int) -> Leaf | None:
    """The argument that the source line names with another offset than its own."""
    line = source_line(state.trace, state.run.function, state.trace.pc(step))
    for name, at in _FP_NAME.findall(line):
        leaf = next((x for x in state.leaves if x.name == name), None)
        if leaf is not None and int(at) == offset != leaf.offset:
            return leaf
    return None


def _writer(state: _State, leaf: Leaf) -> int:
    return max(state.written[o][0] for o in range(leaf.offset, leaf.end) if o in state.written)


def _links(run: Activation, start: int, end: int) -> str:
    """Which of the words above the locals lie between two offsets."""
    struck = []
    if run.function.has_saved_bp and start < -_WORD and end > -2 * _WORD:
        struck.append("the saved BP")
    if start < 0 and end > -_WORD:
        struck.append("the return address")
    if end > 0:
        struck.append(f"{_plain(run.function)}'s own arguments")
    return " and ".join(struck)


def _local_name(state: _State, offset: int) -> str:
    below = offset - state.run.pseudo_sp
    source = state.trace.program.source_of(state.run.function)
    names = stack_names(source.text, state.run.function).locals if source else {}
    if below in names:
        return f"{names[below]}{below}(SP)"
    return f"the word {-below} bytes below pseudo-SP"


def _list(found: tuple[Leaf, ...]) -> str:
    return ", ".join(f"{x.expression} ({x.size} bytes)" for x in found if not x.is_result) or "none"


def _move(size: int) -> str:
    return {1: "MOVB", 2: "MOVW", 4: "MOVL", 8: "MOVQ"}.get(size, f"A move of {size} bytes")


def _plain(function: Function) -> str:
    return function.name.removeprefix("main.")
