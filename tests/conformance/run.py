"""Run the standard library's own tests natively and in the machine, one line a package.

    python tests/conformance/run.py strings sort …      these packages
    python tests/conformance/run.py --ci                the fixed list of CI
    python tests/conformance/run.py --all --write       every package, and RESULTS.md

The last line is a JSON object of all that was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lists import CI, NEEDS, SKIPS, THREADS

from underglass.errors import GuestFault, LimitExceeded, UnderglassError
from underglass.machine import Limits, Machine
from underglass.program import Program
from underglass.toolchain import Go, find_go

ROOT = "/go"  # where the guest finds GOROOT, read-only
IS_NATIVE = sys.platform == "linux" and platform.machine() == "x86_64"
FLAGS = ("-test.short", "-test.v")
ETC = {
    "/etc/passwd": b"root:x:0:0:root:/root:/bin/sh\ngopher:x:1000:1000:Gopher:/home/gopher:/bin/sh\n",
    "/etc/group": b"root:x:0:\ngopher:x:1000:\n",
    "/etc/hosts": b"127.0.0.1 localhost\n",
    "/usr/bin/env": b"",
    "/home/gopher/.profile": b"",
}
ENVIRONMENT = {"HOME": "/home/gopher", "USER": "gopher", "PATH": "/bin", "LANG": "C"}


@dataclass(frozen=True)
class Outcome:
    """How one run ended."""

    verdict: str  # pass, fail, timeout, or what the machine could not do
    seconds: float
    passed: int  # tests, examples and fuzz seeds; subtests not counted
    failed: tuple[str, ...]
    output: str


@dataclass(frozen=True)
class Result:
    """One package, both ways; `native` is None where the host is no linux/amd64."""

    package: str
    native: Outcome | None
    machine: Outcome
    instructions: int


def binary(go: Go, package: str) -> Path:
    """The package's test binary, built once a version of Go."""
    path = go.cache / "conformance" / go.version / f"{package.replace('/', '_')}.test"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        built = go.run(["test", "-c", "-ldflags=-w", "-o", str(fresh), package], cwd=go.root / "src")
        if built.returncode or not fresh.is_file():
            raise UnderglassError(f"{package} has no test binary: {built.stderr.strip()}")
        fresh.rename(path)
    return path


def flags_for(package: str) -> list[str]:
    """The test binary's flags. What is skipped is skipped both ways, and has its reason in lists.py."""
    return [*FLAGS, *([f"-test.skip=^({'|'.join(SKIPS[package])})$"] if package in SKIPS else [])]


def natively(go: Go, path: Path, package: str, timeout: float) -> Outcome:
    """Run the binary on this host."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        environment = ENVIRONMENT | {"GOROOT": str(go.root), "HOME": temporary, "TMPDIR": temporary}
        try:
            ran = subprocess.run(
                [path, *flags_for(package)], cwd=go.root / "src" / package, env=environment, timeout=timeout,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            return outcome("timeout", started, error.stdout or b"")
    return outcome("pass" if ran.returncode == 0 else "fail", started, ran.stdout)


def in_machine(go: Go, path: Path, package: str, timeout: float) -> tuple[Outcome, int]:
    """Run the binary in the machine; also the instructions it took."""
    started = time.monotonic()
    # Without bin and pkg: a test that needs the go command sees that there is none, and is skipped.
    mounts = {
        f"{ROOT}/{name}": go.root / name for name in ("lib", "misc", "src") if (go.root / name).is_dir()
    }
    plain = {f"{ROOT}/{name}": (go.root / name).read_bytes() for name in ("VERSION", "go.env")}
    limits = Limits(
        instructions=10**13,
        seconds=timeout,
        memory=6 << 30,
        output=256 << 20,
        threads=THREADS,
        storage=1 << 30,
    )
    machine = Machine(
        Program(path), arguments=flags_for(package), environment=ENVIRONMENT | {"GOROOT": ROOT},
        limits=limits, files=ETC | plain, mounts=mounts, directory=f"{ROOT}/src/{package}",
    )  # fmt: skip
    try:
        verdict = "pass" if machine.run() == 0 else "fail"
        said = machine.output
    except LimitExceeded as error:
        verdict, said = ("timeout" if error.limit == "seconds" else f"limit {error.limit}"), error.output
    except GuestFault as error:
        verdict, said = "fault", error.output + f"\n{error}".encode()
    unknown = sorted(set(machine.kernel.unknown_calls))
    if unknown:
        said += f"\nunknown system calls: {unknown}".encode()
    return outcome(verdict, started, said), machine.cpu.executed


def outcome(verdict: str, started: float, output: bytes) -> Outcome:
    """What a test binary's verbose output says."""
    text = output.decode("utf-8", "replace")
    passed = len(re.findall(r"^--- PASS: ", text, re.M))
    failed = tuple(sorted(set(re.findall(r"^\s*--- FAIL: (\S+)", text, re.M))))
    return Outcome(verdict, round(time.monotonic() - started, 3), passed, failed, text)


def run(package: str, timeout: float) -> Result:
    """Build and run one package both ways."""
    go = find_go()
    path = binary(go, package)
    native = natively(go, path, package, timeout) if IS_NATIVE else None
    ours, instructions = in_machine(go, path, package, timeout)
    return Result(package, native, ours, instructions)


def line(result: Result) -> str:
    """A result in one line."""
    native, ours = result.native, result.machine
    left = f"{native.verdict:8} {native.seconds:8.2f} s {native.passed:5}" if native else f"{'-':24}"
    ratio = f" x{ours.seconds / native.seconds:5.0f}" if native and native.seconds else ""
    names = f"  {' '.join(ours.failed[:4])}" if ours.verdict != "pass" else ""
    return (
        f"{result.package:40} native {left}   machine {ours.verdict:8} {ours.seconds:8.2f} s "
        f"{ours.passed:5}{ratio}{names}"
    )


def summary(results: list[Result]) -> dict[str, object]:
    """All that was measured, without the outputs."""
    both = [r for r in results if r.native and r.native.verdict == "pass"]
    rows = {
        r.package: {
            "native": r.native and {k: v for k, v in asdict(r.native).items() if k != "output"},
            "machine": {k: v for k, v in asdict(r.machine).items() if k != "output"},
            "instructions": r.instructions,
        }
        for r in results
    }
    return {
        "packages": len(results),
        "pass_natively": len(both),
        "pass_in_machine_of_these": sum(r.machine.verdict == "pass" for r in both),
        "native_seconds": round(sum(r.native.seconds for r in both if r.native), 2),
        "machine_seconds": round(sum(r.machine.seconds for r in both), 2),
        "results": rows,
    }


def everything(go: Go) -> list[str]:
    """Every package with tests that needs neither network nor the go command."""
    listed = go.run(
        ["list", "-f", "{{.ImportPath}} {{len .TestGoFiles}} {{len .XTestGoFiles}}", "std"],
        cwd=go.root / "src",
    )
    names = [text.split()[0] for text in listed.stdout.splitlines() if not text.endswith(" 0 0")]
    return [name for name in names if name not in NEEDS and not name.startswith(("vendor/", "cmd/"))]


def main() -> int:
    """Run the packages named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--ci", action="store_true", help="the fixed list of CI")
    parser.add_argument("--all", action="store_true", help="every package")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds for each run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--outputs", type=Path, help="keep each result, and what the run wrote, here")
    parser.add_argument("--kept", type=Path, help="run nothing: take the results kept in this directory")
    given = parser.parse_args()
    packages = [*given.packages, *(CI if given.ci else ()), *(everything(find_go()) if given.all else ())]
    results = [kept(path) for path in sorted(given.kept.glob("*.json"))] if given.kept else []
    with ThreadPoolExecutor(given.jobs) as pool:
        for result in pool.map(lambda package: isolated(package, given.timeout), packages):
            print(line(result), flush=True)
            results.append(result)
            if given.outputs:
                given.outputs.mkdir(parents=True, exist_ok=True)
                name = result.package.replace("/", "_")
                (given.outputs / f"{name}.json").write_text(json.dumps(asdict(result)), encoding="utf-8")
    found = summary(results)
    if given.write:
        from report import write

        write(results, find_go().version)
    print(json.dumps(found))
    return int(
        any(r.machine.verdict != "pass" and (not r.native or r.native.verdict == "pass") for r in results)
    )


def isolated(package: str, timeout: float) -> Result:
    """`run` in a process of its own: one CPU each, and none can take the others with it."""
    code = (
        "import sys, json, run; from dataclasses import asdict; "
        "print(json.dumps(asdict(run.run(sys.argv[1], float(sys.argv[2])))))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, package, str(timeout)], capture_output=True, text=True, check=False,
        cwd=Path(__file__).parent, timeout=3 * timeout + 600,
    )  # fmt: skip
    if ran.returncode:
        return Result(package, None, Outcome("crash", 0.0, 0, (), ran.stderr), 0)
    return from_fields(json.loads(ran.stdout))


def kept(path: Path) -> Result:
    """A result of an earlier run."""
    return from_fields(json.loads(path.read_text(encoding="utf-8")))


def from_fields(fields: dict[str, Any]) -> Result:
    """What `asdict` took apart."""
    native, machine = fields["native"], fields["machine"]
    return Result(
        fields["package"], native and Outcome(**{**native, "failed": tuple(native["failed"])}),
        Outcome(**{**machine, "failed": tuple(machine["failed"])}), fields["instructions"],
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
