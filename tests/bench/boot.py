"""Boot to exit: an ELF file opened, booted and run to its end, beside the native run.

Prints one JSON line. For each program: `ours_s` and `native_s` (medians, wall time; ours in a process
that has already imported the library), and for hello whether it keeps to ten native runs plus 0.1 s.
With `--qiling PYTHON`, an interpreter that has Qiling installed, its seconds and verdict stand beside.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import underglass

ROUNDS = 7
PROGRAMS = Path(__file__).parent.parent / "programs"
HELLO = 'package main\nimport "fmt"\nfunc main() { fmt.Println("hello") }\n'
PRINTLN = 'package main\nfunc main() { println("hello") }\n'
QILING = """
import sys, time
from qiling import Qiling
from qiling.const import QL_VERBOSE
t = time.perf_counter()
ql = Qiling([sys.argv[1]], "/", verbose=QL_VERBOSE.OFF)
ql.run(timeout=30_000_000)
print("SECONDS", time.perf_counter() - t)
"""


def median(measure: Callable[[], object]) -> float:
    """Median seconds of `measure`."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        measure()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def qiling(python: str, path: Path, expected: str) -> str:
    """What Qiling makes of the program."""
    try:
        answer = subprocess.run(
            [python, "-c", QILING, str(path)],
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return "no end within 60 s"
    seconds = next((w.split()[1] for w in answer.stdout.splitlines() if w.startswith("SECONDS")), None)
    if seconds is None:
        return f"error: {(answer.stderr.strip().splitlines() or ['none said'])[-1][:120]}"
    printed = expected.split("\n")[0] in answer.stdout + answer.stderr
    return f"{float(seconds):.2f} s" if printed else "ends without the program's output"


def main() -> None:
    """Measure and print."""
    python = sys.argv[2] if sys.argv[1:2] == ["--qiling"] else None
    programs = {
        "println": underglass.build(PRINTLN, keep=False),
        "hello": underglass.build(HELLO, keep=False),
    }
    programs |= {name: underglass.build(PROGRAMS / f"{name}.go", keep=False) for name in ("busy", "clocks")}
    line: dict[str, object] = {"bench": "boot"}
    for name, program in programs.items():
        path = program.program.path
        path.chmod(0o755)
        expected = program.run()
        ours = median(lambda path=path: underglass.load(path).run())
        native = median(
            lambda path=path: subprocess.run([path], capture_output=True, stdin=subprocess.DEVNULL)
        )
        row: dict[str, object] = {
            "ours_s": round(ours, 4),
            "native_s": round(native, 4),
            "ratio": round(ours / native, 1),
        }
        if name == "hello":
            row["within_10_native_plus_0.1_s"] = ours <= 10 * native + 0.1
        if python is not None:
            row["qiling"] = qiling(python, path, expected.stdout or expected.stderr)
        line[name] = row
    print(json.dumps(line))


if __name__ == "__main__":
    main()
