from __future__ import annotations

import pytest

from underglass.course import arm64_listing
from underglass.errors import UnderglassError


def test_the_instructions_that_the_assembler_adds_are_listed() -> None:
    listing = arm64_listing("TEXT ·f(SB), 4, $16-0\n\tCALL ·g(SB)\n\tRET\n")
    assert "MOVD R29, -8(RSP)" in listing
    assert listing[-1].startswith("RET")


def test_a_mistake_is_told() -> None:
    with pytest.raises(UnderglassError, match="arm64 rejects the text"):
        arm64_listing("TEXT ·f(SB), 4, $0-0\n\tMOVQQ R1, R2\n")
