"""Pointer maps, stack objects and PCDATA as read from the ELF, against what the compiler lists (-S).

    python tests/agreement/gcmaps.py

For every function of a program's package main and of the packages named below: FUNCDATA 0, 1, 2 as decoded,
PCDATA 0, 1, 3 and 4 at every byte of the code. Then, by another road, DWARF: each word that a map calls a
pointer, and that DWARF places a variable in, is a pointer by that variable's type.
Prints the counts on one line; exits 1 on a disagreement.
"""

from __future__ import annotations

import struct
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from underglass.abi.types import Array, GoType, Interface, Reference, Slice, String, Struct
from underglass.abi.variables import variables_at
from underglass.analysis.gcmaps import call_sites, gc_map
from underglass.goprogram import GoProgram, build
from underglass.program import Function, Program
from underglass.program.funcdata import PCDATA, pcdata, stack_maps, stack_objects
from underglass.toolchain.listing import Listed, listing

HERE = Path(__file__).parent
PACKAGES = ("bytes", "errors", "fmt", "internal/strconv", "io", "math", "math/bits", "os", "reflect",
            "slices", "sort", "strconv", "strings", "sync", "time", "unicode/utf8")  # fmt: skip
MAIN = """
func main() {
	fmt.Println(strings.Repeat("x", 3), sort.SearchInts([]int{1, 2}, 2), strconv.Quote("y"))
	bytes.ToUpper(nil)
}
"""
Symbols = Mapping[tuple[str, str], Listed]


def program() -> GoProgram:
    """The corpus of tests/agreement/extract.py, with packages imported."""
    text = (HERE / "extract_corpus.go").read_text(encoding="utf-8")
    text = text.replace("import (", 'import (\n\t"bytes"\n\t"fmt"\n\t"sort"\n\t"strconv"') + MAIN
    return build(text)


def check_package(held: Program, symbols: Symbols, counts: Counter[str]) -> Iterator[str]:
    """Compare every function of a listing that the program has; yields the disagreements."""
    for (name, abi), listed in symbols.items():
        function = held.functions.get(name if abi == "ABIInternal" else f"{name}.abi0")
        if listed.kind != "STEXT" or function is None:
            counts["not linked"] += listed.kind == "STEXT"
            continue
        if not listed.is_code(held.bytes_at(function.address, function.size)):
            counts["linked from another package"] += 1
            continue
        counts["functions"] += 1
        for wrong in _compare(held, symbols, function, listed, counts):
            yield f"{name} {abi}: {wrong}"


def _compare(
    held: Program, symbols: Symbols, function: Function, listed: Listed, counts: Counter[str]
) -> Iterator[str]:
    for index, table in enumerate(("ArgsPointerMaps", "LocalsPointerMaps")):
        own = stack_maps(held, function, table)
        theirs = symbols.get((listed.funcdata.get(index, ""), ""))
        if theirs is None:
            if own is not None and index not in listed.funcdata:
                yield f"{table} read, and none is listed"
            continue
        counts["maps"] += len(own.maps) if own else 0
        if own is None or (own.words, own.maps) != _maps(theirs.data):
            yield f"{table}: {own} read, {_maps(theirs.data)} listed"
    objects = symbols.get((listed.funcdata.get(2, ""), ""))
    own_objects = [(o.offset, o.size, o.pointers) for o in stack_objects(held, function)]
    counts["stack objects"] += len(own_objects)
    if own_objects != (_objects(objects, symbols) if objects else []):
        yield f"stack objects: {own_objects} read, {_objects(objects, symbols) if objects else []} listed"
    for name in ("UnsafePoint", "StackMapIndex", "ArgLiveIndex", "PanicBounds"):
        own_table, rows = pcdata(held, function, name), listed.pcdata.get(PCDATA[name], [])
        value, at = -1, 0
        for pc in range(listed.size):
            while at < len(rows) and rows[at][0] <= pc:
                value, at = rows[at][1], at + 1
            counts["PCDATA values"] += 1
            if (own_table.at(pc) if own_table.values else -1) != value:
                yield f"{name} at {pc}: {own_table.at(pc)} read, {value} listed"
                break


def _maps(data: bytes) -> tuple[int, tuple[tuple[bool, ...], ...]]:
    count, words = struct.unpack_from("<ii", data)
    each = (words + 7) // 8
    rows = [int.from_bytes(data[8 + i * each : 8 + (i + 1) * each], "little") for i in range(count)]
    return words, tuple(tuple(bool(row >> i & 1) for i in range(words)) for row in rows)


def _objects(listed: Listed, symbols: Symbols) -> list[tuple[int, int, tuple[int, ...]]]:
    (count,) = struct.unpack_from("<Q", listed.data)
    masks = {relocation.offset: relocation.target for relocation in listed.relocations}
    found = []
    for index in range(count):
        at = 8 + 16 * index
        offset, size, covered = struct.unpack_from("<iii", listed.data, at)
        mask = int.from_bytes(bytes.fromhex(masks[at + 12].removeprefix("runtime.gcbits.")), "little")
        found.append((offset, size, tuple(8 * i for i in range(covered // 8) if mask >> i & 1)))
    return found


def check_dwarf(held: Program, functions: list[Function], counts: Counter[str]) -> Iterator[str]:
    """Each pointer word of a call's maps that DWARF places a variable in is a pointer by its type."""
    held.prefetch(functions)
    for function in functions:
        for site in call_sites(held, function):
            marked = {word.offset for word in gc_map(held, function, site.address).pointers}
            for variable in variables_at(held, function, site.address):
                for part in variable.parts:
                    if part.fp_offset is None or part.fp_offset % 8:
                        continue
                    by_type = {part.fp_offset + o - part.offset for o in _pointers(variable.type, 0)}
                    for offset in range(part.fp_offset, part.fp_offset + part.size, 8):
                        if offset in marked:
                            counts["pointers by DWARF"] += 1
                            if offset not in by_type:
                                place = f"{function.name}+{site.address - function.address}"
                                yield f"{place}: {variable.name} at {offset}(FP)"


def _pointers(kind: GoType, at: int) -> Iterator[int]:
    if isinstance(kind, Reference | String | Slice):
        yield at
    elif isinstance(kind, Interface):
        yield from (at, at + 8)
    elif isinstance(kind, Array):
        for index in range(kind.length):
            yield from _pointers(kind.element, at + index * kind.element.size)
    elif isinstance(kind, Struct):
        for member in kind.fields:
            yield from _pointers(member.type, at + member.offset)


def main() -> int:
    counts: Counter[str] = Counter()
    whole = program().program
    wrong: list[str] = []
    for package in ("main", *PACKAGES):
        wrong += check_package(whole, listing(whole.sources, package), counts)
    own = [
        f for f in whole.functions.values() if f.name.startswith(("main.", "fmt.", "strings.", "strconv."))
    ]
    wrong += check_dwarf(whole, own, counts)
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    print(f"gcmaps: {told}; {len(wrong)} disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
