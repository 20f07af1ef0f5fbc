"""Rules that hold for every file of the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Where packages are downloaded from is the reader's business (mirrors, air-gapped classrooms), and a page
# that loads from elsewhere is no offline page.  Spelt in halves, so that this file passes its own test.
HOSTS = [
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "registry.npmjs" + ".org",
    "anaconda" + ".org",
    "proxy.golang" + ".org",
    "sum.golang" + ".org",
    "deb.debian" + ".org",
    "unpkg" + ".com",
    "jsdelivr" + ".net",
    "cdnjs.cloudflare" + ".com",
    "fonts.googleapis" + ".com",
    "ghcr" + ".io",
]
BINARY = {".elf", ".gz", ".ico", ".o", ".png", ".ugt", ".woff2", ".zip"}


def tracked_files() -> list[Path]:
    """Return the files that git knows, new ones included; without git, there is nothing to hold."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = (ROOT / name for name in listing.split("\0") if name)
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in tracked_files()}


def test_no_file_names_a_registry(texts: dict[str, str]) -> None:
    pattern = re.compile("|".join(map(re.escape, HOSTS)))
    found = [f"{name}: {m.group()}" for name, text in texts.items() for m in pattern.finditer(text)]
    assert not found, "\n".join(found)


def test_lines_end_as_on_unix(texts: dict[str, str]) -> None:
    assert not [name for name, text in texts.items() if "\r" in text]
    assert not [name for name, text in texts.items() if text and not text.endswith("\n")]


def test_no_conflict_markers(texts: dict[str, str]) -> None:
    pattern = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
    assert not [name for name, text in texts.items() if pattern.search(text)]


def test_no_binary_of_the_build_is_committed(texts: dict[str, str]) -> None:
    assert not [name for name, text in texts.items() if text.startswith("\x7fELF")]


def test_readme_command_is_what_ci_runs(texts: dict[str, str]) -> None:
    assert "\nmake test" in texts[".ci/run"] or " make test" in texts[".ci/run"]
    assert "\nmake test\n" in texts["README.md"]
