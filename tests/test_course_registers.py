"""The register tables against the assembler and the disassembler, and what they say of ABIInternal."""

from __future__ import annotations

import pytest

from underglass.abi.amd64 import FLOAT_ARGS, INTEGER_ARGS
from underglass.course import refusal
from underglass.course.registers import (
    GENERAL_REGISTERS,
    argument_registers,
    byte_names,
    flag_table,
    intel_names,
    other_register_table,
    pseudo_register_table,
    register_notes,
    register_table,
    vector_table,
)
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram, build

LETTERS = "QLWB"


@pytest.fixture(scope="module")
def moves() -> GoProgram:
    lines = [f"\tMOV{letter} {name}, {name}\n" for name in GENERAL_REGISTERS for letter in LETTERS]
    return build("// func moves()\nTEXT ·moves(SB), 4, $8-0\n" + "".join(lines) + "\tRET\n")


def test_intels_names_are_those_of_the_disassembler(moves: GoProgram) -> None:
    code = moves.program.instructions(moves.program.function("moves", abi="ABI0"))
    shown = [i.intel.split(", ")[-1].upper() for i in code]
    named = [one for name in GENERAL_REGISTERS for one in intel_names(name)]
    first = shown.index("RAX", 3)  # after the prologue
    assert shown[first : first + len(named)] == named


@pytest.mark.parametrize("name", GENERAL_REGISTERS)
def test_byte_names_are_taken_by_the_assembler(name: str) -> None:
    assert bool(byte_names(name)) == (name != "SP")
    assert not any(refusal(f"MOVB {part}, AX") for part in byte_names(name))


def test_spb_is_a_name_that_no_move_takes() -> None:
    assert refusal("MOVB SPB, AX").startswith("invalid instruction")


def test_argument_registers_follow_the_list() -> None:
    integers = ", ".join(f"i{n} int64" for n in range(10))
    floats = ", ".join(f"f{n} float64" for n in range(16))
    found = argument_registers(f"func f({integers}, {floats})")
    assert [found[f"i{n}"] for n in range(10)] == [*((name,) for name in INTEGER_ARGS), ()]
    assert [found[f"f{n}"] for n in range(16)] == [*((name,) for name in FLOAT_ARGS), ()]
    assert argument_registers("func f(s string, b []byte)") == {"s": ("AX", "BX"), "b": ("CX", "DI", "SI")}


def test_no_prototype() -> None:
    with pytest.raises(UnderglassError):
        argument_registers("player")


def test_tables_are_whole() -> None:
    tables = (
        register_table(), register_notes(), vector_table(), other_register_table(),
        flag_table(), pseudo_register_table(),
    )  # fmt: skip
    for table in tables:
        assert table.rows
        assert all(len(row) == len(table.head) and all(row) for row in table.rows), table.title
    assert len(register_table().rows) == len(vector_table().rows) == 16
