"""The operands of instructions, as the assembler's tables have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from underglass.program.usage import directives
from underglass.toolchain import find_go
from underglass.toolchain.forms import aliases, forms, registers, shown
from underglass.toolchain.opcodes import opcodes

ROOT = find_go().root


def test_forms_are_known_for_nearly_all_that_the_toolchain_names():
    without = {n for n in opcodes(ROOT) if n not in forms(ROOT) and n not in directives()}
    assert len(without) < 15, sorted(without)
    assert aliases(ROOT)["JZ"] == "JEQ"
    assert set(registers(ROOT)) >= {"AX", "R15", "X31", "K7", "Z0", "AL"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ADDQ", "imm/reg/mem, reg/mem"),
        ("ADDB", "imm/reg8/mem, reg8/mem"),
        ("SHLQ", "imm/reg, reg/mem | imm/reg, reg, reg/mem"),
        ("IMUL3Q", "imm, reg/mem, reg"),
        ("CQO", "no operand"),
        ("LEAQ", "mem, reg"),
        ("SETEQ", "reg8/mem"),
        ("VPXOR", "xreg/yreg/mem, xreg/yreg, xreg/yreg"),
        ("KADDB", "kreg, kreg, kreg"),
        ("V4FMADDPS", "mem, zreg, zreg | mem, zreg, kreg, zreg"),
    ],
)
def test_the_operands_of_an_instruction(name, told):
    assert shown(forms(ROOT)[name]) == told


def test_without_source_nothing_is_known():
    nowhere = Path("/nowhere")
    assert (forms(nowhere), aliases(nowhere), registers(nowhere)) == ({}, {}, ())
