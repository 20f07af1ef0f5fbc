from __future__ import annotations

import shutil

from underglass.program import Program
from underglass.toolchain import Build


def test_an_executable_named_by_a_relative_path_is_disassembled_in_go_syntax(
    add_build: Build, tmp_path, monkeypatch
):
    shutil.copy(add_build.elf, tmp_path / "a.out")
    monkeypatch.chdir(tmp_path)
    program = Program("a.out")
    code = program.instructions(program.function("main.add", "ABI0"))
    assert code[-1].go == "RET"
