"""JLT and SETLT had no sentence, and CMOVLE was told as "equal": the L was read as a width."""

from __future__ import annotations

import pytest

from underglass.program.meanings import instruction_meaning


@pytest.mark.parametrize(
    ("mnemonic", "part"),
    [
        ("JLT", "the first was less, signed"),
        ("SETLT", "the first was less, signed"),
        ("CMOVLE", "the first was less or equal, signed"),  # as the disassembler spells it
        ("CMOVLEQ", "the operands were equal"),  # as the assembler does: L is 4 bytes
        ("CMOVQLT", "the first was less, signed (SF"),
        ("CMOVL", "the first was less, signed (SF"),
    ],
)
def test_a_width_is_no_part_of_a_condition(mnemonic: str, part: str) -> None:
    assert part in instruction_meaning(mnemonic)
