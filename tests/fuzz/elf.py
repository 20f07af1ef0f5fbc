"""Mutated executables: only named errors, no hang, no crash.

    python tests/fuzz/elf.py [COUNT] [SEED]

Each example changes a few bytes of a real Go executable (headers, tables or code), opens it, boots it
under small limits, and calls nothing else. Prints one JSON line: how many examples, and how they ended.
"""

from __future__ import annotations

import collections
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import underglass
from underglass.errors import UnderglassError
from underglass.machine import Limits, Machine
from underglass.program import Program

__all__ = ["mutated", "outcome"]

LIMITS = Limits(instructions=400_000, seconds=5.0, memory=256 << 20, output=1 << 16, threads=16)
SLOWEST = 20.0  # seconds; an example that takes longer is a hang


def mutated(original: bytes, order: random.Random) -> bytes:
    """A copy with one to eight changes: bytes, words, cuts and repetitions, early ones more often."""
    data = bytearray(original)
    for _ in range(order.randint(1, 8)):
        zone = order.choice((64, 600, 4096, len(data)))
        at = order.randrange(min(zone, len(data)) or 1)
        kind = order.randrange(6)
        if kind <= 1:
            data[at : at + 1] = bytes([order.randrange(256)])
        elif kind == 2:
            data[at : at + 8] = order.choice((0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)).to_bytes(8, "little")
        elif kind == 3:
            data[at : at + 4] = order.randbytes(4)
        elif kind == 4:
            source = order.randrange(len(data))
            data[at : at + 64] = data[source : source + 64]
        elif order.random() < 0.1:
            del data[order.randrange(len(data)) :]
    return bytes(data)


def outcome(path: Path) -> str:
    """Open and boot one executable; the name of what came of it."""
    try:
        program = Program(path)
        program.function_at(program.elf.entry)
        code = Machine(program, limits=LIMITS).run()
    except UnderglassError as error:
        name, text = type(error).__name__, str(error)
    else:
        return "exit" if code is not None else "nothing"
    assert text, name
    assert "\n" not in text, text
    return name


def main() -> None:
    """Run and print."""
    count, seed = (int(a) for a in (sys.argv[1:] + ["1000", "1"][len(sys.argv) - 1 :]))
    original = underglass.build("package main\nfunc main() { println(1) }\n").program.path.read_bytes()
    found: collections.Counter[str] = collections.Counter()
    started = time.monotonic()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program"
        for number in range(count):
            path.write_bytes(mutated(original, random.Random(f"{seed} {number}")))
            before = time.monotonic()
            try:
                found[outcome(path)] += 1
            except BaseException:
                print(f"example {number} of seed {seed}", file=sys.stderr)
                raise
            slowest = max(slowest, time.monotonic() - before)
            assert slowest < SLOWEST, f"example {number} of seed {seed} took {slowest:.1f} s"
    seconds = round(time.monotonic() - started, 1)
    print(
        json.dumps(
            {
                "fuzz": "elf",
                "examples": count,
                "seed": seed,
                "seconds": seconds,
                "slowest_s": round(slowest, 2),
                **found,
            }
        )
    )


if __name__ == "__main__":
    main()
