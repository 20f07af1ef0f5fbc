"""Run the facts of the book that depend on Go's version on several releases, and print them as a table.

    python tests/agreement/releases.py                  installs 1.24 and 1.26, asks all installed
    python tests/agreement/releases.py 1.22 1.25        installs these in place of the two

A line is a claim and a release: what was seen, and whether it is what the book says of that release.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from underglass import build
from underglass.course import judged
from underglass.errors import UnderglassError
from underglass.toolchain import Source, find_go, go_release, installed_releases
from underglass.toolchain.inlining import inlining
from underglass.toolchain.releases import install_release

INSTALLED = ("1.24", "1.26")
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


FACTS = (
    Fact("A5", "the linker and a linkname to fmt.Println", _linkname,
         lambda r: "refused" if r >= (1, 23) else "linked"),
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


def main(names: list[str]) -> int:
    """Print the table, and one line with the counts."""
    try:
        for name in names or INSTALLED:
            if name != find_go().language:
                install_release(name)
    except UnderglassError as error:
        print(error, file=sys.stderr)
        return 1
    table = rows(installed_releases())
    for claim, release, what, seen, agrees in table:
        print(f"{claim:<4} {release:<10} {what:<42} {seen}{'' if agrees else '   THE BOOK SAYS OTHERWISE'}")
    wrong = sum(not row[-1] for row in table)
    counts = f"{len(table)} lines, {len(FACTS)} facts, {len(installed_releases())} releases"
    print(f"{counts}, {wrong} not as the book says")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
