"""Edit to result: change one .s file, build, boot, call; beside `go build` of the same change.

Prints one JSON line. `ratio` is the median of the whole line over the median of `go build` alone,
both measured in this run, one after the other, on sources never built before.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path

import underglass
from underglass.toolchain import Source, find_go

ROUNDS = 15
ASSEMBLY = """#include "textflag.h"

// func add(x, y int64) int64
TEXT ·add(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	ADDQ ${number}, AX
	MOVQ AX, ret+16(FP)
	RET
"""
GO = """package main

func add(x, y int64) int64

func main() { println(add(23, 4)) }
"""


def edit_to_result(number: int) -> float:
    """Seconds from the changed text to the call's result."""
    started = time.perf_counter()
    sources = (
        Source("main.go", GO, "main.go"),
        Source("add.s", ASSEMBLY.replace("{number}", str(number)), "add.s"),
    )
    result = underglass.build(*sources).call("add", 23, 4)
    seconds = time.perf_counter() - started
    assert result == 27 + number
    return seconds


def go_build(directory: Path, number: int) -> float:
    """Seconds of `go build` after the same change."""
    (directory / "add.s").write_text(ASSEMBLY.replace("{number}", str(number)))
    go = find_go()
    started = time.perf_counter()
    answer = go.run(["build", "-trimpath", "-buildvcs=false", "-o", "program", "."], cwd=directory)
    seconds = time.perf_counter() - started
    assert answer.returncode == 0, answer.stderr
    return seconds


def main() -> None:
    """Measure and print."""
    base = time.time_ns() % 1_000_000_000  # never built before, in any earlier run
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "go.mod").write_text("module underglass\n\ngo 1.27\n")
        (directory / "main.go").write_text(GO)
        edit_to_result(base)
        go_build(directory, base)
        ours, theirs = [], []
        for round_ in range(1, ROUNDS + 1):
            ours.append(edit_to_result(base + round_))
            theirs.append(go_build(directory, base + round_))
    whole, build = statistics.median(ours), statistics.median(theirs)
    print(
        json.dumps(
            {
                "bench": "edit",
                "ratio": round(whole / build, 3),
                "edit_to_result_s": round(whole, 4),
                "go_build_s": round(build, 4),
            }
        )
    )


if __name__ == "__main__":
    main()
