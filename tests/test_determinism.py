"""The same program and seed give the same run in another process, byte for byte; another seed another one."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import underglass
from underglass.goprogram import GoProgram
from underglass.trace import Run

PROGRAMS = Path(__file__).parent / "programs"
BODIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "channels": (
        """c, d := make(chan int), make(chan int, 3)
        go func() { for i := range 50 { c <- i }; close(c) }()
        go func() { for v := range c { d <- v * v }; close(d) }()
        s := 0
        for v := range d { s += v }
        print(s)""",
        (),
    ),
    "timers": (
        """t, n, done := time.NewTicker(time.Millisecond), 0, time.After(20 * time.Millisecond)
        for { select { case <-t.C: n++; case <-done: print(n); return } }""",
        ("time",),
    ),
    "collections": (
        """var keep [][]byte
        for i := range 400 {
            keep = append(keep, make([]byte, 9000))
            if i%50 == 0 { runtime.GC(); keep = nil }
        }""",
        ("runtime",),
    ),
    "maps": (
        """m := map[string]int{}
        for i := range 500 { m[string(rune(i))] = i }
        for k := range m { print(k); break }""",
        (),
    ),
    "random": ("print(rand.IntN(1000), rand.Float64())", ("math/rand/v2",)),
    "spinners": (
        """var n atomic.Int64
        for range 4 { go func() { for { n.Add(1) } }() }
        for n.Load() < 2_000_000 {}
        print(n.Load() > 0)""",
        ("sync/atomic",),
    ),
    "growth": (
        """var f func(int) int
        f = func(n int) int { var p [99]int; if n == 0 { return p[0] }; return f(n-1) + 1 }
        print(f(3000))""",
        (),
    ),
}
DIGEST = """
import sys
sys.path.insert(0, sys.argv[1])
from test_determinism import digests, program
import json
print(json.dumps({name: digests(program(name), int(sys.argv[2])) for name in sys.argv[3:]}))
"""


def program(name: str) -> GoProgram:
    if name not in BODIES:
        return underglass.build(PROGRAMS / f"{name}.go", keep=False)
    body, imports = BODIES[name]
    lines = "".join(f'import "{path}"\n' for path in imports)
    return underglass.build(f"package main\n{lines}func main() {{ {body} }}\n", keep=False)


def digest(run: Run, start: int) -> str:
    """All that 3,000 instructions did: registers, vectors, loads and stores, threads."""
    trace = run.window(start, 3000)
    held = trace.registers.tobytes() + trace.vectors.tobytes() + trace.accesses.tobytes()
    return hashlib.sha256(held + repr(trace.threads).encode()).hexdigest()


def digests(program: GoProgram, seed: int = 1) -> list[object]:
    """The count of instructions, the output, and what happened at three places of the run."""
    run = program.record_run(seed=seed)
    places = [run.instructions * part // 4 for part in (1, 2, 3)]
    return [
        run.instructions,
        run.stdout.decode(),
        run.stderr.decode(),
        *(digest(run, place) for place in places),
    ]


@pytest.mark.parametrize("half", [0, 1])
def test_ten_programs_run_the_same_in_two_processes(half: int) -> None:
    names = sorted([*BODIES, "busy", "clocks", "faults"])[half::2]
    said = []
    for _ in range(2):
        command = [sys.executable, "-c", DIGEST, str(Path(__file__).parent), "1", *names]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert answer.returncode == 0, answer.stderr[-2000:]
        said.append(json.loads(answer.stdout))
    assert said[0] == said[1]
    assert len(said[0]) == 5


def test_another_seed_gives_another_run() -> None:
    chosen = program("spinners")
    assert len({json.dumps(digests(chosen, seed)) for seed in range(3)}) > 1
