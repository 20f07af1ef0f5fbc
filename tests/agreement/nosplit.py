"""Compare the NOSPLIT analysis with the linker's own call graph (`-ldflags=-debugnosplit`).

`python tests/agreement/nosplit.py` builds three programs and compares every function that the linker
reports: the bytes at each call, the callee, and the order of both. It prints one line a program, and the
first disagreements; the exit code is 1 if there is any.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from underglass.analysis.nosplit import NosplitBudget
from underglass.program import Program
from underglass.toolchain import find_go

PLAIN = {"main.go": 'package main\n\nfunc main() { println("hello") }\n'}

OWN_GO = """\
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

func first(x int64) int64
func through(f *func())
func viaGo()
func onwards()
func spins()

func fromAssembly() { fmt.Println("from assembly") }

//go:nosplit
func nosplitGo(x int) (r [10]int) {
	for i := range r {
		r[i] = x * i
	}
	return
}

func main() {
	f := func() { fmt.Println(strings.Repeat("x", 3), strconv.Itoa(len(os.Args))) }
	through(&f)
	viaGo()
	onwards()
	spins()
	names := []string{"b", "a"}
	sort.Strings(names)
	fmt.Println(first(23), nosplitGo(4), names, time.Duration(1500))
}
"""


def own_assembly(length: int = 25) -> str:
    """A chain of `length` functions, calls through pointers and of Go, jumps of each kind, and pushes."""
    lines = ['#include "textflag.h"', "", "TEXT ·first(SB), NOSPLIT, $0-16", "\tCALL link0<>(SB)", "\tRET"]
    for i in range(length):
        frame, pushes = 8 * (i % 3), i % 4 == 1
        lines += ["", f"TEXT link{i}<>(SB), NOSPLIT, ${frame}"]
        lines += ["\tPUSHQ AX"] if pushes else []
        lines += [f"\tCALL link{i + 1}<>(SB)"]
        lines += ["\tPOPQ AX"] if pushes else []
        lines += ["\tCALL leaf<>(SB)", "\tRET"]
    lines += ["", f"TEXT link{length}<>(SB), NOSPLIT, $40", "\tJMP leaf<>(SB)"]
    lines += ["", "TEXT leaf<>(SB), NOSPLIT, $16", "loop:", "\tDECQ AX", "\tJNE loop", "\tRET"]
    lines += ["", "TEXT ·through(SB), NOSPLIT, $24-8", "\tMOVQ f+0(FP), DX", "\tMOVQ (DX), DX"]
    lines += ["\tMOVQ (DX), AX", "\tCALL AX", "\tRET"]
    lines += ["", "TEXT ·onwards(SB), NOSPLIT|NOFRAME, $0-0", "\tLEAQ leaf<>(SB), AX", "\tJMP AX"]
    lines += ["", "TEXT ·spins(SB), NOSPLIT|NOFRAME, $0-0", "again:", "\tDECQ AX", "\tJEQ done"]
    lines += ["\tJMP again", "done:", "\tSUBQ $2000, SP", "\tADDQ $2000, SP", "\tRET"]
    lines += ["", "TEXT ·viaGo(SB), NOSPLIT, $32-0", "\tCALL ·fromAssembly(SB)", "\tRET", ""]
    return "\n".join(lines)


OWN = {"main.go": OWN_GO, "chain.s": own_assembly()}

CRYPTO = {
    "main.go": """\
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/tls"
	"fmt"
	"hash/crc32"
	"math"
	"math/big"
	"net/http"
	"reflect"
)

func main() {
	fmt.Println(sha256.Sum256(nil), sha512.Sum512(nil), sha1.Sum(nil), md5.Sum(nil), sha3.Sum256(nil))
	block, _ := aes.NewCipher(make([]byte, 16))
	gcm, _ := cipher.NewGCM(block)
	curve, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	_, edwards, _ := ed25519.GenerateKey(nil)
	fmt.Println(gcm.NonceSize(), curve, key, edwards)
	fmt.Println(crc32.ChecksumIEEE(nil), big.NewInt(3), math.Floor(2.5), reflect.TypeOf(3))
	fmt.Println(tls.VersionTLS13, http.ListenAndServe("", nil))
}
"""
}

PROGRAMS = {"plain": PLAIN, "own assembly": OWN, "crypto": CRYPTO}

_EDGE = re.compile(r"nosplit: (?P<caller>.+)<(?P<abi>\d+)> \+(?P<bytes>\d+)(?: -> (?P<callee>.+))?")
_NAME = re.compile(r"(?P<name>.+)<(?P<abi>\d+)>")

Edges = tuple[tuple[int, str], ...]  # bytes, and the callee's symbol in the ELF file or ""


@dataclass(frozen=True)
class Agreement:
    """What came of one program."""

    functions: int  # that the linker reports
    edges: int  # lines of its report
    different: tuple[str, ...]  # one line each

    def __str__(self) -> str:
        return f"{self.functions} functions, {self.edges} growths, {len(self.different)} disagreements"


def build(sources: Mapping[str, str], folder: Path) -> tuple[Path, str]:
    """Build with the linker's report: the executable and what it said."""
    go = find_go()
    (folder / "go.mod").write_text(f"module example\n\ngo {go.language}\n", encoding="utf-8")
    for name, text in sources.items():
        (folder / name).write_text(text, encoding="utf-8")
    elf = folder / "program.elf"
    flags = ["-trimpath", "-buildvcs=false", "-ldflags=-debugnosplit"]
    answer = go.run(["build", *flags, "-o", str(elf), "."], cwd=folder)
    if answer.returncode != 0:
        raise SystemExit(answer.stderr)
    return elf, answer.stderr + answer.stdout


def linkers(report: str, symbols: Iterable[str]) -> Counter[tuple[str, Edges]]:
    """Return the linker's growths, function by function, with the names of the ELF file."""
    known = set(symbols)

    def elf_name(name: str, version: str) -> str:
        # The linker adds .abi0 to the one of two functions of a name (symtab.go, mangleABIName).
        return f"{name}.abi0" if version == "0" and f"{name}.abi0" in known else name

    # The lines of one function follow one another; functions of one name are each a group.
    lines = [edge for line in report.splitlines() if (edge := _EDGE.fullmatch(line))]
    found: Counter[tuple[str, Edges]] = Counter()
    for (caller, abi), group in groupby(lines, key=lambda edge: (edge["caller"], edge["abi"])):
        edges = []
        for edge in group:
            callee = _NAME.fullmatch(edge["callee"] or "")
            to = elf_name(callee["name"], callee["abi"]) if callee else edge["callee"] or ""
            edges.append((int(edge["bytes"]), to))
        found[elf_name(caller, abi), tuple(edges)] += 1
    return found


def ours(budget: NosplitBudget) -> Counter[tuple[str, Edges]]:
    """Return our growths in the same form."""
    rooms = budget.rooms.values()
    return Counter(
        (room.function.symbol, tuple((g.bytes, g.callee) for g in room.growths))
        for room in rooms
        if room.growths
    )


def compare(sources: Mapping[str, str], folder: Path) -> Agreement:
    """Build a program and compare both accounts of it."""
    return compare_with(*build(sources, folder))


def compare_with(elf: Path, report: str) -> Agreement:
    """Compare a program with what the linker said of it."""
    program = Program(elf)
    theirs = linkers(report, program.elf.symbols)
    own = ours(NosplitBudget(program))
    different = [f"  only the linker: {row}" for row in theirs - own]
    different += [f"  only we: {row}" for row in own - theirs]
    edges = sum(len(row[1]) * count for row, count in theirs.items())
    return Agreement(theirs.total(), edges, tuple(different))


def main() -> int:
    wrong = 0
    for name, sources in PROGRAMS.items():
        with tempfile.TemporaryDirectory() as folder:
            found = compare(sources, Path(folder))
        print(f"nosplit, {name}: {found}", *found.different[:10], sep="\n")
        wrong += len(found.different)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
