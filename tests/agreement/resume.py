"""Kill the grader at random points, resume it, and compare its table with that of an undisturbed run.

`python tests/agreement/resume.py COUNT KILLS` makes COUNT synthetic submissions, one in twenty hostile.
It prints one line with the counts, and exits with 1 if a byte of the table differs or a submission was graded
twice.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent)]

from grading_class import LAB, ROOT, write_class  # noqa: E402  # a command of its own, and a test's
from hostile import cells, files, forgeries, words  # noqa: E402
from hostile.case import CASES  # noqa: E402

_QUICK = [
    c for c in CASES if c.family in (f.__name__.rpartition(".")[2] for f in (cells, files, forgeries, words))
]


@dataclass(frozen=True)
class Counts:
    submissions: int
    hostile: int
    kills: int
    lost: int  # submissions without a verdict at the end
    twice: int  # verdicts written again after they were there
    is_same: bool  # whether the tables are the same, byte for byte


def compare(folder: Path, count: int, kills: int, *, jobs: int = 2, seed: int = 1) -> Counts:
    """Grade a class once undisturbed and once with kills."""
    draw = random.Random(seed)
    submitted = folder / "submitted"
    hostile = max(1, count // 20)
    write_class(submitted, count - hostile)
    for number, case in enumerate(draw.choices(_QUICK, k=hostile)):
        case.write(submitted / f".{number}")
        for student in (submitted / f".{number}").iterdir():
            student.rename(submitted / f"{student.name}-{number}")
        (submitted / f".{number}").rmdir()
    grade(submitted, folder / "whole", jobs)
    broken = folder / "broken"
    seen: dict[Path, int] = {}
    twice = killed = 0
    points = sorted(draw.sample(range(count), kills))  # how many verdicts there are when it is killed
    for point in points:
        with running(submitted, broken, jobs) as process:
            while process.poll() is None and len(verdicts(broken)) < point:
                time.sleep(0.01)
            time.sleep(draw.random() * 0.3)  # anywhere: between two, in a child, in the tables
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                killed += 1
        twice += rewritten(broken, seen)
    grade(submitted, broken, jobs, "--resume")
    twice += rewritten(broken, seen)
    is_same = (folder / "whole" / "grades.csv").read_bytes() == (broken / "grades.csv").read_bytes()
    return Counts(count, hostile, killed, count - len(verdicts(broken)), twice, is_same)


def command(submitted: Path, out: Path, jobs: int) -> list[str]:
    return [
        sys.executable, "-m", "underglass", "grade", str(submitted), "--lab", LAB, "--out", str(out),
        "--solutions", str(ROOT / "solutions"), "--jobs", str(jobs),
    ]  # fmt: skip


def grade(submitted: Path, out: Path, jobs: int, *more: str) -> None:
    done = subprocess.run([*command(submitted, out, jobs), *more], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class running:
    """A grader in a process group of its own, which is gone at the end."""

    def __init__(self, submitted: Path, out: Path, jobs: int) -> None:
        self.process = subprocess.Popen(
            [*command(submitted, out, jobs), "--resume"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self.process

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def verdicts(out: Path) -> list[Path]:
    return list(out.glob("verdicts/*/*.json"))


def rewritten(out: Path, seen: dict[Path, int]) -> int:
    """Return how many verdicts were written again since they were last looked at."""
    now = dict(_times(out))
    again = sum(1 for path, at in seen.items() if now.get(path) != at)
    seen.update(now)
    return again


def _times(out: Path) -> Iterator[tuple[Path, int]]:
    for path in verdicts(out):
        yield path, path.stat().st_mtime_ns


def main() -> int:
    if len(sys.argv) != 3 or not all(word.isdecimal() for word in sys.argv[1:]):
        print("usage: python tests/agreement/resume.py COUNT KILLS", file=sys.stderr)
        return 2
    count, kills = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        counts = compare(Path(folder), count, min(kills, count))
    print(
        f"{counts.submissions} submissions ({counts.hostile} hostile), killed {counts.kills} times: "
        f"{counts.lost} lost, {counts.twice} graded twice, "
        f"table {'the same' if counts.is_same else 'DIFFERENT'}"
    )
    return 0 if counts.is_same and not counts.lost and not counts.twice else 1


if __name__ == "__main__":
    sys.exit(main())
