"""How fast a class is graded: `underglass grade` with 2 jobs beside `nbgrader autograde`.

`python tests/bench/grade.py [COUNT [SAMPLE]]` grades COUNT submissions of lab 5 (200), all distinct, and has
nbgrader grade SAMPLE of that kind (10) on the same machine; prints one JSON line with both rates, in
submissions a second, and their ratio.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent)]

from grading_class import LAB, ROOT, write_class  # noqa: E402  # not on the path before

_JOBS = 2


def main() -> int:
    count, sample = (int(word) for word in [*sys.argv[1:], *("200", "10")[len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = int(time.time()) * 1000  # no text was ever built before
        wanted = write_class(folder / "submitted", count, start=start)
        write_class(folder / "course" / "submitted", sample, start=start + count)
        source = folder / "course" / "source" / LAB
        source.mkdir(parents=True)
        shutil.copy(ROOT / "solutions" / f"{LAB}.ipynb", source)
        _nbgrader(folder / "course", "generate_assignment", LAB, "--create")
        theirs = sample / _seconds(lambda: _nbgrader(folder / "course", "autograde", LAB))
        ours = count / _seconds(lambda: _grade(folder))
        rows = (folder / "out" / "grades.csv").read_text(encoding="utf-8").splitlines()
        assert len(rows) == count + 1
        verdicts = [json.loads(p.read_text()) for p in (folder / "out").glob("verdicts/*/*.json")]
        given = {v["student"]: sum(part["points"] for part in v["parts"]) for v in verdicts}
        assert given == wanted, "points differ from those that were earned"
    figures = {
        "bench": "grade", "lab": LAB, "jobs": _JOBS,
        "underglass_count": count, "nbgrader_count": sample,
        "underglass_per_s": round(ours, 3), "nbgrader_per_s": round(theirs, 3),
        "ratio": round(ours / theirs, 1),
    }  # fmt: skip
    print(json.dumps(figures))
    return 0 if ours >= 10 * theirs else 1


def _seconds(act: object) -> float:
    assert callable(act)
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _grade(folder: Path) -> None:
    command = [
        sys.executable, "-m", "underglass", "grade", str(folder / "submitted"),
        "--lab", LAB, "--jobs", str(_JOBS),
        "--solutions", str(ROOT / "solutions"), "--out", str(folder / "out"),
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _nbgrader(course: Path, *words: str) -> None:
    # It calls alembic by its bare name (nbgrader 0.9.6, api.py), so the environment has to be on PATH.
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words, f"--course-dir={course}"],
        cwd=course, capture_output=True, text=True, env={**os.environ, "PATH": path},
    )  # fmt: skip
    if run.returncode:
        raise SystemExit(run.stderr[-3000:])


if __name__ == "__main__":
    sys.exit(main())
