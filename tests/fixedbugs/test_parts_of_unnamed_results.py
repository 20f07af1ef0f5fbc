"""The lint argument-name took the parts of an unnamed result, `ret_base` or `ret1_len`, for mistakes."""

from __future__ import annotations

import underglass
from underglass.toolchain import Source, vet

TEXT = """
// func halves(s string) (string, []byte)
TEXT ·halves(SB), 4, $0-56
\tMOVQ s_base+0(FP), AX
\tMOVQ AX, ret_base+16(FP)
\tMOVQ $0, ret_len+24(FP)
\tMOVQ AX, ret1_base+32(FP)
\tMOVQ $0, ret1_len+40(FP)
\tMOVQ $0, ret1_cap+48(FP)
\tRET
"""


def test_the_parts_of_unnamed_results_are_known() -> None:
    assert vet([Source("halves.s", TEXT, "cell 1")]) == ()
    assert underglass.build(TEXT).call("halves", "glass") == ("", [])


def test_a_name_that_is_none_is_still_told() -> None:
    said = vet([Source("halves.s", TEXT.replace("ret1_len", "back_len"), "cell 1")])
    assert any("back_len" in str(one) for one in said)
