"""Disassembly was empty, without a word, where Go's objdump could not be run or could not read the program.

A cell then said that a function runs no `RET`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from underglass.errors import ToolchainMissing
from underglass.program import Program
from underglass.toolchain import Build


def test_it_is_an_error_that_says_what_to_do(add_build: Build, tmp_path: Path) -> None:
    copy = tmp_path / "add.elf"
    shutil.copyfile(add_build.elf, copy)
    program = Program(copy)
    function = program.function("main.add", "ABI0")
    copy.unlink()
    with pytest.raises(ToolchainMissing, match=r"Go's objdump failed: .*add\.elf.*underglass warm"):
        program.instructions(function)
