"""Programs that the tests of wrappers share: the six cases, and one function each way for many signatures."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING

import underglass
from underglass.toolchain import Source

if TYPE_CHECKING:
    from underglass import GoProgram

SIX_GO = """\
package main

import "unsafe"

type T struct{ n int64 }

//go:noinline
func (t T) Add(x int64) int64 { return t.n + x }

type Adder interface{ Add(int64) int64 }

//go:noinline
func inc(x int64) int64 { return x + 1 }

//go:noinline
func through(f func(int64) int64, x int64) int64 { return f(x) }

// taken is the address of twice as Go has it: the first word of its func value.
func taken() uintptr {
	f := twice
	return **(**uintptr)(unsafe.Pointer(&f))
}

var table = [...]func(int64) int64{inc, twice}
var which = 1
var adder Adder = T{2}

func main() {
	println(inc(1))            // G1
	println(through(inc, 2))   // G2
	println(sum(3, 4))         // G3
	println(through(twice, 5)) // G4
	println(twice(6))          // G3, and in twice G5
	println(back(7))           // G3, and in back G6
	println(adder.Add(8))      // G2, by an interface
	println(through(table[which], 10))
	bound := adder.Add
	println(through(bound, 9))
	defer println("deferred", len(table))
	println(real() == taken())
}
"""

SIX_S = """\
#include "textflag.h"

// func sum(x, y int64) int64
TEXT ·sum(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET

// func twice(x int64) int64
TEXT ·twice(SB), NOSPLIT, $24-16
	MOVQ x+0(FP), AX
	MOVQ AX, 0(SP)
	MOVQ AX, 8(SP)
	CALL ·sum(SB)
	MOVQ 16(SP), AX
	MOVQ AX, ret+8(FP)
	RET

// func back(x int64) int64
TEXT ·back(SB), 0, $16-16
	MOVQ x+0(FP), AX
	MOVQ AX, 0(SP)
	CALL ·inc(SB)
	MOVQ 8(SP), AX
	MOVQ AX, ret+8(FP)
	RET

// func real() uintptr
TEXT ·real(SB), NOSPLIT, $0-8
	MOVQ $·twice(SB), AX
	MOVQ AX, ret+0(FP)
	RET
"""

SIGNATURES = (
    "()",
    "(s string) int",
    "(b []byte, n int8) (int, error)",
    "(f float64, g float32, c complex128) (float32, complex64)",
    "(a [2]int32) [3]int8",
    "(a [1]string) [1]float32",
    "(a, b, c, d, e, f, g, h, i, j, k int) (int, int, int, int, int, int, int, int, int, int)",
    "(s S) S",
    "(a [100]byte) [100]byte",
    "(a [17]uint16, x int8) (y int8, z [33]byte)",
    "(p *int, m map[string]int, c chan int, f func(), u unsafe.Pointer, i any)",
    "(x bool) bool",
    "(e struct{}) struct{}",
    "(a int8, _ int16, b int32)",
    "() (a [0]int, b int)",
    "(x ...int) int",
    "(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q float64) (r, s, t, u, v, w, x, y, z, A, B, C, D, E, "
    "F, G float32)",
    "(a [3]string) [2][]int",
    "(w W) W",
    "(b [7]byte) [5]byte",
    "(b [16]byte) [24]byte",
    "(a, b S, x, y, z uint16) (S, W)",
    "(a [33]int) (b [30]int)",
    "(a [2]int, b int16) (int16, [2]S)",
)
"""Every way that a value goes: in registers of both kinds, on the stack, copied by a loop, not at all."""


_KINDS = """
int8 uint16 int32 int64 int uint8 uintptr bool float32 float64 complex64 complex128 string []byte any
error func() *int map[int]int S W struct{} [0]int [1]float64 [1]S [2]int16 [3]byte [5]string
"""


def random_signatures(count: int, seed: int) -> tuple[str, ...]:
    """Signatures of up to 7 parameters and 4 results; what a NOSPLIT wrapper has room for."""
    chance, kinds = random.Random(seed), _KINDS.split()
    return tuple(
        "({}) ({})".format(*(", ".join(chance.choices(kinds, k=chance.randint(0, most))) for most in (7, 4)))
        for _ in range(count)
    )


@cache
def six(*, keep: bool = False) -> GoProgram:
    """The six cases; without `keep` nothing but what they need is linked."""
    sources = Source("main.go", SIX_GO, "main.go"), Source("a.s", SIX_S, "a.s")
    return underglass.build(*sources, keep=keep)


@cache
def both_ways(signatures: tuple[str, ...] = SIGNATURES) -> GoProgram:
    """For each signature n: asmN in assembly, with a wrapper for Go; goN in Go, with one for assembly."""
    go = [
        'package main\n\nimport "unsafe"\n\nvar _ unsafe.Pointer\n',
        "type S struct { a int8; b string; c float32; d int16 }",
        "type W struct { a [1]S; b struct{}; c complex64; d uint32 }",
    ]
    assembly = []
    for n, signature in enumerate(signatures):
        go.append(f"func asm{n}{signature}\n\n//go:noinline\nfunc go{n}{signature} {{ panic({n}) }}\n")
        assembly.append(f"TEXT ·asm{n}(SB), 0, $0\n\tCALL ·go{n}(SB)\n\tRET\n")
    sources = Source("main.go", "\n".join(go), "main.go"), Source("a.s", "\n".join(assembly), "a.s")
    return underglass.build(*sources)
