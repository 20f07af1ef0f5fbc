"""Recording: steps a second, full registers, vectors, loads and stores, beside two other ways.

Prints one JSON line. `over_python_hook` is our rate over that of a Python hook that calls
`reg_read_batch` for the same registers (with a Python hook for the stores), on the same call.
`over_gdb` is our rate over that of gdb's `record full`, single-stepping the same function natively
(absent, with the reason, where there is no gdb or it cannot record).
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from unicorn import UC_HOOK_CODE, UC_HOOK_MEM_WRITE

import underglass
from underglass.goprogram import GoProgram
from underglass.machine.amd64 import GENERAL, VECTORS
from underglass.machine.recorder import Recording

ROUNDS = 5
GO = """package main

var table [4096]int

//go:noinline
func fill(n int) (sum int) {
	for i := range n {
		table[i%4096] += i
		sum += table[(i*7)%4096]
	}
	return sum
}

func main() { println(fill(20000)) }
"""


def ours(program: GoProgram) -> float:
    """Steps a second."""
    call = program._prepare("fill", (20_000,), None, None)
    with Recording(call.machine, 10_000_000) as recording, call.watched():
        started = time.perf_counter()
        call.machine.run()
        seconds = time.perf_counter() - started
    return recording.steps / seconds


def python_hook(program: GoProgram) -> float:
    """Steps a second of a hook written with the binding alone."""
    call = program._prepare("fill", (2_000,), None, None)
    uc = call.machine.cpu.uc
    ids = [*GENERAL.values(), *VECTORS.values()]
    rows: list[Any] = []
    stores: list[tuple[int, int, int]] = []
    hooks = [
        uc.hook_add(UC_HOOK_CODE, lambda uc, address, size, data: rows.append(uc.reg_read_batch(ids))),
        uc.hook_add(
            UC_HOOK_MEM_WRITE, lambda uc, kind, a, size, value, data: stores.append((a, size, value))
        ),
    ]
    uc.ctl_flush_tb()
    with call.watched():
        started = time.perf_counter()
        call.machine.run()
        seconds = time.perf_counter() - started
    for hook in hooks:
        uc.hook_del(hook)
    uc.ctl_flush_tb()
    assert len(stores) > 1000
    return len(rows) / seconds


def gdb(path: Path) -> float | str:
    """Steps a second under gdb's `record full`; a reason if there is none."""
    if shutil.which("gdb") is None:
        return "no gdb on this machine"
    path.chmod(0o755)
    steps = 2000
    script = f"""
set pagination off
set confirm off
set debuginfod enabled off
set record full insn-number-max unlimited
tbreak main.fill
run
set scheduler-locking on
record full
python import time; t = time.perf_counter()
stepi {steps}
python print("STEPS", {steps} / (time.perf_counter() - t))
info record
kill
"""
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as file:
        file.write(script)
        file.flush()
        try:
            answer = subprocess.run(
                ["gdb", "-q", "-nx", "-batch", "-x", file.name, str(path)],
                capture_output=True,
                text=True,
                timeout=60,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return "gdb did not end within 60 s"
    rate = re.search(r"STEPS ([0-9.]+)", answer.stdout)
    recorded = re.search(r"Log contains (\d+) instructions", answer.stdout)
    if rate is None or recorded is None or int(recorded[1]) < steps // 2:
        lines = [line for line in (answer.stderr + answer.stdout).splitlines() if line.strip()]
        return f"gdb does not record it: {lines[-1] if lines else 'no output'}"
    return float(rate[1])


def main() -> None:
    """Measure and print."""
    program = underglass.build(GO)
    ours(program)
    rates = [(ours(program), python_hook(program)) for _ in range(ROUNDS)]
    mine, plain = (statistics.median(column) for column in zip(*rates, strict=True))
    line: dict[str, object] = {
        "bench": "record",
        "over_python_hook": round(mine / plain, 1),
        "steps_per_s": round(mine),
        "python_hook_steps_per_s": round(plain),
    }
    other = gdb(program.program.path)
    if isinstance(other, float):
        line |= {"over_gdb": round(mine / other, 1), "gdb_steps_per_s": round(other)}
    else:
        line["gdb"] = other
    print(json.dumps(line))


if __name__ == "__main__":
    main()
