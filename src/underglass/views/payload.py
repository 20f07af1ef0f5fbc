"""The compact record that the stepper draws from: one JSON value, the same for the same trace.

Numbers that need 64 bits are hexadecimal strings, since JavaScript's numbers hold 53 bits.
What repeats is told once: functions, frame layouts and frames are tables, and a step names
rows of them.  The layout of the record is the contract of `stepper/record.js`:

    key        names the record: the same trace and questions have the same
    functions  name, symbol, abi, address, frame, args, flags, first and last row of `code`; code that the
               program made while it ran is marked `made`, and has no symbol where no function was
    code       [offset in its function, bytes, Go syntax, Intel syntax, source line, row of the meanings]
    at         one row of `code` a step, and one more for where the run ended (-1: outside)
    deltas     a step's register changes: [column, value, column, value, …]; X0 to X15 hold 128 bits
    writes     a step's stores: [address, size, value, …]
    layouts    a frame's slots by their distance from FP, highest first
    frames     [layout, FP, SP−FP, pseudo-SP−FP, return address−FP, saved BP−FP, complete, line]
    stacks     [frame, row of the caller's stack or -1]; `stack` says from which step a row holds
    switches   [step, kind of stack] from which on the run is on it; `kinds` are those there are
    memory     words before step 0, in runs: [address, [value, …]]
    predict    the questions: views/predict.py
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from underglass.abi import ROLES
from underglass.program.meanings import flag_meaning, register_meaning
from underglass.trace import REGISTERS
from underglass.trace.trace import FLAGS
from underglass.views.frames import has_returned
from underglass.views.payload_code import CodeTable
from underglass.views.payload_stack import StackTable, memory_runs, stack_switches
from underglass.views.predict import Predict, questions_of

if TYPE_CHECKING:
    from underglass.program.program import SourceText
    from underglass.trace import Trace

__all__ = ["MOST_STEPS", "name_of", "packed", "packed_text", "payload", "short_roles"]

MOST_STEPS = 10_000  # a page holds at most so many; the record says how many there were


def payload(
    trace: Trace, *, steps: int = MOST_STEPS, predict: Iterable[Predict | int] = ()
) -> dict[str, Any]:
    """Return the record of the first `steps` steps of a trace, ready for `json.dumps`.

    Args:
        predict: the steps at which the reader is asked what comes.

    Raises:
        UnderglassError: a question about a step or a thing that the trace does not have.
    """
    shown = min(len(trace), steps)
    code = CodeTable(trace, shown)
    stack = StackTable(trace, shown, code)
    columns, rows = _columns(trace, shown)
    switches = stack_switches(trace, shown)
    record = {
        "version": 2,
        "title": trace.title,
        "returned": int(has_returned(trace, shown)),
        "go": trace.program.go_version,
        "total": len(trace),
        "results": None if trace.results is None else [repr(value) for value in trace.results],
        "fault": trace.fault,
        "change": "; ".join(map(str, trace.changes)),
        "changed": trace.changes[0].step if trace.changes else -1,
        "sources": [{"name": name_of(s), "lines": s.text.split("\n")} for s in trace.program.sources],
        "functions": code.functions,
        "code": code.rows,
        "at": code.at,
        "registers": columns,
        "roles": short_roles(columns),
        "meanings": {
            "instructions": code.meanings,
            "registers": {name: register_meaning(name) for name in columns}
            | {name: flag_meaning(name) for name in FLAGS},
        },
        "base": [f"{value:x}" for value in rows[0]],
        "deltas": _deltas(rows, columns.index("PC")),
        "writes": _writes(trace, shown),
        "layouts": stack.layouts,
        "frames": stack.frames,
        "stacks": stack.stacks,
        "stack": stack.changes,
        "switches": switches,
        "kinds": sorted({kind for _, kind in switches}),
        "memory": memory_runs(trace, shown, stack.words),
        "output": [
            [step, fd, text.decode("utf-8", "replace")] for step, fd, text in trace.output if step <= shown
        ],
        "predict": questions_of(trace, predict, shown),
    }
    return record | {"key": hashlib.sha256(_json(record)).hexdigest()[:16]}


def packed(record: dict[str, Any]) -> bytes:
    """The record as the widget gets it: JSON, deflated, which the browser's DecompressionStream reads."""
    return zlib.compress(_json(record), 9)


def packed_text(record: dict[str, Any]) -> str:
    """The record as a page holds it: no character of it can end a script element."""
    return base64.b64encode(packed(record)).decode()


def _json(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()


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


def _columns(trace: Trace, shown: int) -> tuple[list[str], list[list[int]]]:
    """Register names and their values, one row a step; X0 to X15 with their 128 bits."""
    low, high = (trace.vectors[: shown + 1, :, half] for half in (0, 1))
    names = [*REGISTERS, *(f"X{i}" for i in range(low.shape[1]))]
    general = trace.registers[: shown + 1].tolist()
    if not (np.any(low != low[:1]) or np.any(high != high[:1])):
        vectors = [[int(h) << 64 | int(v) for v, h in zip(low[0], high[0], strict=True)]] * len(general)
    else:
        vectors = [
            [h << 64 | v for v, h in zip(lows, highs, strict=True)]
            for lows, highs in zip(low.tolist(), high.tolist(), strict=True)
        ]
    return names, [a + b for a, b in zip(general, vectors, strict=True)]


def _deltas(rows: list[list[int]], pc: int) -> list[list[Any]]:
    """What each step changed; PC is left out until the last step, since `at` tells it."""
    found = []
    last = len(rows) - 1
    for step in range(1, len(rows)):
        changed: list[Any] = []
        for column, (a, b) in enumerate(zip(rows[step - 1], rows[step], strict=True)):
            if a != b and (column != pc or step == last):
                changed += (column, f"{b:x}")
        found.append(changed)
    return found


def _writes(trace: Trace, shown: int) -> list[list[Any]]:
    found: list[list[Any]] = [[] for _ in range(shown)]
    stores = trace.writes
    columns = (stores[name].tolist() for name in ("step", "address", "size", "value"))
    for step, address, size, value in zip(*columns, strict=True):
        if step < shown:
            found[step] += [f"{address:x}", size, f"{value:x}"]
    return found
