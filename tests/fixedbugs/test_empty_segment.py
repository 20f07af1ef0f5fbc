"""A loadable segment of no bytes was mapped, and the emulator refused that with an error of its own."""

from __future__ import annotations

import struct
from pathlib import Path

from underglass.goprogram import GoProgram
from underglass.machine import Machine
from underglass.program import Program

_LOAD, _ENTRY = 1, 56  # PT_LOAD, bytes of a program header


def test_an_empty_segment_is_left_out(add_program: GoProgram, tmp_path: Path) -> None:
    data = bytearray(add_program.program.path.read_bytes())
    (first,), (count,) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<H", data, 56)
    headers = [first + _ENTRY * n for n in range(count)]
    last = [at for at in headers if struct.unpack_from("<I", data, at) == (_LOAD,)][-1]
    struct.pack_into("<QQ", data, last + 32, 0, 0)  # p_filesz, p_memsz
    (tmp_path / "empty").write_bytes(data)
    program = Program(tmp_path / "empty")
    assert all(segment.memory_size for segment in program.elf.segments)
    Machine(program).close()
