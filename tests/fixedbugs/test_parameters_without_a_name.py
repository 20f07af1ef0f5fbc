"""DWARF calls a parameter without a name `~p0`; signatures had that name, which assembly cannot say."""

from __future__ import annotations

import underglass


def test_a_parameter_without_a_name_is_called_by_its_number() -> None:
    program = underglass.build("package main\nfunc f(_ int, x int) int { return x }\n")
    assert [p.name for p in program.signature("f").params] == ["arg0", "x"]
