"""Starting: the import of the library, the kernel's start, and the first assembly cell, each beside its like.

Prints one JSON line of medians. `import_s`: what `import underglass` adds to `python -c pass`, and
`import_ratio`, of the two processes. `kernel_s`: from the start of the process to the answer of 1+1, and its
ratio to ipykernel's own. `first_asm_s`: from the start to the result of a first %%asm cell, Go's build cache
warm, with its ratio to the same; `first_call_s`: to that of a call in the cell below it.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from jupyter_client.manager import KernelManager

from kernels import ADD, RunningKernel

ROUNDS = 5


def process(code: str) -> float:
    """Seconds of a Python process that runs `code`."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def kernel(name: str, *cells: str) -> float:
    """Seconds from the start of a kernel to the answer of the last cell."""
    manager = KernelManager(kernel_name=name)
    began = time.perf_counter()
    manager.start_kernel(stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        running = RunningKernel(manager, client)
        for cell in cells:
            shown = running.run(cell)
            assert shown.status == "ok", shown
        return time.perf_counter() - began
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def main() -> None:
    """Measure in turns, so that what else the machine does falls on all alike, and print."""
    rows: dict[str, list[float]] = {}
    kernel("underglass", ADD)  # what is not yet in the caches
    for _ in range(ROUNDS):
        for name, seconds in (
            ("pass", process("pass")),
            ("import", process("import underglass")),
            ("ipykernel", kernel("python3", "1+1")),
            ("kernel", kernel("underglass", "1+1")),
            ("first_asm", kernel("underglass", ADD)),
            ("first_call", kernel("underglass", ADD, "prog.call('add', 23, 4)")),
        ):
            rows.setdefault(name, []).append(seconds)
    median = {name: statistics.median(seconds) for name, seconds in rows.items()}
    line = {
        "bench": "start",
        "import_s": round(median["import"] - median["pass"], 3),
        "import_ratio": round(median["import"] / median["pass"], 2),
        "kernel_s": round(median["kernel"], 2),
        "kernel_ratio": round(median["kernel"] / median["ipykernel"], 2),
        "first_asm_s": round(median["first_asm"], 2),
        "first_asm_ratio": round(median["first_asm"] / median["ipykernel"], 2),
        "first_asm_under_3_s": median["first_asm"] < 3,
        "first_call_s": round(median["first_call"], 2),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
