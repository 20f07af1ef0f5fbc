"""What `go tool asm` alone says to a text: no program is linked, so the answer comes at once."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from underglass.toolchain import find_go

if TYPE_CHECKING:
    from underglass.toolchain.process import Completed

__all__ = ["assemble", "refusal"]

_PARSER = re.compile(r"^\S*text\.s:\d+: (?P<said>.*)")
_ENCODER = re.compile(r"^asm: main\.f: (?P<said>[^:]*): \d+ \(.*text\.s:\d+\)\t(?P<instruction>.*)")


def assemble(text: str, architecture: str) -> Completed:
    """Run `go tool asm -S` on a text for an architecture ("amd64", "arm64"), and return what it said."""
    go = find_go()
    with tempfile.TemporaryDirectory() as folder:
        source, include = Path(folder, "text.s"), go.root / "pkg" / "include"
        source.write_text(text, encoding="utf-8")
        arguments = ["tool", "asm", "-S", "-p", "main", "-I", str(include), "-o", str(Path(folder, "text.o"))]
        return go.run([*arguments, str(source)], cwd=Path(folder), env={"GOARCH": architecture})


def refusal(instruction: str) -> str:
    """Return what the assembler for amd64 has against an instruction; "" if it takes it.

    >>> refusal("MOVQ PC, AX")
    'illegal use of pseudo-register in MOVQ'
    """
    done = assemble(f"TEXT ·f(SB), 4, $0-0\n\t{instruction}\n\tRET\n", "amd64")
    if done.returncode == 0:
        return ""
    for line in (done.stdout + done.stderr).splitlines():
        if found := _PARSER.match(line):
            return found["said"]
        if found := _ENCODER.match(line):
            return f"{found['said']}: {' '.join(found['instruction'].split())}"
    return "it gave no reason"
