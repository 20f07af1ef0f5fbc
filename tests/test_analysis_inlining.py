"""The inlining report: trees, parts of the budget, reasons; its agreement with the compiler and the ELF."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from underglass.analysis.inlining import Inlined, InliningReport, report
from underglass.errors import UnknownFunction
from underglass.toolchain import Source, read_files
from underglass.toolchain.inlining import inlining

PROGRAM = """\
package main

import (
	"fmt"
	"maps"
	"math/bits"
	"os"
	"slices"
	"strings"
	"sync"
)

type pair[T any] struct {
	first  T
	second int
}

func (p *pair[T]) head() *T   { return &p.first }
func (p *pair[T]) tail() *int { return &p.second }

type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) add(by int) {
	c.mu.Lock()
	c.n += by
	c.mu.Unlock()
}

func even(n int) bool { return n == 0 || odd(n-1) }
func odd(n int) bool  { return n != 0 && even(n-1) }

func split(s string) (string, bool) {
	before, _, found := strings.Cut(s, "=")
	return before, found
}

func walk(n int, visit func(int) bool) bool {
	for i := range n {
		if !visit(i) {
			return false
		}
	}
	return true
}

func each(n int) func(func(int) bool) {
	return func(yield func(int) bool) { walk(n, yield) }
}

func total(n int) (sum int) {
	for i := range each(n) {
		if i == 3 {
			continue
		}
		sum += i
	}
	return sum
}

func checked(i any) int {
	switch v := i.(type) {
	case int:
		return v
	case fmt.Stringer:
		return len(v.String())
	}
	if bits.Len(uint(total(3))) > 40 {
		panic("too long")
	}
	return -1
}

func later() {
	defer os.Exit(1)
	go total(1)
}

func reassigned() int {
	f := func(n int) int { return n + 1 }
	g := func(n int) int { return n + 2 }
	g = f
	return f(1) + g(2)
}

func init() { println(1) }
func init() { println(2) }

var table = slices.Sorted(maps.Keys(map[string]int{"a": 1}))

func main() {
	c, p := &counter{}, pair[int]{1, 2}
	c.add(*p.head() + *p.tail())
	get := p.tail
	s, ok := split("a=b")
	println(even(4), s, ok, total(9), checked(c.n), *get(), reassigned(), len(table), slices.Index(table, s))
}
"""


@pytest.fixture(scope="module")
def made() -> InliningReport:
    return report(inlining([Source("main.go", PROGRAM, "cell 5")]))


def names(calls: tuple[Inlined, ...]) -> list[str]:
    return [inner.call.name for call in calls for inner in call.every()]


def test_every_cost_is_attributed(made: InliningReport) -> None:
    wrong = {f.name: f.unattributed for f in made.functions if f.unattributed}
    assert not wrong
    assert sum(f.unattributed == 0 for f in made.functions) > 30


def test_every_kind_of_statement_is_counted() -> None:
    """Selects, labels, type parameters, promoted methods, literals in literals, dead branches."""
    made = report(inlining(read_files([Path(__file__).parent / "inlining_program.go"])))
    assert not {f.name: f.unattributed for f in made.functions if f.unattributed}
    literals = {f.name: f.verdict.budget for f in made.functions if f.verdict and "func1" in f.name}
    assert set(literals.values()) == {800}
    assert "nested.func1.func1" in literals  # judged again in the body that was inlined into main


def test_what_the_compilers_tree_leaves_out_is_told() -> None:
    deep = f"func f(a int) int {{ return {'+'.join('a' * 60)} }}\nfunc main() {{ println(f(1)) }}\n"
    function = report(inlining([Source("a.go", deep, "a.go")])).function("f")
    assert function.verdict is not None
    assert function.verdict.cost == 120  # 60 names, 59 additions, the return
    assert function.unattributed == 120 - function.counted > 0


def test_a_body_inside_a_body_is_below_it(made: InliningReport) -> None:
    [lock, unlock] = made.function("counter.add").inlined
    assert (lock.call.name, unlock.call.name) == ("sync.(*Mutex).Lock", "sync.(*Mutex).Unlock")
    assert [inner.call.name for inner in lock.calls] == ["sync.(*Mutex).Lock"]  # internal/sync's own


def test_a_cost_is_told_statement_by_statement(made: InliningReport) -> None:
    function = made.function("walk")
    [loop, last] = function.parts
    assert [part.op for part in (loop, last, loop.parts[0])] == ["RANGE", "RETURN", "IF"]
    kinds = {charge.kind: charge.cost for charge in loop.parts[0].charges}
    assert kinds["parameter call"] == 17
    assert function.verdict is not None
    assert function.counted == function.verdict.cost


def test_reasons_for_calls_that_stay(made: InliningReport) -> None:
    later = {left.name: left.reason for left in made.function("later").left}
    assert any("statement calls it later" in reason for reason in later.values())
    checked = {(left.name, left.reason) for left in made.function("checked").left}
    assert ("", "it goes through an interface, so the callee is not known") in checked
    main = {left.name: left.reason for left in made.function("main").left}
    assert main["checked"].startswith("function too complex: cost ")
    again = {left.reason for left in made.function("reassigned").left}
    assert again == {"it goes through a function value, so the callee is not known"}


def test_the_count_ends_where_the_compiler_ends(made: InliningReport) -> None:
    later = made.function("later")
    assert later.stopped == later.verdict.reason == "unhandled op DEFER"  # type: ignore[union-attr]
    assert later.unattributed is None


def test_functions_of_one_name_are_both_there(made: InliningReport) -> None:
    assert [f.name for f in made.functions if f.name.startswith("init.")] == ["init.0", "init.1"]


def test_a_name_that_is_not_there_gets_the_nearest(made: InliningReport) -> None:
    with pytest.raises(UnknownFunction, match=r"no function totl in this package\. Did you mean total"):
        made.function("totl")
    assert made.function("main.total") is made.function("total")


def test_assembly_is_never_inlined() -> None:
    add = "// func add(x, y int64) int64\nTEXT ·add(SB), 4, $0-24\n\tRET\n"
    made = report(
        inlining([Source("a.s", add, "a.s"), Source("m.go", "func main() { println(add(1, 2)) }\n", "m.go")])
    )
    assert made.assembly == ("add",)
    [left] = made.function("main").left
    assert left.reason == "assembly is never inlined"
    assert made.where(left.place) == "m.go, line 1:26"


@pytest.mark.parametrize("package", ["errors", "unicode/utf8"])
def test_the_report_agrees_with_the_compiler_and_the_elf(package: str) -> None:
    result = _agreement().check(package)
    assert result.wrong == ()
    assert result.summed > 5
    assert result.inlined > 15
    assert result.linked > 5


def _agreement() -> ModuleType:
    path = Path(__file__).parent / "agreement" / "inline.py"
    spec = importlib.util.spec_from_file_location("agreement_inline", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault("agreement_inline", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module
