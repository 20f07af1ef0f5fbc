"""Compare the wrappers found, and their notes, with the linker's symbols: python tests/agreement/wrappers.py

The last program links the assembly functions of the standard library that Go declares, as far as the packages
below need them, and takes the address of each, so that every one of their wrappers is there.
Prints one line with the counts; exit code 1 on a disagreement.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # wrapper_programs

import underglass
from underglass.analysis.annotate import Step, annotate
from underglass.analysis.wrappers import wrappers
from underglass.program import Program
from underglass.toolchain import asmlex, golex
from underglass.toolchain.go import find_go
from wrapper_programs import both_ways, random_signatures, six

PACKAGES = (
    "bytes", "crypto/aes", "crypto/cipher", "crypto/ecdsa", "crypto/elliptic", "crypto/md5", "crypto/mlkem",
    "crypto/rsa", "crypto/sha1", "crypto/sha256", "crypto/sha3", "crypto/sha512", "crypto/tls",
    "hash/crc32", "math", "math/big", "os/signal", "reflect", "runtime", "strings", "sync/atomic", "syscall",
    "time",
)  # fmt: skip

_INTRINSIC = re.compile(r'(?:\baddF|\balias|\.addForArchs)\("([^"]+)",\s*"([^"]+)"')

RANDOM = 500

FMT = """\
package main

import (
	"fmt"
	"math/big"
	"reflect"
	"sync/atomic"
)

var kept = []any{atomic.AddInt32, atomic.StoreUintptr, big.NewInt, reflect.ValueOf}

func main() { fmt.Println(kept...) }
"""


def main() -> int:
    """Check every program and print the counts."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        programs = {
            "six cases": six().program,
            "signatures": both_ways().program,
            "random signatures": both_ways(random_signatures(RANDOM, seed=1)).program,
            "fmt": underglass.build(FMT, keep=False).program,
            "standard library": standard_library(Path(folder), counts),
        }
        for name, program in programs.items():
            wrong += [f"{name}: {line}" for line in disagreements(program, counts)]
            counts["programs"] += 1
    for line in wrong:
        print(line, file=sys.stderr)
    print(", ".join(f"{count} {what}" for what, count in counts.items()), f"- {len(wrong)} disagreements")
    return 1 if wrong else 0


def disagreements(program: Program, counts: Counter[str]) -> Iterator[str]:
    """Say where the wrappers found, or their notes, are not what the program has."""
    found = wrappers(program)
    pairs = linked_pairs(program)
    linked = {w.name for w in found if w.target}
    if linked != pairs:
        yield f"wrappers and pairs of symbols differ: {sorted(linked ^ pairs)}"
    if strangers := {w.name for w in found if w.is_intrinsic} - intrinsics():
        yield f"wrappers without a call that are no intrinsics: {sorted(strangers)}"
    program.prefetch([w.function for w in found])
    for wrapper in found:
        counts[f"wrappers {wrapper.direction.value}"] += 1
        counts[wrapper.use.value] += 1
        counts["intrinsic"] += wrapper.is_intrinsic
        annotated = annotate(program, wrapper)
        counts["instructions with a note"] += len(annotated.lines)
        if annotated.signature is None:
            yield f"{wrapper.function.symbol}: no signature"
        elif annotated.lost:
            yield f"{wrapper.function.symbol} {annotated.signature}: lost {annotated.lost}"
        for line in annotated.lines:
            if line.step is Step.UNKNOWN:
                yield f"{wrapper.function.symbol}: {line.instruction.intel}: {line.note}"


def linked_pairs(program: Program) -> set[str]:
    """The names that the symbol table has once for each ABI."""
    names = set(program.elf.symbols)
    start, size = program.elf.section_address(".text") or 0, len(program.elf.section(".text") or b"")
    code = {n for n in names if start <= program.elf.symbols[n][0] < start + size}
    return {name for name in code if f"{name}.abi0" in code}


@cache
def intrinsics() -> frozenset[str]:
    """The functions that the compiler has operations for, by its own source."""
    source = find_go().root / "src" / "cmd" / "compile" / "internal" / "ssagen" / "intrinsics.go"
    return frozenset(".".join(pair) for pair in _INTRINSIC.findall(source.read_text(encoding="utf-8")))


def standard_library(folder: Path, counts: Counter[str]) -> Program:
    """A program that takes the address of each assembly function that a package declares in Go."""
    go = find_go()
    listed = go.run(["list", "-deps", "-json=ImportPath,Dir,GoFiles,SFiles", *PACKAGES], cwd=folder).stdout
    names = list(declared(listed))
    counts["assembly functions taken from the standard library"] = len(names)
    lines = ["package main", "", *(f'import _ "{package}"' for package in (*PACKAGES, "unsafe")), ""]
    for n, name in enumerate(names):
        lines += [f"//go:linkname f{n} {name}", f"func f{n}()", ""]
    lines += [f"var kept = []func(){{{', '.join(f'f{n}' for n in range(len(names)))}}}", ""]
    lines += ["func main() { println(len(kept)); kept[len(kept)-1]() }", ""]
    (folder / "go.mod").write_text(f"module wrappers\n\ngo {go.language}\n", encoding="utf-8")
    (folder / "main.go").write_text("\n".join(lines), encoding="utf-8")
    (folder / "empty.s").write_text("", encoding="utf-8")
    built = folder / "program"
    answer = go.run(["build", "-ldflags=-checklinkname=0", "-o", str(built), "."], cwd=folder, timeout=600)
    if answer.returncode:
        raise SystemExit(answer.stderr)
    return Program(built)


def declared(listed: str) -> Iterator[str]:
    """The ABI0 assembly functions among the packages that `go list -json` printed, with a Go declaration."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(listed.rstrip()):
        package, at = decoder.raw_decode(listed, at)
        at += len(listed[at:]) - len(listed[at:].lstrip())
        folder, path = Path(package["Dir"]), package["ImportPath"]
        in_assembly = {
            text.symbol.rpartition(".")[2]
            for name in package.get("SFiles", ())
            for text in asmlex.texts((folder / name).read_text(encoding="utf-8"))
            if not text.is_local
        }
        for name in package.get("GoFiles", ()) if in_assembly else ():
            for function in golex.parse((folder / name).read_text(encoding="utf-8")).functions:
                if function.name in in_assembly and not function.has_body and not function.receiver:
                    yield f"{path}.{function.name}"


if __name__ == "__main__":
    sys.exit(main())
