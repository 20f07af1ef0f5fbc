"""Completion and inspection in a warm kernel, beside Python's own in the same kernel.

Prints one JSON line. `complete` and `inspect` are medians in milliseconds of the whole way, from sending the
request to its reply; the ratios are these over the medians for Python. `slowest` names the request whose own
median is the longest, with that median; `first` is the first request of all, which imports what the others
use. Exits with 1 where a median is above 50 ms.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from kernels import ADD, RunningKernel, running_kernel

ROUNDS = 15
MOST = 50.0  # milliseconds
LONG = ADD + "".join(ADD.removeprefix("%%asm\n").replace("add", f"add{n}") for n in range(60))
GO = '%%go\nimport ("fmt"; "net/http"; "strings")\nfunc main() {\n\tvar b strings.Builder\n\tfmt.Println(b)\n'
COMPLETE = {
    "an empty line": "%%asm\n",
    "MOV": "%%asm\n\tMOV",
    "(FP)": ADD + "\tMOVQ (FP)",
    "a register": ADD + "\tMOVQ AX, ",
    "·": ADD + "\tCALL ·",
    "runtime·": ADD + "\tCALL runtime·",
    "61 functions": LONG + "\tMOVQ (FP)",
    "fmt.Pri": GO + "\tfmt.Pri",
    "http.": GO + "\thttp.",
    "b.": GO + "\tb.",
    "a Go name": GO + "\t",
}
INSPECT = {
    "MOVQ": (ADD, ADD.index("MOVQ") + 2),
    "x+0(FP)": (ADD, ADD.index("x+0") + 1),
    "·add(SB)": (ADD, ADD.index("·add") + 2),
    "61 functions": (LONG, len(LONG) - 10),
    "fmt.Println": (GO, GO.index("Println") + 2),
    "net/http": (GO, GO.index("net/http") + 6),
}
PYTHON = ("import os\nos.pa", "pri", "''.jo")


def timed(kernel: RunningKernel, message: str) -> float:
    """Milliseconds until the reply to a message that was just sent."""
    begun = time.perf_counter()
    while kernel.client.get_shell_msg(timeout=60)["parent_header"].get("msg_id") != message:
        pass
    return 1000 * (time.perf_counter() - begun)


def complete(kernel: RunningKernel, code: str) -> float:
    return timed(kernel, kernel.client.complete(code, len(code)))


def inspect(kernel: RunningKernel, code: str, place: int) -> float:
    return timed(kernel, kernel.client.inspect(code, place))


def main() -> int:
    with running_kernel() as kernel:
        kernel.run("import os")
        first = complete(kernel, COMPLETE["MOV"])
        kernel.run(ADD)
        times: dict[str, list[float]] = {}
        for number in range(ROUNDS + 1):  # the first round warms up
            for name, code in COMPLETE.items():
                times.setdefault(f"complete {name}", []).append(complete(kernel, code))
            for name, (code, place) in INSPECT.items():
                times.setdefault(f"inspect {name}", []).append(inspect(kernel, code, place))
            for code in PYTHON:
                times.setdefault("Python complete", []).append(complete(kernel, code))
            times.setdefault("Python inspect", []).append(inspect(kernel, "os.path.join", 12))
            if number == 0:
                times.clear()
    medians = {name: statistics.median(found) for name, found in times.items()}
    kinds = {
        kind: statistics.median([t for name, found in times.items() if name.startswith(kind) for t in found])
        for kind in ("complete", "inspect")
    }
    ours = {name: found for name, found in medians.items() if not name.startswith("Python")}
    slowest = max(ours, key=lambda name: ours[name])
    print(
        json.dumps(
            {
                "complete": round(kinds["complete"], 1),
                "inspect": round(kinds["inspect"], 1),
                "complete_ratio": round(kinds["complete"] / medians["Python complete"], 2),
                "inspect_ratio": round(kinds["inspect"] / medians["Python inspect"], 2),
                "slowest": {slowest: round(ours[slowest], 1)},
                "first": round(first),
            }
        )
    )
    return int(max(kinds.values()) > MOST)


if __name__ == "__main__":
    sys.exit(main())
