from __future__ import annotations

import pytest

from underglass.course import assembler_says, listing
from underglass.errors import UnderglassError


def test_the_assembler_s_first_message_is_told_with_its_line() -> None:
    assert assembler_says("DATA ·a+0(SB)/8, $1\nGLOBL ·a(SB), $8\n") == ""
    said = assembler_says("GLOBL ·a(SB), $8\nDATA ·a+0(SB)/3, $1\n")
    assert said == "line 2: bad int size for DATA argument: 3"


def test_both_architectures_are_listed() -> None:
    text = "TEXT ·f(SB), 4, $16-0\n\tRET\n"
    assert "PUSHQ BP" in listing(text)
    assert "PUSHQ BP" not in listing(text, "arm64")
    with pytest.raises(UnderglassError, match=r"arm64 rejects the text: line 2: .*MOVQQ.* Mend that line"):
        listing("TEXT ·f(SB), 4, $0-0\n\tMOVQQ R1, R2\n", "arm64")
