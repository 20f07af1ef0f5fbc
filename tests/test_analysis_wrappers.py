from __future__ import annotations

import re
from pathlib import Path

import pytest

import underglass
from underglass.analysis.annotate import Step, annotate
from underglass.analysis.callcases import Case, Through, indirect_calls
from underglass.analysis.callgraph import calls_from
from underglass.analysis.crossings import crossings, referred_to
from underglass.analysis.references import How
from underglass.analysis.wrappers import Direction, Made, Use, made_as, wrapper_of, wrappers
from underglass.errors import UnderglassError, UnknownFunction
from underglass.program import Program
from underglass.toolchain import Source
from underglass.toolchain.go import find_go
from wrapper_programs import SIX_GO, SIX_S, both_ways, six


@pytest.fixture(scope="module")
def program() -> Program:
    return six().program


def edge_case(program: Program, caller: str, callee: str) -> Case | None:
    graph = calls_from(program, caller, depth=2)
    return next(e.case for e in graph.edges if (e.caller, e.callee) == (caller, callee))


def test_the_six_cases_as_the_elf_has_them(program: Program) -> None:
    assert edge_case(program, "main.main", "main.inc") is Case.G1
    assert edge_case(program, "main.main", "main.sum.abi0") is Case.G3  # the body, not the wrapper
    assert edge_case(program, "main.twice", "main.twice.abi0") is Case.G4
    assert edge_case(program, "main.twice.abi0", "main.sum.abi0") is Case.G5
    assert edge_case(program, "main.back.abi0", "main.inc.abi0") is Case.G6
    assert edge_case(program, "main.inc.abi0", "main.inc") is Case.G6
    (pointer,) = indirect_calls(program, program.function("through"))
    assert (pointer.through, pointer.cases) == (Through.FUNC_VALUE, (Case.G2, Case.G4))
    by_interface = [
        c for c in indirect_calls(program, program.function("main")) if c.through is Through.INTERFACE
    ]
    assert [c.cases for c in by_interface] == [(Case.G2,)]


def test_the_six_cases_as_they_run(program: Program) -> None:
    trace = six().record_run().around("main.main")
    report = crossings(program)
    edges = {(e.caller, e.callee): e.case for e in report.edges}
    pointers = {call.at: call for _, call in report.indirect}
    seen: set[Case] = set()
    for step in range(len(trace) - 1):
        caller, callee, made = trace.function_at(step), trace.function_at(step + 1), trace.instruction(step)
        assert caller is not None
        assert made is not None
        if not made.go.startswith("CALL") or not caller.name.startswith("main."):
            continue
        assert callee is not None
        assert trace.pc(step + 1) == callee.address
        if made.target is not None:
            case = edges[caller.symbol, callee.symbol]
        else:
            case = Case.G4 if made_as(program, callee) is Made.ABI_WRAPPER else Case.G2
            assert case in pointers[made.address].cases
        assert case is not None
        seen.add(case)
    assert seen == {Case.G1, Case.G2, Case.G3, Case.G4, Case.G5, Case.G6}


def test_without_an_address_of_assembly_a_func_value_is_go() -> None:
    go = "package main\n\n//go:noinline\nfunc f(g func()) { g() }\n\n"
    plain = underglass.build(go + "func main() { f(func() { println(1) }) }\n", keep=False).program
    (call,) = indirect_calls(plain, plain.function("f"))
    assert call.cases == (Case.G2,)


def test_an_address_taken_in_go_is_the_wrappers_and_in_assembly_the_real_one(program: Program) -> None:
    wrapper, body = program.function("twice"), program.function("twice", "ABI0")
    assert six(keep=True).call("taken") == six(keep=True).program.function("twice").address
    assert six(keep=True).call("real") == six(keep=True).program.function("twice", "ABI0").address
    taken = {(r.by, r.how, r.function.symbol) for r in crossings(program).addresses}
    assert ("main.real.abi0", How.CODE_ADDRESS, body.symbol) in taken
    assert ("main.main", How.FUNC_VALUE, wrapper.symbol) in taken
    assert ("main.table", How.FUNC_VALUE, wrapper.symbol) in taken
    assert not [t for t in taken if t[2] == body.symbol and t[1] is How.FUNC_VALUE]
    words = {referred_to(program, r) for r in crossings(program).addresses if r.function == wrapper}
    assert words == {"main.twice, the wrapper around assembly"}


def test_each_func_value_leads_to_the_code_address_it_names(program: Program) -> None:
    values = [r for r in crossings(program).addresses if r.func_value is not None]
    assert values
    for reference in values:
        word = program.bytes_at(reference.func_value or 0, 8)
        assert int.from_bytes(word, "little") == reference.function.address


def test_uses_are_told_apart() -> None:
    kept = {w.name: w for w in wrappers(six(keep=True).program)}
    assert kept["main.inc"].use is Use.CALLED
    assert [r.by for r in kept["main.inc"].calls] == ["main.back.abi0"]
    assert kept["main.twice"].use is Use.ADDRESS_TAKEN
    assert kept["main.sum"].use is Use.KEPT
    assert kept["main.sum"].kept
    own = {w.name: w for w in wrappers(six().program) if w.name.startswith("main.")}
    assert set(own) == {"main.inc", "main.twice"}  # the linker leaves out what nothing refers to
    assert own["main.inc"].direction is Direction.INTO_GO
    assert own["main.twice"].direction is Direction.INTO_ASSEMBLY


def test_wrappers_that_stay_in_one_abi_have_names_of_their_own(program: Program) -> None:
    kinds = {f.name: made_as(program, f) for f in program.functions.values() if f.name.startswith("main.")}
    assert kinds["main.(*T).Add"] is Made.METHOD_WRAPPER
    assert kinds["main.Adder.Add-fm"] is Made.METHOD_VALUE
    assert kinds["main.main.deferwrap1"] is Made.DEFER
    assert kinds["main.main"] is None
    assert {f.name for f in program.functions.values() if made_as(program, f) is Made.ABI_WRAPPER} == {
        w.name for w in wrappers(program)
    }


def test_the_compiler_lists_the_same_wrappers(tmp_path: Path) -> None:
    declared = re.findall(r"^// (func .*)$", SIX_S, re.MULTILINE)
    keep = re.findall(r"func (\w+)\(", "\n".join(declared))
    go = SIX_GO + "\n".join(declared) + f"\n\nvar kept = []any{{{', '.join(keep)}}}\n"
    go = go.replace("println(real()", "println(len(kept), real()")
    files = {"go.mod": f"module six\n\ngo {find_go().language}\n", "main.go": go, "a.s": SIX_S}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    built = tmp_path / "six"
    answer = find_go().run(["build", "-gcflags=-d=abiwrap", "-o", str(built), "."], cwd=tmp_path)
    listed = re.findall(r"=-= (\w+) to (\w+) wrapper for (\w+)", answer.stderr)
    found = [w for w in wrappers(Program(built)) if w.name.startswith("main.")]
    assert sorted(listed) == sorted(
        (*w.direction.value.split(" → "), w.name.removeprefix("main.")) for w in found
    )


def test_every_byte_of_every_kind_of_value_is_followed() -> None:
    held = both_ways().program
    found = [w for w in wrappers(held) if w.name.startswith("main.")]
    assert len(found) > 40
    held.prefetch([w.function for w in found])
    for wrapper in found:
        annotated = annotate(held, wrapper)
        assert annotated.signature is not None
        assert annotated.lost == (), (wrapper.function.symbol, annotated.lost)
        assert [x.instruction.intel for x in annotated.lines if x.step is Step.UNKNOWN] == []


@pytest.mark.parametrize("name", ["asm2", "go2", "asm6", "go6", "go16"])
def test_a_wrapper_without_one_of_its_instructions_is_found_wrong(name: str, monkeypatch) -> None:
    held = both_ways().program
    wrapper = next(w for w in wrappers(held) if w.name == f"main.{name}")
    whole = annotate(held, wrapper).lines
    needed = [x for x in whole if x.step in (Step.ARGUMENT, Step.RESULT, Step.G, Step.CALL, Step.FRAME)]
    assert len(needed) > 4
    code = tuple(x.instruction for x in whole)
    for line in needed:
        rest = tuple(i for i in code if i is not line.instruction)
        monkeypatch.setitem(held._code, wrapper.function.address, rest)
        assert annotate(held, wrapper).lost, line


def test_notes_name_values_places_and_reasons() -> None:
    held = six(keep=True).program
    lines = annotate(held, wrapper_of(held, "sum")).lines
    notes = {x.instruction.go: (x.step, x.note) for x in lines}
    assert notes["MOVQ AX, 0(SP)"] == (Step.ARGUMENT, "x: AX → 0(SP); sum reads it as x+0(FP)")
    assert notes["MOVQ BX, 0x8(SP)"] == (Step.ARGUMENT, "y: BX → 8(SP); sum reads it as y+8(FP)")
    assert notes["MOVQ 0x10(SP), AX"] == (
        Step.RESULT, "ret: 16(SP) → AX; sum left it as ret+16(FP), the caller takes it there",
    )  # fmt: skip
    assert notes["XORPS X15, X15"][0] is Step.X15
    assert notes["MOVQ FS:0xfffffff8, R14"][0] is Step.G
    other = {x.instruction.go: x.note for x in annotate(held, wrapper_of(held, "inc")).lines}
    assert other["MOVQ 0x18(SP), AX"] == "x: x+0(FP) → AX; inc takes it there"
    assert other["MOVQ AX, 0x20(SP)"] == "ret: AX → ret+8(FP); the caller reads it there"


def test_a_recorded_wrapper_does_what_its_notes_say() -> None:
    held = six(keep=True)
    trace = held.record("sum", 3, 4)
    lines = {x.instruction.address: x for x in annotate(held.program, wrapper_of(held.program, "sum")).lines}
    values = {"x": 3, "y": 4, "ret": 7}
    checked = 0
    for step in range(len(trace)):
        line = lines.get(trace.pc(step))
        told = re.match(r"(\w+): \S+ → (?:(\d+)\(SP\)|(\w+));", line.note) if line else None
        if told:
            sp = trace.register(step, "SP")
            after = trace.word(step + 1, sp + int(told[2])) if told[2] else trace.register(step + 1, told[3])
            assert after == values[told[1]]
            checked += 1
    assert checked == 3


def test_an_intrinsic_wrapper_calls_nothing() -> None:
    go = 'package main\n\nimport "sync/atomic"\n\nvar f = atomic.AddInt64\n\n'
    held = underglass.build(go + "func main() { println(f(new(int64), 2)) }\n", keep=False).program
    wrapper = next(w for w in wrappers(held) if w.name == "sync/atomic.AddInt64")
    assert wrapper.is_intrinsic
    assert wrapper.target is None
    steps = {x.step for x in annotate(held, wrapper).lines}
    assert Step.INTRINSIC in steps
    assert Step.UNKNOWN not in steps


def test_a_linkname_caller_goes_through_the_wrapper() -> None:
    held = underglass.build(
        """package main

import "reflect"

type T struct{}

func (T) M() {}

func main() { reflect.ValueOf(T{}).Method(0).Interface().(func())() }
""",
        keep=False,
    ).program
    edges = crossings(held, "reflect").edges
    callers = {(e.caller, e.callee) for e in edges if e.case is Case.LINKNAME}
    assert ("reflect.callMethod", "runtime.reflectcall") in callers
    # Written in Go, and hidden from tracebacks by its name: no wrapper, though there is one around it.
    assert made_as(held, held.functions["reflect.callMethod"]) is Made.MARKED
    assert made_as(held, held.functions["reflect.callMethod.abi0"]) is Made.ABI_WRAPPER


@pytest.mark.parametrize(
    ("name", "error", "part"),
    [
        ("nosuch", UnknownFunction, "no function nosuch"),
        ("main", UnderglassError, "No assembly refers to it"),
        ("sum", UnderglassError, "Go calls the assembly body directly"),
        ("main.Adder.Add-fm", UnderglassError, "method value itself"),
        ("runtime.memmove", UnderglassError, "assembly that is defined as ABIInternal"),
    ],
)
def test_no_wrapper_is_an_error_that_says_why(name: str, error: type, part: str, program: Program) -> None:
    with pytest.raises(error, match=part):
        wrapper_of(program, name)


def test_a_package_that_is_not_there(program: Program) -> None:
    with pytest.raises(UnderglassError, match="no function of package net/http"):
        crossings(program, "net/http")


def test_a_stripped_dwarf_leaves_notes_without_names() -> None:
    built = underglass.build(Source("main.go", SIX_GO, "main.go"), Source("a.s", SIX_S, "a.s"))
    bare = Program(built.program.path)
    bare.elf.__dict__["file"] = type("NoDwarf", (), {"get_dwarf_info": lambda self: {}["none"]})()
    annotated = annotate(bare, wrapper_of(bare, "sum"))
    assert annotated.signature is None
    assert [x.step for x in annotated.lines if x.step is Step.CALL] == [Step.CALL]
