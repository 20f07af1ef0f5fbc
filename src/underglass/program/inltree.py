"""The inline tree that the linker keeps for each function: what the runtime reads to name inlined callers.

Layout: Go 1.27, runtime/symtabinl.go (inlinedCall), runtime/symtab.go (funcdata, pcdatavalue1),
internal/abi/symtab.go (FUNCDATA_InlTree, PCDATA_InlTreeIndex).  Only calls of which code is left have an
entry.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from underglass.program.function import Function
    from underglass.program.program import Program

__all__ = ["InlinedFrame", "inline_tree"]

_ENTRY = struct.Struct("<BxxxIii")
_FUNCDATA, _PCDATA = 3, 2  # FUNCDATA_InlTree, PCDATA_InlTreeIndex


@dataclass(frozen=True)
class InlinedFrame:
    """One inlined call of which code is left."""

    name: str  # the callee, as the linker names it: "main.add"
    line: int  # of the call, in the file of the function or body that it stands in
    file: str  # that file, as the toolchain names it
    start_line: int  # of the callee's func keyword
    parent: int | None  # index of the inlined call whose body it stands in


def inline_tree(program: Program, function: Function) -> tuple[InlinedFrame, ...]:
    """Return the inlined calls of a function, in the linker's order; () if it has none."""
    table, record = program.pclntab, program.record_of(function)
    held, gofunc = record.funcdata, program.elf.symbols.get("go:func.*")
    data = held[_FUNCDATA] if len(held) > _FUNCDATA else None
    if data is None or gofunc is None:
        return ()
    steps, at = table.pcdata(record, _PCDATA), gofunc[0] + data
    present = {value for value in steps.values if value >= 0}
    frames: list[InlinedFrame] = []
    position = 0
    while present and position <= max(present):
        _, name, parent_pc, start = _ENTRY.unpack(program.bytes_at(at + position * _ENTRY.size, _ENTRY.size))
        outer = steps.at(parent_pc)
        if outer is not None and outer >= 0:
            present.add(outer)  # a body of which nothing is left but what was inlined into it
        frames.append(
            InlinedFrame(
                name=table.name_at(name),
                line=table.lines(record).at(parent_pc) or 0,
                file=table.file_at(record, parent_pc),
                start_line=start,
                parent=outer if outer is not None and outer >= 0 else None,
            )
        )
        position += 1
    return tuple(frames)
