"""Types read from DWARF against the descriptors that the runtime uses (Go 1.27, internal/abi/type.go)."""

from __future__ import annotations

import struct

import pytest

import underglass
from underglass.abi.dwarf import _reader
from underglass.abi.pointermap import pointer_words
from underglass.abi.types import Basic, GoType, Map, Pointer, Slice, Struct
from underglass.goprogram import GoProgram

GO = """\
package main

import ("fmt"; "os"; "reflect"; "strconv"; "text/tabwriter"; "time")

type node struct { val int; next *node; kids []node; byName map[string]node }
type grid [3]struct { on bool; _ [0]int32; at complex64; tail struct{} }

func main() {
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 1, 0, 0)
	fmt.Fprintln(out, reflect.TypeOf(node{}), grid{}, time.Now(), strconv.Itoa(1))
}
"""
_ON_DEMAND = 1 << 4  # abi.TFlagGCMaskOnDemand: the map of pointers is made at run time


@pytest.fixture(scope="module")
def prog() -> GoProgram:
    return underglass.build(GO)


def test_size_alignment_and_pointers_are_the_runtime_s(prog: GoProgram) -> None:
    types = _reader(prog.program).types
    assert types is not None
    seen = masks = 0
    for offset in types._descriptors:
        address = types._base + offset
        kind = types.at(address)
        assert kind is not None
        # The compiler knows these by name: pointers that the collector leaves alone (sys.NotInHeap), and
        # types aligned by decree (atomic.align64). DWARF does not tell.
        if "runtime" in kind.name or kind.name == "sync/atomic.align64":
            continue
        size, pointer_bytes, _, flags, align, _, _, _, mask_at = struct.unpack(
            "<QQIBBBBQQ", prog.program.bytes_at(address, 40)
        )
        assert (kind.size, kind.align) == (size, align), kind
        words = pointer_words(kind)
        assert (words[-1] + 8 if words else 0) == pointer_bytes, kind
        if words and not flags & _ON_DEMAND:
            mask = prog.program.bytes_at(mask_at, pointer_bytes // 64 + 1)
            assert words == tuple(8 * i for i in range(pointer_bytes // 8) if mask[i // 8] >> i % 8 & 1), kind
            masks += 1
        seen += 1
    assert (seen > 300, masks > 150) == (True, True), (seen, masks)


def test_types_lead_to_what_they_are_made_of(prog: GoProgram) -> None:
    types = _reader(prog.program).types
    assert types is not None
    named: dict[str, GoType] = {}
    for offset in types._descriptors:
        kind = types.at(types._base + offset)
        assert kind is not None
        named[kind.name] = kind
    node = named["node"]
    assert isinstance(node, Struct)
    val, following, kids, by_name = (f.type for f in node.fields)
    assert isinstance(val, Basic)
    assert isinstance(following, Pointer)
    assert isinstance(kids, Slice)
    assert isinstance(by_name, Map)
    assert following.element == kids.element == by_name.element == node
    assert (following.name, kids.name, by_name.name) == ("*node", "[]node", "map[string]node")
    assert [f.name for f in named["grid"].element.fields] == ["on", "_", "at", "tail"]  # type: ignore[attr-defined]
