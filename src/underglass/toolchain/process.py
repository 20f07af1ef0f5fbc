"""Run a child process under a time limit, so that an interrupt ends it and all its children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

if sys.platform == "linux":
    import resource

__all__ = ["Completed", "TimedOut", "run"]

_FILE = 256 << 20  # bytes of one file, where memory is bounded


class TimedOut(Exception):
    """The process used up its seconds and was ended; callers turn this into a reader's error."""


@dataclass(frozen=True)
class Completed:
    """How a process ended and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float | None,
    memory: int | None = None,
    cpu: int | None = None,
) -> Completed:
    """Run a command to its end, in a process group of its own.

    Whatever ends the wait early (the time limit, a KeyboardInterrupt from the notebook's stop
    button) kills the whole group first: `go build` starts compilers that would go on otherwise.
    `memory` bounds the bytes of data of each process in the group, and sets a bound for the files
    that it writes, on Linux; elsewhere only the time limit holds. So it is with `cpu`, the seconds of
    processor time of each process: unlike `timeout`, it does not depend on what else the computer does.

    Raises:
        TimedOut: after `timeout` seconds.
        OSError: the command cannot be started.
    """
    options: dict[str, object] = (
        {"creationflags": 0x00000200}  # CREATE_NEW_PROCESS_GROUP
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    process = subprocess.Popen(  # type: ignore[call-overload]
        list(command),
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )
    if sys.platform == "linux":
        # Children inherit it.  Set from outside: code between fork and exec is not safe with threads.
        bounds = {resource.RLIMIT_DATA: memory, resource.RLIMIT_FSIZE: memory and _FILE}
        for kind, most in {**bounds, resource.RLIMIT_CPU: cpu}.items():
            if most is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    resource.prlimit(process.pid, kind, (most, most))
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise TimedOut(f"{command[0]} ran for more than {timeout} seconds") from error
    finally:
        if process.returncode is None:
            _end(process)
    return Completed(
        process.returncode,
        stdout.decode("utf-8", "replace"),
        stderr.decode("utf-8", "replace"),
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and its group, and wait until it is gone."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
