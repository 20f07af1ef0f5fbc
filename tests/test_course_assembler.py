from __future__ import annotations

import pytest

from underglass.course import refusal


@pytest.mark.parametrize("instruction", ["MOVQ AX, BX", "MOVB AL, BX", "MOVW DS, AX"])
def test_an_instruction_that_the_assembler_takes(instruction: str) -> None:
    assert refusal(instruction) == ""


@pytest.mark.parametrize(
    ("instruction", "said"),
    [
        ("MOVQ EAX, BX", "illegal or missing addressing mode for symbol EAX"),
        ("MOVQ PC, AX", "illegal use of pseudo-register in MOVQ"),
        ("MOVQ DS, AX", "invalid instruction: MOVQ DS, AX"),
        ("MOVQQ AX, BX", 'unrecognized instruction "MOVQQ"'),
    ],
)
def test_what_the_assembler_has_against_an_instruction(instruction: str, said: str) -> None:
    assert refusal(instruction).startswith(said)
