"""The table that Go's runtime unwinds by: functions, files, lines and stack depth for each pc.

Layout: Go 1.27, runtime/symtab.go (pcHeader), runtime/runtime2.go (_func), internal/abi/symtab.go.
The format has been the same since Go 1.20 (magic 0xfffffff1), but for the header's seventh field,
which held the start of the text until Go 1.26 and is read by nobody since.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from underglass.errors import NotAProgram

__all__ = ["FUNC_ID_WRAPPER", "FuncRecord", "PcTable", "Pclntab"]

MAGIC = 0xFFFFFFF1
ARGS_SIZE_UNKNOWN = -0x80000000  # internal/abi/symtab.go, ArgsSizeUnknown
FUNC_ID_WRAPPER = 23  # Go 1.27, internal/abi/symtab.go, FuncIDWrapper; other releases have other numbers
FLAG_SPWRITE, FLAG_ASM = 2, 4  # internal/abi/symtab.go, FuncFlag

_HEADER = struct.Struct("<IBBBBqqQQQQQQ")
_FUNC = struct.Struct("<IiiIIIIIIiBBBB")
_NO_FUNCDATA = 0xFFFFFFFF
_MOST_TABLES = 64  # PCDATA tables of one function; Go 1.27 has 5


@dataclass(frozen=True)
class PcTable:
    """A value for each range of pcs: `values[i]` holds from `starts[i]` to `starts[i + 1]`."""

    starts: tuple[int, ...]  # offsets from the function's entry, ascending
    values: tuple[int, ...]

    def at(self, offset: int) -> int | None:
        """The value at `offset` bytes past the function's entry."""
        index = bisect_right(self.starts, offset) - 1
        return self.values[index] if 0 <= index < len(self.values) else None


@dataclass(frozen=True)
class FuncRecord:
    """One `_func`."""

    address: int
    size: int  # bytes to the next function, padding included
    name: str
    args_size: int | None  # bytes of arguments and results on the stack; None if not declared
    start_line: int
    func_id: int
    is_assembly: bool
    writes_sp: bool  # SP is set to something other than SP plus a constant
    pcsp: int
    pcfile: int
    pcln: int
    cu: int
    pcdata: tuple[int, ...]  # offset of each PCDATA table; 0: there is none
    funcdata: tuple[int | None, ...]  # of each FUNCDATA, bytes past moduledata.gofunc; None: there is none


class Pclntab:
    """The `.gopclntab` section of one program.

    Args:
        data: the section's bytes.
        text: address of runtime.text, which the table's offsets count from.
    """

    def __init__(self, data: bytes, text: int) -> None:
        try:
            magic, _, _, quantum, pointer, self._count, _, _, names, cus, files, pcs, functions = (
                _HEADER.unpack_from(data)
            )
        except struct.error as error:
            raise NotAProgram("The program's .gopclntab section is cut short. Build it again.") from error
        if magic != MAGIC or pointer != 8 or quantum != 1:
            raise NotAProgram(
                f"The program's .gopclntab starts with {magic:#x}; "
                f"{MAGIC:#x} (Go 1.20 or later, amd64) is read here. Build it with a newer Go."
            )
        self._text = text
        self._names, self._files, self._pcs, self._functions = (
            data[names:cus],
            data[files:pcs],
            data[pcs:functions],
            data[functions:],
        )
        self._cus = data[cus:files]
        if not 0 < self._count <= len(self._functions) // 8:
            raise NotAProgram(
                "The program's .gopclntab is damaged: its function table does not fit. Build it again."
            )
        self._tables: dict[int, PcTable] = {}

    @cached_property
    def _rows(self) -> np.ndarray:
        return np.frombuffer(self._functions, "<u4", self._count * 2 + 1)

    @cached_property
    def entries(self) -> list[int]:
        """Entry addresses, ascending."""
        return [int(x) + self._text for x in self._rows[:-1:2]]

    @cached_property
    def end(self) -> int:
        """First address past the last function."""
        return int(self._rows[-1]) + self._text

    def index_of(self, address: int) -> int | None:
        """Index of the function that holds `address`."""
        if not self.entries or not self.entries[0] <= address < self.end:
            return None
        return bisect_right(self.entries, address) - 1

    def record(self, index: int) -> FuncRecord:
        """The function at `index`, in order of address."""
        start = self.entries[index]
        end = self.entries[index + 1] if index + 1 < self._count else self.end
        at = int(self._rows[2 * index + 1])
        try:
            fields = _FUNC.unpack_from(self._functions, at)
            _, name, args, _, pcsp, pcfile, pcln, npcdata, cu, line, func_id, flag, _, nfuncdata = fields
            # Two arrays follow the record (Go 1.27, runtime/runtime2.go, _func).
            count = npcdata + nfuncdata if npcdata < _MOST_TABLES else len(self._functions)
            tables = struct.unpack_from(f"<{count}I", self._functions, at + _FUNC.size)
        except struct.error as error:
            raise NotAProgram("The program's .gopclntab is damaged: a function lies outside it.") from error
        return FuncRecord(
            address=start,
            size=end - start,
            name=_text(self._names, name),
            args_size=None if args == ARGS_SIZE_UNKNOWN else args,
            start_line=line,
            func_id=func_id,
            is_assembly=bool(flag & FLAG_ASM),
            writes_sp=bool(flag & FLAG_SPWRITE),
            pcsp=pcsp,
            pcfile=pcfile,
            pcln=pcln,
            cu=cu,
            pcdata=tables[:npcdata],
            funcdata=tuple(None if x == _NO_FUNCDATA else x for x in tables[npcdata:]),
        )

    def pcdata(self, record: FuncRecord, table: int) -> PcTable:
        """The values of one PCDATA table for each pc; an empty table where the function has none."""
        return self._table(record.pcdata[table]) if table < len(record.pcdata) else PcTable((), ())

    def name_at(self, offset: int) -> str:
        """The function name at `offset` in the table of names; "" if there is none."""
        return _text(self._names, offset)

    def stack_depth(self, record: FuncRecord) -> PcTable:
        """Bytes pushed since the function's entry, for each pc (the pcsp table)."""
        return self._table(record.pcsp)

    def lines(self, record: FuncRecord) -> PcTable:
        """Source line for each pc."""
        return self._table(record.pcln)

    def file_at(self, record: FuncRecord, offset: int) -> str:
        """Source file at `offset` bytes past the entry, as the toolchain names it; "" if unknown."""
        number = self._table(record.pcfile).at(offset)
        at = 4 * (record.cu + number) if number is not None and number >= 0 else -1
        if at < 0 or at + 4 > len(self._cus):
            return ""
        where = int.from_bytes(self._cus[at : at + 4], "little")
        return "" if where == 0xFFFFFFFF else _text(self._files, where)

    def _table(self, offset: int) -> PcTable:
        if offset == 0:
            return PcTable((), ())
        table = self._tables.get(offset)
        if table is None:
            table = self._tables[offset] = _decode(self._pcs, offset)
        return table


def _decode(data: bytes, at: int) -> PcTable:
    """Pairs of (value delta, zigzag; pc delta), both varints, ended by a zero value delta
    that is not the first (Go 1.27, runtime/symtab.go, step)."""
    starts: list[int] = []
    values: list[int] = []
    pc, value = 0, -1
    while True:
        delta, at = _varint(data, at)
        if delta == 0 and starts:
            return PcTable((*starts, pc), tuple(values))
        value += -(delta + 1 >> 1) if delta & 1 else delta >> 1
        step, at = _varint(data, at)
        starts.append(pc)
        values.append(value)
        pc += step


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 35:
            raise NotAProgram("The program's .gopclntab is damaged: a pc table runs past its end.")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _text(data: bytes, start: int) -> str:
    end = data.find(b"\0", start) if 0 <= start < len(data) else -1
    return data[start:end].decode("utf-8", "replace") if end >= 0 else ""
