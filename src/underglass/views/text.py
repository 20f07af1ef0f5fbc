"""Steps and frames as plain text: what a terminal, a test and a screen reader can hold.

The same call gives the same text on every run, so distances stand where addresses would:
a stack address is told as its distance from the entry SP of the call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from underglass.trace import REGISTERS
from underglass.views.frames import call_frames, is_callers

if TYPE_CHECKING:
    from underglass.trace import Frame, Slot, Trace

__all__ = ["frame_text", "plain_value", "stepper_text"]

_SKIPPED = ("PC", "FLAGS")
_FLAGS = ("CF", "PF", "ZF", "SF", "OF")
_MOST_STORES = 4  # of one step that are told one by one
_NEAR = 1 << 14  # bytes around the entry SP that are told as a distance


def stepper_text(
    trace: Trace, start: int = 0, count: int | None = 20, *, hidden: Collection[int] = ()
) -> str:
    """Return a table of steps: where, which instruction, and what it changed.

    >>> print(stepper_text(underglass.build("main.go", "add.s").record("add", 23, 4), count=3))
    add(23, 4): 16 steps
    step  function         line  instruction     changed
       0  add ABIInternal     1  PUSHQ BP        saved BP = entry SP+40, SP = entry SP-8
       1  add ABIInternal     1  MOVQ SP, BP     BP = entry SP-8
       2  add ABIInternal     1  SUBQ $0x18, SP  SP = entry SP-32
    … 13 more

    Args:
        start: the first step shown.
        count: how many; None for all.
        hidden: steps whose changes the reader is to predict: a question mark stands for them.
    """
    end = len(trace) if count is None else min(len(trace), start + count)
    rows = [("step", "function", "line", "instruction", "changed")]
    stores = _stores(trace, start, end)
    for step in range(start, end):
        function, instruction = trace.function_at(step), trace.instruction(step)
        made = "made while it ran" if step in trace.rewritten else "?"
        where = f"{_plain(function.name)} {function.abi}" if function else made
        line = function.line_at(trace.pc(step)) if function else 0
        changed = "?" if step in hidden else ", ".join(stores.get(step, []) + _changes(trace, step))
        rows.append((str(step), where, str(line or ""), instruction.go if instruction else "?", changed))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    first, second, third, fourth = widths
    lines = [
        f"{a:>{first}}  {b:<{second}}  {c:>{third}}  {d:<{fourth}}  {e}".rstrip() for a, b, c, d, e in rows
    ]
    steps = f"{trace.title}: {len(trace)} step{'' if len(trace) == 1 else 's'}"
    return "\n".join([steps, *lines, *_tail(trace, end)])


def _tail(trace: Trace, end: int) -> list[str]:
    if end < len(trace):
        return [f"… {len(trace) - end} more"]
    if trace.fault:
        return [f"ended: {trace.fault}"]
    return [f"returned {', '.join(map(repr, trace.results))}"] if trace.results else []


def _stores(trace: Trace, start: int, end: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    writes = trace.writes[(trace.writes["step"] >= start) & (trace.writes["step"] < end)]
    count = Counter(writes["step"].tolist())
    columns = (writes[name].tolist() for name in ("step", "address", "size", "value"))
    for step, address, size, value in zip(*columns, strict=True):
        told = found.setdefault(step, [])
        if len(told) < _MOST_STORES:
            told.append(f"{_place(trace, step, address)} = {plain_value(trace, step, value, size)}")
        elif len(told) == _MOST_STORES:  # a string instruction, or the kernel's signal frame
            told.append(f"… {count[step] - _MOST_STORES} more stores")
    return found


def _place(trace: Trace, step: int, address: int) -> str:
    """The name of the word at `address` in the innermost frame that has one."""
    for at in (step, step + 1):
        for frame in call_frames(trace, at):
            for slot in frame.slots:
                if slot.address <= address < slot.address + slot.size:
                    return slot.expression or slot.name or slot.kind
    return _distance(trace, step, address) or f"0x{address:x}"


def _changes(trace: Trace, step: int) -> list[str]:
    changed = trace.registers[step] != trace.registers[step + 1]
    told = [
        f"{name} = {plain_value(trace, step + 1, trace.register(step + 1, name))}"
        for name, moved in zip(REGISTERS, changed, strict=False)
        if moved and name not in _SKIPPED
    ]
    before, after = trace.flags(step), trace.flags(step + 1)
    if any(before[name] != after[name] for name in _FLAGS):
        told.append(f"flags: {' '.join(name for name in _FLAGS if after[name]) or 'none'}")
    return told


def plain_value(trace: Trace, step: int, value: int, size: int = 8) -> str:
    """A word in words: a stack address as a distance, a code address by its function, else a number."""
    distance = _distance(trace, step, value) if size == 8 else None
    if distance:
        return distance
    function = trace.program.function_at(value) if size == 8 and value > 4096 else None
    if function is not None:
        return f"{_plain(function.name)}+{value - function.address}"
    signed = value - (1 << 8 * size) if value >> (8 * size - 1) else value
    return str(signed) if abs(signed) < 1 << 31 else f"0x{value:x}"


def _distance(trace: Trace, step: int, address: int) -> str | None:
    entry = trace.entry_sp(step)
    return f"entry SP{address - entry:+d}" if abs(address - entry) < _NEAR else None


def frame_text(trace: Trace, step: int) -> str:
    """Return the innermost frame before `step`, drawn with lines, high addresses first.

    On the left what assembly source calls the word, on the right its distance from the hardware SP;
    FP, pseudo-SP and SP stand beside the word they point to.
    """
    frames = call_frames(trace, step)
    if not frames:
        return f"{trace.title}: no frame before step {step}; the call has returned."
    frame = frames[0]
    sp = trace.register(step, "SP")
    rows = [row for slot in frame.slots for row in _slot_rows(trace, step, frame, slot, sp)]
    marks, names, values, offsets = (max(len(row[i]) for row in rows) for i in range(4))
    title = f"{_plain(frame.function.name)} {frame.function.abi}, frame ${frame.function.frame_size}"
    title += "" if frame.complete else ", not complete"
    side, edge = " " * (marks + 3), "─" * (names + values + 4)
    lines = [f"{title}, before step {step}{_at(trace, step)}", f"{side}┌{edge}┐"]
    owner = _owner(frame.slots[0])
    for slot_row, slot in zip(rows, _per_row(frame.slots), strict=True):
        if _owner(slot) != owner:
            owner = _owner(slot)
            lines.append(f"{side}├{edge}┤")
        mark, name, value, offset = slot_row
        arrow = "─▸" if mark else "  "
        lines.append(f"{mark:>{marks}} {arrow}│ {name:<{names}}  {value:>{values}} │ {offset:>{offsets}}")
    lines.append(f"{side}└{edge}┘")
    return "\n".join(lines)


def _at(trace: Trace, step: int) -> str:
    if step >= len(trace):
        return ""
    file, line = trace.location(step) or ("", 0)
    return f" ({PurePosixPath(file).name}, line {line})" if line and "<" not in file else ""


def _owner(slot: Slot) -> str:
    return "caller" if is_callers(slot) else "callee"


def _per_row(slots: tuple[Slot, ...]) -> list[Slot]:
    return [slot for slot in slots for _ in range(0, slot.size, 8)]


def _slot_rows(trace: Trace, step: int, frame: Frame, slot: Slot, sp: int) -> list[tuple[str, str, str, str]]:
    rows = []
    for offset in range((slot.size - 1) // 8 * 8, -1, -8):
        address, size = slot.address + offset, min(8, slot.size - offset)
        pointers = {"FP": frame.fp, "pseudo-SP": frame.pseudo_sp, "SP": sp}
        mark = ", ".join(name for name, at in pointers.items() if at == address)
        held = trace.memory(step, address, size)
        value = "?" if held is None else plain_value(trace, step, int.from_bytes(held, "little"), size)
        name = f"{slot.name} +{offset}" if offset else slot.expression or slot.name or slot.kind
        rows.append((mark, name, value, f"{address - sp}(SP)"))
    return rows


def _plain(name: str) -> str:
    return name.removeprefix("main.")
