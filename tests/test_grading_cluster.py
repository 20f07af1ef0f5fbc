"""Grading on a real Dask cluster: a scheduler and two workers on loopback, one of them killed halfway."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grading_class import LAB, ROOT, write_class
from underglass.errors import UnderglassError
from underglass.grading import cluster as cluster_module
from underglass.grading.grader import Grader, find_solutions
from underglass.grading.record import Verdict


class Cluster:
    def __init__(self, folder: Path) -> None:
        self.folder, self.address = folder, ""
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        file = str(self.folder / "scheduler.json")
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words, "--scheduler-file", file, "--no-dashboard"],
            cwd=self.folder, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def worker(self, *more: str) -> subprocess.Popen[bytes]:
        return self.start(
            "worker", "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1",
            "--local-directory", str(self.folder), *more,
        )  # fmt: skip


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    made.start("scheduler", "--host", "127.0.0.1", "--port", "0")
    file = tmp_path / "scheduler.json"
    end = time.monotonic() + 60
    while not (file.exists() and '"address"' in file.read_text()):
        assert time.monotonic() < end, "the scheduler does not start"
        time.sleep(0.1)
    made.address = json.loads(file.read_text())["address"]
    yield made
    for process in made.processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_worker_killed_halfway_loses_nothing_and_doubles_nothing(cluster: Cluster, tmp_path: Path) -> None:
    count = 6
    wanted = write_class(tmp_path / "in", count)
    first, _ = cluster.worker(), cluster.worker()
    grader = Grader(find_solutions(ROOT / "solutions", [LAB]), tmp_path / "out")
    seen: list[str] = []

    def told(verdict: Verdict, is_new: bool) -> None:
        assert is_new
        seen.append(verdict.student)
        if len(seen) == 2:
            os.killpg(first.pid, signal.SIGKILL)

    given = grader.grade(tmp_path / "in", jobs=1, progress=told, scheduler=cluster.address)
    assert sorted(seen) == sorted(wanted)
    assert {v.student: v.points for v in given.verdicts} == wanted
    assert len(list((tmp_path / "out" / "verdicts").glob("*/*.json"))) == count


POISON = """\
import os, signal
from underglass.grading import cluster, judge
def deadly(task, children):
    if task.student == "student-0001":
        os.kill(os.getpid(), signal.SIGKILL)
    return judge.judge(task, children)
cluster.judge = deadly
"""


def test_a_submission_on_which_two_workers_died_is_quarantined(cluster: Cluster, tmp_path: Path) -> None:
    wanted = write_class(tmp_path / "in", 3)
    (tmp_path / "poison.py").write_text(POISON, encoding="utf-8")
    workers = [cluster.worker("--preload", str(tmp_path / "poison.py")) for _ in range(3)]
    grader = Grader(find_solutions(ROOT / "solutions", [LAB]), tmp_path / "out")
    given = grader.grade(tmp_path / "in", jobs=1, progress=lambda *_: None, scheduler=cluster.address)
    states = {v.student: (v.state, v.points) for v in given.verdicts}
    poison = states.pop("student-0001")
    assert poison == ("quarantined", 0.0)
    assert states == {s: ("graded", p) for s, p in wanted.items() if s in states}
    assert len(states) == 2
    assert sum(worker.poll() is not None for worker in workers) == 2


def test_what_goes_wrong_on_a_worker_is_told(cluster: Cluster, tmp_path: Path) -> None:
    write_class(tmp_path / "in", 1)
    text = "from underglass.grading import cluster\ncluster.judge = lambda *_: 1 / 0\n"
    (tmp_path / "broken.py").write_text(text, encoding="utf-8")
    cluster.worker("--preload", str(tmp_path / "broken.py"))
    grader = Grader(find_solutions(ROOT / "solutions", [LAB]), tmp_path / "out")
    with pytest.raises(UnderglassError, match="A worker cannot grade student-0000: ZeroDivisionError"):
        grader.grade(tmp_path / "in", jobs=1, progress=lambda *_: None, scheduler=cluster.address)


def test_nobody_answers_at_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "_CONNECT", 1.0)
    monkeypatch.setattr(Grader, "check_solutions", lambda *_: None)  # of no interest here
    write_class(tmp_path / "in", 1)
    grader = Grader(find_solutions(ROOT / "solutions", [LAB]), tmp_path / "out")
    with pytest.raises(UnderglassError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        grader.grade(tmp_path / "in", jobs=1, progress=lambda *_: None, scheduler="tcp://127.0.0.1:9")
