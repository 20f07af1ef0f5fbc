"""Stacks over time, threads and goroutines, the memory map, structs, comparisons: what they say, and how.

What a picture shows is compared with something that was not drawn: DWARF, the run's output, the linker.
"""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree

import pytest

import underglass
from underglass.abi import field_offsets, type_named
from underglass.analysis.compare import compare
from underglass.course import case_study
from underglass.goprogram import GoProgram
from underglass.trace import Trace
from underglass.trace.stacks import stays
from underglass.trace.timeline import Timeline
from underglass.views.compare import ComparisonTable
from underglass.views.memory_map import memory_map_picture
from underglass.views.stack_time import stack_time_picture
from underglass.views.structs import struct_picture
from underglass.views.svg import Picture
from underglass.views.timeline import timeline_picture

GO = """\
package main

import "sync"

type mixed struct {
	a int8
	b int64
	c int16
	s string
}

var held = mixed{s: "glass"}

//go:noinline
func deep(n int) int {
	var room [40]int
	room[n%40] = n
	if n == 0 {
		return len(held.s)
	}
	return deep(n-1) + room[(n+1)%40]
}

//go:noinline
func sum(a, b int, s []int) (t int) {
	for _, x := range s {
		t += x*a + b
	}
	return t
}

//go:noinline
func weighted(a, b int, s []int) (t int) {
	for i, x := range s {
		t += x*a + b + i
	}
	return t
}

func main() {
	var all sync.WaitGroup
	for i := 0; i < 3; i++ {
		all.Add(1)
		go func() { defer all.Done(); deep(200) }()
	}
	all.Wait()
	println(sum(1, 2, nil) + weighted(1, 2, nil))
}
"""


@pytest.fixture(scope="module")
def program() -> GoProgram:
    return underglass.build(GO)


@pytest.fixture(scope="module")
def growing(program: GoProgram) -> Trace:
    return program.record("deep", 40)


@pytest.fixture(scope="module")
def timeline(program: GoProgram) -> Timeline:
    return program.record_run().timeline()


def well_made(picture: Picture, *words: str) -> None:
    """A picture is XML with a title and a text alternative, and says these words in both forms."""
    root = ElementTree.fromstring(picture.svg)
    named = {element.tag.rpartition("}")[2]: element for element in root}
    assert named["title"].text
    assert named["desc"].text == repr(picture)
    shown = "".join(root.itertext()).replace(repr(picture), "")
    for word in words:
        assert word in repr(picture)
        assert word in shown
    assert "http" not in picture.svg.replace("http://www.w3.org/2000/svg", "")


def test_a_stack_that_grows_is_another_one_of_twice_the_size(growing: Trace) -> None:
    found = stays(growing)
    assert (found[0].start, found[-1].end) == (0, len(growing) + 1)
    assert all(a.end == b.start for a, b in itertools.pairwise(found))
    own = [stay.stack for stay in found if stay.stack.kind == "goroutine"]
    assert len(own) > 1
    assert all(after.size == 2 * before.size for before, after in itertools.pairwise(own))
    assert {stack.goid for stack in own} == {1}
    # Between two of them the runtime copies, on the thread's own stack.
    between = [stay for stay in found if stay.stack.kind == "g0"]
    copied = {f.name for stay in between if (f := growing.function_at((stay.start + stay.end) // 2))}
    assert copied
    assert "runtime.copystack" in {f.name for f in growing.functions}


def test_c_runs_on_g0_and_where_go_calls_it_directly_on_the_goroutine() -> None:
    study = case_study("fastcgo", shipped=True)
    there = stays(study.record("viaBoth", 4))
    assert [stay.stack.kind for stay in there] == ["goroutine", "g0", "goroutine", "g0", "goroutine"]
    assert len({stay.stack for stay in there}) == 2
    assert [stay.stack.kind for stay in stays(study.record("directTwice", 21))] == ["goroutine"]
    deep = stays(study.record("directDeep", 3, most=10_000))
    assert [stay.stack.kind for stay in deep] == ["goroutine", "C", "goroutine"]


def test_the_stack_over_time(growing: Trace) -> None:
    picture = stack_time_picture(growing)
    well_made(picture, "goroutine 1, 4,096 bytes", "goroutine 1, 8,192 bytes", "g0, the thread's own")
    assert repr(stack_time_picture(growing)) == repr(picture)


def test_the_timeline_has_every_instruction_once(program: GoProgram, timeline: Timeline) -> None:
    run = program.record_run()
    assert timeline.instructions == run.instructions
    stretches = timeline.stretches
    assert (stretches[0].start, stretches[-1].end) == (0, run.instructions)
    assert all(a.end == b.start for a, b in itertools.pairwise(stretches))
    assert 1 in timeline.goids
    assert len(timeline.goids) >= 4  # main's three besides
    assert len(timeline.threads) > 1
    well_made(timeline_picture(timeline), "goroutine 1", f"thread {timeline.threads[0]}")


def test_the_memory_map(program: GoProgram) -> None:
    areas = program.memory_map()
    by_name = {area.name: area for area in areas}
    main = program.program.function("main")
    assert by_name[".text"].start <= main.address < by_name[".text"].end
    assert by_name[".text"].protection == "r-x"
    held, _ = program.program.symbol("main.held")
    assert by_name[".data"].start <= held < by_name[".data"].end
    stack, heap = by_name["stack of goroutine 1"], by_name["Go heap"]
    assert heap.start <= stack.start
    assert stack.end <= heap.end
    sp = program.record("sum", 1, 2, []).register(0, "SP")
    assert stack.start < sp <= stack.end
    well_made(memory_map_picture(areas), "Go heap", "stack of goroutine 1", ".text")


def test_a_struct_s_padding(program: GoProgram) -> None:
    kind = type_named(program.program, "main.mixed")
    assert kind is not None
    picture = struct_picture(kind)
    rows = [tuple(line.split()[:3]) for line in repr(picture).splitlines()[1:]]
    assert rows == [
        ("0", "1", "a"), ("1", "7", "(padding)"), ("8", "8", "b"), ("16", "2", "c"), ("18", "6", "(padding)"),
        ("24", "16", "s"),
    ]  # fmt: skip
    well_made(picture, "mixed", "b")


def test_g_s_fields_are_where_the_code_looks_for_them(program: GoProgram) -> None:
    """The stack check compares SP with g.stackguard0: CMPQ SP, 0x10(R14)."""
    offset = field_offsets(program.program, "runtime.g")["stackguard0"]
    code = [i.go for i in program.program.instructions(program.program.function("deep"))]
    compared = [re.search(r"(0x[0-9a-f]+)\(R14\)", line) for line in code if line.startswith("CMPQ")]
    assert offset in {int(found[1], 16) for found in compared if found}
    g = type_named(program.program, "runtime.g")
    assert g is not None
    well_made(struct_picture(g, ("stackguard0", "goid")), "stackguard0", "goid")
    assert field_offsets(program.program, "runtime.nothing") == {}


def test_two_functions_are_aligned(program: GoProgram) -> None:
    facts = program.program
    first, second = facts.function("sum"), facts.function("weighted")
    found = compare((facts, first), (facts, second))
    assert [line.left for line in found.lines if line.left] == list(facts.instructions(first))
    assert [line.right for line in found.lines if line.right] == list(facts.instructions(second))
    added = [line.right.go for line in found.lines if line.right and not line.left]
    assert len(added) == 1
    assert added[0].startswith("ADDQ")
    itself = compare((facts, first), (facts, first))
    assert all(line.is_same for line in itself.lines)
    table = ComparisonTable(found)
    assert f"> {added[0]}" in repr(table)
    assert table._repr_html_().count("<tr") == len(found.lines) + 1
