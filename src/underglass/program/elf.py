"""The ELF file: segments to load, sections to read, symbols as numpy columns."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from underglass.errors import NotAProgram

__all__ = ["Elf", "Segment"]

PAGE = 0x1000
TOP_OF_USER_SPACE = 0x7FFF_FFFF_F000  # Linux, x86-64, four-level paging
MOST_BYTES = 256 << 20  # a larger file, or a program that asks for more memory, is refused

_SYMBOL = np.dtype(
    [("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8")]
)
_WRITE, _ALLOC, _EXECINSTR, _TLS = 1, 2, 4, 0x400  # SHF_ (System V ABI, chapter 4, sections)
_FUNC = 2  # STT_FUNC (System V ABI, chapter 4, symbol table)
_REMEDY = (
    "Give a Go program built with GOOS=linux GOARCH=amd64 CGO_ENABLED=0 (with cgo: linked with "
    "-ldflags='-linkmode external -extldflags \"-static\"'), or .go and .s sources."
)


@dataclass(frozen=True)
class Segment:
    """One PT_LOAD entry of the program header."""

    address: int  # guest address of the first byte
    memory_size: int  # bytes in memory; those past `data` are zero
    data: bytes  # the bytes the file has for it
    readable: bool
    writable: bool
    executable: bool


class Elf:
    """A static linux/amd64 executable.

    Raises:
        NotAProgram: the bytes are no such file; the message says what they are instead.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if path.stat().st_size > MOST_BYTES:
                raise NotAProgram(f"{path} has over {MOST_BYTES >> 20} MiB, more than is read. {_REMEDY}")
            self.data = path.read_bytes()
        except OSError as error:
            raise NotAProgram(f"{path} cannot be read: {error.strerror}.") from error
        self._file = self._open()

    def _open(self) -> ELFFile:
        if self.data[:4] != b"\x7fELF":
            start = self.data[:8].hex(" ") or "nothing"
            raise NotAProgram(
                f"{self.path} is no ELF file: it starts with {start}, not 7f 45 4c 46. {_REMEDY}"
            )
        try:
            file = ELFFile(io.BytesIO(self.data))
            machine, kind = file["e_machine"], file["e_type"]
            sections = {s.name: s for s in file.iter_sections()}
            segments = tuple(self._segments(file))
        except (
            ELFError,
            struct.error,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            UnicodeError,
            IndexError,
            OverflowError,
            AssertionError,
        ) as error:
            raise NotAProgram(
                f"{self.path} is a damaged ELF file: {error or type(error).__name__}. {_REMEDY}"
            ) from error
        if machine != "EM_X86_64" or file.elfclass != 64 or not file.little_endian:
            raise NotAProgram(f"{self.path} is built for {machine}, and the machine here is amd64. {_REMEDY}")
        if kind == "ET_DYN":
            raise NotAProgram(
                f"{self.path} is position-independent (ET_DYN: a PIE or a shared library), not a static "
                f"executable that has its place. Build it without -buildmode=pie. {_REMEDY}"
            )
        if kind != "ET_EXEC" or any(s["p_type"] == "PT_INTERP" for s in file.iter_segments()):
            raise NotAProgram(f"{self.path} is {kind}, not a static executable. {_REMEDY}")
        self._sections, self.segments, self.entry = sections, segments, int(file["e_entry"])
        return file

    def _segments(self, file: ELFFile) -> list[Segment]:
        loads = []
        total = 0
        for entry in file.iter_segments():
            if entry["p_type"] != "PT_LOAD":
                continue
            address, size = int(entry["p_vaddr"]), int(entry["p_memsz"])
            offset, held = int(entry["p_offset"]), int(entry["p_filesz"])
            total += size
            if held > size or offset + held > len(self.data):
                raise NotAProgram(f"{self.path} is cut short: a segment lies outside the file. {_REMEDY}")
            if size == 0:
                continue  # Linux maps nothing for it
            if address < PAGE or address + size > TOP_OF_USER_SPACE or total > MOST_BYTES:
                raise NotAProgram(
                    f"{self.path} asks for {size:#x} bytes at {address:#x}, outside what a process gets. "
                    f"{_REMEDY}"
                )
            flags = int(entry["p_flags"])
            data = self.data[offset : offset + held]
            loads.append(Segment(address, size, data, bool(flags & 4), bool(flags & 2), bool(flags & 1)))
        if not loads:
            raise NotAProgram(f"{self.path} has no segment to load. {_REMEDY}")
        return loads

    def section(self, name: str) -> bytes | None:
        """The section's bytes, uncompressed; None if there is none of that name."""
        found = self._sections.get(name)
        if found is None:
            return None
        try:
            return bytes(found.data())
        except (ELFError, struct.error, ValueError, OverflowError, MemoryError, zlib.error) as error:
            raise NotAProgram(f"{self.path}: section {name} is damaged: {error}. {_REMEDY}") from error

    def section_address(self, name: str) -> int | None:
        found = self._sections.get(name)
        return None if found is None else int(found["sh_addr"])

    @cached_property
    def loaded_sections(self) -> tuple[tuple[str, int, int, str], ...]:
        """(name, guest address, bytes, protection as "r-x") of each section that is in memory, by address."""
        found = []
        for section in self._file.iter_sections():
            flags, size = int(section["sh_flags"]), int(section["sh_size"])
            if flags & _ALLOC and size and not flags & _TLS:
                protection = f"r{'w' if flags & _WRITE else '-'}{'x' if flags & _EXECINSTR else '-'}"
                found.append((section.name, int(section["sh_addr"]), size, protection))
        return tuple(sorted(found, key=lambda s: s[1]))

    def section_at(self, address: int) -> str | None:
        """The name of the section that holds a guest address, as ".rodata"; None if none does."""
        return next(
            (n for n, start, size, _ in self.loaded_sections if start <= address < start + size), None
        )

    @cached_property
    def program_headers(self) -> tuple[int, int, int]:
        """(guest address, bytes of one, number) of the program headers; address 0 if none is loaded."""
        offset, each, count = (int(self._file[name]) for name in ("e_phoff", "e_phentsize", "e_phnum"))
        for entry in self._file.iter_segments():
            start = int(entry["p_offset"])
            if entry["p_type"] == "PT_LOAD" and start <= offset < start + int(entry["p_filesz"]):
                return int(entry["p_vaddr"]) + offset - start, each, count
        return 0, each, count

    @cached_property
    def g_offset(self) -> int:
        """Bytes from the FS base to the thread's g: below zero.

        -8 where Go linked the program itself. A C linker gives runtime.tlsg a place among C's
        thread-local variables, which end at the FS base (ELF handling for thread-local storage,
        section 3, variant II).
        """
        tls = next((s for s in self._file.iter_segments() if s["p_type"] == "PT_TLS"), None)
        found = self.symbols.get("runtime.tlsg")
        if tls is None or found is None:
            return -8
        size, align = int(tls["p_memsz"]), max(int(tls["p_align"]), 1)
        offset = int(found[0]) - -(-size // align) * align
        return offset if -PAGE < offset < 0 else -8

    @cached_property
    def file(self) -> ELFFile:
        """The reader's handle that DWARF is read through."""
        return self._file

    @cached_property
    def symbols(self) -> dict[str, tuple[int, int, bool]]:
        """Name → (address, size in bytes, whether it is local to its file).

        Go writes the symbols that a source marks `<>` as STB_LOCAL
        (Go 1.27, cmd/link/internal/ld/symtab.go, putelfsym).
        """
        found: dict[str, tuple[int, int, bool]] = {}
        for name, info, address, size in self._symbol_rows():
            found.setdefault(name, (address, size, info >> 4 == 0))
        return found

    @cached_property
    def code_symbols(self) -> list[tuple[int, int, str]]:
        """(address, size in bytes, name) of each function of the symbol table, C's too, by address."""
        rows = self._symbol_rows()
        return sorted((at, size, name) for name, info, at, size in rows if info & 15 == _FUNC and size)

    def _symbol_rows(self) -> Iterator[tuple[str, int, int, int]]:
        """Name, binding and type, address, size of each defined symbol."""
        table, names = self.section(".symtab"), self.section(".strtab")
        if table is None or names is None:
            return
        rows = np.frombuffer(table[: len(table) // _SYMBOL.itemsize * _SYMBOL.itemsize], _SYMBOL)
        for start, info, section, value, size in zip(
            rows["name"].tolist(),
            rows["info"].tolist(),
            rows["section"].tolist(),
            rows["value"].tolist(),
            rows["size"].tolist(),
            strict=True,
        ):
            if section != 0 and start < len(names):
                name = names[start : names.find(b"\0", start)].decode("utf-8", "replace")
                yield name, info, value, size
