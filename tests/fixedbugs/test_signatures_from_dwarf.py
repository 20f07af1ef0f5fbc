"""What DWARF leaves out or reorders in a signature, and what came of it.

A function that returns from a loop over a function has its results renamed to #rv1 by the compiler, and
debuggers are not shown such names: its result once was not there. The dictionary of a generic function that
is also inlined stands last in DWARF and comes first in the registers.
"""

from __future__ import annotations

import underglass
from underglass.abi import abi_internal_layout
from underglass.program import Program

GO = """package main

import "strings"

func has(s string) bool {
	for part := range strings.SplitSeq(s, ",") {
		if part == "x" {
			return true
		}
	}
	return false
}

func each[T any](xs []T, f func(T)) {
	for _, x := range xs {
		f(x)
	}
}

func main() {
	println(has("a,x"))
	each([]string{"a"}, func(s string) { println(s) })
	println(large(1))
}
"""
# Little is inlined into a large function (Go 1.27, cmd/compile/internal/inline, inlineBigFunctionNodes), so
# that each is there as a function too.
LARGE = f"""package main

func large(x int) int {{
{chr(10).join(["	x = x*3 + 1"] * 2000)}
	each([]int{{x}}, func(n int) {{ x += n }})
	each([]int{{x}}, func(n int) {{ x -= n }})
	return x
}}
"""


def test_a_result_returned_from_a_loop_over_a_function_is_known() -> None:
    program = underglass.build(GO, LARGE)
    assert str(program.signature("has")) == "func has(s string) bool"
    assert program.call("has", "a,x") is True
    assert program.call("has", "a,y") is False


def test_without_the_source_the_signature_is_not_guessed() -> None:
    from underglass.abi import signature

    program = Program(underglass.build(GO, LARGE).program.path)
    assert signature(program, program.function("main.has")) is None


def test_the_dictionary_comes_first() -> None:
    program = underglass.build(GO, LARGE)
    generic = next(name for name in program.program.functions if name.startswith("main.each[go.shape"))
    layout = abi_internal_layout(program.signature(generic))
    assert [(p.name, p.pieces[0].register) for p in layout.params] == [
        (".dict", "AX"),
        ("xs", "BX"),
        ("f", "SI"),
    ]
