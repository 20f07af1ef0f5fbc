"""Go 1.24 gives wrappers another number than Go 1.26; Go 1.22 has no -checklinkname."""

from __future__ import annotations

from dataclasses import replace

from underglass import build
from underglass.toolchain import find_go, go_release
from underglass.toolchain.releases import install_release
from underglass.toolchain.workspace import _link

GO = "package main\n\nfunc one() uint64\n\nfunc main() { println(one()) }\n"
ASM = "TEXT ·one(SB), 4, $0-8\n\tMOVQ $1, AX\n\tMOVQ AX, ret+0(FP)\n\tRET\n"


def test_a_wrapper_of_an_older_release_is_one() -> None:
    install_release("1.24")
    with go_release("1.24"):
        program = build(GO, ASM).program
    assert [program.function("one", abi).is_wrapper for abi in ("ABIInternal", "ABI0")] == [True, False]
    assert program.function("runtime.deferreturn").is_wrapper
    assert not program.function("runtime.main").is_wrapper


def test_the_linker_is_asked_for_private_symbols_where_it_has_the_flag() -> None:
    flags = [_link(replace(find_go(), version=v), None, any_linkname=True) for v in ("go1.22.10", "go1.23.1")]
    assert flags == [(), ("-ldflags= -checklinkname=0",)]
