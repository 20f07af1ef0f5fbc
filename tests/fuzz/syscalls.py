"""Random system calls against the kernel of a booted machine.

    python tests/fuzz/syscalls.py 100000 [seed]

Only typed outcomes may come: a result, a limit. No other exception, no hang, nothing of the host touched.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

import underglass
from underglass.errors import LimitExceeded
from underglass.machine import Limits, Machine
from underglass.machine.amd64 import SYSCALL_ARGS
from underglass.machine.linux.calls import CALLS

ROOM = 0x7D00_0000_0000  # a page of paths, then pages to read and write
PATHS = (
    b"/", b".", b"..", b"/tmp", b"/tmp/a", b"/tmp/b", b"/tmp/d", b"/tmp/d/../e", b"/tmp/link", b"/dev/null",
    b"/dev/fd/0", b"/proc/self/exe", b"/proc/self/maps", b"/host/x", b"/host/../host/out", b"", b"a" * 300,
    b"/tmp/" + b"x/" * 100,
)  # fmt: skip
ENDLESS = {24}  # sched_yield only goes round


def machine(mount: Path | None = None) -> Machine:
    """A booted machine with its snapshot, and memory to point into."""
    program = underglass.build("package main\nfunc main() { println(1) }\n", keep=False).program
    limits = Limits(memory=512 << 20, storage=32 << 20, threads=40, files=64, output=1 << 30, seconds=120)
    made = Machine(
        program, limits=limits, files={"/tmp/a": b"text"}, mounts={"/host": mount} if mount else None
    )
    made.run(until=program.function("main.main").address)
    made.memory.map(ROOM, 1 << 20, 3)
    for index, path in enumerate(PATHS):
        made.memory.write(ROOM + 512 * index, path + b"\0")
    made.snapshot()
    return made


def argument(rng: random.Random) -> int:
    """A value that some call may take for a descriptor, a pointer, a length or flags."""
    kind = rng.randrange(10)
    if kind < 3:
        return ROOM + 512 * rng.randrange(len(PATHS))
    if kind < 5:
        return ROOM + 0x10000 + rng.choice((0, 8, 64, 4095, 4096)) + 0x1000 * rng.randrange(16)
    if kind < 7:
        return rng.randrange(12)
    if kind == 7:
        return rng.choice(
            (2**64 - 100, 2**64 - 1, 2**63, 2**63 - 1, 2**32 - 1, 2**31, 2**47, 0x7FFF_FFFF_F000, 1 << 40)
        )
    if kind == 8:
        return 1 << rng.randrange(64)
    return rng.getrandbits(rng.choice((8, 16, 33, 48, 64)))


def one(made: Machine, number: int, arguments: list[int]) -> bool:
    """Make one call, as the guest would; say whether it succeeded. Where its thread cannot go on, rewind."""
    kernel, cpu = made.kernel, made.cpu
    cpu.write(("AX", *SYSCALL_ARGS), (number, *arguments))
    try:
        kernel.enter()
        goes_on = kernel.after_syscall()
        if goes_on is None and kernel.exit_code is None and number not in ENDLESS:
            kernel.poll()
            kernel.park()
            made.family.advance()
            kernel.switch()
    except LimitExceeded:
        goes_on = None
    done = goes_on is not None and cpu["AX"] < 2**64 - 4096
    if goes_on is None or kernel.exit_code is not None or kernel.current.mask_after is not None:
        made.rewind()
    return done


def host() -> tuple[int, Path, dict[str, str]]:
    """What the guest must not change: our descriptors, working directory and environment."""
    descriptors = Path("/proc/self/fd")
    return len(list(descriptors.iterdir())) if descriptors.is_dir() else 0, Path.cwd(), dict(os.environ)


def main(count: int, seed: int) -> int:
    """Make `count` calls; 1 if the host was touched."""
    rng = random.Random(seed)
    made = machine()
    numbers = sorted(CALLS)
    before = host()
    started, slowest, succeeded = time.monotonic(), (0.0, 0), 0
    for index in range(count):
        number = rng.choice(numbers) if rng.random() < 0.97 else rng.getrandbits(rng.choice((9, 32, 64)))
        arguments = [argument(rng) for _ in SYSCALL_ARGS]
        began = time.monotonic()
        try:
            succeeded += one(made, number, arguments)
        except BaseException:
            print(f"call {index}: {number} {[hex(a) for a in arguments]}", file=sys.stderr)
            raise
        slowest = max(slowest, (time.monotonic() - began, number))
        if index % 500 == 499:
            made.rewind()
    after = host()
    spent = time.monotonic() - started
    print(
        f"{count} calls in {spent:.1f} s, slowest {slowest[0] * 1000:.1f} ms (call {slowest[1]}); "
        f"{succeeded} succeeded; host as before: {before == after}"
    )
    return int(before != after)


if __name__ == "__main__":
    sys.exit(
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    )
