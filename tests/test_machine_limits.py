"""Limits are kept closely, whatever the program does to get past them, and under the host's own limits."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

import underglass
from underglass.errors import LimitExceeded
from underglass.goprogram import GoProgram
from underglass.machine import Limits, Machine


def go(body: str, *imports: str) -> GoProgram:
    lines = "".join(f'import "{name}"\n' for name in imports)
    return underglass.build(f"package main\n{lines}func main() {{ {body} }}\n", keep=False)


BODIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "empty": ("for {}", ()),
    "system calls": ("for { syscall.Getpid() }", ("syscall",)),
    "clock": ("for { time.Now() }", ("time",)),
    "goroutines": ("for { go func() {}(); runtime.Gosched() }", ("runtime",)),
    "allocations": ("for { _ = make([]byte, 100_000) }", ()),
    "sleeps": ("for { time.Sleep(time.Microsecond) }", ("time",)),
    "faults": ("for { func() { defer func() { recover() }(); _ = *(*int)(nil) }() }", ()),
}


@pytest.mark.parametrize("name", BODIES)
def test_instructions_are_counted_within_a_tenth(name: str) -> None:
    body, imports = BODIES[name]
    machine = Machine(go(body, *imports).program, limits=Limits(instructions=3_000_000))
    with pytest.raises(LimitExceeded) as caught:
        machine.run()
    assert caught.value.limit == "instructions"
    assert 2_700_000 <= machine.cpu.executed <= 3_000_000


@pytest.mark.parametrize("name", BODIES)
def test_seconds_are_kept(name: str) -> None:
    """Within a tenth on a quiet machine; here within what a busy one adds."""
    body, imports = BODIES[name]
    program = go(body, *imports)
    started = time.monotonic()
    with pytest.raises(LimitExceeded) as caught:
        program.run(limits=Limits(seconds=0.5, instructions=2**60))
    assert caught.value.limit == "seconds"
    assert 0.5 <= time.monotonic() - started < 5


def test_one_write_cannot_go_far_past_the_limit_of_output() -> None:
    program = go("os.Stdout.Write(make([]byte, 8 << 20))", "os")
    with pytest.raises(LimitExceeded) as caught:
        program.run(limits=Limits(output=100_000))
    assert caught.value.limit == "output"
    assert len(caught.value.output) == 100_000


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is kept by Linux alone")
def test_it_runs_in_a_gibibyte_of_address_space() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "import underglass\n"
        "text = 'package main\\nfunc f(n int) int { return n }\\nfunc main() { println(1) }\\n'\n"
        "p = underglass.build(text)\n"
        "codes = [p.run().exit_code for _ in range(20)]\n"
        "print(codes.count(0), p.call('f', 3))\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert answer.stdout == "20 3\n", answer.stderr[-2000:]


def test_waiting_for_a_reader_is_not_the_programs_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, waited = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock() + waited[0])

    def slow(size: int) -> bytes:
        waited[0] += 1000
        return b"" if waited[0] > 2000 else b"typed\n"

    prog = underglass.build(
        'package main\nimport ("io"; "os")\n'
        "func main() { b, _ := io.ReadAll(os.Stdin); os.Stdout.Write(b) }\n"
    )
    prog.on_input = lambda: slow
    assert prog.run(limits=Limits(seconds=30)).stdout == "typed\ntyped\n"
