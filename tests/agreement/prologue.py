"""Compare which stack check a function has with the compiler's and the assembler's own listings (-S).

`python tests/agreement/prologue.py` builds functions with frames around the thresholds, in Go and in
assembly, leaf or not, marked NOSPLIT or not, and compares form, frame, guard and morestack with the listing.
Then it classifies every function of a large program, and compares "has a check" with the linker, which says
for each function whether it may grow the stack (-debugnosplit). The exit code is 1 if anything differs.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from underglass.analysis.prologue import BIG, SMALL, Form, Prologue, prologue_of
from underglass.program import Program
from underglass.program.code import decode
from underglass.toolchain import find_go

sys.path[:0] = [str(Path(__file__).parent.parent)]
from agreement.nosplit import CRYPTO, build, linkers  # noqa: E402  a command has its own folder on the path

SIZES = (0, 1, 7, 8, 9, 96, 104, 111, 112, 113, 119, 120, 121, 127, 128, 129, 136, 152)
LARGE = (1000, 3952, 3960, 4072, 4080, 4087, 4088, 4089, 4095, 4096, 4097, 4104, 9000, 70000)
NO_CALLS = {  # calls that a leaf may have (obj6.go, isZeroArgRuntimeCall)
    "runtime.panicdivide", "runtime.panicwrap", "runtime.panicshift", "runtime.panicBounds",
    "runtime.panicExtend", "runtime.duffzero", "runtime.duffcopy",
}  # fmt: skip
BODIES = {  # of assembly functions: what they do before RET
    "leaf": "",
    "call": "\tCALL ·callee(SB)\n",
    "pointer": "\tCALL AX\n",
    "push": "\tPUSHQ AX\n\tPOPQ AX\n",
}
FLAGS = {"plain": "0", "nosplit": "NOSPLIT", "noframe": "NOFRAME"}


@dataclass(frozen=True)
class Listed:
    """What a listing says of a function."""

    form: str
    frame: int  # bytes, the saved BP included: the first number of the TEXT line
    guard: str
    morestack: str


def assembly() -> tuple[str, list[str]]:
    """Functions with each size that the assembler takes, and their names: a frame is a multiple of 8."""
    lines = ['#include "textflag.h"', "", "TEXT ·callee(SB), NOSPLIT, $0-0", "\tRET", ""]
    names = []
    for size in (n for n in SIZES + LARGE if n % 8 == 0):
        for flag, text in FLAGS.items():
            for body, code in BODIES.items():
                if flag == "nosplit" and size > 400:  # the linker takes no such function
                    continue
                name = f"a_{flag}_{body}_{size}"
                names.append(name)
                lines += [f"TEXT ·{name}(SB), {text}, ${size}-0", f"{code}\tRET", ""]
        name = f"a_plain_jump_{size}"
        names.append(name)
        lines += [f"TEXT ·{name}(SB), 0, ${size}-0", "\tJMP ·callee(SB)", ""]
    return "\n".join(lines), names


def compiled() -> tuple[str, list[str]]:
    """Go functions that hold arrays of each size, leaf and not, and closures, which have a context."""
    lines, names = [], []
    for size in SIZES + LARGE:
        fill = f"\tvar held [{size}]byte\n\theld[x%{size}] = 1\n" if size else ""
        give = f"uint(held[y%{size}])" if size else "x"
        closure = f"func(y uint) uint {{\n{fill}\tx++\n\treturn called({give}) + x\n}}"
        bodies = {
            "leaf": f"{fill}\treturn {give}",
            "bounds": f"{fill}\treturn {give} + uint(bytes[x])",  # calls panicBounds, which counts for none
            "call": f"{fill}\treturn called({give}) + y",
            "closure": f"\tkept = {closure}\n\treturn 0",
        }
        for body, code in bodies.items():
            for mark in ("plain", "nosplit"):
                if mark == "nosplit" and size > 400:  # the linker takes no such function
                    continue
                names.append(f"g_{mark}_{body}_{size}")
                lines += ["//go:nosplit"] if mark == "nosplit" else []
                lines += ["//go:noinline", f"func {names[-1]}(x, y uint) uint {{\n{code}\n}}", ""]
    return "\n".join(lines), names


def sources() -> dict[str, str]:
    """One program of all of them."""
    text, from_assembly = assembly()
    go, from_go = compiled()
    head = "package main\n\nvar kept func(uint) uint\nvar bytes []byte\n\n"
    head += "//go:noinline\nfunc called(x uint) uint { return x }\n"
    declared = "\n".join(f"func {name}()" for name in from_assembly)
    every = ", ".join([*from_assembly, *from_go])
    main = f"var every = []any{{{every}}}\n\nfunc main() {{ println(len(every), kept == nil) }}\n"
    return {"main.go": f"{head}\n{declared}\n\n{go}\n{main}", "a.s": text}


_HEADER = re.compile(r"(?P<name>main\.\S+) STEXT (?P<marks>.*?)size=\d+ .*")
_TEXT = re.compile(r"\tTEXT\t\S+, (?:.*, )?\$(?P<frame>-?\d+)(?:-\d+)?$")
_CHECK = re.compile(r"\tCMPQ\t(?P<what>SP|R12), (?P<at>16|24)\(R14\)$")
_GUARDS = {"16": "g.stackguard0", "24": "g.stackguard1"}


def listed(listing: str) -> dict[str, Listed]:
    """Read the listings of -S: the ELF file's symbol → what is said of it."""
    found: dict[str, Listed] = {}
    for name, marks, lines in _functions(listing):
        frame = next(int(t["frame"]) for line in lines if (t := _TEXT.search(line)))
        check = next((c for line in lines if (c := _CHECK.search(line))), None)
        more = re.search(r"CALL\t(runtime\.morestack\w*)\(SB\)", "\n".join(lines))
        form = Form.NONE
        if "nosplit" not in marks:
            huge = any(re.search(r"\tSUBQ\t\$\d+, R12$", line) for line in lines)
            form = Form.HUGE if huge else Form.BIG if check and check["what"] == "R12" else Form.SMALL
        symbol = f"{name}.abi0" if "asm" in marks else name
        guard = _GUARDS[check["at"]] if check else ""
        found[symbol] = Listed(form.value, frame, guard, more[1] if more else "")
    return found


def _functions(listing: str) -> Iterator[tuple[str, list[str], list[str]]]:
    name, marks, lines = "", "", list[str]()
    for line in [*listing.splitlines(), "end STEXT size=0 "]:
        header = _HEADER.fullmatch(line)
        if header or line.startswith("end "):
            if name:
                yield name, marks.split(), lines
            name, marks, lines = (header["name"], header["marks"], []) if header else ("", "", [])
        elif line.startswith("\t0x") and "\t" in line[2:]:
            lines.append(line)


def compare_listings(folder: Path) -> tuple[Counter[str], list[str]]:
    """Build the functions around the thresholds: how many of each form, and what differs."""
    go = find_go()
    (folder / "go.mod").write_text(f"module example\n\ngo {go.language}\n", encoding="utf-8")
    for name, text in sources().items():
        (folder / name).write_text(text, encoding="utf-8")
    elf = folder / "program.elf"
    flags = ["-trimpath", "-buildvcs=false", "-gcflags=-S", "-asmflags=-S"]
    answer = go.run(["build", *flags, "-o", str(elf), "."], cwd=folder)
    if answer.returncode != 0:
        raise SystemExit(answer.stderr[-2000:])
    program = Program(elf)
    counts: Counter[str] = Counter()
    different = []
    for symbol, theirs in listed(answer.stderr + answer.stdout).items():
        function = program.functions.get(symbol) or program.functions.get(symbol.removesuffix(".abi0"))
        if function is None:  # left out by the linker
            continue
        found = prologue_of(program, function)
        ours = Listed(found.form.value, found.frame, found.guard, found.morestack)
        counts[found.form.value] += 1
        asked = function.is_wrapper or "_nosplit_" in symbol
        if found.form is Form.NONE and not asked and not found.is_automatic:
            different.append(f"  {symbol}: nothing marks it NOSPLIT, and we find that something must")
        different += contradictions(program, found)
        if ours != theirs:
            different.append(f"  {symbol}: we {ours}, the listing {theirs}")
    return counts, different


def contradictions(program: Program, found: Prologue) -> list[str]:
    """What in a prologue does not fit the rest of the function."""
    function, form, frame = found.function, found.form, found.frame
    low, high = {
        Form.NONE: (0, 1 << 40),
        Form.SMALL: (0, SMALL),
        Form.BIG: (SMALL + 1, BIG),
        Form.HUGE: (BIG + 1, 1 << 40),
    }[form]
    wrong = [] if low <= frame <= high else [f"a frame of {frame} with a {form.value} check"]
    if form in (Form.BIG, Form.HUGE) and found.subtracted != frame - SMALL:
        wrong.append(f"a frame of {frame}, of which {found.subtracted} are compared")
    names = _callees(program, found)
    more = any(name.startswith("runtime.morestack") for name in names)
    if form is Form.NONE and more and not function.name.startswith("runtime.morestack"):
        wrong.append("no check, and a call of morestack")
    is_leaf = all(name in NO_CALLS for name in names)
    if form is not Form.NONE and is_leaf and frame < (SMALL - 8 if names else SMALL):
        wrong.append(f"a check, and a leaf with a frame of {frame}")
    return [f"  {function.symbol}: {words}" for words in wrong]


def _callees(program: Program, found: Prologue) -> list[str]:
    """What is called between the check and the way to morestack; "" for a call through a pointer."""
    function = found.function
    start = function.address + found.check_size
    end = found.slow_path or function.address + function.size
    names = []
    for _, _, mnemonic, operands in decode(program.bytes_at(start, end - start), start):
        if mnemonic == "call":
            callee = program.function_at(int(operands, 16)) if operands.startswith("0x") else None
            names.append(callee.name if callee else "")
    return names


def classify(sources: Mapping[str, str], folder: Path) -> tuple[Counter[str], list[str]]:
    """Build a program: how many of its functions have each form, and what the code or the linker denies."""
    elf, report = build(sources, folder)
    program = Program(elf)
    theirs = linkers(report, program.elf.symbols)
    # A function with a check has one growth, of 8 bytes into morestack.
    check = re.compile(r"runtime\.morestack(\.abi0)?")
    checked = Counter(
        name
        for name, rows in theirs.elements()
        if len(rows) == 1 and rows[0][0] == 8 and check.fullmatch(rows[0][1])
    )
    counts: Counter[str] = Counter()
    different: list[str] = []
    ours: Counter[str] = Counter()
    for function in program.all_functions:
        found = prologue_of(program, function)
        counts[found.form.value] += 1
        different += contradictions(program, found)
        ours[function.symbol] += found.form is not Form.NONE
    jumps = {"runtime.morestack_noctxt", "runtime.morestack_noctxt.abi0"}  # marked, and 8 bytes by its JMP
    different += [f"  {n}: the linker has a check, we none" for n in checked - ours if n not in jumps]
    different += [f"  {n}: we have a check, the linker none" for n in ours - checked]
    return counts, different


def main() -> int:
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        found = {"listings": compare_listings(Path(first)), "a large program": classify(CRYPTO, Path(second))}
    for name, (forms, different) in found.items():
        counts = ", ".join(f"{count} {form}" for form, count in forms.most_common())
        print(f"prologue, {name}: {forms.total()} functions, {counts}; {len(different)} disagreements")
        print(*different[:20], sep="\n", end="\n" if different else "")
    return 1 if any(different for _, different in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
