"""What assembler and compiler say to each other about a package before anything is linked.

`go build` first asks the assembler for a list of the symbols that a package's .s files define and refer to
(`asm -gensymabis`), and hands it to the compiler (`compile -symabis`; Go 1.27, cmd/go/internal/work/gc.go,
symabis, and cmd/compile/internal/ssagen/abi.go, ReadSymABIs).
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from underglass.errors import UnderglassError
from underglass.toolchain import find_go

__all__ = ["compiled", "symabis"]

_TEXT = re.compile(r"\tTEXT\t(?P<text>.+)$", re.MULTILINE)


def symabis(assembly: str) -> tuple[str, ...]:
    """Return the lines of the list that the assembler makes of a text for the compiler.

    >>> symabis("TEXT ·twice(SB), 4, $0-16\\n\\tCALL ·add(SB)\\n\\tRET\\n")
    ('def main.twice ABI0', 'ref main.add ABI0')

    Raises:
        UnderglassError: the assembler rejects the text.
    """
    with tempfile.TemporaryDirectory() as folder:
        return tuple(_symabis(Path(folder), assembly, "amd64").read_text(encoding="utf-8").splitlines())


def compiled(go: str, assembly: str, goarch: str = "amd64") -> tuple[str, ...]:
    """Return the TEXT line of each function that the compiler makes of package main, wrappers included.

    Args:
        go: a Go text without imports.
        assembly: the package's assembly, which the compiler knows by its list only.

    >>> compiled("package main\\nfunc twice(x int64) int64\\n", "TEXT ·twice(SB), 4, $0-16\\n\\tRET\\n")
    ('main.twice(SB), DUPOK|NOSPLIT|ABIWRAPPER|ABIInternal, $24-8',)

    Raises:
        UnderglassError: the assembler or the compiler rejects a text.
    """
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        listed = _symabis(room, assembly, goarch)
        (room / "text.go").write_text(go, encoding="utf-8")
        asked = ["compile", "-S", "-p", "main", "-symabis", str(listed), "-o", str(room / "text.o")]
        said = _tool(room, [*asked, str(room / "text.go")], goarch)
    return tuple(match["text"] for match in _TEXT.finditer(said))


def _symabis(room: Path, assembly: str, goarch: str) -> Path:
    listed, source = room / "symabis", room / "text.s"
    source.write_text(assembly, encoding="utf-8")
    include = find_go().root / "pkg" / "include"
    asked = ["asm", "-gensymabis", "-p", "main", "-I", str(include), "-o", str(listed), str(source)]
    _tool(room, asked, goarch)
    return listed


def _tool(room: Path, arguments: list[str], goarch: str) -> str:
    done = find_go().run(["tool", *arguments], cwd=room, env={"GOARCH": goarch})
    said = (done.stdout + done.stderr).replace(f"{room}{os.sep}", "")
    if done.returncode:
        first = next((line for line in said.splitlines() if line.strip()), "it gave no reason")
        raise UnderglassError(f"`go tool {arguments[0]}` rejects the text: {first}. Mend that line.")
    return said
