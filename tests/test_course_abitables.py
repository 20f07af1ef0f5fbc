from __future__ import annotations

import pytest

from underglass.abi import ROLES
from underglass.course.abitables import TYPES, role_table, rule_table, stack_table, type_table
from underglass.errors import CallError
from underglass.trace.rules import RULES


def test_each_register_has_one_row() -> None:
    named = [name for row in role_table().rows for name in row[0].replace("`", "").split(", ")]
    assert "X0 to X14" in named
    floats = {f"X{n}" for n in range(15)}
    assert sorted(name for name in named if " to " not in name) == sorted(set(ROLES) - floats)


def test_types_as_arguments() -> None:
    rows = {row[0].strip("`"): row[1:] for row in type_table().rows}
    assert set(rows) == set(TYPES)
    assert rows["string"] == ("16, 8", "`AX`, `BX`", "`x_base+0`, `x_len+8`")
    assert rows["complex64"] == ("8, 4", "`X0`, `X1`", "`x_real+0`, `x_imag+4`")
    assert rows["struct{ x, y int32 }"][1] == "`AX`, `BX`"
    assert rows["[2]int8"] == ("2, 1", "stack", "`x+0`")
    assert rows["struct{}"][1] == "no room"


def test_the_words_of_a_call() -> None:
    table = stack_table("func f(a uint8, p [2]int64, b int64) (r [2]int64, n int64)")
    internal = [row[:3] for row in table.rows if row[3] == "ABIInternal"]
    assert internal == [
        ("0", "16", "argument `p`"),
        ("16", "16", "result `r`"),
        ("32", "1", "spill space of `a`"),
        ("40", "8", "spill space of `b`"),
    ]
    assert [row[0] for row in table.rows if row[3] == "ABI0"] == ["0", "8", "24", "32", "48"]


def test_every_rule_is_there() -> None:
    assert [row[0].strip("`") for row in rule_table().rows] == list(RULES)


def test_a_type_that_is_none() -> None:
    with pytest.raises(CallError, match="strin"):
        type_table(["strin"])
    with pytest.raises(CallError):
        stack_table("func f(")
