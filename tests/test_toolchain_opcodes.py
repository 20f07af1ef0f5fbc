"""The assembler's instruction names, and the nearest to a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from underglass.toolchain import find_go
from underglass.toolchain.opcodes import nearest, opcodes


def test_the_names_come_from_the_toolchain() -> None:
    names = opcodes(find_go().root)
    assert {"MOVQ", "ADDQ", "RET", "CALL", "JMP", "JEQ", "JZ", "AAA", "VZEROUPPER"} <= names
    assert not {"XXX", "LAST", "A_ARCHSPECIFIC", "mov"} & names


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("MOVQQ", "MOVQ"),
        ("mov", "MOVQ"),
        ("ADD", "ADDQ"),
        ("ret", "RET"),
        ("retq", "RET"),
        ("push", "PUSHQ"),
        ("JZZ", "JZ"),
        ("lea", "LEAQ"),
        ("MVOQ", "MOVQ"),
        ("movzx", "MOVBLZX"),
        ("SUBQQ", "SUBQ"),
    ],
)
def test_the_nearest_instruction(word: str, first: str) -> None:
    assert nearest(word, find_go().root)[0] == first


def test_nothing_is_near_nonsense_or_without_the_source(tmp_path: Path) -> None:
    assert nearest("QQQQQQQQQQ", find_go().root) == []
    assert nearest("", find_go().root) is not None
    assert nearest("MOVQQ", tmp_path) == []
