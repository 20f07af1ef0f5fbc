"""Sizes, places and values: the rules against the compiler, by calling what it compiled."""

from __future__ import annotations

import contextlib
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

import underglass
from underglass.abi import abi0_layout, abi_internal_layout, parse_signature, parse_types
from underglass.abi.types import BASIC
from underglass.errors import CallError
from underglass.goprogram import GoProgram

NAMED = "type pair struct { a int8; b float32 }\ntype nest struct { p pair; s string; n [1]int16 }\n"
TYPES = [
    "bool", "int8", "uint16", "int32", "uint64", "int", "float32", "float64", "complex128", "string",
    "[]byte",
    "[]string", "[]pair", "[1]float64", "[3]uint16", "[0]int", "struct{}", "pair", "nest", "*int", "uintptr",
    "struct{ x, y int32; z string }", "map[string]int",
]  # fmt: skip
SIGNATURES = [
    ["int8", "string", "[2]float64", "struct{ x, y int32 }", "error"][:4],
    ["string", "[]byte", "string", "int64", "bool"],  # registers run out in the middle
    ["float64"] * 17,
    ["int"] * 11,
    ["nest", "nest", "pair"],
    ["[1]float64", "[3]uint16", "int8", "struct{}"],
    ["complex128", "float32", "bool", "uint16"],
    ["[]string", "[]pair", "uint8"],
]


def parameters(types: list[str]) -> str:
    return ", ".join(f"p{i} {kind}" for i, kind in enumerate(types))


@pytest.fixture(scope="module")
def identities() -> GoProgram:
    """`fN(p0, p1, …) (…)` gives back what it gets, for each signature; `single_N` for each type."""
    functions = []
    for prefix, every in (("f", SIGNATURES), ("single_", [[t] for t in TYPES])):
        for number, types in enumerate(every):
            names = ", ".join(f"p{i}" for i in range(len(types)))
            head = f"func {prefix}{number}({parameters(types)}) ({', '.join(types)})"
            functions.append(f"//go:noinline\n{head} {{ return {names} }}")
    return underglass.build("package main\n" + NAMED + "\n".join(functions) + "\nfunc main() {}\n")


def values(kind: str) -> st.SearchStrategy[object]:
    small = st.integers(0, 5).flatmap
    if kind in BASIC and kind not in ("string", "error", "any"):
        basic = BASIC[kind]
        if kind == "bool":
            return st.booleans()
        if kind.startswith("float"):
            return st.floats(width=8 * basic.size, allow_nan=False)  # type: ignore[arg-type]
        if kind.startswith("complex"):
            return st.complex_numbers(allow_nan=False, width=128)
        bits = 8 * basic.size
        return (
            st.integers(0, 2**bits - 1)
            if kind[0] == "u"
            else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        )
    special = {
        "string": st.text(max_size=40),
        "[]byte": st.lists(st.integers(0, 255), max_size=9),
        "[]string": st.lists(st.text(max_size=9), max_size=4),
        "[]pair": small(lambda n: st.lists(values("pair"), min_size=n, max_size=n)),
        "[1]float64": st.lists(values("float64"), min_size=1, max_size=1),
        "[2]float64": st.lists(values("float64"), min_size=2, max_size=2),
        "[3]uint16": st.lists(values("uint16"), min_size=3, max_size=3),
        "[0]int": st.just([]),
        "struct{}": st.just({}),
        "pair": st.fixed_dictionaries({"a": values("int8"), "b": values("float32")}),
        "struct{ x, y int32 }": st.fixed_dictionaries({"x": values("int32"), "y": values("int32")}),
        "struct{ x, y int32; z string }": st.fixed_dictionaries(
            {"x": values("int32"), "y": values("int32"), "z": st.text(max_size=5)}
        ),
        "*int": st.none() | st.builds(underglass.Pointer, st.integers(-(2**63), 2**63 - 1)),
        "map[string]int": st.none(),
    }
    if kind == "nest":
        one = st.lists(values("int16"), min_size=1, max_size=1)
        return st.fixed_dictionaries({"p": values("pair"), "s": st.text(max_size=5), "n": one})
    return special[kind]


@pytest.mark.parametrize("number", range(len(TYPES)), ids=TYPES)
@given(data=st.data())
def test_a_value_comes_back_as_it_went(identities: GoProgram, number: int, data: st.DataObject) -> None:
    value = data.draw(values(TYPES[number]))
    assert identities.call(f"single_{number}", value) == value


@pytest.mark.parametrize("number", range(len(SIGNATURES)))
@given(data=st.data())
def test_all_arguments_come_back(identities: GoProgram, number: int, data: st.DataObject) -> None:
    given_values = tuple(data.draw(values(kind)) for kind in SIGNATURES[number])
    assert identities.call(f"f{number}", *given_values) == given_values


def test_the_document_s_example() -> None:
    """cmd/compile/abi-internal.md works this one through."""
    layout = abi_internal_layout(
        parse_signature(
            "func f(a1 uint8, a2 [2]uintptr, a3 uint8) (r1 struct { x uintptr; y [2]uintptr }, r2 string)"
        )
    )
    places = {p.name: ([q.register for q in p.pieces], p.offset, p.spill) for p in layout.places}
    assert places == {
        "a1": (["AX"], None, 40),
        "a2": ([], 0, None),
        "a3": (["BX"], None, 41),
        "r1": ([], 16, None),
        "r2": (["AX", "BX"], None, None),
    }
    assert (layout.args_size, layout.spill_size) == (40, 8)


@pytest.mark.parametrize(
    ("text", "slots", "size"),
    [
        ("func add(x, y int64) int64", {"x": 0, "y": 8, "ret": 16}, 24),
        ("func f(a int8, b int16, c int8) (int8, error)", {"a": 0, "b": 2, "c": 4, "ret": 8, "ret1": 16}, 32),
        ("func f(s string, _ []int)", {"s": 0, "arg1": 16}, 40),
        ("func (p *T) sum() int", {"p": 0, "ret": 8}, 16),
        ("func f(int, ...string) bool", {"arg0": 0, "arg1": 8, "ret": 32}, 40),
        ("func()", {}, 0),
    ],
)
def test_abi0_lies_on_the_stack_in_order(text: str, slots: dict[str, int], size: int) -> None:
    layout = abi0_layout(parse_signature(text))
    assert {p.name: p.offset for p in layout.places} == slots
    assert layout.args_size == size


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("int8", "It needs 1 integer register: AX is next."),
        ("string", "It needs 2 integer registers: AX, BX are next."),
        (
            "struct{ f float32; i [1]int }",
            "It needs 1 integer register and 1 float register: X0, AX are next.",
        ),
        ("[2]float64", "The array has length 2, so it goes to the stack: offset 0."),
        ("[2]struct{}", "Zero size: it takes no register, and no room on the stack either: offset 0."),
        (
            "struct{ a int; b [1][3]int8 }",
            "Its part b_0 is an array of length 3, so all of it goes to the stack",
        ),
        ("struct{ a [5][]int8; b int }", "Its part a is an array of length 5"),
        ("struct{ a, b, c, d, e string }", "Integer registers ran out at R11: it needs 10, 9 are left (AX, "),
    ],
)
def test_each_place_says_why(kind: str, reason: str) -> None:
    place = abi_internal_layout(parse_signature(f"func f(x {kind})")).places[0]
    assert place.reason.startswith(reason)


def test_what_ran_out_is_counted() -> None:
    text = "func f(a, b, c, d string, e []byte, i int, j int8) (x string, y [1]float32)"
    whole = abi_internal_layout(parse_signature(text))
    why = {place.name: place.reason for place in whole.places}
    assert why["e"] == (
        "Integer registers ran out at R11: it needs 3, 1 is left (R11), so it goes to the stack: offset 0."
    )
    assert why["i"] == "It needs 1 integer register: R11 is next."  # e gave back what it had not enough of
    assert "it needs 1, none is left, so it goes to the stack: offset 24" in why["j"]
    assert why["x"] == "It needs 2 integer registers: AX, BX are next."  # results count from AX again
    zero = abi0_layout(parse_signature("func f(a int8, b int64)"))
    assert zero.places[1].reason.endswith("offset 8, after 7 bytes of padding (alignment 8).")


def test_parts_have_the_names_of_assembly() -> None:
    text = "func f(s string, v []int, e error, a any, c complex64, p struct{ x [1]int8; y *int })"
    pieces = [q.part for place in abi_internal_layout(parse_signature(text)).places for q in place.pieces]
    assert pieces[:2] == ["_base", "_len"]
    assert pieces[2:5] == ["_base", "_len", "_cap"]
    assert pieces[5:] == ["_itable", "_data", "_type", "_data", "_real", "_imag"]  # p is on the stack


def test_types_are_declared_as_text() -> None:
    texts = ["type pair struct{ a, b point; next *pair }", "type point struct {\n\tx int32\n\ty, z int8\n}"]
    found = parse_types([*texts, "type kids []kids"])
    assert {name: kind.size for name, kind in found.items()} == {"pair": 24, "point": 8, "kids": 24}
    taken = parse_signature("func (p *pair) f(q point, k kids)", found)
    assert [p.name for p in taken.params] == ["p", "q", "k"]


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("func f(a int, )(", "ends where a type is due", 16),
        ("func f(a int, b Foo) int", "names the type Foo", 16),
        ("func f(a [n]int)", "array of length n", 10),
        ("func f(a ...int, b int)", "'...' elsewhere", 7),
        ("func f(a, a int)", "two parameters a", 7),
        ("func (p, q *T) f()", "2 receivers", 5),
        ("func f[T any](x T)", "type parameters", 6),
        ("func f(x List[int])", "type arguments for List", 9),
        ("func f(x struct{ a int b int })", "'b' where ';' is due", 23),
        ("func f(x int} int", "'}' where ',' is due", 12),
        ("func f(x func)", "')' where '(' is due", 13),
        ("func f(x interface{)", "ends too early", 20),
        ("func f(type int)", "'type' where a type is due", 7),
    ],
)
def test_an_error_points_to_its_place(text: str, message: str, column: int) -> None:
    with pytest.raises(CallError) as raised:
        parse_signature(text)
    head, shown, caret, remedy = str(raised.value).splitlines()
    assert message in head
    assert f"at character {column + 1}:" in head
    assert (shown, caret) == (f"    {text}", f"    {' ' * column}^")
    assert remedy.startswith("Write it as Go does")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type a struct{ b b }; type b struct{ a a }", "makes the type a contain itself"),
        ("type a [0]a", "contain itself"),
        ("type T[X any] struct{}", "type parameters"),
        ("typ x int", "'typ' where 'type' is due"),
        ("type x", "ends where a type is due"),
        ("type x Foo", "names the type Foo"),
        ("type 3 int", "'3' where a name is due"),
        ("type x int int", "'int' where ';' is due"),
    ],
)
def test_what_is_no_declaration_is_named(text: str, message: str) -> None:
    with pytest.raises(CallError, match=message):
        parse_types([text])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("func f(x int64", "ends where"),
        ("func f(x Foo)", "names the type Foo"),
        ("add(x int)", "where 'func' is due"),
        ("func f(a, b int, string)", "mixes named and unnamed"),
        ("func f(x [99999999999]int)", "array of length"),
        ("func f(x " + "[]" * 60 + "int)", "too deeply"),
        ("func f() int extra", "goes on"),
    ],
)
def test_what_is_no_prototype_is_named(text: str, message: str) -> None:
    with pytest.raises(CallError, match=message):
        parse_signature(text)


@given(st.text(alphabet="func(),[]*. xyint64string{};0123", max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    with contextlib.suppress(CallError):
        parse_signature("func " + text)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (("x",), "is str, and int is due. Give an int"),
        ((True,), "is bool, and int is due. Give an int"),
        ((2**63,), "does not fit in int "),
        ((), "takes 1 arguments"),
        ((1, 2), "2 were given"),
    ],
)
def test_wrong_arguments_are_named(identities: GoProgram, value: tuple[object, ...], message: str) -> None:
    with pytest.raises(CallError, match=message):
        identities.call(f"single_{TYPES.index('int')}", *value)


def test_a_float32_is_rounded_as_go_rounds(identities: GoProgram) -> None:
    back = identities.call(f"single_{TYPES.index('float32')}", 0.1)
    assert back == struct.unpack("<f", struct.pack("<f", 0.1))[0]
    assert math.isnan(identities.call(f"single_{TYPES.index('float64')}", math.nan))  # type: ignore[arg-type]
