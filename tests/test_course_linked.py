"""A refusal of the linker is one line; a program that links has none."""

from __future__ import annotations

import pytest

from underglass.course import linker_says, vet_says
from underglass.errors import BuildError

GO = "package main\n\nfunc main() { println(n()) }\n\nfunc n() uint64\n"
ASM = "TEXT ·n(SB), 4, $0-8\n\tMOVQ runtime·allglen(SB), AX\n\tMOVQ AX, ret+0(FP)\n\tRET\n"


def test_a_private_variable_is_refused_by_its_name() -> None:
    assert linker_says(GO, ASM) == "main: invalid reference to runtime.allglen"


def test_a_program_that_links_has_nothing_said_against_it() -> None:
    assert linker_says(GO, ASM, any_linkname=True) == ""


def test_what_the_assembler_refuses_is_told_too() -> None:
    assert "illegal or missing addressing mode" in linker_says(
        GO, ASM.replace("runtime·allglen(SB)", "allglen")
    )


def test_a_wrong_size_is_what_vet_says() -> None:
    [said] = vet_says(GO, ASM.replace("$0-8", "$0-16").replace("runtime·allglen(SB)", "$1"))
    assert said == "line 1: n: wrong argument size 16; expected $...-8 (asmdecl)"
    assert vet_says(GO, ASM.replace("runtime·allglen(SB)", "$1")) == ()


def test_vet_needs_sources_that_compile() -> None:
    with pytest.raises(BuildError, match="line 3"):
        vet_says(GO.replace("println", "printline"), ASM)
