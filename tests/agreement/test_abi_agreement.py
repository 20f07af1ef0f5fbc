"""Where arguments and results lie, for 1,000 generated signatures and one package: rules against compiler.

Each generated function stores what it is given and returns what lies in variables. All argument registers
and the stack are filled at random and the function is entered, so that only the compiled code decides
which bytes arrive in which variable, and which come back where.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import underglass
from agreement.abi import compare_with_dwarf, leaves
from underglass.abi import FLOAT_ARGS, INTEGER_ARGS, Layout, Param, Place, Signature, parse_signature
from underglass.abi import layout_of as assigned
from underglass.abi.types import BASIC, Array
from underglass.goprogram import GoProgram
from underglass.machine import Machine
from underglass.machine.amd64 import GENERAL, VECTORS
from underglass.machine.call import prepare
from underglass.program import Function
from underglass.toolchain import Source

COUNT = 1000
PLAIN = (
    *("bool", "int8", "uint8", "int16", "uint16", "int32", "int64", "int", "uintptr", "float32", "float64"),
    *("complex64", "complex128", "string", "error", "any", "[]byte", "[]string", "*int", "*[4]string"),
    *("map[string]int", "chan int", "<-chan bool", "func(int) string", "struct{}", "unsafe.Pointer"),
    "interface{ M() int }",
)


def structs(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    fields = st.lists(inner, min_size=1, max_size=4)
    return fields.map(lambda kinds: "struct{ " + "; ".join(f"f{i} {k}" for i, k in enumerate(kinds)) + " }")


def arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda length, kind: f"[{length}]{kind}", st.sampled_from((0, 1, 1, 2, 3)), inner)


KINDS = st.one_of(
    st.sampled_from(PLAIN),
    st.recursive(st.sampled_from(PLAIN), lambda inner: structs(inner) | arrays(inner), max_leaves=6),
)


def signatures() -> list[tuple[list[str], list[str]]]:
    """Parameters and results of the functions, the same ones each time."""
    found: list[tuple[list[str], list[str]]] = []

    @settings(max_examples=COUNT, suppress_health_check=list(HealthCheck))
    @given(st.lists(KINDS, max_size=9), st.lists(KINDS, max_size=6))
    def collect(params: list[str], results: list[str]) -> None:
        found.append((params, results))

    collect()
    return found


@pytest.fixture(scope="module")
def made() -> tuple[GoProgram, list[Signature]]:
    """The program, and the signature of each of its functions f0, f1, …"""
    go = ["package main", 'import ("fmt"; "unsafe")', "func use() { fmt.Println() }"]
    go.append("var _ unsafe.Pointer")
    prototypes, calls = [], []
    for number, (params, results) in enumerate(signatures()):
        listed = ", ".join(f"p{i} {kind}" for i, kind in enumerate(params))
        prototypes.append(f"func f{number}({listed}) ({', '.join(results)})")
        go += [f"var a{number}_{i} {kind}" for i, kind in enumerate(params)]
        go += [f"var r{number}_{i} {kind}" for i, kind in enumerate(results)]
        stores = "; ".join(f"a{number}_{i} = p{i}" for i in range(len(params)))
        back = ", ".join(f"r{number}_{i}" for i in range(len(results)))
        go.append(f"//go:noinline\n{prototypes[-1]} {{ {stores}; return {back} }}")
        calls.append(f"\tCALL ·f{number}(SB)")
    # A call from assembly makes the compiler add a wrapper, which has the arguments as ABI0 has them.
    assembly = "// func calls()\nTEXT ·calls(SB), 0, $4096-0\n" + "\n".join(calls) + "\n\tRET\n"
    program = underglass.build(
        Source("made.go", "\n".join(go) + "\nfunc main() {}\n", "made.go"),
        Source("calls.s", assembly, "calls.s"),
    )
    return program, [parse_signature(prototype) for prototype in prototypes]


@pytest.mark.parametrize("abi", ["ABIInternal", "ABI0"])
def test_arguments_and_results_lie_where_the_rules_say(
    made: tuple[GoProgram, list[Signature]], abi: str
) -> None:
    program, taken = made
    assert len(taken) >= COUNT
    machine = Machine(program.program)
    assert machine.run(until=program.program.function("main.main").address) is None
    machine.snapshot()
    counts: Counter[str] = Counter()
    wrong = []
    for number, signature in enumerate(taken):
        function = program.program.functions[f"main.f{number}" + (".abi0" if abi == "ABI0" else "")]
        assert function.abi == abi
        layout = assigned(function, signature)
        assert function.args_size == layout.args_size + layout.spill_size, signature
        wrong += [f"{signature}: {bad}" for bad in differences(machine, function, layout, number, counts)]
    assert wrong == []
    assert counts["params"] > 2 * COUNT
    assert counts["results"] > COUNT
    print(abi, dict(counts))


def differences(
    machine: Machine, function: Function, layout: Layout, number: int, counts: Counter[str]
) -> list[str]:
    """Enter the function once; say which leaves of its arguments and results are elsewhere."""
    noise = random.Random(number)
    room = layout.args_size + layout.spill_size
    area = Array("area", BASIC["uint8"], room)
    stack = noise.randbytes(room)
    given_: tuple[Param, ...] = (Param("area", area),) if room > 1 else ()
    call = prepare(machine, function, Signature("f", given_, ()), (stack,) if given_ else ())
    registers = {name: noise.randbytes(8) for name in INTEGER_ARGS}
    registers |= {name: noise.randbytes(16) for name in FLOAT_ARGS}
    for name, value in registers.items():
        machine.cpu.uc.reg_write((GENERAL | VECTORS)[name], int.from_bytes(value, "little"))
    stored = {}
    for kind, places in (("a", layout.params), ("r", layout.results)):
        for index, place in enumerate(places):
            if place.type.size:
                stored[place] = machine.program.symbol(f"main.{kind}{number}_{index}")[0]
                machine.memory.write(stored[place], noise.randbytes(place.type.size))
    with call.watched():
        machine.run()
    assert call.has_returned(), machine.output
    back = machine.memory.read(machine.cpu["SP"], room)
    after = {
        name: int(machine.cpu.uc.reg_read((GENERAL | VECTORS)[name])).to_bytes(len(value), "little")
        for name, value in registers.items()
    }
    wrong = []
    for place, address in stored.items():
        counts["results" if place.is_result else "params"] += 1
        there = machine.memory.read(address, place.type.size)
        here = image(place, after if place.is_result else registers, back if place.is_result else stack)
        for offset, size in leaves(place.type, 0):
            if here[offset : offset + size] != there[offset : offset + size]:
                wrong.append(f"{place.name} at {offset}: {place}")
    return wrong


def image(place: Place, registers: dict[str, bytes], stack: bytes) -> bytes:
    """The value's bytes, gathered from where the rules put them."""
    if place.offset is not None:
        return stack[place.offset : place.offset + place.type.size]
    data = bytearray(place.type.size)
    for piece in place.pieces:
        data[piece.offset : piece.offset + piece.size] = registers[piece.register][: piece.size]
    return bytes(data)


def test_dwarf_agrees(made: tuple[GoProgram, list[Signature]]) -> None:
    """At entry, for the generated functions and for packages that were not made for this."""
    counts: Counter[str] = Counter()
    assert compare_with_dwarf(made[0].program, counts, "main") == ([], set())
    assert counts["functions in DWARF"] >= COUNT
    counts.clear()
    wrong, _ = compare_with_dwarf(made[0].program, counts, "fmt", "reflect", "strconv")
    assert wrong == []
    assert counts["parameters in registers"] > 100
