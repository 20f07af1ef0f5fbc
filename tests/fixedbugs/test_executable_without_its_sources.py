"""An executable that is opened without its sources: what its assembly functions take is in DWARF or nowhere.

DWARF has an entry of the assembler's for each, without parameters, that stood for the wrapper's: calls were
refused as having too many arguments.
"""

from __future__ import annotations

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
