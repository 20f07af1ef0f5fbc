"""Advice on messages that are hard to bring about; test_toolchain_diagnostics.py builds the others."""

from __future__ import annotations

import pytest

from underglass.toolchain import find_go
from underglass.toolchain.advice import Known, advise


def known() -> Known:
    return Known(frozenset({"total", "add"}), frozenset({"add"}), find_go().root)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("relocation target main.f not defined for ABI0 (but is defined for ABIInternal)", "ABI0 wrapper"),
        ("relocation target main.f not defined for ABIInternal (but is defined for ABI0)", "prototype"),
        ("relocation target f not defined", "centre dot: ·f(SB)"),
        ("relocation target runtime.f not defined", "Nothing in the program defines runtime.f."),
        ("illegal or missing addressing mode for symbol r8d", "The register is called R8"),
        ("illegal or missing addressing mode for symbol NO_LOCAL_POINTERS", '"funcdata.h"'),
        ("illegal or missing addressing mode for symbol main.x", "·x(SB)"),
        ("illegal or missing addressing mode for symbol zap", "zap is no register"),
        ("DATA value must be an immediate constant or address", "$name<>(SB) for an address"),
        ("overlapping DATA entry for text", "DATA lines of a symbol go upward"),
        ("lengths: initialize bounds (16 < 24)", "up to byte 24, and GLOBL gives it 16"),
        ("missing Go type information for global symbol main.motto: size 16", "gives motto no flag"),
        ("expected pseudo-register; found R14", "is a number, as in 8(AX)"),
        ("undefined: fmt.Prin", ""),
        ("undefined: zzzzzz", ""),
        ("cannot use 3 (untyped int constant) as string value", ""),
    ],
)
def test_advice(message: str, words: str) -> None:
    advice = advise(message, known())
    assert words in advice
    assert bool(advice) == bool(words)
