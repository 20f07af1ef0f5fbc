"""Memory: 1,000 machines made, run and dropped, then 10,000 calls from one snapshot.

Prints one JSON line: resident and virtual memory in MiB after the first tenth and at the end of each.
Level memory is what is asked, so the ratios are of the end to the first tenth. Linux only.
"""

from __future__ import annotations

import json
from pathlib import Path

import underglass

MACHINES, CALLS = 1000, 10_000
GO = """package main

func make_(n int) []int { return make([]int, n) }

func main() { println(1) }
"""


def memory() -> tuple[int, int]:
    """(virtual, resident) MiB of this process."""
    pages = Path("/proc/self/statm").read_text().split()
    return int(pages[0]) * 4 // 1024, int(pages[1]) * 4 // 1024


def main() -> None:
    """Measure and print."""
    program = underglass.build(GO)
    line: dict[str, object] = {"bench": "level"}
    for name, count, work in (
        ("machines", MACHINES, program.run),
        ("calls", CALLS, lambda: program.call("make_", 100)),
    ):
        early = (0, 0)
        for number in range(count):
            work()
            if number == count // 10:
                early = memory()
        late = memory()
        line[name] = {
            "count": count,
            "resident_mib": [early[1], late[1]],
            "virtual_mib": [early[0], late[0]],
            "ratio": round(late[1] / early[1], 3),
        }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
