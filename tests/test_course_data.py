"""Where variables lie, and what they hold, against what the program itself says."""

from __future__ import annotations

import re

import pytest

import underglass
from underglass.course import address_of, bytes_of, section_of
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram
from underglass.toolchain.go import find_go
from underglass.toolchain.textflags import text_flags

GO = """\
package main

var (
	plain   int64 = 7
	pointer       = &plain
	zeros   [40]byte
	empty   *int64
	made    int32
)

func reads() (int64, int64, byte, bool, int32, int64) {
	return plain, *pointer, zeros[3], empty == nil, made, local()
}

func local() int64

func main() { println(reads()) }
"""
ASSEMBLY = """\
#include "textflag.h"

DATA ·made+0(SB)/4, $-2
GLOBL ·made(SB), NOPTR, $4

DATA kept<>+0(SB)/8, $9
GLOBL kept<>(SB), RODATA, $8

// func local() int64
TEXT ·local(SB), NOSPLIT, $0-8
	MOVQ kept<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET
"""


@pytest.fixture(scope="module")
def prog() -> GoProgram:
    return underglass.build(GO, ASSEMBLY)


def test_a_variable_lies_where_its_kind_belongs(prog: GoProgram) -> None:
    names = ("plain", "pointer", "zeros", "empty", "made", "kept")
    assert [section_of(prog, name) for name in names] == [
        ".noptrdata", ".data", ".noptrbss", ".bss", ".noptrdata", ".rodata",
    ]  # fmt: skip


def test_the_bytes_are_those_that_the_program_reads(prog: GoProgram) -> None:
    assert prog.call("reads") == (7, 7, 0, True, -2, 9)
    held = [int.from_bytes(bytes_of(prog, name), "little", signed=True) for name in ("plain", "made", "kept")]
    assert held == [7, -2, 9]
    assert bytes_of(prog, "zeros") == bytes(40)
    plain = address_of(prog, "plain")
    assert (
        int.from_bytes(bytes_of(prog, "pointer"), "little") == plain == prog.program.symbol("main.plain")[0]
    )


def test_a_variable_that_is_not_there(prog: GoProgram) -> None:
    with pytest.raises(UnderglassError, match=r"no variable plan\. .*main.plain.*left out by the linker"):
        bytes_of(prog, "plan")


def test_a_variable_whose_newest_text_did_not_get_in(
    prog: GoProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prog, "waiting", lambda: {"kept": "Cell 9 is not in the program."})
    assert section_of(prog, "made") == ".noptrdata"
    with pytest.raises(UnderglassError, match="Cell 9 is not in the program"):
        section_of(prog, "kept")


def test_flags_are_those_of_the_assembler_s_own_source() -> None:
    """textflag.h has to be kept in step with cmd/internal/obj/textflag.go: two files, one truth."""
    text = (find_go().root / "src/cmd/internal/obj/textflag.go").read_text(encoding="utf-8")
    own = {name: int(value) for name, value in re.findall(r"^\t([A-Z]+)\s+= (\d+)$", text, re.MULTILINE)}
    flags = text_flags()
    assert {name: flag.value for name, flag in flags.items()} == {n: v for n, v in own.items() if n in flags}
    assert all(flag.says.endswith(".") for flag in flags.values())
    assert flags["RODATA"].says == "Put this data in a read-only section."
