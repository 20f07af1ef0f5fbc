"""Assembly that no Go declaration names has no wrapper, so no suffix, and is ABI0 all the same."""

from __future__ import annotations

from underglass import build

ASSEMBLY = """
TEXT ·alone(SB), 4, $0-0
	RET

// func calls()
TEXT ·calls(SB), 0, $0-0
	CALL ·alone(SB)
	RET
"""


def test_it_is_abi0() -> None:
    program = build(ASSEMBLY).program
    assert program.functions["main.alone"].abi == "ABI0"
    assert program.function("alone", abi="ABI0").symbol == "main.alone"
    assert program.functions["main.calls"].abi == "ABIInternal"
    assert program.functions["main.calls.abi0"].abi == "ABI0"
    assert program.functions["runtime.memmove"].abi == "ABIInternal"
