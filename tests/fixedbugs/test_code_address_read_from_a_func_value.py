"""A load of a func value's word is a use: the wrapper behind it was told as used by nothing."""

from __future__ import annotations

from underglass import build
from underglass.analysis.references import How
from underglass.analysis.wrappers import Use, wrapper_of

GO = """package main

import "unsafe"

func back()

//go:noinline
func enter(at uintptr) uintptr { return at }

func funcPC(f func()) uintptr { return **(**uintptr)(unsafe.Pointer(&f)) }

//go:noinline
func start() uintptr { return enter(funcPC(back)) }

func main() { println(start()) }
"""
ASM = '#include "textflag.h"\nTEXT ·back(SB), NOSPLIT, $0-0\n\tRET\n'


def test_the_load_is_a_use_of_the_wrapper() -> None:
    prog = build(GO, ASM)
    wrapper = wrapper_of(prog.program, "back")
    assert wrapper.use is Use.ADDRESS_TAKEN
    (taken,) = wrapper.addresses
    assert (taken.by, taken.how) == ("main.start", How.CODE_ADDRESS)
    assert int.from_bytes(prog.program.bytes_at(taken.func_value, 8), "little") == prog.call("start")
