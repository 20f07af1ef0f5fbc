"""An access to a page that nobody may touch (PROT_NONE) was told as one where nothing is mapped."""

from __future__ import annotations

import pytest

from underglass import GoProgram, build
from underglass.errors import GuestFault

GO = """package main

import "syscall"

func poke(p uintptr)
func peek(p uintptr) int64

func page(rights uintptr) uintptr {
	const flags = syscall.MAP_ANON | syscall.MAP_PRIVATE
	at, _, _ := syscall.RawSyscall6(syscall.SYS_MMAP, 0, 4096, rights, flags, 0, 0)
	return at
}

func store(rights uintptr) { poke(page(rights)) }

func load(rights uintptr) int64 { return peek(page(rights)) }

func gone() int64 {
	at := page(syscall.PROT_READ)
	syscall.RawSyscall(syscall.SYS_MUNMAP, at, 4096, 0)
	return peek(at)
}

func main() { store(3); println(load(3)) }
"""
ASM = """#include "textflag.h"

TEXT \u00b7poke(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	MOVQ AX, (AX)
	RET

TEXT \u00b7peek(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ (AX), AX
	MOVQ AX, ret+8(FP)
	RET
"""


@pytest.fixture(scope="module")
def program() -> GoProgram:
    return build(GO, ASM)


@pytest.mark.parametrize(
    ("name", "rights", "said"),
    [
        ("store", (0,), "a store to address .*, which is mapped without permission to write, in main.poke"),
        ("store", (1,), "a store to address .*, which is mapped without permission to write, in main.poke"),
        ("load", (0,), "a load from address .*, which is mapped without permission to read, in main.peek"),
        ("gone", (), "a load from address .*, where nothing is mapped, in main.peek"),
    ],
)
def test_a_page_without_rights_is_mapped(
    program: GoProgram, name: str, rights: tuple[int, ...], said: str
) -> None:
    with pytest.raises(GuestFault, match=said):
        program.call(name, *rights)
