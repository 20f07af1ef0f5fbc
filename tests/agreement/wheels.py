"""Ask the package index whether everything that underglass needs is there as a wheel, on each system.

    python tests/agreement/wheels.py                  four systems, the oldest and the newest Python (minutes)
    python tests/agreement/wheels.py 3.12             another Python

Nothing is installed: pip resolves the wheel of this checkout for each system, from wheels only, and reports
what it would fetch. pip reads a requirement's conditions (`; sys_platform == "win32"`) by the machine it runs
on, so those of the other system are read here and asked for in a further round. Prints one line with counts;
exit code 1: a system lacks a wheel, or a wheel's tags do not fit it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.tags import mac_platforms
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parent.parent.parent
PYTHONS = ("3.11", "3.14")


@dataclass(frozen=True)
class System:
    """A system that the book is read on."""

    name: str
    platforms: tuple[str, ...]  # wheel tags that it takes, as of its oldest release still in use
    conditions: dict[str, str]  # what requirements ask of it


_UNIX = {"os_name": "posix"}
_LINUX = {**_UNIX, "sys_platform": "linux", "platform_system": "Linux"}
_GLIBC = ("2_17", "2_24", "2_26", "2_27", "2_28")  # 2.28: Debian 10, RHEL 8


def _linux(machine: str) -> System:
    tags = (f"manylinux2014_{machine}", *(f"manylinux_{glibc}_{machine}" for glibc in _GLIBC))
    return System(f"linux-{machine}", tags, {**_LINUX, "platform_machine": machine})


SYSTEMS = (
    _linux("x86_64"),
    _linux("aarch64"),
    System(
        "macos-arm64",
        tuple(mac_platforms((14, 0), "arm64")),  # macOS 14, universal wheels among them
        {**_UNIX, "sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    ),
    System(
        "windows-amd64",
        ("win_amd64",),
        {
            "os_name": "nt", "sys_platform": "win32", "platform_system": "Windows",
            "platform_machine": "AMD64",
        },
    ),
)  # fmt: skip


def resolve(wanted: list[str], system: System, python: str) -> dict[str, Any]:
    """Name → what pip reports of it, for all that `wanted` needs.

    Raises:
        ValueError: pip finds no wheel of one of them; the text is what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [
            sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--only-binary=:all:",
            "--implementation=cp", f"--python-version={python}", f"--target={folder}/none",
            f"--report={report}",
            *(f"--platform={tag}" for tag in system.platforms), *wanted,
        ]  # fmt: skip
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode:
            said = [line for line in answer.stderr.splitlines() if line.startswith("ERROR")]
            raise ValueError("; ".join(said) or answer.stderr.strip())
        items = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {canonicalize_name(item["metadata"]["name"]): item for item in items}


def all_needed(wheel: Path, system: System, python: str) -> dict[str, Any]:
    """The same, with what only this system needs: conditions are read as it would read them."""
    here = {
        **system.conditions, "python_version": python, "python_full_version": f"{python}.0",
        "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": "",
    }  # fmt: skip
    wanted, found = [str(wheel)], {}
    while True:
        found = resolve(wanted, system, python)
        requirements = [
            Requirement(text)
            for item in found.values()
            for text in item["metadata"].get("requires_dist", ())
            if " extra ==" not in text
        ]
        more = {
            f"{requirement.name}{requirement.specifier}"
            for requirement in requirements
            if (requirement.marker is None or requirement.marker.evaluate(here))
            and canonicalize_name(requirement.name) not in found
        }
        if not more:
            return found
        wanted += sorted(more)


def fits(name: str, system: System) -> bool:
    """Whether a wheel's file name has a tag that this system takes."""
    return any(tag.platform in (*system.platforms, "any") for tag in parse_wheel_filename(name)[3])


def main() -> int:
    """Resolve for each system and Python, and print."""
    pythons = sys.argv[1:] or list(PYTHONS)
    if not all(re.fullmatch(r"3\.\d+", python) for python in pythons):
        raise SystemExit("wheels.py: give a Python as 3.12")
    faults, counts = [], []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", f"--outdir={folder}", str(ROOT)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        (wheel,) = Path(folder).glob("*.whl")
        for system in SYSTEMS:
            for python in pythons:
                try:
                    found = all_needed(wheel, system, python)
                except ValueError as error:
                    faults.append(f"{system.name}, Python {python}: {error}")
                    continue
                files = [item["download_info"]["url"].rpartition("/")[2] for item in found.values()]
                faults += [f"{system.name}: {name} does not fit" for name in files if not fits(name, system)]
                compiled = sum("none-any" not in name for name in files)
                counts.append(f"{system.name} {python}: {len(files)}, {compiled} of them compiled")
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"wheels: {'; '.join(counts)}; {len(faults)} lacking")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
