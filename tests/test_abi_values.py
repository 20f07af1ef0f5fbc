"""Values to and from Go: pointers, maps, interfaces, errors; what is refused; what a broken guest returns."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest

import underglass
from agreement.values import compare
from underglass import Dynamic, Pointer, Trace
from underglass.abi.decode import decode
from underglass.abi.floats import float_bytes, read_float
from underglass.abi.types import BASIC, Array, GoType, Slice, Struct
from underglass.errors import CallError, UnderglassError
from underglass.goprogram import GoProgram

GO = """\
package main

import ("errors"; "fmt"; "os"; "runtime"; "strconv"; "syscall")

type node struct { val int; next *node }
type point struct { x, y int8; _ int32 }
type celsius float64
type tree []tree
type loop map[string]loop
type fail struct { code int }
type rec struct { point; _ [3]byte; xs []uint8; in struct { p **int } ; end struct{} }

func (f *fail) Error() string { return "fail " + strconv.Itoa(f.code) }

func div(a, b int) (int, error) { if b == 0 { return 0, errors.New("division by zero") }; return a / b, nil }
func inc(p *int) { *p++ }
func bump(p *int) *int { *p++; return p }
func sameAddress(p, q *node) bool { return p == q && p.next == p }
func front(p *node) *node { return &node{0, p} }
func chain(n int) *node { if n == 0 { return nil }; return &node{n, chain(n - 1)} }
func idTree(t tree) tree { return t }
func ownTree() tree { t := make(tree, 2); t[0] = t; return t }
func ownMap() loop { m := loop{}; m["a"] = m; return m }
func idRec(r rec) rec { return r }
func idString(s string) string { return s }
func idFunc(f func()) func() { return f }
func numbers(n, drop int) map[int]int {
	m := map[int]int{}
	for i := range n { m[i] = i * i }
	for i := range drop { delete(m, i) }
	return m
}
func wide() map[[17]int64][20]int64 {
	m := map[[17]int64][20]int64{}
	for i := range int64(20) { m[[17]int64{i}] = [20]int64{-i} }
	return m
}
func strange() map[float64]string {
	return map[float64]string{0.0: "0", 1 / zero: "inf", zero / zero: "nan", -1: "-"}
}
func mixed() map[any]bool { return map[any]bool{1: true, int8(1): false, "1": true} }
var zero float64
var keep []byte
var trash *node
var litter string

func box(n int) any {
	switch n {
	case 0: return nil
	case 1: return 5
	case 2: return celsius(36.6)
	case 3: return &point{x: 1}
	case 4: return struct{ p *int }{new(int)}
	case 5: return [1]map[string]int{{"a": 1}}
	case 6: return any([]any{1, "x", nil, errors.New("e")})
	case 7: return fail{3}
	case 8: return true
	}
	return struct{}{}
}
func failure(n int) error {
	switch n {
	case 0: return nil
	case 1: return errors.New("plain")
	case 2: return fmt.Errorf("outer: %w", errors.New("inner"))
	case 3: _, err := os.Open("/no/such"); return err
	case 4: _, err := strconv.Atoi("12x"); return err
	case 5: return errors.Join(errors.New("a"), syscall.EPERM)
	case 6: return &fail{7}
	case 7: return os.NewSyscallError("mmap", syscall.Errno(12))
	case 8: return syscall.Errno(4000)
	}
	defer func() { recover() }()
	return nil
}
func caught() (r any) { defer func() { r = recover() }(); return 1 / len(keep) }

// Stores pointers to fresh objects into memory that the caller made, and has the collector run.
func collect(first *node, words []string) (int, string) {
	for n, i := first, 0; i < 50; i++ { n.next = &node{val: i}; n = n.next }
	for i := range words { words[i] = fmt.Sprint("word ", i) }
	for range 3 {
		runtime.GC()
		for i := range 2000 { trash, litter = &node{val: i}, fmt.Sprint("word ", -i) }
	}
	sum, all := 0, ""
	for n := first; n != nil; n = n.next { sum += n.val }
	for _, word := range words { all += word }
	return sum, all
}

func broken() string
func dangling() *node
func bare(p *node, c celsius) (q *node)
func main() {}
"""
ASSEMBLY = """\
TEXT ·broken(SB), 4, $0-16
	MOVQ $0x1000, ret+0(FP)
	MOVQ $-5, ret+8(FP)
	RET
TEXT ·dangling(SB), 4, $0-8
	MOVQ $0x123450, ret+0(FP)
	RET
TEXT ·bare(SB), 4, $0-24
	MOVQ p+0(FP), AX
	MOVQ AX, q+16(FP)
	RET
"""


@pytest.fixture(scope="module")
def prog() -> GoProgram:
    return underglass.build(GO, ASSEMBLY)


def node(value: int, following: object = None) -> Pointer:
    return Pointer({"val": value, "next": following})


def test_random_types_come_back_bit_by_bit() -> None:
    counts = compare(1000, 1)
    assert counts.types == 1000
    assert counts.wrong == 0
    assert min(counts.abi0, counts.boxed, counts.maps) > 200


def test_a_pointer_puts_its_value_into_memory(prog: GoProgram) -> None:
    assert prog.call("inc", Pointer(4)) is None
    back = prog.call("bump", Pointer(4))
    assert isinstance(back, Pointer)
    assert (back.value, back.type, back.address > 0) == (5, "*int", True)
    assert back == Pointer(5)
    assert repr(back) == f"Pointer(5, '*int', {back.address:#x})"
    assert prog.call("bump", back) == Pointer(6)  # its address was of the call before


def test_one_pointer_is_one_address_and_may_lead_to_itself(prog: GoProgram) -> None:
    ring = node(1)
    ring.value["next"] = ring  # type: ignore[index]
    assert prog.call("sameAddress", ring, ring) is True
    assert prog.call("sameAddress", ring, node(1)) is False
    back = prog.call("front", ring)
    inner = back.value["next"]  # type: ignore[attr-defined]
    assert inner.value["next"] is inner
    assert back == Pointer({"val": 0, "next": ring})
    assert len(repr(back)) < 300


def test_a_long_chain_is_read_to_its_bound(prog: GoProgram) -> None:
    at, length = prog.call("chain", 3000), 0
    while at is not None:
        at, length = at.value["next"], length + 1  # type: ignore[attr-defined]
    assert length == 3000
    at, length = prog.call("chain", 10_500), 0
    while at.value is not ...:  # type: ignore[attr-defined]
        at, length = at.value["next"], length + 1  # type: ignore[attr-defined]
    assert length == 10_000
    assert prog.call("front", prog.call("chain", 2000)) == Pointer(
        {"val": 0, "next": prog.call("chain", 2000)}
    )


def test_the_collector_sees_what_go_stores_in_arguments(prog: GoProgram) -> None:
    words = [f"word {i}" for i in range(100)]
    assert prog.call("collect", node(7), [""] * 100) == (7 + sum(range(50)), "".join(words))


def test_slices_and_maps_that_hold_themselves_end(prog: GoProgram) -> None:
    assert prog.call("ownTree") == [..., None]
    assert prog.call("ownMap") == {"a": ...}
    assert prog.call("idTree", [[], None, [[]]]) == [[], None, [[]]]
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(CallError, match=r"argument 1 of idTree, t\[0\]\[0\].*…\[0\].*100 deep"):
        prog.call("idTree", circle)


def test_blank_fields_are_left_out(prog: GoProgram) -> None:
    value = {"point": {"x": 1, "y": -2}, "xs": [1, 2], "in": {"p": Pointer(Pointer(3))}, "end": {}}
    assert prog.call("idRec", value) == value
    assert prog.call("idRec", ((1, -2), b"\x01\x02", (Pointer(Pointer(3)),), ())) == value


@pytest.mark.parametrize("text", ["", "é\0", b"\xff\xfe", b"\xed\xa0\x80", "\ufffd"])
def test_a_string_that_is_not_utf8_is_bytes(prog: GoProgram, text: object) -> None:
    assert prog.call("idString", text) == text


@pytest.mark.parametrize(
    ("count", "drop"), [(0, 0), (1, 0), (8, 0), (8, 8), (9, 0), (100, 50), (900, 0), (5000, 4000)]
)
def test_maps_of_every_form(prog: GoProgram, count: int, drop: int) -> None:
    """One group, one table, several tables; with slots that were emptied."""
    found = prog.call("numbers", count, drop)
    assert found == {i: i * i for i in range(drop, count)}
    assert list(found) == sorted(found)  # type: ignore[call-overload]


def test_map_keys_of_every_kind(prog: GoProgram) -> None:
    wide = prog.call("wide")  # both key and element lie apart from their slots
    assert sorted(wide) == sorted(([i, *[0] * 16], [-i, *[0] * 19]) for i in range(20))  # type: ignore[call-overload]
    strange = prog.call("strange")
    assert list(strange.values()) == ["nan", "-", "0", "inf"]  # type: ignore[attr-defined]
    assert sorted(prog.call("mixed"), key=repr) == [  # type: ignore[call-overload]
        (Dynamic("int8", 1), False),
        (Dynamic("int", 1), True),
        (Dynamic("string", "1"), True),
    ]


@pytest.mark.parametrize(
    ("number", "held", "shown"),
    [
        (1, Dynamic("int", 5), "<int: 5>"),
        (2, Dynamic("celsius", 36.6), "<celsius: 36.6>"),
        (3, Dynamic("*point", Pointer({"x": 1, "y": 0})), "<*point: Pointer({'x': 1, 'y': 0}, '*point', 0x"),
        (
            4,
            Dynamic("struct { p *int }", {"p": Pointer(0)}),
            "<struct { p *int }: {'p': Pointer(0, '*int', 0x",
        ),
        (5, Dynamic("[1]map[string]int", [{"a": 1}]), "<[1]map[string]int: [{'a': 1}]>"),
        (7, Dynamic("fail", {"code": 3}), "<fail: {'code': 3}>"),
        (8, Dynamic("bool", True), "<bool: True>"),
        (9, Dynamic("struct {}", {}), "<struct {}: {}>"),
    ],
)
def test_what_an_interface_holds(prog: GoProgram, number: int, held: Dynamic, shown: str) -> None:
    found = prog.call("box", number)
    assert found == held
    assert repr(found).startswith(shown)
    assert found != Dynamic("int", 6)


def test_interfaces_in_a_slice_and_nil(prog: GoProgram) -> None:
    assert prog.call("box", 0) is None
    assert (
        repr(prog.call("box", 6))
        == "<[]interface {}: [<int: 1>, <string: 'x'>, None, <*errors.errorString: e>]>"
    )


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (1, "*errors.errorString", "plain"),
        (2, "*fmt.wrapError", "outer: inner"),
        (3, "*io/fs.PathError", "open /no/such: no such file or directory"),
        (4, "*strconv.NumError", 'strconv.Atoi: parsing "12x": invalid syntax'),
        (5, "*errors.joinError", "a\noperation not permitted"),
        (6, "*fail", None),
        (7, "*os.SyscallError", "mmap: cannot allocate memory"),
        (8, "syscall.Errno", "errno 4000"),
    ],
)
def test_errors_have_their_text(prog: GoProgram, number: int, kind: str, text: str | None) -> None:
    error = prog.call("failure", number)
    assert isinstance(error, Dynamic)
    assert (error.type, error.text) == (kind, text)
    if text is None:
        assert error.value == Pointer({"code": 7})
    else:
        assert (str(error), repr(error)) == (text, f"<{kind}: {text}>")


def test_the_error_of_a_call_and_of_a_panic(prog: GoProgram) -> None:
    assert prog.call("div", 7, 2) == (3, None)
    assert prog.call("failure", 0) is None
    assert str(prog.call("div", 7, 0)) == "(0, <*errors.errorString: division by zero>)"
    assert str(prog.call("caught")) == "runtime error: integer divide by zero"


def test_a_func_is_an_address(prog: GoProgram) -> None:
    assert prog.call("idFunc", None) is None
    assert prog.call("idFunc", 0x1234) == 0x1234


def test_the_prototype_of_an_assembly_function_leads_on(prog: GoProgram) -> None:
    for abi in ("ABI0", "ABIInternal"):
        assert prog.call("bare", node(1, node(2)), 1.5, abi=abi) == node(1, node(2))


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("idRec", ((b"\1\2", [], (None,), ()),), r"r\.point: b'.*' is bytes, and point is due"),
        ("idRec", (((1, 300), [], (None,), ()),), r"1 of idRec, r\.point\.y: 300 does not fit in int8 \(-"),
        ("idRec", (((1, 2), [0, -1], (None,), ()),), r"r\.xs\[1\]: -1 does not fit in uint8 \(0 to 255\)"),
        ("idRec", (((1, 2, 3), [], (None,), ()),), r"r\.point: point has 2 fields \(x, y\), and 3 were"),
        ("idRec", ({"point": (1, 2)},), r"r: rec has the fields point, xs, in, end, and the value has point"),
        ("idRec", (5,), r"r: 5 is int, and rec is due\. Give a dict or a tuple of its fields \(point, xs,"),
        ("idRec", (((1, 2), 7, (None,), ()),), r"r\.xs: 7 is int.*Give a list, or None for nil"),
        ("idRec", (((1, 2), range(10**12), (None,), ()),), r"r\.xs: the arguments point to more than 64 MiB"),
        ("front", (Pointer({"val": 1, "next": node("x")}),), r"p\.next\.val: 'x' is str, and int is due"),
        ("front", (5,), r"p: 5 is int, and \*node is due\. Give Pointer\(5\)"),
        ("front", (Pointer(..., address=-1),), r"-1 is no address for \*node"),
        ("idString", ("\ud800",), "half a surrogate pair, which has no UTF-8. Give bytes"),
        ("idString", (5,), "5 is int, and string is due. Give a str, or bytes"),
        ("bare", (None, 10**400), "an int of 1329 bits does not fit in celsius"),
        ("bare", (None, True), "True is bool, and celsius is due. Give a float"),
        ("bare", (None, "1"), "Give a float"),
        ("idRec", (((1, 2), [[10**5000]], (None,), ()),), "a list is list, and uint8 is due"),
        ("idFunc", ("f",), r"Give an address \(an int\), or None for nil"),
        ("div", (10**5000, 1), "an int of 16610 bits does not fit in int"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_its_place(
    prog: GoProgram, name: str, values: tuple[object, ...], message: str
) -> None:
    with pytest.raises(CallError, match=message):
        prog.call(name, *values)


def test_maps_and_interfaces_are_not_made_from_python() -> None:
    program = underglass.build("package main\nfunc f(m map[string]int, e error) {}\nfunc main() {}\n")
    assert program.call("f", None, None) is None
    with pytest.raises(
        CallError, match=r"2 of f, e: error is an interface.*can be read.*Write a Go function"
    ):
        program.call("f", None, "bad")
    with pytest.raises(CallError, match=r"m: map\[string\]int is a map.*only None \(nil\)"):
        program.call("f", {"a": 1}, None)


def test_a_broken_result_is_an_error_not_a_hang(prog: GoProgram) -> None:
    with pytest.raises(CallError, match=r"The result of broken\(\): the string says that it has -5 elements"):
        prog.call("broken")
    with pytest.raises(
        CallError, match=r"dangling\(\) points to 16 bytes at 0x123450, where nothing is mapped"
    ):
        prog.call("dangling")


class NoMemory:
    """A guest with nothing in it, whatever is asked."""

    def read(self, address: int, size: int) -> bytes | None:
        return bytes(size)

    def type_at(self, address: int) -> GoType | None:
        return None

    def symbol(self, name: str) -> tuple[int, int] | None:
        return None


@pytest.mark.parametrize("count", [-1, 2**24 + 1, 2**63 - 1, -(2**63)])
def test_absurd_lengths_are_refused(count: int) -> None:
    for kind in (BASIC["string"], Slice("[]T", BASIC["int"]), Slice("[]struct{}", Struct("struct{}", ()))):
        data = struct.pack("<Qqq", 8, count, count)[: kind.size]
        with pytest.raises(CallError, match="cannot be"):
            decode([("r", kind, data)], NoMemory())
    with pytest.raises(CallError, match="without size"):
        decode([("r", Array("[…]struct{}", Struct("struct{}", ()), 2**40), b"")], NoMemory())


def test_an_interface_of_an_unknown_type_says_so() -> None:
    (found,) = decode([("r", BASIC["any"], struct.pack("<QQ", 64, 8))], NoMemory())
    assert repr(found) == "<type at 0x0: Ellipsis>"


@pytest.mark.parametrize("bits", [0x7F800001, 0xFFBFFFFF, 0x7FC00000, 0x00000001, 0x80000000, 0x7F7FFFFF])
def test_float32_keeps_its_bits(bits: int) -> None:
    data = bits.to_bytes(4, "little")
    assert float_bytes(read_float(data), 4) == data


def test_a_small_payload_of_nan_stays_nan() -> None:
    low = struct.unpack("<d", (0x7FF0000000000001).to_bytes(8, "little"))[0]
    assert math.isnan(read_float(float_bytes(low, 4)))


def test_results_survive_a_saved_recording(prog: GoProgram, tmp_path: Path) -> None:
    ring = node(1)
    ring.value["next"] = ring  # type: ignore[index]
    calls = [("front", (ring,)), ("failure", (3,)), ("ownTree", ()), ("mixed", ()), ("inc", (Pointer(1),))]
    for name, values in calls:
        trace = prog.record(name, *values)
        trace.save(tmp_path / "t.npz")
        back = Trace.load(tmp_path / "t.npz", prog.program, trace.layout).results
        assert repr(back) == repr(trace.results)
        assert Pointer(back) == Pointer(trace.results)


def test_pointers_compare_by_what_they_lead_to() -> None:
    assert Pointer([1, {"a": Pointer(2)}]) == Pointer([1, {"a": Pointer(2)}])
    assert Pointer(1) != Pointer(2)
    assert Pointer({"a": 1}) != Pointer({"b": 1})
    assert Pointer([1]) != Pointer([1, 2])
    assert Pointer(1) != 1
    assert Dynamic("int", Pointer(1)) == Dynamic("int", Pointer(1))
    assert issubclass(CallError, UnderglassError)
