"""A recorded run: registers before each instruction, loads and stores, and the memory they touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from underglass.abi import Layout
from underglass.errors import UnderglassError
from underglass.machine import REGISTERS
from underglass.program import Function, Instruction, Program
from underglass.trace.replay import Replay
from underglass.trace.unwind import Frame, unwind

if TYPE_CHECKING:
    from underglass.trace.change import Change

__all__ = ["REGISTERS", "Trace"]

FLAGS: Mapping[str, int] = MappingProxyType({"CF": 0, "PF": 2, "AF": 4, "ZF": 6, "SF": 7, "DF": 10, "OF": 11})
"""Bit numbers of FLAGS (Intel SDM, volume 1, section 3.4.3)."""

_COLUMN = MappingProxyType({name: i for i, name in enumerate(REGISTERS)})


@dataclass(frozen=True, eq=False)
class Trace:
    """What a call did, instruction by instruction. `len(trace)` is the number of instructions.

    Step i is the state before instruction i; step `len(trace)` is the state after the last.
    """

    program: Program
    title: str  # "add(23, 4)"
    function: Function  # the one called
    layout: Layout  # where its arguments and results lie
    registers: NDArray[np.uint64]  # shape (n + 1, 18), columns as REGISTERS
    vectors: NDArray[np.uint64]  # shape (n + 1, 16, 2): X0 to X15, low quadword first
    accesses: NDArray[np.void]  # step, is_write, size in bytes, address, value (of stores)
    pages: Mapping[int, bytes]  # page address → its bytes before step 0
    output: tuple[tuple[int, int, bytes], ...] = ()  # (step, descriptor, bytes written)
    threads: tuple[tuple[int, int], ...] = ()  # (first step, thread id)
    results: tuple[object, ...] | None = None  # what the call gave; None if it did not return
    fault: str | None = None  # why it did not return
    changes: tuple[Change, ...] = ()  # what was changed on the way
    patches: Mapping[int, tuple[Instruction, ...]] = field(
        default_factory=dict
    )  # address → what was put there
    on_cpus: bool = False  # the threads are processors, each with a stack of its own
    again: Callable[[tuple[Change, ...]], Trace] | None = field(default=None, repr=False)  # runs it once more
    known_frames: dict[tuple[int, int, int], Frame] = field(init=False, repr=False, default_factory=dict)
    """(PC, SP, FP) → the frame, made when first met: a loop comes to the same ones again and again."""
    _replay: Replay = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_replay", Replay(self.pages, self.writes))

    def __len__(self) -> int:
        return len(self.registers) - 1

    def __repr__(self) -> str:
        end = (
            f"fault: {self.fault}"
            if self.fault
            else f"results: {', '.join(map(repr, self.results or ())) or 'none'}"
        )
        return f"<Trace {self.title}: {len(self)} instructions, {end}>"

    @cached_property
    def writes(self) -> NDArray[np.void]:
        """The stores, in program order."""
        rows: NDArray[np.void] = self.accesses[self.accesses["is_write"] == 1]
        return rows

    @cached_property
    def reads(self) -> NDArray[np.void]:
        """The loads, in program order."""
        rows: NDArray[np.void] = self.accesses[self.accesses["is_write"] == 0]
        return rows

    def _check(self, step: int) -> int:
        if not 0 <= step <= len(self):
            raise UnderglassError(f"{self.title} has the steps 0 to {len(self)}; there is no step {step}.")
        return step

    def pc(self, step: int) -> int:
        """Address of the instruction that step `step` is about to run."""
        return int(self.registers[self._check(step), _COLUMN["PC"]])

    def register(self, step: int, name: str) -> int:
        """A general register (Plan 9 name), PC or FLAGS, before instruction `step`."""
        column = _COLUMN.get(name)
        if column is None:
            raise UnderglassError(f"There is no register {name}. The names are {', '.join(REGISTERS)}.")
        return int(self.registers[self._check(step), column])

    def flags(self, step: int) -> dict[str, int]:
        """The flags before instruction `step`, each 0 or 1."""
        value = self.register(step, "FLAGS")
        return {name: value >> bit & 1 for name, bit in FLAGS.items()}

    def memory(self, step: int, address: int, size: int) -> bytes | None:
        """`size` bytes at `address` before instruction `step`; None where the recording has no page."""
        return self._replay.read(self._check(step), address, size)

    def word(self, step: int, address: int) -> int | None:
        """The 8-byte word at `address` before instruction `step`."""
        data = self.memory(step, address, 8)
        return None if data is None else int.from_bytes(data, "little")

    def function_at(self, step: int) -> Function | None:
        """The function that instruction `step` belongs to."""
        return self.program.function_at(self.pc(step))

    def instruction(self, step: int) -> Instruction | None:
        """The instruction that step `step` is about to run."""
        return self.rewritten.get(step) or self._instructions.get(self.pc(step))

    def what_if(self, step: int, what: str = "", value: int = 0, *, instruction: str = "") -> Trace:
        """Run the call again up to `step`, change something there, and return the recording of that run.

        Args:
            what: a register ("AX", "X0"), a flag ("ZF") or a word ("8(SP)", "x+0(FP)", "0xc000012000").
            value: what it is to hold.
            instruction: instead of these, another instruction in Go syntax, no longer than the one there.

        >>> trace.what_if(12, "AX", 5).results

        Raises:
            UnderglassError: there is no such step or thing, or the recording was loaded from a file.
        """
        from underglass.trace.change import Change

        if self.again is None:
            raise UnderglassError(
                f"{self.title} cannot be run again: only a recording that prog.record has made can. "
                "Record the call in this session."
            )
        return self.again((*self.changes, Change(step, what, value, instruction)))

    def code(self, function: Function) -> tuple[Instruction, ...]:
        """The function's machine code as this run had it: changed instructions stand in their places."""
        held = self.program.instructions(function)
        if not self.patches:
            return held
        return tuple(new for old in held for new in self.patches.get(old.address, (old,)))

    def location(self, step: int) -> tuple[str, int] | None:
        """(file as its author calls it, line) of instruction `step`."""
        function = self.function_at(step)
        if function is None:
            return None
        source = self.program.source_of(function)
        return (source.origin if source else function.file), function.line_at(self.pc(step))

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """Every function that ran, in order of first appearance."""
        found: dict[int, Function] = {}
        pcs, first = np.unique(self.registers[:, _COLUMN["PC"]], return_index=True)
        for pc in pcs[np.argsort(first)].tolist():
            function = self.program.function_at(pc)
            if function is not None:
                found.setdefault(function.address, function)
        return tuple(found.values())

    @cached_property
    def _instructions(self) -> dict[int, Instruction]:
        self.program.prefetch(self.functions)
        return {i.address: i for f in self.functions for i in self.code(f)}

    @cached_property
    def rewritten(self) -> Mapping[int, Instruction]:
        """Step → its instruction, where the program's file has another or none: code made while it ran."""
        from underglass.trace.rewritten import rewritten

        return rewritten(self, lambda: self._instructions)

    def entry_sp(self, step: int) -> int:
        """SP at the call's entry, as an address before instruction `step`: a copied stack takes it along."""
        return next(sp for since, sp in reversed(self._entry_sps) if since <= self._check(step))

    @cached_property
    def _entry_sps(self) -> tuple[tuple[int, int], ...]:
        from underglass.trace.stacks import entry_sps

        return entry_sps(self)

    def frames(self, step: int) -> tuple[Frame, ...]:
        """The call stack before instruction `step`, innermost frame first."""
        return unwind(self, self._check(step))

    def save(self, path: str | Path) -> None:
        """Write the recording to one file, program and sources included: `load` needs nothing else."""
        from underglass.trace.files import save

        save(self, path)

    @staticmethod
    def load(path: str | Path, program: Program | None = None, layout: Layout | None = None) -> Trace:
        """Read what `save` wrote.

        Args:
            program: the program, where it is at hand; else the one in the file.
            layout: of the function called; else what its prototype says.

        Raises:
            NotAProgram: the file is no recording, or one of another program.
        """
        from underglass.trace.files import load

        return load(path, program, layout)
