"""A function that is also inlined has two DWARF entries; the abstract one leaves out unnamed results.

Its call once gave None in place of the result.
"""

from __future__ import annotations

import underglass


def test_an_unnamed_result_of_an_inlined_function_is_known() -> None:
    program = underglass.build(
        "package main\nfunc twice(n int) int { return 2 * n }\nfunc main() { println(twice(2)) }\n"
    )
    assert program.call("twice", 21) == 42
