"""Run the facts of the book that depend on Go's version on several releases, and print them as a table.

    python tests/agreement/releases.py                  installs 1.22, 1.24 and 1.26, asks all installed
    python tests/agreement/releases.py 1.23 1.25        installs these in place of the three

A line is a claim and a release: what was seen, and whether it is what the book says of that release. A claim
without a fact here that names several releases in book/claims.yml has the cells of its chapter run on each.
Then the list `go` of each claim is compared with the releases on which it was found so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass

import nbformat
from nbclient import NotebookClient

from underglass import build
from underglass.course import judged, linker_says, power_on, refusal
from underglass.course.builds import files_of
from underglass.course.claims import Claim, claims
from underglass.course.ledger import evidence
from underglass.course.shipped import shipped
from underglass.errors import UnderglassError
from underglass.machine.bare import BareMachine
from underglass.toolchain import Source, find_go, go_release, installed_releases
from underglass.toolchain.inlining import inlining
from underglass.toolchain.releases import install_release

INSTALLED = ("1.22", "1.24", "1.26")
Release = tuple[int, ...]

_SUM = "package main\nfunc f(x int) int {{ return {}{} }}\n"
_CALLS = """package main
//go:noinline
func leaf(x int) int { return x * 3 }
func two(x int) int { return leaf(x) + leaf(x) }
"""
_HOLDS = "package main\nfunc holds(x int) func() int { return func() int { return x } }\n"
_ONCE = "package main\nfunc once(x int) int {{ return func() int {{ {} return x }}() }}\n"
_APPLY = "package main\nfunc apply(f func(int) int, x int) int { return f(x) }\n"
_FACTORIAL = "package main\nfunc f(n int) int { if n == 0 { return 1 }; return n * f(n-1) }\n"
_BODIES = """package main
func ready(c chan int) { select { case <-c: default: } }
func local(x int) int { type pair struct{ a int }; return pair{x}.a }
func later() { defer println() }
func start() { go println() }
func saved() any { return recover() }
"""
_CALLER = "package p\nfunc {0}() uintptr\nfunc f() uintptr {{ return {0}() }}\n"
_BYTES = """package main
import "encoding/binary"
func load(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func grow(a []int, x int) []int { return append(a, x) }
"""
_PRINTLN = """package main
import (
	"fmt"
	_ "unsafe"
)
//go:linkname println fmt.Println
func println(a ...any) (n int, err error)
func main() { show(); fmt.Print() }
"""
_SHOW = "// func show()\nTEXT ·show(SB), 0, $48-0\n\tNO_LOCAL_POINTERS\n\tCALL fmt·Println(SB)\n\tRET\n"
_EARLY = """package main
import "unsafe"
var magic uintptr
//go:nosplit
//go:noinline
func preinit(m, i uintptr) { magic = m + i }
//go:nosplit
func byGo() uintptr { f := trapret; return **(**uintptr)(unsafe.Pointer(&f)) }
func main() { println(byGo(), byAssembly()) }
"""
_TRAPS = """#include "textflag.h"
// func start()
TEXT ·start(SB), NOSPLIT|NOFRAME, $0-0
	CALL ·preinit(SB)
	HLT
// func trapret()
TEXT ·trapret(SB), NOSPLIT|NOFRAME, $0-0
	HLT
// func mended()
TEXT ·mended(SB), NOSPLIT|NOFRAME, $0-0
	ADDQ $16, SP
	IRETQ
// func plain()
TEXT ·plain(SB), NOSPLIT|NOFRAME, $0-0
	IRETQ
// func byAssembly() uintptr
TEXT ·byAssembly(SB), NOSPLIT, $0-8
	LEAQ ·trapret(SB), AX
	MOVQ AX, ret+0(FP)
	RET
"""
_PRIVATE = """// func f() uintptr
TEXT ·f(SB), 4, $0-8
	MOVQ NAME(SB), AX
	MOVQ AX, ret+0(FP)
	RET
"""
_USES = "package main\nfunc f() uintptr\nfunc main() { println(f()) }\n"


@dataclass(frozen=True)
class Fact:
    """One thing that the book says, and how to see it."""

    claim: str  # as in book/claims.yml
    what: str
    see: Callable[[], object]
    says: Callable[[Release], object]  # what the book says of a release


def _edge() -> object:
    sums = (_SUM.format(sign, " + ".join("x" * 40)) for sign in ("", "-"))
    return tuple(judged(text)["f"].can for text in sums)


def _levels() -> object:
    found = [
        judged(_CALLS, *options).get("two") for options in ((), ("-l",), ("-l", "-l"), ("-l=3",), ("-l=4",))
    ]
    return tuple(verdict and verdict.can for verdict in found)


def _once() -> object:
    found = judged(_ONCE.format("x = x*x/(x+1)*(x-3)/(x+x+7) % 100; " * 5))
    return found["once.func1"].can, found["once"].can


def _bodies() -> object:
    return tuple(sorted(name for name, v in judged(_BODIES).items() if v.can and "." not in name))


def _caller() -> object:
    homes = (("getcallerpc", "runtime"), ("GetCallerPC", "internal/runtime/sys"))
    return tuple(judged(_CALLER.format(n), f"-p={path}")["f"].reason for n, path in homes if _stops(n, path))


def _stops(name: str, path: str) -> bool:
    return not judged(_CALLER.format(name), f"-p={path}")["f"].can


def _free() -> object:
    verdicts = inlining([Source("free.go", _BYTES, "free.go")]).verdicts
    return verdicts["main.load"].cost, verdicts["main.grow"].cost


def _arena() -> object:
    root = find_go().root / "src"
    compiler = (root / "cmd/compile/internal/inline/inl.go").read_text("utf-8")
    runtime = (path.read_text("utf-8") for path in (root / "runtime").glob("mbitmap*.go"))
    return "heapBits.nextArena" in compiler, any("nextArena" in text for text in runtime)


def _linkname() -> object:
    try:
        build(_PRINTLN, f'#include "funcdata.h"\n{_SHOW}')
    except UnderglassError as error:
        return "invalid reference" in str(error) and "refused"
    return "linked"


def _wrapper() -> object:
    program = build(_EARLY, _TRAPS).program
    code = [i.go for i in program.instructions(program.function("preinit", "ABI0"))]
    body = [line for line in code if not line.startswith(("NOP", "SUBQ"))]
    return body[0], *(line.split(",")[0] for line in body[2:7])


def _ends() -> object:
    """Return how start-up code ends without SSE, without FS, and with both."""
    program, seen = build(_EARLY, _TRAPS), []
    for sse, fs in ((False, 0), (True, 0), (True, 0x79000)):
        machine = power_on(program, sse=sse, fs=fs)
        stop = machine.run(program.program.function("start", "ABI0").address)
        seen.append(stop.exception.name if stop.exception else stop.reason)
    return tuple(seen)


def _left() -> object:
    """Return how many words trapret's two addresses leave on the stack: the one of Go, that of assembly."""
    program = build(_EARLY, _TRAPS)
    words = []
    for function in (program.program.function("trapret", abi) for abi in ("ABIInternal", "ABI0")):
        machine = power_on(program, sse=True, fs=0x79000)
        before = machine.cpu["SP"]
        machine.run(function.address)
        words.append((before - machine.cpu["SP"]) // 8)
    return tuple(words)


def _direct() -> object:
    """Return how a trap return ends that no wrapper stands before: the mended one, the plain one."""
    program, seen = build(_EARLY, _TRAPS), []
    for name in ("mended", "plain"):
        machine = power_on(program, sse=True, fs=0x79000)
        _trap_frame(machine, program.program.function("trapret", "ABI0").address)
        stop = machine.run(program.program.function(name, "ABI0").address)
        seen.append(stop.exception.name if stop.exception else stop.reason)
    return tuple(seen)


def _trap_frame(machine: BareMachine, pc: int) -> None:
    words = (pc, 8, 2, 0x78000, 0x10)  # PC, CS, FLAGS, SP, SS
    machine.cpu["SP"] -= 8 * len(words) + 64
    machine.write(machine.cpu["SP"], b"".join(word.to_bytes(8, "little") for word in words))


def _type() -> object:
    dotted = linker_says(_USES, _PRIVATE.replace("NAME", "$type·runtime·g"), any_linkname=True)
    return dotted.rpartition(": ")[2], refusal("MOVQ $type:runtime·g(SB), AX") != ""


def _symbol() -> object:
    said = [
        linker_says(_USES, _PRIVATE.replace("NAME", "runtime·allglen"), any_linkname=on)
        for on in (False, True)
    ]
    return tuple("refused" if "invalid reference" in one else one or "linked" for one in said)


def _constraint() -> object:
    line = "//go:build linux && (amd64 || arm64) && !purego\n\n"
    package = {"package.go": "package example\n", "add.s": line}
    here = find_go().language
    arches = ("amd64", "arm64", "riscv64")
    return tuple("add.s" in files_of(package, "linux", arch, go=here) for arch in arches)


FACTS = (
    Fact("A5", "the linker and a linkname to fmt.Println", _linkname,
         lambda r: "refused" if r >= (1, 23) else "linked"),
    Fact("B2", "amd64, arm64, riscv64: operators hold", _constraint, lambda r: (True, True, False)),
    Fact("E1", "wrapper into Go", _wrapper,
         lambda r: ("PUSHQ BP", "MOVQ 0x20(SP)", "MOVQ 0x28(SP)", "XORPS X15", "MOVQ FS:0xfffffff8",
                    "CALL main.preinit(SB)")),
    Fact("E2", "start-up without SSE, without FS, with both", _ends, lambda r: ("#UD", "#PF", "halt")),
    Fact("E3", "start-up without SSE, without FS, with both", _ends, lambda r: ("#UD", "#PF", "halt")),
    Fact("E4", "words on the stack, by Go's address", _left, lambda r: (2, 0)),
    Fact("E5", "entered directly: mended, plain", _direct, lambda r: ("#GP", "halt")),
    Fact("L2", "80 nodes fit, 81 fit", _edge, lambda r: (True, False)),
    Fact("L2", "a closure of 107 called once, its caller", _once,
         lambda r: (True, False) if r >= (1, 24) else (False, True)),
    Fact("L2", "cost of a call of a parameter", lambda: judged(_APPLY)["apply"].cost,
         lambda r: 21 if r >= (1, 24) else 61),
    Fact("L3", "two calls fit, by level of -l: 0 to 4", _levels, lambda r: (False, None, False, False, True)),
    Fact("L6", "bodies that can be inlined", _bodies, lambda r: ("local", "ready")),
    Fact("L6", "a caller's PC", _caller,
         lambda r: ("call to GetCallerPC",) if r >= (1, 24) else ("call to getcallerpc",)),
    Fact("L6", "a recursive function", lambda: judged(_FACTORIAL)["f"].reason,
         lambda r: "" if r >= (1, 24) else "recursive"),
    Fact("L7", "cost of Uint32 and append", _free, lambda r: (4, 4)),
    Fact("L7", "nextArena in compiler, runtime", _arena, lambda r: (True, False)),
    Fact("L9", "cost of a function that returns a closure", lambda: judged(_HOLDS)["holds"].cost,
         lambda r: 17),
    Fact("L10", "the same with inlfuncswithclosures=0",
         lambda: judged(_HOLDS, "-d=inlfuncswithclosures=0")["holds"].reason,
         lambda r: "not inlining functions with closures"),
    Fact("U5", "a type's symbol in assembly", _type,
         lambda r: ("relocation target type.runtime.g not defined", True)),
    Fact("U6", "a private symbol, and with -checklinkname=0", _symbol,
         lambda r: ("refused" if r >= (1, 23) else "linked", "linked")),
)  # fmt: skip


def rows(releases: tuple[str, ...], facts: tuple[Fact, ...] = FACTS) -> list[tuple[str, str, str, str, bool]]:
    """Return (claim, release, what, seen, whether the book says so) of each fact and release."""
    made = []
    for fact in facts:
        for name in releases:
            with go_release(name) as go:
                seen = fact.see()
                said = fact.says(tuple(map(int, name.split(".")))[:2])
                made.append((fact.claim, go.version, fact.what, repr(seen), seen == said))
    return made


def by_cells(wanted: Collection[Claim], releases: tuple[str, ...]) -> list[tuple[str, str, str, str, bool]]:
    """Run the chapters of claims on each release; a claim agrees where none of its cells fails."""
    book, made = shipped("book"), []
    cells = evidence(book)
    chapters = sorted({cells[claim.name].notebook for claim in wanted})
    for chapter, name in ((chapter, name) for chapter in chapters for name in releases):
        with go_release(name) as go:
            version, environment = go.version, {**os.environ, "UNDERGLASS_GO": str(go.path)}
        notebook = nbformat.read(book / chapter, as_version=4)
        client = NotebookClient(notebook, timeout=300, kernel_name="underglass", allow_errors=True)
        client.resources["metadata"] = {"path": str(book)}
        client.execute(env=environment)
        for claim in (c for c in wanted if cells[c.name].notebook == chapter):
            own = [c for c in notebook.cells if f"claim-{claim.name}" in c.metadata.get("tags", ())]
            bad = [o.ename for c in own for o in c.outputs if o.output_type == "error"]
            made.append(
                (claim.name, version, f"{len(own)} cells of {chapter}", ", ".join(bad) or "pass", not bad)
            )
    return made


def not_as_listed(
    table: list[tuple[str, str, str, str, bool]], known: tuple[Claim, ...] | None = None
) -> list[str]:
    """Return where the releases of claims.yml are not those on which the rows found the claim so."""
    asked = {version for _, version, *_ in table}
    said = []
    for claim in claims() if known is None else known:
        rows = [row for row in table if row[0] == claim.name]
        if not rows and claim.is_of_releases:
            said.append(f"{claim.name}: claims.yml has {', '.join(claim.releases)}, and nothing was run")
        found = {version.removeprefix("go") for version in {row[1] for row in rows}
                 if all(row[-1] for row in rows if row[1] == version)}  # fmt: skip
        listed = {release for release in claim.releases if f"go{release}" in asked}
        if rows and found != listed:
            has, was = (", ".join(sorted(some)) or "none" for some in (listed, found))
            said.append(f"{claim.name}: claims.yml has {has}, and it was found on {was}")
    return said


def main(names: list[str]) -> int:
    """Print the table, and one line with the counts."""
    try:
        for name in names or INSTALLED:
            if name != find_go().language:
                install_release(name)
    except UnderglassError as error:
        print(error, file=sys.stderr)
        return 1
    releases = installed_releases()
    with_facts = {fact.claim for fact in FACTS}
    run = [claim for claim in claims() if claim.is_of_releases and claim.name not in with_facts]
    table = rows(releases) + by_cells(run, releases)
    for claim, release, what, seen, agrees in table:
        print(f"{claim:<4} {release:<10} {what:<42} {seen}{'' if agrees else '   THE BOOK SAYS OTHERWISE'}")
    unlike = not_as_listed(table)
    print(*unlike, sep="\n", end="\n" if unlike else "")
    wrong = sum(not row[-1] for row in table)
    counts = f"{len(table)} lines, {len({row[0] for row in table})} claims, {len(releases)} releases"
    print(f"{counts}, {wrong} not as the book says, {len(unlike)} not as claims.yml lists")
    return min(wrong + len(unlike), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
