"""The direct calls of an object file that a C compiler or GNU as has made, by lines of the cache."""

from __future__ import annotations

import io
from dataclasses import dataclass

from capstone import CS_ARCH_X86, CS_MODE_64, Cs
from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from underglass.analysis.cachelines import LINE
from underglass.errors import NotAProgram

__all__ = ["ObjectCalls", "object_calls"]

_CALL, _SIZE = 0xE8, 5  # Intel SDM, volume 2, CALL: the opcode, and the bytes of the instruction


@dataclass(frozen=True)
class ObjectCalls:
    """What an object file's code has of direct calls."""

    code: int  # bytes of code
    calls: int
    crossing: int  # calls whose displacement lies in two cache lines
    padding: int  # bytes that move each call which lies in two lines to the next line, each by itself

    @property
    def qualifying(self) -> float:
        """Share of the calls whose displacement lies in one line, 0 to 1; 1 if there is no call."""
        return 1 - self.crossing / self.calls if self.calls else 1.0


def object_calls(data: bytes) -> ObjectCalls:
    """Read the executable sections of an ELF object for amd64, and count their direct calls.

    A place in a line is counted from the section's beginning: exact where the section is aligned to a line,
    else every line is shifted by the same distance. The padding is what `.bundle_align_mode 6` inserts
    before a call that does not fit into its line (GNU as manual, "Bundle_align_mode").

    Raises:
        NotAProgram: it is no ELF file for amd64.
    """
    try:
        elf = ELFFile(io.BytesIO(data))
        if elf["e_machine"] != "EM_X86_64":
            raise NotAProgram(f"The file is an ELF file for {elf['e_machine']}. Give one for amd64.")
        parts = [s.data() for s in elf.iter_sections() if s["sh_flags"] & SH_FLAGS.SHF_EXECINSTR]
    except ELFError as error:
        raise NotAProgram(
            f"The file is no ELF object: {error}. Give a .o or .syso file for Linux."
        ) from error
    places = [at % LINE for code in parts for at in _calls(code)]
    crossing = sum((at + 1) // LINE != (at + _SIZE - 1) // LINE for at in places)
    padding = sum(LINE - at for at in places if at + _SIZE > LINE)
    return ObjectCalls(sum(map(len, parts)), len(places), crossing, padding)


def _calls(code: bytes) -> list[int]:
    """Where direct calls begin; a byte that begins no instruction is passed over."""
    engine = Cs(CS_ARCH_X86, CS_MODE_64)
    found: list[int] = []
    at = 0
    while at < len(code):
        for address, size, _, _ in engine.disasm_lite(code[at:], at):
            if code[address] == _CALL and size == _SIZE:
                found.append(address)
            at = address + size
        at += 1
    return found
