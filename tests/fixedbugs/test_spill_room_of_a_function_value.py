"""A caller that left a function value no spill space broke no rule, and the callee wrote over its links."""

from __future__ import annotations

import underglass
from underglass.trace.sentinel import broken_rules

GO = """\
package main

func through(f func(x, y int64) int64, x, y int64) int64

func roomy(f func(x, y int64) int64, x, y int64) int64

//go:noinline
func touch(p *int64) { *p += 1 }

//go:noinline
func spills(x, y int64) int64 { touch(&x); return x + y }

func throughSpills(x, y int64) int64 { return through(spills, x, y) }

func roomySpills(x, y int64) int64 { return roomy(spills, x, y) }

func main() {}
"""
BODY = """\
// func NAME(f func(x, y int64) int64, x, y int64) int64
TEXT ·NAME(SB), 0, $SIZE-32
	NO_LOCAL_POINTERS
	MOVQ x+8(FP), AX
	MOVQ y+16(FP), BX
	MOVQ f+0(FP), DX
	CALL (DX)
	MOVQ AX, ret+24(FP)
	RET
"""


def test_spill_space_belongs_to_the_frame() -> None:
    tight = BODY.replace("NAME", "through").replace("SIZE", "8")
    roomy = BODY.replace("NAME", "roomy").replace("SIZE", "16")
    prog = underglass.build(GO, f'#include "funcdata.h"\n\n{tight}\n{roomy}')
    found = broken_rules(prog.record("throughSpills", 23, 4, most=200))
    assert [f.rule.id for f in found] == ["outgoing-area"]
    assert "spills has 16 bytes of stack arguments and spill space from through's 0(SP)" in str(found[0])
    assert "the saved BP" in str(found[0])
    trace = prog.record("roomySpills", 23, 4)
    assert trace.results == (28,)
    assert broken_rules(trace) == ()
