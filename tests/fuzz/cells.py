"""Random and mutated cells of Go and assembly, through a real kernel.

    python tests/fuzz/cells.py 2000 [seed]

Each cell must be answered, with "ok" or with an error of the library's own; after each, 1+1 is 2 in the same
process. What builds and has a function `fuzz` is called, within limits. Prints one JSON line; a cell answered
in another way is printed to stderr, and the exit code is 1.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

sys.path.insert(0, str(Path(__file__).parent.parent))

import underglass.errors
from kernels import ADD, RunningKernel, Shown, running_kernel
from underglass.errors import UnderglassError

LONGEST = 100_000  # characters of a line that is made longer
PATIENCE = 90  # seconds that a cell may take on a busy machine
OURS = {
    name
    for name, value in vars(underglass.errors).items()
    if isinstance(value, type) and issubclass(value, UnderglassError)
} | {"UsageError"}  # IPython's: no such magic
CALL = "from underglass import Limits\nprog.call('fuzz', limits=Limits(instructions=200_000))"

MNEMONICS = (
    "MOVQ", "MOVL", "MOVB", "MOVBLZX", "ADDQ", "SUBQ", "IMULQ", "XORL", "SHLQ", "LEAQ", "CMPQ", "JEQ",
    "JNE", "JMP", "CALL", "RET", "PUSHQ", "POPQ", "CQO", "IDIVQ", "MOVUPS", "PXOR", "VPADDD", "VMOVDQU",
    "CPUID", "RDTSC", "SYSCALL", "INT", "UD2", "HLT", "NOP", "LOCK", "REP", "MOVSB", "BYTE", "LONG",
    "PCALIGN", "PCDATA", "FUNCDATA", "TEXT", "DATA", "GLOBL", "XCHGQ", "CMPXCHGQ", "BSWAPQ", "LEAVEQ",
    "CLD", "STD", "MOVQX", "NOSUCH",
)  # fmt: skip
# Instructions that the assembler takes, so that some functions get as far as a call.
TAKEN = (
    "MOVQ $1, AX", "XORL AX, AX", "PUSHQ AX", "POPQ BX", "UD2", "MOVQ 0(AX), AX", "CALL ·fuzz(SB)",
    "SYSCALL", "MOVQ SP, AX", "MOVQ $0, SP", "RET", "HLT", "INT $3", "CPUID", "STD", "JMP (AX)",
)  # fmt: skip
OPERANDS = (
    "AX", "BX", "CX", "SP", "BP", "R8", "R15", "X0", "Y1", "Z31", "K1", "g", "TLS", "$0", "$1", "$-1",
    "$0x7fffffffffffffff",
    "$18446744073709551616", "$1.5", "$'a'", '$"text"', "x+0(FP)", "y+8(FP)", "ret+16(FP)",
    "z+99999999(FP)", "0(SP)",
    "t-8(SP)", "8(AX)(BX*8)", "(AX)(BX*3)", "·f(SB)", "·fuzz(SB)", "runtime·g(SB)", "s<>+0(SB)", "$·f(SB)",
    "again",
    "2(PC)", "(TLS)", "0", "", "*AX", "$(1<<63)", "$(1/0)", "$(((", "AX:DX", "[AX-BX]", "NOSPLIT", "$8-16",
    "$-8",
    "$1000000000",
)  # fmt: skip
GO_PIECES = (
    "func", "f", "fuzz", "(", ")", "{", "}", "[", "]", "int", "string", "return", "if", "for", "range",
    "x", ":=", "=", "+",
    "1", "1<<62", '"s"', "`r\n`", "'c'", "\n", "\n", ";", "// c\n", "/* c */", "type", "T", "struct",
    "interface", "map",
    "chan", "<-", "go", "defer", "panic", "var", "const", "iota", "import", '"fmt"', '"unsafe"', '"os"',
    '"C"', "main",
    "init", "package", "goto", "L:", "...", "any", "[T any]", "//go:noinline\n", "//go:embed x\n",
    "//go:build windows\n",
    "//go:linkname f g\n", "//line a.go:1\n", "nil", "µ", "世界",
)  # fmt: skip
ODD = "\0\a\r\t\v\f\x1b\x7f\x85\xa0·∕µ世\u200b\u2028\ufeff😀e\u0301\"'`\\;:#$%*/(){}[]<>,.0x"

VALID = (
    ADD,
    "%%asm\n// func fuzz()\nTEXT ·fuzz(SB), 4, $0-0\nagain:\tJMP again\n",
    "%%asm\n// func fuzz() int64\nTEXT ·fuzz(SB), 4, $16-8\n\tMOVQ $1, AX\n\tMOVQ AX, t-8(SP)\n"
    "\tMOVQ AX, ret+0(FP)\n\tRET\n",
    '%%asm\n#include "textflag.h"\n#define TWICE(r) \\\n\tADDQ r, r\n\nDATA s<>+0(SB)/8, $"eight by"\n'
    "GLOBL s<>(SB), RODATA, $8\n\n// func fuzz(x int) int\nTEXT ·fuzz(SB), NOSPLIT, $0-16\n"
    "\tMOVQ x+0(FP), BX\n\tTWICE(BX)\n\tADDQ s<>(SB), BX\n\tMOVQ BX, ret+8(FP)\n\tRET\n",
    "%%asm loop.s\n// func fuzz(p []byte) (n int)\nTEXT ·fuzz(SB), 4, $0-32\n\tMOVQ p_base+0(FP), SI\n"
    "\tMOVQ p_len+8(FP), CX\n\tXORL AX, AX\nnext:\n\tTESTQ CX, CX\n\tJZ done\n\tADDB (SI), AX\n\tINCQ SI\n"
    "\tDECQ CX\n\tJMP next\ndone:\n\tMOVQ AX, n+24(FP)\n\tRET\n",
    "%%go\nfunc fuzz() int { return 42 }\n",
    '%%go\nimport "fmt"\n\ntype T struct{ a, b int }\n\nfunc (t T) String() string { return fmt.Sprint(t.a) }'
    "\n\nfunc fuzz() string { return T{1, 2}.String() }\n",
    "%%go main.go\npackage main\n\nfunc add(x, y int64) int64\n\nfunc main() { println(add(23, 4)) }\n",
    "%%go\nfunc fuzz() (s []int) {\n\tfor i := range 10 {\n"
    "\t\tdefer func() { s = append(s, i) }()\n\t}\n\treturn\n}\n",
)


@dataclass(frozen=True)
class Finding:
    """A cell that was not answered as it should be."""

    index: int
    what: str
    code: str


def cell(rng: random.Random) -> str:
    """Return a cell: a valid one changed a little or a lot, or one of random words."""
    kind = rng.randrange(10)
    if kind < 5:
        text = rng.choice(VALID)
        for _ in range(rng.choice((0, 1, 1, 2, 3, 8))):
            text = _mutated(rng, text)
        return text
    if kind < 8:
        return _assembly(rng)
    if kind < 9:
        return "%%go\n" + " ".join(rng.choice(GO_PIECES) for _ in range(rng.randrange(40)))
    return f"%%{rng.choice(('go', 'asm'))}\n" + "".join(rng.choice(ODD) for _ in range(rng.randrange(200)))


def _mutated(rng: random.Random, text: str) -> str:
    """Change one thing below the magic, or now and then the name behind it."""
    head, _, body = text.partition("\n")
    kind, at = rng.randrange(9), rng.randrange(len(body) + 1)
    lines = body.split("\n")
    line = rng.randrange(len(lines))
    if kind == 0:
        names = (
            " x.s",
            " x.go",
            " ../x.s",
            " a b.s",
            " CON.s",
            " .s",
            " x_test.go",
            " x_windows.s",
            " ' .s",
            "\\",
        )
        return f"{head.split()[0]}{rng.choice(names)}\n{body}"
    if kind == 1:
        return f"{head}\n{body[:at]}{body[at + rng.randrange(1, 6) :]}"
    if kind == 2:
        return f"{head}\n{body[:at]}{rng.choice(ODD)}{body[at:]}"
    if kind == 3:
        return f"{head}\n{body[:at]}{rng.choice(OPERANDS)}{body[at:]}"
    if kind == 4:
        lines.insert(line, rng.choice(lines))
    elif kind == 5:
        lines.pop(line)
    elif kind == 6:
        lines[line] = re.sub(r"\w+", lambda m: rng.choice((m[0], m[0], rng.choice(MNEMONICS))), lines[line])
    elif kind == 7:
        lines[line] = (lines[line] * rng.choice((2, 50, 2000)))[:LONGEST]
    else:
        lines = rng.choice(VALID).split("\n")[1 : rng.randrange(2, 6)] + lines[line:]
    return "\n".join([head, *lines])


def _assembly(rng: random.Random) -> str:
    """Return a function of random instructions, most of whose operands some instruction takes."""
    lines = []
    for _ in range(rng.randrange(12)):
        operands = ", ".join(rng.choice(OPERANDS) for _ in range(rng.randrange(4)))
        lines.append(f"\t{rng.choice(MNEMONICS)} {operands}")
    if rng.random() < 0.5:
        lines = [f"\t{rng.choice(TAKEN)}" for _ in range(rng.randrange(1, 8))]
    frame = rng.choice(("$0-0", "$0-0", "$8-0", "$0", "$65536-0", "$-8", "$1<<40-0"))
    return "\n".join(
        ["%%asm", "// func fuzz()", f"TEXT ·fuzz(SB), 4, {frame}", "again:", *lines, "\tRET", ""]
    )


def judged(shown: Shown) -> str:
    """Return what is wrong with an answer, or nothing."""
    if shown.status == "ok":
        return ""
    if shown.status != "error" or not shown.error_name:
        return f"status {shown.status!r} without an error message"
    if shown.error_name not in OURS:
        return f"an error that is not the library's: {shown.error[-600:]}"
    return "a Python traceback" if "Traceback" in shown.error else ""


def tried(kernel: RunningKernel, code: str, cell_id: str) -> tuple[str, str]:
    """Run a cell, call what it made, and compute 1+1; return its outcome, and what is wrong, if anything."""
    try:
        shown = kernel.run(code, timeout=PATIENCE, cell_id=cell_id)
        outcome, wrong = shown.error_name or shown.status, judged(shown)
        if shown.status == "ok" and re.search(r"\bfuzz\(", shown.stdout):
            called = kernel.run(CALL, timeout=PATIENCE)
            outcome, wrong = (
                f"{outcome}, called: {called.error_name or called.status}",
                wrong or judged(called),
            )
        two = kernel.run("1+1", timeout=PATIENCE).text
    except Empty:
        return "silence", f"no answer within {PATIENCE} s"
    return outcome, wrong or ("" if two == "2" else f"1+1 is {two!r}")


def main(count: int, seed: int) -> int:
    """Run `count` cells; 1 if one was answered wrongly."""
    rng = random.Random(seed)
    outcomes: Counter[str] = Counter()
    findings: list[Finding] = []
    seconds: list[float] = []
    starts, kernel_pids = time.monotonic(), set()
    index = 0
    while index < count:
        with running_kernel() as kernel:
            kernel_pids.add(kernel.manager.provisioner.pid)
            while index < count:
                code = cell(rng)
                began = time.monotonic()
                outcome, wrong = tried(kernel, code, f"cell-{rng.randrange(5)}")
                seconds.append(time.monotonic() - began)
                outcomes[outcome] += 1
                if wrong:
                    findings.append(Finding(index, wrong, code))
                    print(f"cell {index}: {wrong}\n{code[:2000]!r}", file=sys.stderr, flush=True)
                index += 1
                if index % 500 == 0:
                    print(f"{index} cells", file=sys.stderr, flush=True)
                if not kernel.manager.is_alive() or outcome == "silence":
                    break
    line = {
        "fuzz": "cells",
        "seed": seed,
        "cells": count,
        "findings": len(findings),
        "kernels": len(kernel_pids),
        "outcomes": dict(outcomes.most_common()),
        "median_s": round(statistics.median(seconds), 3),
        "slowest_s": round(max(seconds), 2),
        "total_s": round(time.monotonic() - starts),
    }
    print(json.dumps(line))
    return int(bool(findings) or len(kernel_pids) > 1)


if __name__ == "__main__":
    sys.exit(
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    )
