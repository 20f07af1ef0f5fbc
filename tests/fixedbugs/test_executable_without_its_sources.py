"""An executable that is opened without its sources, or by a path relative to the current directory.

DWARF has an entry of the assembler's for an assembly function, without parameters, before the wrapper's:
calls were refused as having too many arguments. A relative path gave disassembly in Intel syntax, since go
runs in a directory of its own.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import underglass
from wrapper_programs import six


def test_the_wrapper_tells_what_an_assembly_function_takes() -> None:
    assert underglass.load(six(keep=True).program.path).call("sum", 23, 4) == 27


def test_a_relative_path_is_disassembled_by_go(tmp_path: Path, monkeypatch) -> None:
    shutil.copy(six().program.path, tmp_path / "program")
    monkeypatch.chdir(tmp_path)
    program = underglass.load("program").program
    first = program.instructions(program.function("sum", "ABI0"))[0]
    assert first.go == "MOVQ 0x8(SP), AX"
