"""An executable that is opened without its sources, or by a path relative to the current directory.

DWARF has an entry of the assembler's for an assembly function, without parameters, before the wrapper's:
calls were refused as having too many arguments. A relative path gave disassembly in Intel syntax, since go
runs in a directory of its own.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import underglass
from underglass.errors import CallError
from underglass.toolchain import Source
from wrapper_programs import six

ADD_S = """\
// func add(x, y int64) int64
TEXT ·add(SB), 4, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET
"""


def test_the_wrapper_tells_what_an_assembly_function_takes() -> None:
    # With os, the linker writes the assembler's entries before the compiler's.
    go = 'package main\n\nimport "os"\n\nfunc main() { println(len(os.Args)) }\n'
    built = underglass.build(Source("main.go", go, "main.go"), Source("add.s", ADD_S, "add.s"))
    assert underglass.load(built.program.path).call("add", 23, 4) == 27


def test_an_assembly_function_without_a_wrapper_is_not_taken_for_one_without_arguments() -> None:
    with pytest.raises(CallError, match="no prototype"):
        underglass.load(six().program.path).call("sum", 3, 4)


def test_a_relative_path_is_disassembled_by_go(tmp_path: Path, monkeypatch) -> None:
    shutil.copy(six().program.path, tmp_path / "program")
    monkeypatch.chdir(tmp_path)
    program = underglass.load("program").program
    first = program.instructions(program.function("sum", "ABI0"))[0]
    assert first.go == "MOVQ 0x8(SP), AX"
