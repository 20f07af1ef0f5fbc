"""A program with fmt, methods, an interface, generics and recursion, for the tests of the call graph."""

from __future__ import annotations

from functools import cache

import underglass
from underglass import GoProgram
from underglass.toolchain import Source

SHAPES_GO = """\
package main

import (
	"fmt"
	"os"
	"strings"
)

type shape interface{ area() int }

type square struct{ side int }
type pair struct{ left, right shape }

//go:noinline
func (s square) area() int { return s.side * s.side }

//go:noinline
func (p pair) area() int { return p.left.area() + p.right.area() }

//go:noinline
func (p *pair) swap() { p.left, p.right = p.right, p.left; p.log("</script><b>") }

//go:noinline
func (p *pair) log(words string) { fmt.Println(words, p.area()) }

//go:noinline
func Map[T, U any](of []T, f func(T) U) (out []U) {
	for _, x := range of {
		out = append(out, f(x))
	}
	return out
}

//go:noinline
func isEven(n int) bool { return n == 0 || isOdd(n-1) }

//go:noinline
func isOdd(n int) bool { return n != 0 && isEven(n-1) }

//go:noinline
func describe(s shape) string { return fmt.Sprintf("%T %d", s, s.area()) }

func main() {
	p := &pair{square{2}, pair{square{3}, square{4}}}
	p.swap()
	points := Map([]struct{ x, y int }{{1, 2}}, func(p struct{ x, y int }) string { return fmt.Sprint(p) })
	names := Map([]shape{p, square{5}}, describe)
	fmt.Println(strings.Join(append(names, points...), ", "), isEven(10))
	if len(os.Args) > 5 {
		os.Exit(3)
	}
}
"""


@cache
def shapes() -> GoProgram:
    return underglass.build(Source("shapes.go", SHAPES_GO, "shapes.go"))
