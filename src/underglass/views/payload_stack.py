"""The part of the stepper's record that tells stacks, frames and memory, each thing once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from underglass.views.frames import call_frames, has_returned, stack_key

if TYPE_CHECKING:
    from underglass.trace import Frame, Trace
    from underglass.views.payload_code import CodeTable

__all__ = ["StackTable", "memory_runs", "stack_switches"]

_WORD = 8
_PAGE = 4096
_WHOLE_PAGES = 24  # those touched most are told whole; of the others, the lines that were touched
_LINE = 64
_JUMP = 1 << 20  # bytes: no frame is as large, so SP has changed stacks

# What moves SP to another stack, and what g0 begins with (Go 1.27, runtime/asm_amd64.s, runtime/proc.go).
_ON_G0 = frozenset(
    {"runtime.morestack", "runtime.mcall", "runtime.mstart", "runtime.mstart0", "runtime.rt0_go"}
)
_TO_GOROUTINE = frozenset({"gogo", "runtime.gogo"})
_SIGNAL = "runtime.sigtramp"


class StackTable:
    """Frames of every step, each told once."""

    def __init__(self, trace: Trace, shown: int, code: CodeTable) -> None:
        self._code = code
        self.layouts: list[list[Any]] = []
        self.frames: list[list[Any]] = []
        self.stacks: list[list[int]] = []
        self.changes: list[list[int]] = []
        self.words: set[int] = set()
        """Addresses of the words that some frame names."""
        self._seen: dict[Any, int] = {}
        self._rows: dict[tuple[int, bool], int] = {}
        stores = _stored_words(trace)
        before, returns = None, frozenset[int]()
        for step in range(shown + 1):
            key = (stack_key(trace, step), has_returned(trace, step))
            if key == before and returns.isdisjoint(stores.get(step - 1, ())):
                continue
            frames = call_frames(trace, step)
            before, returns = key, frozenset(frame.return_address_at for frame in frames)
            row = self._stack(frames)
            if not self.changes or self.changes[-1][1] != row:
                self.changes.append([step, row])

    def _stack(self, frames: tuple[Frame, ...]) -> int:
        row = -1
        for depth, frame in reversed(list(enumerate(frames))):
            called = depth > 0
            held = self._rows.get((id(frame), called))  # a trace keeps its frames, so that no two have one id
            if held is None:
                held = self._rows[id(frame), called] = self._frame(frame, called=called)
            row = self._row(self.stacks, [held, row], "stack")
        return row

    def _frame(self, frame: Frame, *, called: bool) -> int:
        fp = frame.fp
        slots = [
            [slot.name, slot.expression, slot.address - fp, slot.size, slot.kind, slot.type]
            for slot in frame.slots
        ]
        for slot in frame.slots:
            first = slot.address - slot.address % _WORD
            self.words.update(range(first, slot.address + slot.size, _WORD))
        layout = self._row(self.layouts, [self._code.add(frame.function), slots], "layout")
        line = frame.function.line_at(frame.pc - 1) if called else 0
        saved = None if frame.saved_bp_at is None else frame.saved_bp_at - fp
        row = [layout, f"{fp:x}", frame.sp - fp, frame.pseudo_sp - fp, frame.return_address_at - fp, saved]
        return self._row(self.frames, [*row, int(frame.complete), line], "frame")

    def _row(self, table: list[Any], value: list[Any], kind: str) -> int:
        key = (kind, repr(value))
        if key not in self._seen:
            self._seen[key] = len(table)
            table.append(value)
        return self._seen[key]


def memory_runs(trace: Trace, shown: int, words: set[int]) -> list[list[Any]]:
    """Memory before step 0, in runs: the words that frames name, and what the run touched with its
    surroundings, so that a reader may look about. A zero is an empty string."""
    touched = trace.accesses[trace.accesses["step"] < shown]["address"]
    wanted = set(words)
    pages, counts = np.unique(touched // np.uint64(_PAGE), return_counts=True)
    often = [int(page) for page in pages[np.argsort(-counts, kind="stable")]]
    for page in often[:_WHOLE_PAGES]:
        wanted.update(range(page * _PAGE, (page + 1) * _PAGE, _WORD))
    for line in np.unique(touched // np.uint64(_LINE)).tolist():
        wanted.update(range(line * _LINE, (line + 1) * _LINE, _WORD))
    runs: list[list[int]] = []
    for word in sorted(wanted):
        if runs and word == runs[-1][1] and word % _PAGE:
            runs[-1][1] += _WORD
        else:
            runs.append([word, word + _WORD])
    told = ((start, trace.memory(0, start, end - start)) for start, end in runs)
    return [[f"{start:x}", _hex_words(data)] for start, data in told if data is not None]


def stack_switches(trace: Trace, shown: int) -> list[list[Any]]:
    """[step, stack] from which on the run is on it: "goroutine", "g0", "signal", with the thread if several.

    SP tells: no frame moves it by a megabyte, and what loads it from memory changes stacks.
    """
    sp = trace.registers[: shown + 1, 7]
    moved = np.abs(sp[1:].astype(np.int64) - sp[:-1].astype(np.int64)) > _JUMP
    thread_at = dict(trace.threads)
    several = len({tid for _, tid in trace.threads}) > 1
    steps = sorted({int(step) + 1 for step in np.flatnonzero(moved)} | set(thread_at) | {0})
    kinds: dict[int, str] = {}  # of each thread, where it is
    tid, found = trace.threads[0][1] if trace.threads else 0, list[list[Any]]()
    for step in (step for step in steps if step <= shown):
        arrived = thread_at.get(step, tid)
        kind = kinds.get(arrived) or _first_stack(trace, step)
        if arrived == tid and step:
            kind = _stack_after(trace, step, kind)
        tid = arrived
        kinds[tid] = kind
        name = f"CPU {tid}" if trace.on_cpus else f"{kind}, thread {tid}" if several else kind
        if not found or found[-1][1] != name:
            found.append([step, name])
    return found


def _first_stack(trace: Trace, step: int) -> str:
    """Which stack a thread is on when it is first seen: R14 holds g, and the first thread's g0 has a name."""
    g0 = trace.program.elf.symbols.get("runtime.g0")
    if g0 is not None and trace.register(step, "R14") == g0[0]:
        return "g0"
    return "g0" if any(frame.function.name in _ON_G0 for frame in trace.frames(step)) else "goroutine"


def _stack_after(trace: Trace, step: int, kind: str) -> str:
    """Which stack the instruction before `step` went to, coming from one of `kind`."""
    went, now = trace.function_at(step - 1), trace.function_at(step)
    if now is not None and now.name.startswith(_SIGNAL):
        return "signal"
    if went is None or went.name in _TO_GOROUTINE or kind != "goroutine":
        return "goroutine"
    return "g0"


def _stored_words(trace: Trace) -> dict[int, set[int]]:
    """The aligned words that each step stores to."""
    found: dict[int, set[int]] = {}
    stores = trace.writes
    for step, address, size in zip(*(stores[n].tolist() for n in ("step", "address", "size")), strict=True):
        found.setdefault(step, set()).update(range(address - address % _WORD, address + size, _WORD))
    return found


def _hex_words(data: bytes) -> list[str]:
    words = (int.from_bytes(data[i : i + _WORD], "little") for i in range(0, len(data), _WORD))
    return [f"{word:x}" if word else "" for word in words]
