"""A linked program as facts: its functions, their ABIs, frames, lines and code. Nothing runs here."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Protocol

from underglass.errors import NotAProgram, UnknownFunction
from underglass.program.code import disassemble
from underglass.program.elf import Elf
from underglass.program.function import Abi, Function, Instruction, abi_of
from underglass.program.pclntab import FUNC_ID_WRAPPER, FuncRecord, Pclntab, PcTable

__all__ = ["Program", "SourceText"]


_UNKNOWN = PcTable((), ())
_SAVE_BP = b"\x55\x48\x89\xe5"  # PUSHQ BP; MOVQ SP, BP


class SourceText(Protocol):
    """What a program keeps of the text it was built from (`underglass.toolchain.Source` is one)."""

    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def origin(self) -> str: ...


class Program:
    """The facts of one linux/amd64 Go executable.

    Args:
        path: the ELF file.
        sources: the texts it was built from, where they are known.
        prototypes: function name → its Go prototype (`func add(x, y int64) int64`), where known.

    Raises:
        NotAProgram: the file is no static Go executable for linux/amd64.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        sources: Iterable[SourceText] = (),
        prototypes: Mapping[str, str] | None = None,
    ) -> None:
        self.elf = Elf(Path(path))
        self.path = self.elf.path
        self.sources = tuple(sources)
        self.prototypes: Mapping[str, str] = dict(prototypes or {})
        table = self.elf.section(".gopclntab")
        text = self.elf.symbols.get("runtime.text")
        if table is None or text is None:
            raise NotAProgram(
                f"{self.path} is an ELF file, but has no Go symbol and line tables. "
                "Give a Go program that was not stripped (no -ldflags=-s)."
            )
        self._table = Pclntab(table, text[0])
        self._code: dict[int, tuple[Instruction, ...]] = {}

    def __repr__(self) -> str:
        return f"<Program {self.path.name}: {len(self.functions)} functions, {self.go_version}>"

    @cached_property
    def go_version(self) -> str:
        """The release of Go that built it, as `go1.27.3`; "unknown" if the file does not say."""
        found = re.search(rb"go1\.\d+(?:\.\d+|rc\d+|beta\d+)?", self.elf.section(".go.buildinfo") or b"")
        return found[0].decode() if found else "unknown"

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Every function, by the linker's symbol (`main.add`, `main.add.abi0`)."""
        index_of = {address: index for index, address in enumerate(self._table.entries)}
        # runtime.text marks where code starts; it is no function, though the first one lies there.
        symbols = [item for item in self.elf.symbols.items() if item[0] != "runtime.text"]
        found = {n: (index_of[a], is_local) for n, (a, _, is_local) in symbols if a in index_of}
        return _Functions(self, found)

    @cached_property
    def all_functions(self) -> tuple[Function, ...]:
        """Every function by its address; `functions` has one of those that share a name."""
        found = (self.function_at(address) for address in self._table.entries)
        return tuple(function for function in found if function is not None)

    @cached_property
    def _symbol_at(self) -> dict[int, str]:
        return {
            self._table.entries[index]: name for name, (index, _) in reversed(list(self._named().items()))
        }

    def _named(self) -> dict[str, tuple[int, bool]]:
        functions = self.functions
        assert isinstance(functions, _Functions)
        return functions.named

    def function(self, name: str, abi: Abi | None = None) -> Function:
        """The function `name`, in package main unless a package is given.

        Where a function has both an assembly body and a wrapper, `abi` chooses:
        None and "ABIInternal" give what a Go caller reaches, "ABI0" the body that assembly reaches.

        Raises:
            UnknownFunction: the message lists the nearest names.
        """
        for full in (name, f"main.{name}"):
            internal, zero = self.functions.get(full), self.functions.get(f"{full}.abi0")
            found = zero if abi == "ABI0" else internal or (zero if abi is None else None)
            if found is None and abi is not None and internal is not None and internal.abi == abi:
                found = internal
            if found is not None:
                return found
            if internal or zero:
                has = "ABIInternal" if internal else "ABI0"
                raise UnknownFunction(
                    f"{full} has no {abi} entry in this program: only the {has} one was linked, "
                    f"since nothing refers to the other. Ask for abi={has!r}, or refer to it from Go."
                )
        own = sorted(
            {n.removesuffix(".abi0").removeprefix("main.") for n in self.functions if n.startswith("main.")}
        )
        near = difflib.get_close_matches(
            name.removeprefix("main."), own, 3, 0.4
        ) or difflib.get_close_matches(name, self.functions, 3)
        hint = (
            f"Did you mean {' or '.join(near)}?"
            if near
            else "Its own functions: " + (", ".join(own[:12]) or "none") + "."
        )
        raise UnknownFunction(
            f"The program has no function {name}. {hint} "
            "A function that nothing refers to is left out by the linker."
        )

    @property
    def pclntab(self) -> Pclntab:
        """The table that the runtime unwinds by."""
        return self._table

    def record_of(self, function: Function) -> FuncRecord:
        """What the runtime keeps of a function: its `_func`."""
        index = self._table.index_of(function.address)
        assert index is not None
        return self._table.record(index)

    def function_at(self, address: int) -> Function | None:
        """The function whose code holds `address`; of C, too, where the program has some."""
        index = self._table.index_of(address)
        if index is None:
            return self._c_function_at(address)
        symbol = self._symbol_at.get(self._table.entries[index])
        if symbol is None:  # another function has its name: assembly's `name<>` of two files, say
            return self._build(self._table.record(index).name, index, local=True)
        return self.functions[symbol]

    def _c_function_at(self, address: int) -> Function | None:
        symbols = self.elf.code_symbols
        index = bisect_right(symbols, address, key=itemgetter(0)) - 1
        if index < 0 or address >= symbols[index][0] + symbols[index][1]:
            return None
        start, size, name = symbols[index]
        return Function(
            name, name, "C", start, size, file="", start_line=0, args_size=None, frame_size=0,
            has_saved_bp=False, is_wrapper=False, is_assembly=False, depth=_UNKNOWN, lines=_UNKNOWN,
        )  # fmt: skip

    def symbol(self, name: str) -> tuple[int, int]:
        """(address, size) of a symbol.

        Raises:
            UnknownFunction: no such symbol.
        """
        try:
            return self.elf.symbols[name][:2]
        except KeyError:
            near = difflib.get_close_matches(name, self.elf.symbols, 3)
            raise UnknownFunction(
                f"The program has no symbol {name}. Nearest: {', '.join(near) or 'none'}."
            ) from None

    def instructions(self, function: Function) -> tuple[Instruction, ...]:
        """The function's machine code, one record an instruction."""
        self.prefetch([function])
        return self._code[function.address]

    def prefetch(self, functions: Iterable[Function]) -> None:
        """Disassemble several functions in one run of the toolchain."""
        missing = {f.address: f for f in functions if f.address not in self._code}
        code = {f.address: self.bytes_at(f.address, f.size) for f in missing.values()}
        self._code |= disassemble(self.path, missing.values(), code)

    def bytes_at(self, address: int, size: int) -> bytes:
        """`size` bytes as the file has them loaded at `address`; fewer where no segment is."""
        for segment in self.elf.segments:
            offset = address - segment.address
            if 0 <= offset < segment.memory_size:
                held = segment.data[offset : offset + size]
                return held + bytes(min(size, segment.memory_size - offset) - len(held))
        return b""

    def source_of(self, function: Function) -> SourceText | None:
        """The text that the function was written in, where it is known."""
        name = function.file.rpartition("/")[2]
        own = function.file == name or function.file.startswith(("underglass/", "./"))
        return next((s for s in self.sources if s.name == name), None) if own else None

    def origin(self, function: Function, pc: int) -> str:
        """The source line of `pc` as its author calls it: "cell 7, line 3"; "" if unknown."""
        line = function.line_at(pc)
        source = self.source_of(function)
        if source is not None:
            return f"{source.origin}, line {line}"
        return f"{function.file}, line {line}" if function.file and line else ""

    def place(self, pc: int) -> str:
        """Where an address of code is: "main.add+0x10 (cell 7, line 3)".

        What the linker fills the room between functions with belongs to none of them.
        """
        function = self.function_at(pc)
        if function is None:
            return f"{pc:#x}, which is in no function"
        if pc > function.address + function.size:
            return f"the bytes behind the end of {function.name}"
        where = self.origin(function, pc)
        return f"{function.name}+{pc - function.address:#x}" + (f" ({where})" if where else "")

    def file_at(self, function: Function, pc: int) -> str:
        """The file of the source line of `pc`: not the function's own where a call was inlined."""
        index = self._table.index_of(function.address)
        return "" if index is None else self._table.file_at(self._table.record(index), pc - function.address)

    @cached_property
    def _wrapper_id(self) -> int:
        """FuncIDWrapper of the program's release: 22 in Go 1.24, 23 in Go 1.26 (internal/abi/symtab.go).

        runtime.deferreturn has it by its name (cmd/internal/objabi/funcid.go, funcIDs).
        """
        known = self._named().get("runtime.deferreturn")
        return FUNC_ID_WRAPPER if known is None else self._table.record(known[0]).func_id

    def _build(self, symbol: str, index: int, local: bool) -> Function:
        record = self._table.record(index)
        plain = symbol.removesuffix(".abi0")
        depth = self._table.stack_depth(record)
        has_bp, frame_size = _prologue(self.bytes_at(record.address, min(record.size, 64)))
        _, size, _ = self.elf.symbols.get(symbol, (0, 0, local))
        return Function(
            name=plain,
            symbol=symbol,
            abi=abi_of(symbol, is_assembly=record.is_assembly, local=local),
            address=record.address,
            size=size if 0 < size <= record.size else record.size,
            file=self._table.file_at(record, 0),
            start_line=record.start_line,
            args_size=record.args_size,
            frame_size=frame_size,
            has_saved_bp=has_bp,
            is_wrapper=record.func_id == self._wrapper_id and not record.is_assembly,
            is_assembly=record.is_assembly,
            depth=depth,
            lines=self._table.lines(record),
        )


class _Functions(Mapping[str, Function]):
    """Functions made when asked for: a program has thousands, a reader looks at a few."""

    def __init__(self, program: Program, named: dict[str, tuple[int, bool]]) -> None:
        self.named = named
        self._program = program
        self._made: dict[str, Function] = {}

    def __getitem__(self, symbol: str) -> Function:
        made = self._made.get(symbol)
        if made is None:
            index, local = self.named[symbol]
            made = self._made[symbol] = self._program._build(symbol, index, local)
        return made

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.named)

    def __len__(self) -> int:
        return len(self.named)


def _prologue(code: bytes) -> tuple[bool, int]:
    """(whether the caller's BP is saved, bytes of the frame below it), read off the prologue
    PUSHQ BP; MOVQ SP, BP; SUBQ $n, SP (Go 1.27, cmd/internal/obj/x86/obj6.go, preprocess).

    SUBQ $128, SP is written as the shorter ADDQ $-128, SP.
    """
    at = code.find(_SAVE_BP)
    if at < 0:
        return False, 0
    rest = code[at + len(_SAVE_BP) :]
    if rest.startswith(b"\x48\x83\xec"):
        return True, rest[3]
    if rest.startswith(b"\x48\x81\xec"):
        return True, int.from_bytes(rest[3:7], "little")
    return True, 128 if rest.startswith(b"\x48\x83\xc4\x80") else 0
