"""Assemble what was written, and compare each instruction with the compiled one.

A line that the assembler does not take, or takes as other bytes, is written as its bytes instead.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

from capstone.x86 import X86_OP_MEM

from underglass.analysis.extract.code import Line, as_bytes
from underglass.analysis.extract.refusal import CannotExtract, refuse
from underglass.analysis.extract.spelling import decode
from underglass.program import Function, Instruction, Program
from underglass.toolchain import find_go
from underglass.toolchain.listing import parse_listing
from underglass.toolchain.workspace import MEMORY

__all__ = ["assembled", "settle"]

_SECONDS = 60.0
_WHERE = re.compile(r"^\S*?\.s:(\d+): (.*)$", re.MULTILINE)


def assembled(text: str) -> tuple[dict[int, bytes], dict[int, str]]:
    """Assemble a text of one function.

    Returns:
        (line → the bytes of its one instruction, line → what the assembler has against it).
    """
    go = find_go()
    with tempfile.TemporaryDirectory(prefix="underglass") as folder:
        path = Path(folder) / "f.s"
        path.write_text(text, encoding="utf-8")
        include = str(go.root / "pkg" / "include")
        output = str(Path(folder) / "f.o")
        words = ["tool", "asm", "-p", "main", "-I", include, "-S", "-o", output, str(path)]
        answer = go.run(words, cwd=Path(folder), timeout=_SECONDS, memory=MEMORY)
    said = answer.stdout + answer.stderr
    if answer.returncode != 0:
        return {}, {int(line): words for line, words in _WHERE.findall(said)}
    code = next((s for s in parse_listing(said).values() if s.kind == "STEXT"), None)
    if code is None:
        return {}, {}
    found: dict[int, bytes] = {}
    ends = [pc for pc, _, _ in code.progs[1:]] + [code.size]
    for (pc, place, _), end in zip(code.progs, ends, strict=True):
        line = int(place.rpartition(":")[2])
        found[line] = found.get(line, b"") + code.data[pc:end]
    return found, {}


def settle(
    program: Program, function: Function, head: str, lines: list[Line], limit: int = 40
) -> tuple[list[Line], int]:
    """Return the lines with those replaced that do not come back, and how many instructions are as compiled.

    Raises:
        CannotExtract: a line neither comes back nor can be given as bytes.
    """
    first = head.count("\n") + 1
    for _ in range(limit):
        text = head + "".join(f"{written(line)}\n" for line in lines)
        held, refused = assembled(text)
        if not held and not refused:
            raise refuse(program, function, None, "is not taken by the assembler")
        changed = False
        same = 0
        for index, line in enumerate(lines):
            number, origin = first + index, line.origin
            if refused:
                if number in refused:
                    lines[index] = _as_bytes(program, function, line, refused[number])
                    changed = True
            elif origin is not None and not line.is_label:
                if _agrees(origin, held.get(number, b""), line.is_exact):
                    same += 1
                else:
                    lines[index] = _as_bytes(program, function, line, "it assembles to other bytes")
                    changed = True
        if refused and not changed:
            raise CannotExtract(
                f"{function.name} cannot be extracted: the assembler says {next(iter(refused.values()))!r}.",
                "is not taken by the assembler",
            )
        if not changed:
            return lines, same
    raise refuse(program, function, None, "is not taken by the assembler")


def written(line: Line) -> str:
    """A line as the file has it."""
    return line.text if line.is_label else f"\t{line.text}"


def _as_bytes(program: Program, function: Function, line: Line, why: str) -> Line:
    if line.origin is None or not line.is_exact or line.text.startswith("BYTE"):
        raise refuse(
            program, function, line.origin, "has an instruction that the assembler does not give back",
            f"`{line.text}`: {why}.",
        )  # fmt: skip
    return replace(line, text=as_bytes(line.origin))


def _agrees(origin: Instruction, data: bytes, is_exact: bool) -> bool:
    """Whether `data` is the compiled instruction, but for a displacement changed on purpose."""
    if data == origin.data:
        return True
    if is_exact:
        return False
    ours, theirs = decode(data, 0), decode(origin.data, 0)
    if ours is None or theirs is None or ours.mnemonic != theirs.mnemonic:
        return False
    if theirs.mnemonic.startswith("j"):
        return True
    if len(ours.operands) != len(theirs.operands):
        return False
    for one, other in zip(ours.operands, theirs.operands, strict=True):
        if (one.type, one.size) != (other.type, other.size):
            return False
        kept = [
            (x.mem.base, x.mem.index, x.mem.scale) if x.type == X86_OP_MEM else (x.reg, x.imm)
            for x in (one, other)
        ]
        if kept[0] != kept[1]:
            return False
    return True
