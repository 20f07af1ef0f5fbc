"""The compact record that the stepper draws from: one JSON value, the same for the same trace.

Numbers that need 64 bits are hexadecimal strings, since JavaScript's numbers hold 53 bits.
What repeats is told once: functions, frame layouts and frames are tables, and a step names
rows of them.  The layout of the record is `stepper.js`'s contract:

    functions  name, symbol, abi, address, frame, args, flags, first and last row of `code`
    code       [offset in its function, bytes, Go syntax, Intel syntax, source line]
    at         one row of `code` a step, and one more for where the run ended (-1: outside)
    deltas     a step's register changes: [column, value, column, value, …]
    writes     a step's stores: [address, size, value, …]
    layouts    a frame's slots by their distance from FP, highest first
    frames     [layout, FP, SP−FP, pseudo-SP−FP, return address−FP, saved BP−FP, complete, line]
    stacks     [frame, row of the caller's stack or -1]; `stack` says from which step a row holds
    memory     words before step 0, in runs: [address, [value, …]]
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from underglass.abi import ROLES
from underglass.trace import REGISTERS
from underglass.views.frames import call_frames, has_returned, stack_key

if TYPE_CHECKING:
    from underglass.program import Function, Instruction
    from underglass.program.program import SourceText
    from underglass.trace import Frame, Trace

__all__ = ["MOST_STEPS", "name_of", "payload", "short_roles"]

MOST_STEPS = 10_000  # a page holds at most so many; the record says how many there were

_LARGE = 160  # instructions; of a larger function only what ran is shown, with some around it
_AROUND = 6
_WORD = 8


def payload(trace: Trace, *, steps: int = MOST_STEPS) -> dict[str, Any]:
    """Return the record of the first `steps` steps of a trace, ready for `json.dumps`."""
    shown = min(len(trace), steps)
    code = _Code(trace, shown)
    stack = _Stack(trace, shown, code)
    columns, rows = _columns(trace, shown)
    return {
        "version": 1,
        "title": trace.title,
        "returned": int(has_returned(trace, shown)),
        "go": trace.program.go_version,
        "total": len(trace),
        "results": None if trace.results is None else [repr(value) for value in trace.results],
        "fault": trace.fault,
        "sources": [{"name": name_of(s), "lines": s.text.split("\n")} for s in trace.program.sources],
        "functions": code.functions,
        "code": code.rows,
        "at": code.at,
        "registers": columns,
        "roles": short_roles(columns),
        "base": [f"{value:x}" for value in rows[0].tolist()],
        "deltas": _deltas(rows, columns.index("PC")),
        "writes": _writes(trace, shown),
        "layouts": stack.layouts,
        "frames": stack.frames,
        "stacks": stack.stacks,
        "stack": stack.changes,
        "memory": stack.memory(trace),
        "output": [
            [step, fd, text.decode("utf-8", "replace")] for step, fd, text in trace.output if step <= shown
        ],
    }


def name_of(source: SourceText) -> str:
    """What to call a source: its file name, or the cell it stands in."""
    return source.name if source.origin.endswith(source.name) else source.origin


def short_roles(columns: Iterable[str]) -> dict[str, str]:
    """The ABIInternal role of each register, in the few letters a table has room for."""
    short = {"stack pointer": "stack", "frame pointer": "FP link", "closure context": "closure"}
    roles = ((name, ROLES[name]) for name in columns if name in ROLES)
    return {
        name: short.get(role) or re.sub(r"integer (arg)ument|(float) argument|", r"\1\2", role)
        for name, role in roles
        if name != "R15"  # holds the GOT's address only where code is linked dynamically
    }


class _Code:
    """The functions that ran, each with the instructions to show."""

    def __init__(self, trace: Trace, shown: int) -> None:
        pcs = [trace.pc(step) for step in range(shown + 1 - has_returned(trace, shown))]
        self._number: dict[int, int] = {}  # a function's address → its row
        self.functions: list[dict[str, Any]] = []
        self.rows: list[list[Any]] = []
        self._source_of = trace.program.source_of
        self._files = {s.name: i for i, s in enumerate(trace.program.sources)}
        row_of: dict[int, int] = {}
        ran: dict[int, set[int]] = {}
        known: dict[int, Function] = {}
        for pc in pcs:
            function = trace.program.function_at(pc)
            if function is not None:
                known.setdefault(function.address, function)
                ran.setdefault(function.address, set()).add(pc)
        trace.program.prefetch(known.values())
        for address, function in known.items():
            first = len(self.rows)
            for instruction in _worth_showing(trace.program.instructions(function), ran[address]):
                row_of[instruction.address] = len(self.rows)
                self.rows.append(_code_row(instruction, function))
            self.add(function, first)
        self.at = [row_of.get(pc, -1) for pc in pcs] + [-1] * (shown + 1 - len(pcs))

    def add(self, function: Function, first: int | None = None) -> int:
        """The function's row; a function that only waits in the stack has no code here."""
        if function.address not in self._number:
            self._number[function.address] = len(self.functions)
            source = self._source_of(function)
            start = len(self.rows) if first is None else first
            self.functions.append(
                {
                    "name": function.name,
                    "symbol": function.symbol,
                    "abi": function.abi,
                    "address": f"{function.address:x}",
                    "frame": function.frame_size,
                    "args": function.args_size,
                    "wrapper": int(function.is_wrapper),
                    "assembly": int(function.is_assembly),
                    "source": self._files[source.name] if source else -1,
                    "file": PurePosixPath(function.file).name,
                    "code": [start, len(self.rows)],
                }
            )
        return self._number[function.address]


def _code_row(instruction: Instruction, function: Function) -> list[Any]:
    return [
        instruction.address - function.address,
        instruction.data.hex(),
        instruction.go,
        instruction.intel,
        instruction.line,
    ]


def _worth_showing(instructions: tuple[Instruction, ...], ran: set[int]) -> list[Instruction]:
    """All of a short function; of a long one the neighbourhood of what ran."""
    if len(instructions) <= _LARGE:
        return list(instructions)
    hot = [i for i, instruction in enumerate(instructions) if instruction.address in ran]
    near = {j for i in hot for j in range(i - _AROUND, i + _AROUND + 1)}
    return [instruction for i, instruction in enumerate(instructions) if i in near]


def _columns(trace: Trace, shown: int) -> tuple[list[str], np.ndarray[Any, Any]]:
    """Register names and their values, one row a step; of X0–X15 the low quadwords that were used."""
    low = trace.vectors[: shown + 1, :, 0]
    used = [i for i in range(low.shape[1]) if bool((low[:, i] != low[0, i]).any())]
    names = [*REGISTERS, *(f"X{i}" for i in used)]
    return names, np.concatenate([trace.registers[: shown + 1], low[:, used]], axis=1)


def _deltas(rows: np.ndarray[Any, Any], pc: int) -> list[list[Any]]:
    """What each step changed; PC is left out until the last step, since `at` tells it."""
    changed = rows[1:] != rows[:-1]
    if len(changed) > 1:
        changed[:-1, pc] = False
    return [
        [item for column in np.flatnonzero(mask) for item in (int(column), f"{int(row[column]):x}")]
        for mask, row in zip(changed, rows[1:], strict=True)
    ]


def _writes(trace: Trace, shown: int) -> list[list[Any]]:
    found: list[list[Any]] = [[] for _ in range(shown)]
    stores = trace.writes
    columns = (stores[name].tolist() for name in ("step", "address", "size", "value"))
    for step, address, size, value in zip(*columns, strict=True):
        if step < shown:
            found[step] += [f"{address:x}", size, f"{value:x}"]
    return found


class _Stack:
    """Frames of every step, each told once."""

    def __init__(self, trace: Trace, shown: int, code: _Code) -> None:
        self._code = code
        self.layouts: list[list[Any]] = []
        self.frames: list[list[Any]] = []
        self.stacks: list[list[int]] = []
        self.changes: list[list[int]] = []
        self._seen: dict[Any, int] = {}
        self._words: set[int] = set()
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
            row = self._row(self.stacks, [self._frame(frame, called=depth > 0), row], "stack")
        return row

    def _frame(self, frame: Frame, *, called: bool) -> int:
        fp = frame.fp
        slots = [
            [slot.name, slot.expression, slot.address - fp, slot.size, slot.kind, slot.type]
            for slot in frame.slots
        ]
        for slot in frame.slots:
            first = slot.address - slot.address % _WORD
            self._words.update(range(first, slot.address + slot.size, _WORD))
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

    def memory(self, trace: Trace) -> list[list[Any]]:
        """The words that some frame shows, as they were before step 0."""
        runs: list[list[int]] = []
        for word in sorted(self._words):
            if runs and word == runs[-1][1]:
                runs[-1][1] += _WORD
            else:
                runs.append([word, word + _WORD])
        return [[f"{start:x}", _words(trace.memory(0, start, end - start))] for start, end in runs]


def _stored_words(trace: Trace) -> dict[int, set[int]]:
    """The aligned words that each step stores to."""
    found: dict[int, set[int]] = {}
    stores = trace.writes
    for step, address, size in zip(*(stores[n].tolist() for n in ("step", "address", "size")), strict=True):
        found.setdefault(step, set()).update(range(address - address % _WORD, address + size, _WORD))
    return found


def _words(data: bytes | None) -> list[str]:
    whole = data or b""
    return [f"{int.from_bytes(whole[i : i + _WORD], 'little'):x}" for i in range(0, len(whole), _WORD)]
