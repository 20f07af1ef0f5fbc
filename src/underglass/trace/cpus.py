"""Record several processors on one memory: one recording, in the order of their moves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from underglass.abi import Layout
from underglass.errors import UnderglassError
from underglass.machine import REGISTERS
from underglass.machine.cpus import Cpus, Move
from underglass.machine.native import PAGE
from underglass.machine.recorder import ACCESS
from underglass.program import Function, Instruction, Program
from underglass.program.code import decode
from underglass.trace.trace import Trace

__all__ = ["record_cpus"]

_MOST = 10_000  # moves
_BRANCHES, _INT3 = {0xE8: "CALL", 0xE9: "JMP"}, 0xCC  # Intel SDM, volume 2
_WORD = 8


def record_cpus(
    program: Program,
    cpus: Cpus,
    order: Iterable[int],
    title: str,
    function: Function,
    layout: Layout,
) -> Trace:
    """Make one move for each number of `order`, and return what each did.

    Step i is the state of the processor that makes move i, and of the memory that all see, before it.
    A store that becomes visible in pieces takes a step for each. Changed code is shown as it was run.

    Args:
        order: asked for the next number after each move, so it may look at the processors.
        title, function, layout: what the recording says of itself.

    Raises:
        UnderglassError: no such processor, or more than 10,000 moves.
    """
    pages = {page: cpus.read(page, PAGE) for page in cpus.pages}
    rows, vectors, accesses = list[list[int]](), list[bytes](), list[tuple[int, ...]]()
    threads, patches = list[tuple[int, int]](), dict[int, tuple[Instruction, ...]]()
    last: dict[int, int] = {}  # processor → its latest instruction
    fault = None

    def keep(number: int, pc: int) -> None:
        cpu = cpus[number]
        rows.append([pc if name == "PC" else cpu[name] for name in REGISTERS])
        vectors.append(cpu.vectors)

    for step, number in enumerate(order):
        if step >= _MOST:
            raise UnderglassError(f"{title} goes on after {_MOST:,} moves. Give an order that ends.")
        if not threads or threads[-1][1] != number:
            threads.append((step, number))
        pc = cpus.pc(number) if 0 <= number < len(cpus) else 0
        known = program.bytes_at(pc, 1) != b""
        as_run = _as_run(program, cpus, pc) if known else ()
        keep(number, pc)
        move = cpus.move(number)
        if move.kind == "piece":  # the same store goes on
            rows[-1][REGISTERS.index("PC")] = last[number]
        elif as_run:
            patches[pc] = as_run
        last[number] = rows[-1][REGISTERS.index("PC")]
        accesses += _stores(step, move)
        if move.kind == "fault":
            fault = f"CPU {number}: {move.text} at {pc:#x}"
            break
    keep(threads[-1][1] if threads else 0, cpus.pc(threads[-1][1] if threads else 0))
    if fault is not None:
        del rows[-1], vectors[-1]
    table = np.zeros(len(accesses), ACCESS)
    for row, (step, size, address, value) in zip(table, accesses, strict=True):
        row["step"], row["is_write"], row["size"] = step, 1, size
        row["address"], row["value"] = address, value
    return Trace(
        program,
        title,
        function,
        layout,
        np.array(rows, np.uint64),
        np.frombuffer(b"".join(vectors), np.uint64).reshape(len(rows), 16, 2),
        table,
        pages,
        threads=tuple(threads),
        results=None if fault else (),
        fault=fault,
        patches=patches,
        on_cpus=True,
    )


def _stores(step: int, move: Move) -> list[tuple[int, int, int, int]]:
    return [
        (step, len(data[at : at + _WORD]), address + at, int.from_bytes(data[at : at + _WORD], "little"))
        for address, data in move.stores
        for at in range(0, len(data), _WORD)
    ]


def _as_run(program: Program, cpus: Cpus, pc: int) -> tuple[Instruction, ...]:
    """What stands at `pc` now, as long as the instruction of the file; () if that is it, or none is known."""
    function = program.function_at(pc)
    code = program.instructions(function) if function is not None else ()
    old = next((i for i in code if i.address == pc), None)
    if old is None or (data := cpus.read(pc, len(old.data))) == old.data:
        return ()
    size, intel = next((size, f"{name} {args}".strip()) for _, size, name, args in decode(data, pc))
    go, target = intel, None
    if data[0] in _BRANCHES:
        target = pc + 5 + int.from_bytes(data[1:5], "little", signed=True)
        callee = program.function_at(target)
        exact = callee is not None and callee.address == target
        place = f"{callee.symbol}(SB)" if callee is not None and exact else f"{target:#x}"
        go = f"{_BRANCHES[data[0]]} {place}"
    elif data[0] == _INT3:
        go = "INT $3"
    made = [Instruction(pc, data[:size], go, intel, old.line, target)]
    for at in range(size, len(data)):  # no instructions of their own: what is left of the old one
        left = data[at]
        made.append(
            Instruction(pc + at, bytes([left]), f"BYTE ${left:#04x}", f"db {left:#04x}", old.line, None)
        )
    return tuple(made)
