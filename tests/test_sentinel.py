"""Each rule has functions that break it and ones that keep it; correct functions break none."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from docutils.nodes import make_id

import underglass
from sentinel_cases import CORRECT, WRONG, Example, build_all, example_call
from underglass.abi import abi_internal_layout, parse_signature
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram
from underglass.machine import Machine
from underglass.trace.activation import activations
from underglass.trace.entries import caught
from underglass.trace.register_rules import check as check_registers
from underglass.trace.rules import RULES
from underglass.trace.sentinel import broken_rules

BOOK = Path(__file__).parent.parent / "book"


@pytest.fixture(scope="module")
def prog() -> GoProgram:
    return build_all()


@pytest.mark.parametrize("example", CORRECT, ids=lambda e: e.name)
def test_a_correct_function_breaks_no_rule(prog: GoProgram, example: Example) -> None:
    trace = prog.record(example.called, *example.arguments)
    assert trace.results == (example.result if isinstance(example.result, tuple) else (example.result,))
    assert [str(finding) for finding in broken_rules(trace)] == []


@pytest.mark.parametrize(("rule", "example"), WRONG, ids=lambda x: getattr(x, "name", x))
def test_a_wrong_function_is_told_its_rule(prog: GoProgram, rule: str, example: Example) -> None:
    trace = prog.record(example.called, *example.arguments)
    found = broken_rules(trace)
    # Beside the mistake itself, only a hint: the argument that another slot was read for.
    assert {finding.rule.id for finding in found} - {"argument-read"} in ({rule}, set())
    first = found[0]
    assert first.rule.id == rule
    assert first.where.startswith("cell 2, line ")
    assert first.source in example.text.replace("\t", "") or first.source
    assert 0 <= first.step < len(trace)
    function = trace.function_at(first.step)
    assert function is not None
    assert function.name.removeprefix("main.") in (example.name, "inner")  # which `chained` calls


def test_every_rule_has_broken_functions() -> None:
    counts = Counter(rule for rule, _ in WRONG)
    assert set(counts) == set(RULES)
    assert min(counts.values()) >= 2
    assert len(WRONG) >= 45


@pytest.mark.parametrize("rule", RULES)
def test_a_rules_own_examples(prog: GoProgram, rule: str) -> None:
    number = list(RULES).index(rule)
    wrong, mended = (example_call(number, kind) for kind in ("wrong", "mended"))
    assert {found.rule.id for found in broken_rules(prog.record(wrong[0], *wrong[1]))} == {rule}
    trace = prog.record(mended[0], *mended[1])
    assert trace.fault is None
    assert broken_rules(trace) == ()


def test_rules_are_complete() -> None:
    for rule in RULES.values():
        assert rule.title[0].isupper()
        assert not rule.title.endswith(".")
        assert rule.explanation.endswith(".")
        assert re.fullmatch(r"\d\d_[a-z]+#[a-z0-9-]+", str(rule.page))
        assert rule.wrong.text != rule.mended.text


@pytest.mark.parametrize("rule", RULES)
def test_a_rules_page_has_its_section(rule: str) -> None:
    page = RULES[rule].page
    chapter = BOOK / f"{page.chapter}.ipynb"
    texts = [c.source for c in nbformat.read(chapter, as_version=4).cells if c.cell_type == "markdown"]
    headings = re.findall(r"^## (.+)$", "\n".join(texts), re.MULTILINE)
    assert page.anchor in [make_id(heading) for heading in headings], f"{rule}: {page}"


def test_a_function_of_abiinternal_gives_r14_back(prog: GoProgram) -> None:
    trace = prog.record("adds", 23, 4, abi="ABI0")
    run = activations(trace)[0]
    assert list(check_registers(trace, run)) == []
    registers = trace.registers.copy()
    registers[-3:, 14] += 8
    changed = replace(trace, registers=registers)
    internal = replace(run, function=replace(run.function, abi="ABIInternal"))
    assert [rule for rule, _, _ in check_registers(changed, internal)] == ["fixed-registers"]
    assert list(check_registers(changed, run)) == []


def test_a_function_of_abiinternal_reads_its_own_argument_registers(prog: GoProgram) -> None:
    run = activations(trace := prog.record("inRegisters", 1, 2))[0]
    for prototype, wrong in (("func(a, b int64) int64", []), ("func(a int64) int64", ["argument-register"])):
        layout = abi_internal_layout(parse_signature(prototype))
        internal = replace(run, function=replace(run.function, abi="ABIInternal"), layout=layout)
        assert [rule for rule, _, _ in check_registers(trace, internal)] == wrong


OFF = """\
#include "textflag.h"

// func quiet(x, y int64) int64
// underglass:off argument-read
TEXT ·quiet(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), AX
	MOVQ AX, t-8(SP) // underglass:off below-sp, frame-links
	MOVQ t-8(SP), AX
	MOVQ AX, ret+16(FP)
	RET
"""


def test_rules_are_switched_off() -> None:
    trace = underglass.build(OFF).record("quiet", 1, 2)
    assert [(f.rule.id, f.where) for f in broken_rules(trace)] == [("below-sp", "text 1, line 8")]
    assert broken_rules(trace, off={"below-sp"}) == ()
    with pytest.raises(UnderglassError, match=r"no rule 'below-ps'\. Did you mean below-sp"):
        broken_rules(trace, off=["below-ps"])
    trace = underglass.build(OFF.replace("argument-read", "argument")).record("quiet", 1, 2)
    with pytest.raises(UnderglassError, match="text 1, line 4: There is no rule 'argument'"):
        broken_rules(trace)
    trace = underglass.build(OFF.replace(" argument-read", "")).record("quiet", 1, 2)
    with pytest.raises(UnderglassError, match="text 1, line 4: No rule is named"):
        broken_rules(trace)


def test_windows_of_a_whole_run() -> None:
    go = (
        "package main\n\nfunc quiet(x, y int64) int64\n\nfunc main() { println(quiet(1, 2) + quiet(3, 4)) }\n"
    )
    program = underglass.build(go, OFF)
    with_one = program.record_run().around("main.quiet.abi0", 2)
    assert [f.rule.id for f in broken_rules(with_one)] == ["below-sp"]
    function = program.program.function("quiet", "ABI0")
    machine = Machine(program.program)
    traces = list(caught(machine, [function]))
    assert [[f.rule.id for f in broken_rules(trace)] for trace in traces] == [["below-sp"]] * 2
    assert machine.output == b"4\n"


def test_a_finding_names_step_line_and_rule(prog: GoProgram) -> None:
    (found,) = broken_rules(prog.record("smallFrame", 23, 4))
    assert found.rule.id == "outgoing-area"
    assert found.instruction.startswith("CALL main.plus")
    assert found.source == "CALL ·plus(SB)"
    assert "the saved BP and the return address" in found.sentence
    assert str(found).startswith(f"{found.where}, step {found.step}, CALL ·plus(SB): ")


def test_go_functions_are_not_judged(prog: GoProgram) -> None:
    assert broken_rules(prog.record("plus", 1, 2)) == ()


def test_a_line_in_a_loop_is_named_once() -> None:
    text = """\
#include "textflag.h"

// func loops(n int64) int64
TEXT ·loops(SB), NOSPLIT, $0-16
	MOVQ n+0(FP), CX
again:
	MOVQ CX, t-8(SP)
	DECQ CX
	JNZ again
	MOVQ CX, ret+8(FP)
	RET
"""
    found = broken_rules(underglass.build(text).record("loops", 9))
    assert [finding.rule.id for finding in found] == ["below-sp"]


def test_goroutines_that_take_turns_inside_one_function() -> None:
    go = """\
package main

import "runtime"

//go:noinline
func yield(x int64) int64 { runtime.Gosched(); return x }

//go:noinline
func both(a, b int64) int64 {
	done := make(chan int64, 2)
	go func() { done <- waits(a) }()
	go func() { done <- waits(b) }()
	return <-done + <-done
}

func main() { println(both(1, 2)) }
"""
    assembly = """\
#include "funcdata.h"

// func waits(x int64) int64
TEXT ·waits(SB), 0, $24-16
	NO_LOCAL_POINTERS
	MOVQ x+0(FP), AX
	MOVQ AX, kept-8(SP)
	MOVQ AX, 0(SP)
	CALL ·yield(SB)
	MOVQ 8(SP), AX
	ADDQ kept-8(SP), AX
	MOVQ AX, 0(SP)
	CALL ·yield(SB)
	MOVQ 8(SP), AX
	ADDQ kept-8(SP), AX
	MOVQ AX, ret+8(FP)
	RET
"""
    trace = underglass.build(go, assembly).record("both", 1, 20)
    assert trace.results == (63,)
    runs = activations(trace)
    assert len(runs) == 2
    assert runs[1].entry < runs[0].last  # they did take turns
    assert all(run.ret is not None for run in runs)
    assert broken_rules(trace) == ()
