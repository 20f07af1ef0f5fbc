"""Child processes: limits and interrupts."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from underglass.toolchain import process

ENVIRONMENT = dict(os.environ)
linux_only = pytest.mark.xfail(sys.platform != "linux", reason="process groups as Linux has them", run=False)


def test_output_and_exit_code(tmp_path: Path) -> None:
    code = "import sys; print('ü'); sys.stderr.write('no\\n'); sys.exit(3)"
    environment = ENVIRONMENT | {"PYTHONIOENCODING": "utf-8"}
    answer = process.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, timeout=60)
    assert answer == process.Completed(3, "ü" + os.linesep, "no" + os.linesep)


def gone(pid: int) -> bool:
    """Whether a process has ended; its parent may not have waited for it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


# A parent that starts a child of its own, as go build starts compilers.
FAMILY = """\
import subprocess, sys, pathlib, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path("pid.part").write_text(str(child.pid))
pathlib.Path("pid.part").rename("pid")
time.sleep(600)
"""


def wait_until(condition: object, what: str) -> None:
    for _ in range(600):
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")


@linux_only
def test_the_time_limit_ends_the_whole_family(tmp_path: Path) -> None:
    with pytest.raises(process.TimedOut):
        process.run([sys.executable, "-c", FAMILY], cwd=tmp_path, env=ENVIRONMENT, timeout=3)
    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
    wait_until(lambda: gone(pid), "the grandchild ends")


@linux_only
def test_an_interrupt_ends_the_whole_family(tmp_path: Path) -> None:
    def interrupt() -> None:
        wait_until((tmp_path / "pid").exists, "the grandchild starts")
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        process.run([sys.executable, "-c", FAMILY], cwd=tmp_path, env=ENVIRONMENT, timeout=None)
    thread.join()
    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
    wait_until(lambda: gone(pid), "the grandchild ends")


@linux_only
def test_the_memory_limit_reaches_children(tmp_path: Path) -> None:
    grandchild = "import resource; print(resource.getrlimit(resource.RLIMIT_DATA)[0])"
    code = (
        "import time, subprocess, sys; time.sleep(0.5); "
        f"subprocess.run([sys.executable, '-c', {grandchild!r}])"
    )
    answer = process.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=ENVIRONMENT, timeout=60, memory=1 << 30
    )
    assert answer.stdout.strip() == str(1 << 30)


def test_a_command_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        process.run(["/nowhere/go"], cwd=tmp_path, env=ENVIRONMENT, timeout=1)
