"""Install the wheel with pip alone in an empty home, and use it as a reader and a teacher do.

    python tests/agreement/package.py                       with this Python (minutes; pip needs its index)
    python tests/agreement/package.py --python python3.13   with another

There is no compiler on the PATH, nothing of this checkout in reach, and no Python environment but the new
one. It asks: is `doctor` content, is the book laid out, does a chapter run, does a lab as it is handed out
get no point, and its solution all? Prints one line; exit code 1: something did not.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LAB = "01_registers"
CHAPTER = "05_frames"
TOOLS = ("sh", "env", "uname", "getconf")  # what scripts may ask for; no cc, gcc, clang, ld, make, go
KEPT = ("PIP_", "SSL_", "REQUESTS_", "HTTP", "http", "NO_PROXY", "no_proxy")  # how pip reaches its index


@dataclass
class Place:
    """An empty home, a PATH without a compiler, a new environment."""

    folder: Path
    python: str  # the interpreter that the environment is made of

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the new environment."""
        kept = {name: text for name, text in os.environ.items() if name.startswith(KEPT)}
        environment = {
            **kept, "HOME": str(self.folder / "home"), "PATH": str(self.folder / "path"), "LANG": "C.UTF-8",
        }  # fmt: skip
        first = str(self.folder / "environment" / "bin" / command[0])
        return subprocess.run(
            [first, *command[1:]], env=environment, cwd=self.folder / "work", capture_output=True, text=True
        )

    def make(self) -> None:
        """Build the wheel, and install it."""
        for name in ("home", "path", "work"):
            (self.folder / name).mkdir()
        for tool in TOOLS:
            if found := shutil.which(tool):
                (self.folder / "path" / tool).symlink_to(found)
        build = [sys.executable, "-m", "build", f"--outdir={self.folder / 'dist'}", str(ROOT)]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([self.python, "-m", "venv", str(self.folder / "environment")], check=True)
        (wheel,) = (self.folder / "dist").glob("*.whl")
        installed = self.run("python", "-m", "pip", "install", "--quiet", str(wheel))
        if installed.returncode:
            raise SystemExit(f"package.py: pip cannot install the wheel: {installed.stderr.strip()}")


def points(place: Place, grades: Path) -> dict[str, tuple[float, float]]:
    """Student → points of the lab, and those to be had, as the table of the class has them."""
    with (place.folder / "work" / grades / "grades.csv").open(encoding="utf-8") as table:
        return {
            row["student"]: (float(row[f"{LAB} total"]), float(row[f"{LAB} out of"]))
            for row in csv.DictReader(table)
        }


def ask(place: Place) -> dict[str, str]:
    """What was asked → "", or what was wrong."""
    work, found = place.folder / "work", {}

    def hold(what: str, is_so: bool, said: str = "") -> None:
        found[what] = "" if is_so else said or "no"

    doctor = place.run("underglass", "doctor")
    hold("doctor", doctor.returncode == 0, doctor.stdout + doctor.stderr)
    hold("help", "examples:" in place.run("underglass", "lab", "--help").stdout)
    laid = place.run("underglass", "lab", "course", "--solutions", "--copy-only")
    hold("layout", (work / "course" / "book" / f"{CHAPTER}.ipynb").is_file(), laid.stderr)
    chapter = place.run(
        "jupyter", "nbconvert", "--to=notebook", "--execute", "--output=done.ipynb",
        f"course/book/{CHAPTER}.ipynb",
    )  # fmt: skip
    hold("chapter", chapter.returncode == 0, chapter.stderr[-2000:])
    # What answers a lab is its solution with the variants filled in: nbgrader's source notebook.
    filled = place.run("underglass", "release", LAB, "--source", "--out", "filled")
    hold("release", filled.returncode == 0, filled.stderr)
    for student, folder in (("new", "course/labs"), ("done", "filled")):
        target = work / "submitted" / student / LAB
        target.mkdir(parents=True)
        shutil.copyfile(work / folder / f"{LAB}.ipynb", target / f"{LAB}.ipynb")
    # The book's own solutions are the package's: nothing but the command is needed.
    graded = place.run("underglass", "grade", "submitted", "--lab", LAB, "--out", "grades")
    hold("grading", graded.returncode == 0, graded.stderr)
    got = points(place, Path("grades")) if not graded.returncode else {}
    none, _ = got.get("new", (None, 0))
    all_, most = got.get("done", (None, 0))
    hold("points", none == 0 and all_ == most > 0, str(got))
    return found


def main() -> int:
    """Install, ask, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=sys.executable, help="that the environment is made of")
    options = parser.parse_args()
    python = shutil.which(options.python)
    if python is None:
        parser.error(f"there is no {options.python}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="underglass-package-") as folder:
        place = Place(Path(folder), python)
        place.make()
        installed = time.monotonic() - began
        found = ask(place)
    for what, wrong in found.items():
        if wrong:
            print(f"{what}: {wrong}", file=sys.stderr)
    bad = sum(map(bool, found.values()))
    print(
        f"package: installed in {installed:.0f} s, used in {time.monotonic() - began - installed:.0f} s; "
        f"{', '.join(found)}: {bad} of {len(found)} failed"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
