"""Compare where the rules of `underglass.abi` put arguments and results with where Go's compiler puts them.

    python tests/agreement/abi.py            the whole standard library

The program imports every package of the standard library, built for linux/amd64 without cgo, and keeps
every function. Two witnesses are asked:

1. DWARF, as the unchanged compiler writes it: each parameter's location at the function's first
   instruction, and each result's place on the stack.
2. The compiler's own assignment (cmd/compile/internal/abi, ABIParamResultInfo) of every parameter and
   result, which a copy of the compiler built from GOROOT prints while it compiles. The copy differs in one
   call; the copy of the linker in one condition, which keeps functions that nothing calls. DWARF says
   nothing of a result in registers, since none is there at entry.

Prints one line of counts. Exit code 1: something disagrees, and the first of it is printed before.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from elftools.dwarf.locationlists import BaseAddressEntry, LocationEntry

from underglass.abi import Layout, Place, layout_of
from underglass.abi.amd64 import FLOAT_ARGS, INTEGER_ARGS, WORD
from underglass.abi.dwarf import signature_of
from underglass.abi.types import Array, Basic, GoType, Struct
from underglass.errors import UnderglassError
from underglass.program import Function, Program
from underglass.toolchain import Go, find_go

# Go 1.27, cmd/internal/obj/x86/a.out.go, AMD64DWARFRegisters.
REGISTERS = (
    *("AX", "DX", "CX", "BX", "SI", "DI", "BP", "SP"),
    *(f"R{i}" for i in range(8, 16)),
    "PC",
    *(f"X{i}" for i in range(16)),
)
TELL = """
func tellABI(fn *ir.Func, info *abi.ABIParamResultInfo) {
	line := fmt.Sprintf("%s\\t%d", fn.LSym.Name, info.Config().Which())
	line += fmt.Sprintf("\\t%d %d", info.SpillAreaOffset(), info.SpillAreaSize())
	tell := func(all []abi.ABIParamAssignment, isResult bool) {
		for i := range all {
			a := &all[i]
			offset := int64(-1) // a result in registers has no place in memory
			if !isResult || len(a.Registers) == 0 {
				offset = a.FrameOffset(info)
			}
			line += fmt.Sprintf("\\t%t %d %d", isResult, a.Type.Size(), a.Type.Alignment())
			line += fmt.Sprintf(" %d %v", offset, a.Registers)
		}
	}
	tell(info.InParams(), false)
	tell(info.OutParams(), true)
	file, err := os.OpenFile(os.Getenv("UNDERGLASS_TOLD"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = file.WriteString(line + "\\n")
		file.Close()
	}
	if err != nil {
		base.Fatalf("%v", err)
	}
}
"""
ASSIGNED = "\ts.f.OwnAux = ssa.OwnAuxCall(fn.LSym, params)\n"
KEPT = "if d.ctxt.BuildMode == BuildModeShared {\n\t\t// Mark all symbols"
PATCHES: dict[str, Callable[[str], str]] = {
    "compile/internal/ssagen/ssa.go": lambda text: (
        _replaced(text, ASSIGNED, ASSIGNED + "\ttellABI(fn, params)\n") + TELL
    ),
    "link/internal/ld/deadcode.go": lambda text: _replaced(text, KEPT, "{\n\t\t// Mark all symbols"),
}
EXEC = """#!/bin/sh
tool={tools}/${{1##*/}}
[ -x "$tool" ] || tool=$1
shift
exec "$tool" "$@"
"""
Disagreements = list[str]


def main() -> int:
    """Build, compare and print."""
    go = find_go()
    with tempfile.TemporaryDirectory() as folder:
        elf, told = everything(go, Path(folder))
        program = Program(elf)
        counts: Counter[str] = Counter()
        wrong, left_open = compare_with_dwarf(program, counts)
        wrong += compare_with_compiler(program, told, counts, left_open)
    for line in wrong[:40]:
        print(line)
    counts["disagreements"] = len(wrong)
    print("abi:", "; ".join(f"{what} {counts[what]:,}" for what in sorted(counts)))
    return 1 if wrong else 0


def everything(go: Go, folder: Path) -> tuple[Path, Path]:
    """(a program of the whole standard library, what the compiler told while it compiled it)."""
    source = go.root / "src" / "cmd"
    replaced = {}
    for name, patch in PATCHES.items():
        replaced[str(source / name)] = str(folder / Path(name).name)
        (folder / Path(name).name).write_text(patch((source / name).read_text("utf-8")), "utf-8")
    overlay, tools, told, elf = (folder / name for name in ("overlay.json", "tools", "told", "std.elf"))
    overlay.write_text(json.dumps({"Replace": replaced}), "utf-8")
    tools.mkdir()
    _run(go, ["build", f"-overlay={overlay}", "-o", f"{tools}/", "cmd/compile", "cmd/link"], source)
    wrapper = folder / "exec"
    wrapper.write_text(EXEC.format(tools=tools), "utf-8")
    wrapper.chmod(0o755)
    packages = [p for p in _run(go, ["list", "std"], source).split() if _is_importable(p)]
    program = folder / "program"
    program.mkdir()
    imports = "\n".join(f'import _ "{package}"' for package in packages)
    (program / "main.go").write_text(f"package main\n\n{imports}\n\nfunc main() {{}}\n", "utf-8")
    (program / "go.mod").write_text(f"module program\n\ngo {go.language}\n", "utf-8")
    own = {"GOCACHE": str(folder / "cache"), "UNDERGLASS_TOLD": str(told)}  # nothing is compiled yet
    _run(go, ["build", f"-toolexec={wrapper}", "-o", str(elf), "."], program, own)
    return elf, told


def compare_with_dwarf(
    program: Program, counts: Counter[str], *packages: str
) -> tuple[Disagreements, set[str]]:
    """Each parameter's place at entry, and each result's on the stack, of some packages or of all.

    Returns:
        What disagrees, and the functions that DWARF leaves open: see `_is_arguments`.
    """
    wrong = []
    left_open = set()
    for function, unit, die in _compiled(program, packages):
        taken = signature_of(program, function)
        counts["functions in DWARF"] += 1
        if taken is None:
            counts["functions whose signature DWARF leaves incomplete"] += 1
            continue
        places = layout_of(function, taken).places
        for place, row in _pairs(places, die):
            where = tuple(_location(row, function.address, unit))
            kind = "results" if place.is_result else "parameters"
            if not where:
                counts[f"{kind} without a location at entry"] += 1
                continue
            if place.is_result and place.pieces:
                counts["results in registers with a local's location"] += 1
                continue
            bad = [found for found in where if not _agrees(place, *found)]
            how = "in registers" if isinstance(where[0][2], str) else "on the stack"
            how = "at their spill slot" if place.pieces and how == "on the stack" else how
            if bad and not place.is_result and all(_is_arguments(places, found[2]) for found in bad):
                counts["parameters whose location is another argument's, assigned to it further on"] += 1
                left_open.add(function.symbol)
                continue
            counts[f"{kind} {how}"] += 1
            if bad:
                wrong.append(
                    f"{function.symbol}: {place.name} {place.type.name}: {_shown(place)}, DWARF has {bad}"
                )
    return wrong, left_open


def compare_with_compiler(
    program: Program, told: Path, counts: Counter[str], left_open: set[str]
) -> Disagreements:
    """Every parameter and result of every function that the compiler told of and DWARF names.

    It has to tell of those that DWARF leaves open.
    """
    wrong = []
    entries = {}
    for line in told.read_text("utf-8").splitlines():
        name, abi, areas, *members = line.split("\t")
        symbol = name.replace("·", ".")  # a local type's number
        entries[symbol if abi == "1" else f"{symbol}.abi0"] = (areas, members)
    for function, _, _ in _compiled(program):
        entry = entries.get(function.symbol)
        taken = signature_of(program, function)
        if taken is None:
            continue
        if entry is None:
            counts["functions the compiler did not tell of"] += 1
            wrong += [f"{function.symbol}: neither DWARF nor the compiler"] * (function.symbol in left_open)
            continue
        layout = layout_of(function, taken)
        counts["functions in the compiler"] += 1
        for place in layout.places:
            counts[f"{'results' if place.is_result else 'parameters'} in the compiler"] += 1
        ours = _as_told(layout)
        if ours != entry:
            wrong.append(f"{function.symbol}: {taken}: {ours}, the compiler has {entry}")
    return wrong


def _as_told(layout: Layout) -> tuple[str, list[str]]:
    numbers = {name: i for i, name in enumerate((*INTEGER_ARGS, *FLOAT_ARGS))}
    members = []
    for place in layout.places:
        offset = place.spill if place.offset is None else place.offset
        registers = " ".join(str(numbers[piece.register]) for piece in place.pieces)
        members.append(
            f"{str(place.is_result).lower()} {place.type.size} {place.type.align} "
            f"{-1 if offset is None else offset} [{registers}]"
        )
    return f"{layout.args_size} {layout.spill_size}", members


def _agrees(place: Place, offset: int, size: int, where: str | int) -> bool:
    """Whether a part of a value, as DWARF has it, lies where the rules put it.

    The compiler writes the parts of a struct one after the other, without the padding between them
    (Go 1.27, cmd/compile/internal/ssa/debug.go).
    """
    if isinstance(where, int) and size == 0:  # all of it, in memory
        return where == (place.spill if place.pieces else place.offset)
    if isinstance(where, str) and size == 0:  # all of it, in one register
        return [piece.register for piece in place.pieces] == [where]
    packed = 0
    for at, width, register in _leaves(place):
        if (packed, width) == (offset, size):
            start = place.spill if place.pieces else place.offset
            return where == (register if isinstance(where, str) else (start or 0) + at)
        packed += width
    return False


def _is_arguments(places: Iterable[Place], where: str | int) -> bool:
    """Whether some argument lies there.

    A variable that is assigned an argument, `x, y = y, x`, has that argument's place in DWARF from the
    start on where the machine has nothing to do for it. The compiler's own table is asked of those.
    """
    for place in places:
        if isinstance(where, str):
            if not place.is_result and any(piece.register == where for piece in place.pieces):
                return True
        elif place.offset is not None and place.offset <= where < place.offset + place.type.size:
            return not place.is_result
    return False


def _shown(place: Place) -> str:
    return " ".join(p.register for p in place.pieces) or f"{place.offset}(FP)"


def _leaves(place: Place) -> Iterator[tuple[int, int, str]]:
    """(offset, size, register) of the parts of a value; on the stack: of its words and numbers."""
    for piece in place.pieces:
        yield piece.offset, piece.size, piece.register
    if not place.pieces:
        yield from ((at, size, "") for at, size in leaves(place.type, 0))


def leaves(kind: GoType, offset: int) -> Iterator[tuple[int, int]]:
    """(offset, size) of every word and number: padding is left out, since nobody copies it."""
    if isinstance(kind, Struct):
        for field in kind.fields:
            yield from leaves(field.type, offset + field.offset)
    elif isinstance(kind, Array):
        for index in range(kind.length):
            yield from leaves(kind.element, offset + index * kind.element.size)
    elif isinstance(kind, Basic):
        part = kind.size // 2 if kind.kind == "complex" else kind.size
        yield from ((offset + at, part) for at in range(0, kind.size, part))
    else:
        yield from ((offset + at, WORD) for at in range(0, kind.size, WORD))


def _compiled(program: Program, packages: tuple[str, ...] = ()) -> Iterator[tuple[Function, Any, Any]]:
    """(function, unit, entry in DWARF) of every function that the compiler made for some packages or all."""
    for unit in program.elf.file.get_dwarf_info().iter_CUs():
        if packages and unit.get_top_DIE().attributes["DW_AT_name"].value.decode() not in packages:
            continue
        for die in unit.get_top_DIE().iter_children():
            if die.tag == "DW_TAG_subprogram" and "DW_AT_low_pc" in die.attributes:
                function = program.function_at(int(die.attributes["DW_AT_low_pc"].value))
                if function is not None and not function.is_assembly:
                    yield function, unit, die


def _pairs(places: tuple[Place, ...], die: Any) -> Iterator[tuple[Place, Any]]:
    """Each place with its entry in DWARF, by name where there is one and else by order."""
    rows: dict[bool, list[tuple[str, Any]]] = {False: [], True: []}
    for row in die.iter_children():
        if row.tag == "DW_TAG_formal_parameter":
            origin = row
            while "DW_AT_abstract_origin" in origin.attributes:
                origin = origin.get_DIE_from_attribute("DW_AT_abstract_origin")
            name = origin.attributes["DW_AT_name"].value.decode()
            rows[bool(origin.attributes["DW_AT_variable_parameter"].value)].append((name, row))
    for is_result, own in rows.items():
        if is_result and not own:
            continue  # a loop's body has its one result without DWARF
        own.sort(key=lambda pair: pair[0] == ".dict")  # DWARF may have it last, and the compiler never does
        kept = sorted((p for p in places if p.is_result == is_result), key=lambda p: p.name == ".dict")
        yield from ((place, row) for place, (_, row) in zip(kept, own, strict=True))


def _location(row: Any, address: int, unit: Any) -> Iterator[tuple[int, int, str | int]]:
    """(offset in the value, size, register or offset from FP) of each part that is somewhere at `address`."""
    found = row.attributes.get("DW_AT_location")
    if found is None:
        return
    if found.form != "DW_FORM_sec_offset":
        yield from _parts(found.value)
        return
    base = unit.get_top_DIE().attributes["DW_AT_low_pc"].value
    for entry in unit.dwarfinfo.location_lists().get_location_list_at_offset(found.value, row):
        if isinstance(entry, BaseAddressEntry):
            base = entry.base_address
        elif isinstance(entry, LocationEntry):
            start = 0 if entry.is_absolute else base
            if start + entry.begin_offset <= address < start + entry.end_offset:
                yield from _parts(entry.loc_expr)


def _parts(expression: Iterable[int]) -> list[tuple[int, int, str | int]]:
    """DWARF 5, section 2.6: registers, the frame base, the CFA (both FP in Go), and pieces of them."""
    code = bytes(expression)
    at = offset = 0
    where: str | int | None = None
    found: list[tuple[int, int, str | int]] = []
    while at < len(code):
        operation, at = code[at], at + 1
        if 0x50 <= operation <= 0x6F:  # DW_OP_reg0 to DW_OP_reg31
            where = REGISTERS[operation - 0x50]
        elif operation == 0x90:  # DW_OP_regx
            number, at = _leb128(code, at, signed=False)
            where = REGISTERS[number]
        elif operation == 0x91:  # DW_OP_fbreg
            where, at = _leb128(code, at, signed=True)
        elif operation == 0x9C:  # DW_OP_call_frame_cfa
            where = 0
        elif operation == 0x93:  # DW_OP_piece
            size, at = _leb128(code, at, signed=False)
            if where is not None:
                found.append((offset, size, where))
            offset, where = offset + size, None
        elif operation == 0x06:  # DW_OP_deref: where the heap address of a parameter that moved there lies
            return []
        else:
            raise UnderglassError(f"DWARF has the operation {operation:#x} in a parameter's location.")
    return [(0, 0, where)] if where is not None else found


def _leb128(code: bytes, at: int, *, signed: bool) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, at = code[at], at + 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value - (1 << shift if signed and byte & 0x40 else 0), at


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise UnderglassError(f"Go's source has changed: {old!r} is there {text.count(old)} times, not once.")
    return text.replace(old, new)


def _is_importable(package: str) -> bool:
    parts = package.split("/")
    return "internal" not in parts and parts[0] not in ("vendor", "builtin")


def _run(go: Go, words: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    done = go.run(words, cwd=folder, env=environment)
    if done.returncode:
        raise UnderglassError(f"go {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
