"""Start the process that handles a submission, bound what it uses, read what it says, and end it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import psutil

from underglass.errors import UnderglassError
from underglass.machine.limits import Limits
from underglass.toolchain.go import cache_directory

if sys.platform == "linux":
    import resource

__all__ = ["ChildLimits", "Children", "Outcome"]

_INHERITED = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "UNDERGLASS_GO")
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from underglass.grading import {0}; {0}.main({1})"
)
_LOOK = 0.2  # seconds between two looks at the processes
_START = 120.0  # seconds until a warm process has imported everything, on a slow machine
_CHUNK = 1 << 16


@dataclass(frozen=True)
class ChildLimits:
    """What handling one submission may use; each ends it with the verdict `limit`."""

    seconds: float = 120.0  # of wall time, for the submission as a whole
    cpu: int = 120  # seconds of processor time, of each process
    memory: int = 2 << 30  # bytes of data of each process (Linux), and resident of all together
    processes: int = 48  # the toolchain's among them
    output: int = 8 << 20  # bytes of what the child says
    file: int = 256 << 20  # bytes of one file (Linux)
    build_seconds: float = 60.0  # for one build
    build_cpu: int = 20  # seconds of processor time, for each process of a build (Linux)
    guest: Limits = field(
        default_factory=lambda: Limits(
            instructions=200_000_000,
            seconds=10.0,
            memory=512 << 20,
            output=1 << 20,
            files=64,
            storage=64 << 20,
        )
    )  # of a program's start, and of each call


@dataclass(frozen=True)
class Outcome:
    """What a child said, and why it ended."""

    lines: tuple[tuple[str, Any], ...]  # kind and what was said, in order
    stopped: str = ""  # a sentence, if it did not end by itself and well


class Children:
    """Makes children, one at a time: forks of a warm process where the system can, new processes elsewhere.

    Each thread that grades has its own.
    """

    def __init__(self, limits: ChildLimits, stop: threading.Event | None = None) -> None:
        self.limits = limits
        self._stop = stop or threading.Event()  # set by another thread when grading is to end at once
        self._nest: _Nest | None = None

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the warm process."""
        if self._nest is not None:
            self._nest.close()
            self._nest = None

    def run(self, request: Mapping[str, Any]) -> Outcome:
        """Have a child handle a request, in a folder of its own that is gone afterwards.

        Raises:
            UnderglassError: no process can be started.
            KeyboardInterrupt: grading is to end.
        """
        folder = tempfile.mkdtemp(prefix="underglass-grade-")
        try:
            whole = {**request, "folder": folder, "environment": _environment(folder)}
            with self._child(folder) as child:
                return _Watch(child, self.limits, self._stop).follow(json.dumps(whole).encode() + b"\n")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def _child(self, folder: str) -> Iterator[_Child]:
        if not hasattr(os, "fork"):
            yield from _spawned(folder)
            return
        if self._nest is None:
            self._nest = _Nest()
        try:
            child = self._nest.fork()
        except OSError:  # it was ended from outside: once more with a new one
            self._nest.close()
            self._nest = _Nest()
            child = self._nest.fork()
        try:
            yield child
        finally:
            child.requests.close()
            child.answers.close()
            self._nest.reap()


@dataclass
class _Child:
    pid: int
    requests: IO[bytes]
    answers: IO[bytes]


def _environment(folder: str) -> dict[str, str]:
    """All that a child, and the toolchain below it, gets of its surroundings."""
    home = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TMP", "TEMP"), folder)
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, **home, "UNDERGLASS_CACHE": str(cache_directory()), "OPENBLAS_NUM_THREADS": "1"}


def _command(module: str, argument: str, *words: str) -> list[str]:
    paths = json.dumps([path for path in sys.path if path])
    return [sys.executable, "-I", "-c", _CODE.format(module, argument), paths, *words]


def _spawned(folder: str) -> Iterator[_Child]:
    """A child that is a process started for it."""
    group: dict[str, Any] = (
        {"creationflags": 0x00000200} if sys.platform == "win32" else {"start_new_session": True}
    )
    process = subprocess.Popen(
        _command("child", ""), cwd=folder, env=_environment(folder),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **group,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield _Child(process.pid, process.stdin, process.stdout)
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        process.wait()


class _Nest:
    """A warm process (see nest.py) and the socket to it."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="underglass-nest-")
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                _command("nest", "int(sys.argv[2])", str(theirs.fileno())),
                cwd=self._folder, env=_environment(self._folder),
                pass_fds=(theirs.fileno(),), start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        self._control.settimeout(_START)
        try:
            ready = self._control.recv(1)
        except OSError:
            ready = b""
        if ready != b"W":
            self.close()
            raise UnderglassError(
                "The process that handles submissions does not start. `underglass doctor` looks at the "
                "installation."
            )

    def fork(self) -> _Child:
        (theirs_in, ours_in), (ours_out, theirs_out) = os.pipe(), os.pipe()
        try:
            socket.send_fds(self._control, [b"F"], [theirs_in, theirs_out])
            pid = int.from_bytes(self._received(), "little")
        except OSError:
            os.close(ours_in)
            os.close(ours_out)
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        return _Child(pid, os.fdopen(ours_in, "wb"), os.fdopen(ours_out, "rb", buffering=0))

    def reap(self) -> None:
        """Let the child's number go; it has ended."""
        try:
            self._control.sendall(b"R")
            self._received()
        except OSError:
            self.close()

    def close(self) -> None:
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _received(self) -> bytes:
        held = b""
        while len(held) < 8:
            piece = self._control.recv(8 - len(held))
            if not piece:
                raise ConnectionError("the warm process has ended")
            held += piece
        return held


class _Watch:
    """Reads what a child says, and looks at what it uses meanwhile."""

    def __init__(self, child: _Child, limits: ChildLimits, stop: threading.Event) -> None:
        self.child, self.limits, self.stop = child, limits, stop
        self.pieces: queue.Queue[bytes] = queue.Queue()
        self.seen: dict[int, psutil.Process] = {}  # every process of the tree that was ever looked at

    def follow(self, request: bytes) -> Outcome:
        self._bound()
        threading.Thread(target=self._ask, args=(request,), daemon=True).start()
        threading.Thread(target=self._read, daemon=True).start()
        end = time.monotonic() + self.limits.seconds
        look = time.monotonic() + _LOOK
        said, stopped = bytearray(), ""
        try:
            while not stopped:
                try:
                    piece = self.pieces.get(timeout=max(0.0, min(look, end) - time.monotonic()))
                except queue.Empty:
                    piece = None
                if piece == b"":
                    break
                if self.stop.is_set():
                    raise KeyboardInterrupt
                said += piece or b""
                now = time.monotonic()
                if len(said) > self.limits.output:
                    stopped = f"It said more than {self.limits.output:,} bytes."
                elif now >= end:
                    stopped = f"It took more than {self.limits.seconds:g} seconds."
                elif now >= look:
                    look = now + _LOOK
                    stopped = self._look()
        finally:
            self._end()
        lines = _lines(bytes(said))
        if not stopped and lines[-1:] != (("end", None),) and [k for k, _ in lines] != ["unreadable"]:
            stopped = "The process that handled it came to an early end."
        return Outcome(lines, stopped)

    def _bound(self) -> None:
        """Set the system's own limits, from outside, before the child has read anything."""
        if sys.platform == "linux":
            held = {
                resource.RLIMIT_DATA: self.limits.memory, resource.RLIMIT_FSIZE: self.limits.file,
                resource.RLIMIT_CPU: self.limits.cpu, resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 512,
            }  # fmt: skip
            for kind, most in held.items():
                with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):
                    resource.prlimit(self.child.pid, kind, (most, most))

    def _ask(self, request: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):  # it has ended already
            self.child.requests.write(request)
            self.child.requests.flush()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(self.child.answers.fileno(), _CHUNK):
                self.pieces.put(piece)
        self.pieces.put(b"")

    def _look(self) -> str:
        """Return why the processes have to be ended; "" if all is well."""
        tree = self._tree()
        if len(tree) > self.limits.processes:
            return f"It had {len(tree)} processes; the limit is {self.limits.processes}."
        resident = 0
        for process in tree:
            with contextlib.suppress(psutil.Error):
                resident += process.memory_info().rss
        if resident > self.limits.memory:
            return f"It used {resident >> 20:,} MiB of memory; the limit is {self.limits.memory >> 20:,} MiB."
        return ""

    def _tree(self) -> list[psutil.Process]:
        try:
            root = self.seen.get(self.child.pid) or psutil.Process(self.child.pid)
            found = [root, *root.children(recursive=True)]
        except psutil.Error:
            found = []
        self.seen.update((process.pid, process) for process in found)
        return found

    def _end(self) -> None:
        """Kill the child, its group and every process below it; the child's number is still its own."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.kill(self.child.pid, signal.SIGSTOP)  # it must not start another one meanwhile
        self._tree()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.child.pid, signal.SIGKILL)
        for process in self.seen.values():
            with contextlib.suppress(psutil.Error):  # psutil compares the time of its start first
                process.kill()


def _lines(said: bytes) -> tuple[tuple[str, Any], ...]:
    """Return the whole lines of what a child said, up to the first that is none."""
    found: list[tuple[str, Any]] = []
    for line in said.split(b"\n")[:-1]:
        try:
            kind, held = json.loads(line)
        except (ValueError, TypeError, RecursionError):
            break
        found.append((str(kind), held))
    return tuple(found)
