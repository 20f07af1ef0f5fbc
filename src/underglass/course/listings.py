"""What Go's own commands print of a function: the compiler's list, the assembler's, and the disassembly.

The commands are run as they stand, on the program's sources or on its executable. `go tool` prints the list
to standard output, and `go build` passes it on to standard error (Go 1.27, cmd/internal/obj/objfile.go,
writeSymDebug).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram
from underglass.program import Abi
from underglass.toolchain import Go, Source, find_go, stubs
from underglass.toolchain.process import Completed
from underglass.toolchain.workspace import FLAGS, MEMORY, filled, prepare

__all__ = ["COMMANDS", "Shown", "remarks", "shown_by"]

COMMANDS = (
    "go tool compile -S",
    "go tool asm -S",
    "go build -gcflags=-S",
    "go build -asmflags=-S",
    "go tool objdump",
)
"""The commands that `shown_by` runs."""

_SECONDS = 300.0
_HEAD = re.compile(r"^(?:TEXT )?(?P<name>\S+?)(?:\.abi0)?(?:<\w+>)?(?:\(SB\)| STEXT) ?")


@dataclass(frozen=True)
class Shown:
    """The part of a command's output that is about one function; it shows itself as printed."""

    command: str  # as typed, without files
    lines: tuple[str, ...]  # as printed, tabs included

    def __repr__(self) -> str:
        return "\n".join(line.expandtabs().rstrip() for line in self.lines) or "(nothing)"

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and any(text in " ".join(line.split()) for line in self.lines)

    @property
    def code(self) -> tuple[str, ...]:
        """The instructions alone, without places, bytes and notes for the runtime."""
        rows = [line.split("\t") for line in self.lines if re.match(r"^\t0x\w+ \d+ |^  \S+:-?\d+\t", line)]
        own = [row[2:] if not row[0] else [c for c in row if c.strip()][3:4] for row in rows]
        texts = [" ".join(" ".join(words).split()) for words in own]
        return tuple(text for text in texts if text and not text.startswith(("TEXT", "FUNCDATA", "PCDATA")))


def shown_by(command: str, prog: GoProgram, name: str, *, abi: Abi | None = None) -> Shown:
    """Run one of Go's commands on a program, and return what it prints of the function `name`.

    Nothing is an answer, too: the compiler lists no function that is written in assembly.

    >>> shown_by("go tool objdump", prog, "add").code
    ('MOVQ 0x8(SP), AX', 'ADDQ 0x10(SP), AX', 'MOVQ AX, 0x18(SP)', 'RET', …)

    Args:
        command: one of `COMMANDS`.
        abi: of two functions of one name, the one to disassemble; None takes both, the wrapper included.

    Raises:
        UnderglassError: no such command or function, or the command rejects the program.
    """
    if command not in COMMANDS:
        raise UnderglassError(f"{command!r} is not run here. Take one of: {'; '.join(COMMANDS)}.")
    function = prog.program.function(name, abi)
    sources = tuple(Source(s.name, s.text, s.origin) for s in prog.program.sources)
    symbol = re.escape(function.symbol) if abi else rf"{re.escape(function.name)}(\.abi0)?"
    done = _run(command, find_go(), sources, prog, f"^{symbol}$")
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it gave no reason"]
        raise UnderglassError(f"{command} rejects the program: {said[0]}. Mend that, or ask another command.")
    return Shown(command, _section(done.stdout + done.stderr, function.name))


def remarks(prog: GoProgram, level: int = 1) -> Shown:
    """Run `go build -gcflags=-m` on a program, and return what the compiler says of the reader's own files.

    >>> remarks(prog).lines[0]
    'underglass/main.go:39:6: can inline div'

    Args:
        level: 1 says what was decided, 2 the costs and reasons as well.

    Raises:
        UnderglassError: the program was opened as an executable, or the compiler rejects it.
    """
    command = "go build -gcflags=-m" if level == 1 else f"go build -gcflags=-m={level}"
    sources = tuple(Source(s.name, s.text, s.origin) for s in prog.program.sources)
    done = _run(command, find_go(), sources, prog, "")
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it gave no reason"]
        raise UnderglassError(f"{command} rejects the program: {said[0]}. Mend that, or ask another command.")
    own = tuple(f"underglass/{source.name}:" for source in sources)
    return Shown(command, tuple(line for line in done.stderr.splitlines() if line.startswith(own)))


def _run(command: str, go: Go, sources: tuple[Source, ...], prog: GoProgram, symbol: str) -> Completed:
    words = command.split()[1:]
    if words[-1] == "objdump":
        return go.run([*words, "-s", symbol, str(prog.program.path.absolute())], timeout=_SECONDS)
    if not sources:
        raise UnderglassError(
            f"{command} reads sources, and this program was opened as an executable. "
            "Build it from its .go and .s files, or ask go tool objdump."
        )
    with filled(go, sources, stubs.generate(prepare(sources, go), keep=True)) as workspace:
        out = str(Path(".tmp", "listed"))
        if words[0] == "build":
            arguments = [*words, *FLAGS, "-o", out, "."]
            done = go.run(arguments, workspace, env={"GOTMPDIR": str(workspace / ".tmp")}, timeout=_SECONDS)
            return replace(done, stderr=done.stderr.replace(f"{workspace}{os.sep}", ""))
        ending = "*.s" if words[1] == "asm" else "*.go"
        files = sorted(path.name for path in workspace.glob(ending))
        include = ["-I", str(go.root / "pkg" / "include")] if words[1] == "asm" else []
        if not files:
            return Completed(0, "", "")
        arguments = [*words, *include, "-p", "main", f"-trimpath={workspace}", "-o", out]
        return go.run([*arguments, *files], workspace, timeout=_SECONDS, memory=MEMORY)


def _section(printed: str, name: str) -> tuple[str, ...]:
    """The lines from each head that names the function up to the next head."""
    kept: list[str] = []
    inside = False
    for line in printed.splitlines():
        if line[:1] not in ("\t", " ", ""):
            head = _HEAD.match(line)
            inside = head is not None and head["name"] == name
        if inside and line.strip():
            kept.append(line)
    return tuple(kept)
