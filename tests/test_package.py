"""The wheel and the sdist: what is in them, that indexes take them, that both ways lead to one wheel.

tests/agreement/package.py installs the wheel in an empty environment; that takes minutes.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# The backend of the test environment, where it is installed; else pip fetches it.
ISOLATION = ["--no-isolation"] if find_spec("hatchling") else []


@dataclass(frozen=True)
class Built:
    """What `python -m build` has made."""

    sdist: Path
    wheel: Path  # from the sdist
    straight: Path  # from the checkout

    def names(self) -> set[str]:
        with zipfile.ZipFile(self.wheel) as archive:
            return set(archive.namelist())

    def metadata(self) -> dict[str, list[str]]:
        with zipfile.ZipFile(self.wheel) as archive:
            (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            message = Parser().parsestr(archive.read(name).decode())
        return {key: message.get_all(key, []) for key in message}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    both, straight = tmp_path_factory.mktemp("both"), tmp_path_factory.mktemp("straight")
    for words in ([f"--outdir={both}"], [f"--outdir={straight}", "--wheel"]):
        run = subprocess.run(
            [sys.executable, "-m", "build", *ISOLATION, *words, str(ROOT)], capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout + run.stderr
    (sdist,), (wheel,), (other,) = both.glob("*.tar.gz"), both.glob("*.whl"), straight.glob("*.whl")
    return Built(sdist, wheel, other)


def known_to_git(*folders: str) -> set[str]:
    answer = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name for name in answer.stdout.split("\0") if name and (ROOT / name).is_file()}


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_checkout(built: Built) -> None:
    assert built.wheel.name == built.straight.name
    assert built.wheel.read_bytes() == built.straight.read_bytes()


def test_the_wheel_holds_package_book_labs_and_solutions(built: Built) -> None:
    """All that git knows of them, and nothing else: no checkpoint, no output of a build."""
    places = {"src": "", **{part: f"underglass/files/{part}/" for part in ("book", "labs", "solutions")}}
    wanted = {
        place + name.partition("/")[2] for part, place in places.items() for name in known_to_git(f"{part}/")
    }
    assert "underglass/files/book/claims.yml" in wanted
    inside = {name for name in built.names() if name.startswith("underglass/")}
    assert inside == wanted


def test_the_wheel_holds_kernel_and_extension(built: Built) -> None:
    data = next(name.partition("/")[0] for name in built.names() if ".data/" in name) + "/data/share/jupyter"
    kernel = {f"{data}/kernels/underglass/{p.rpartition('/')[2]}" for p in known_to_git("kernelspec/")}
    extension = {
        f"{data}/labextensions/underglass/{path.removeprefix('labextension/built/')}"
        for path in known_to_git("labextension/built/")
    }
    assert {name for name in built.names() if ".data/" in name} == kernel | extension


def test_an_index_takes_them(built: Built) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", built.sdist, built.wheel],
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert built.wheel.stat().st_size < 10_000_000


def test_metadata_are_those_of_pyproject(built: Built) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = built.metadata()
    assert metadata["Requires-Python"] == [project["requires-python"]]
    assert metadata["License-Expression"] == [project["license"]]
    needed = [text for text in metadata["Requires-Dist"] if "extra ==" not in text]
    assert sorted(needed) == sorted(project["dependencies"])
    assert set(metadata["Provides-Extra"]) == set(project["optional-dependencies"])


def test_the_sdist_holds_what_its_tests_need(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = known_to_git("src/", "book/", "labs/", "solutions/", "tests/", "kernelspec/", "labextension/")
    assert not wanted - names
    tops = {
        "Makefile",
        "pyproject.toml",
        "environment.yml",
        "postBuild",
        "README.md",
        "LICENSE",
        "LICENSE-BOOK",
    }
    assert tops <= names
