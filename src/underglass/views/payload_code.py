"""The part of the stepper's record that tells the functions that ran, and their instructions."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from underglass.program.meanings import instruction_meaning
from underglass.views.frames import has_returned

if TYPE_CHECKING:
    from underglass.program import Function, Instruction
    from underglass.trace import Trace

__all__ = ["CodeTable"]

_LARGE = 160  # instructions; of a larger function only what ran is shown, with some around it
_AROUND = 6
_PAGE = 4096


class CodeTable:
    """The functions that ran, each with the instructions to show."""

    def __init__(self, trace: Trace, shown: int) -> None:
        pcs = [trace.pc(step) for step in range(shown + 1 - has_returned(trace, shown))]
        self._number: dict[int, int] = {}  # a function's address → its row
        self._meaning: dict[str, int] = {}  # a sentence → its place in `meanings`
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
            for instruction in _worth_showing(trace.code(function), ran[address]):
                row_of[instruction.address] = len(self.rows)
                self.rows.append(self._row(instruction, function.address))
            self.add(function, first)
        made = self._add_rewritten(trace, len(pcs))
        rows = [made.get(step, row_of.get(pc, -1)) for step, pc in enumerate(pcs)]
        self.at = rows + [-1] * (shown + 1 - len(pcs))

    @property
    def meanings(self) -> list[str]:
        """What the instructions do, each sentence once."""
        return list(self._meaning)

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

    def _add_rewritten(self, trace: Trace, steps: int) -> dict[int, int]:
        """Show code that the program made while it ran as functions of its own; step → its row."""
        groups: dict[int, dict[tuple[int, bytes], Instruction]] = {}
        home: dict[int, int] = {}
        for step, one in trace.rewritten.items():
            if step < steps:
                function = trace.program.function_at(one.address)
                home[step] = function.address if function else one.address & -_PAGE
                groups.setdefault(home[step], {})[one.address, one.data] = one
        row_of: dict[tuple[int, bytes], int] = {}
        for address, pieces in groups.items():
            function = trace.program.function_at(address)
            first = len(self.rows)
            base = function.address if function else min(at for at, _ in pieces)
            for place in sorted(pieces):
                row_of[place] = len(self.rows)
                self.rows.append(self._row(pieces[place], base))
            self.functions.append(
                {
                    "name": f"{function.name}, rewritten" if function else "code made while it ran",
                    "symbol": function.symbol if function else "",
                    "abi": function.abi if function else "",
                    "address": f"{base:x}",
                    "frame": function.frame_size if function else 0,
                    "args": function.args_size if function else None,
                    "wrapper": 0,
                    "made": 1,
                    "assembly": 0,
                    "source": -1,
                    "file": "",
                    "code": [first, len(self.rows)],
                }
            )
        return {step: row_of[one.address, one.data] for step, one in trace.rewritten.items() if step in home}

    def _row(self, instruction: Instruction, base: int) -> list[Any]:
        meaning = instruction_meaning(instruction.go)
        return [
            instruction.address - base,
            instruction.data.hex(),
            instruction.go,
            instruction.intel,
            instruction.line,
            self._meaning.setdefault(meaning, len(self._meaning)),
        ]


def _worth_showing(instructions: tuple[Instruction, ...], ran: set[int]) -> list[Instruction]:
    """All of a short function; of a long one the neighbourhood of what ran."""
    if len(instructions) <= _LARGE:
        return list(instructions)
    hot = [i for i, instruction in enumerate(instructions) if instruction.address in ran]
    near = {j for i in hot for j in range(i - _AROUND, i + _AROUND + 1)}
    return [instruction for i, instruction in enumerate(instructions) if i in near]
