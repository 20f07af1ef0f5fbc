"""Find a C compiler that links static programs for linux/amd64, for programs that use cgo.

The order: the command in UNDERGLASS_CC, the `ziglang` wheel, `musl-gcc`, a `gcc` with a static C library.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from underglass.errors import ToolchainMissing
from underglass.toolchain import process
from underglass.toolchain.go import Go

__all__ = ["LINK", "CCompiler", "find_c_compiler"]

# With netgo and osusergo those packages stay Go, as in a program without cgo.
LINK = ("-tags=netgo,osusergo", '-ldflags=-linkmode external -extldflags "-static -lm"')
_TARGET = ("-target", "x86_64-linux-musl")
_INSTALL = "Install one with `pip install 'underglass[cgo]'`, or name a compiler's command in UNDERGLASS_CC."
_EXE = ".exe" if sys.platform == "win32" else ""


@dataclass(frozen=True)
class CCompiler:
    """A C compiler that was found and answers."""

    command: tuple[str, ...]
    identity: str  # what it says of itself, its size and its time: another compiler makes another program
    is_zig: bool  # builds its C library at first use

    def environment(self, cache: Path) -> dict[str, str]:
        """What `go build` is told; the compiler's own cache lies inside ours."""
        zig = str(cache / "zig")
        return {
            "CGO_ENABLED": "1",
            "CC": " ".join(_quoted(word) for word in self.command),
            "CGO_CFLAGS": "-g -O2",
            "ZIG_GLOBAL_CACHE_DIR": zig,
            "ZIG_LOCAL_CACHE_DIR": zig,
        }


def find_c_compiler(go: Go) -> CCompiler:
    """Return the C compiler to use; each is asked once.

    Raises:
        ToolchainMissing: there is none, or the one named in UNDERGLASS_CC does not run.
    """
    named = os.environ.get("UNDERGLASS_CC")
    if named:
        try:
            command = tuple(shlex.split(named, posix=sys.platform != "win32"))
        except ValueError as error:
            raise ToolchainMissing(f"UNDERGLASS_CC, {named!r}, is no command: {error}.") from error
        found = _ask(command, go, is_zig="zig" in named)
        if found is None:
            raise ToolchainMissing(
                f"The C compiler named in UNDERGLASS_CC, {named}, does not run: "
                f"`{named} --version` fails. {_INSTALL}"
            )
        return found
    zig = _wheel()
    found = _ask((str(zig), "cc", *_TARGET), go, is_zig=True) if zig is not None else None
    for name, library in (("musl-gcc", None), ("gcc", "libc.a")):
        path = shutil.which(name)
        if found is None and path is not None and _links_static(path, library, go):
            found = _ask((path,), go)
    if found is None:
        raise ToolchainMissing(
            "A program that uses cgo needs a C compiler that links static programs for linux/amd64, and "
            f"there is none: no ziglang wheel, no musl-gcc, no gcc with a static C library. {_INSTALL}"
        )
    return found


@functools.lru_cache(maxsize=1)
def _wheel() -> Path | None:
    """The zig binary inside the ziglang wheel."""
    try:
        wheel = importlib.metadata.distribution("ziglang")
    except importlib.metadata.PackageNotFoundError:
        return None
    binary = Path(str(wheel.locate_file(f"ziglang/zig{_EXE}")))
    return binary if binary.is_file() else None


@functools.lru_cache(maxsize=8)
def _ask(command: tuple[str, ...], go: Go, *, is_zig: bool = False) -> CCompiler | None:
    said = _answer([*command, "--version"], go)
    if said is None:
        return None
    binary = shutil.which(command[0])
    about = Path(binary).stat() if binary else None
    mark = f"{about.st_size} {about.st_mtime_ns}" if about else ""
    return CCompiler(command, "\n".join([*command, mark, said]), is_zig)


@functools.lru_cache(maxsize=8)
def _links_static(path: str, library: str | None, go: Go) -> bool:
    """Whether it compiles for linux/amd64, and its static C library is there (Debian: libc6-dev)."""
    machine = _answer([path, "-dumpmachine"], go) or ""
    if not (machine.startswith("x86_64") and "linux" in machine):
        return False
    return (
        library is None
        or Path((_answer([path, f"-print-file-name={library}"], go) or "").strip()).is_absolute()
    )


def _answer(command: Sequence[str], go: Go) -> str | None:
    zig = str(go.cache / "zig")
    env = go.environment({"ZIG_GLOBAL_CACHE_DIR": zig, "ZIG_LOCAL_CACHE_DIR": zig})
    try:
        answer = process.run(command, cwd=go.cache, env=env, timeout=60)
    except (OSError, process.TimedOut):
        return None
    return answer.stdout if answer.returncode == 0 else None


def _quoted(word: str) -> str:
    """A word as the go command splits CC (cmd/internal/quoted)."""
    return f'"{word}"' if " " in word or "'" in word else word
