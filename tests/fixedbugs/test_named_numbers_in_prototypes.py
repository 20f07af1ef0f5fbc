"""A prototype could name a declared struct but no declared number: "names the type celsius, whose layout is
unknown"."""

from __future__ import annotations

import underglass

GO = "package main\ntype celsius float64\nfunc same(c celsius) celsius\nfunc main() { println(same(1)) }\n"
ASSEMBLY = "TEXT ·same(SB), 4, $0-16\n\tMOVQ c+0(FP), AX\n\tMOVQ AX, ret+8(FP)\n\tRET\n"


def test_an_assembly_function_takes_a_named_number() -> None:
    assert underglass.build(GO, ASSEMBLY).call("same", 36.6) == 36.6
