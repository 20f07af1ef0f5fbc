"""What the assembler lists for the compiler, and the wrappers that the compiler makes of it."""

from __future__ import annotations

import pytest

from underglass import UnderglassError
from underglass.course import compiled, symabis

ASSEMBLY = "TEXT ·twice(SB), 4, $0-16\n\tCALL ·add(SB)\n\tRET\n"
GO = "package main\nfunc twice(x int64) int64\nfunc add(x int64) int64 { return x + twice(x) }\n"


def test_the_list_has_what_is_defined_and_what_is_referred_to() -> None:
    assert symabis(ASSEMBLY) == ("def main.twice ABI0", "ref main.add ABI0")
    assert symabis("TEXT ·twice(SB), 4, $0-16\n\tRET\n") == ("def main.twice ABI0",)


def test_a_wrapper_is_made_for_each_and_none_where_go_has_one_abi() -> None:
    made = [line for line in compiled(GO, ASSEMBLY) if "ABIWRAPPER" in line]
    assert [line.partition("(")[0] for line in made] == ["main.twice", "main.add"]
    assert not any("ABIWRAPPER" in line for line in compiled(GO, ASSEMBLY, "386"))


def test_a_text_that_is_rejected_is_told_with_its_line() -> None:
    with pytest.raises(UnderglassError, match=r"the text: text.s:\d"):
        symabis('#include "none.h"\n')
    with pytest.raises(UnderglassError, match=r"the text: text.go:2"):
        compiled("package main\nfunc f() { x }\n", ASSEMBLY)
