"""The records, and what the package hands out."""

from __future__ import annotations

import pytest

from underglass import toolchain
from underglass.toolchain import Diagnostic


@pytest.mark.parametrize(
    ("diagnostic", "text"),
    [
        (Diagnostic("cell 7", 3, 5, "wrong", "Mend it."), "cell 7, line 3: wrong. Mend it."),
        (Diagnostic("cell 7", 3, None, "really?", "Mend it."), "cell 7, line 3: really? Mend it."),
        (Diagnostic("add.s", None, None, "wrong", ""), "add.s: wrong"),
        (Diagnostic("", None, None, "wrong"), "wrong"),
    ],
)
def test_a_diagnostic_is_a_paragraph(diagnostic: Diagnostic, text: str) -> None:
    assert str(diagnostic) == text


def test_the_public_names_are_sorted_and_there() -> None:
    assert toolchain.__all__ == sorted(toolchain.__all__)
    assert all(hasattr(toolchain, name) for name in toolchain.__all__)
