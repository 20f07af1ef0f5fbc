"""Hold the sentinel to the standard library's assembly, and to functions with one mistake each.

    python tests/agreement/sentinel.py                       every package of the list
    python tests/agreement/sentinel.py math hash/crc32       these
    python tests/agreement/sentinel.py --broken              only the functions with a mistake

Each package's own test binary runs in the machine; activations of every assembly function that it reaches,
the runtime's included, are recorded and judged. No alarm is wanted. What the tests reach depends on
the host's speed, since each package has so many seconds. A hint (argument-read) is no alarm: many
functions of the library have a parameter that they ignore on purpose.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from underglass.errors import GuestFault, LimitExceeded, UnderglassError
from underglass.machine import Limits, Machine
from underglass.program import Program
from underglass.toolchain import Go, find_go
from underglass.trace.activation import activations
from underglass.trace.entries import caught
from underglass.trace.sentinel import Finding, broken_rules

_PATIENCE = 5  # times the processor seconds, on a host that is busy with other things

# Which tests of a package, and for how many seconds of a processor at most; "" stands for all of them.
PACKAGES: dict[str, tuple[str, float]] = {
    "bytes": ("Equal|Compare|Index|Count|Contains", 40),  # internal/bytealg has no tests of its own
    "strings": ("Compare|Index|Count|Equal|Contains", 40),
    "math": ("", 60),
    "math/big": ("Add|Sub|Mul|Shift|Div|Exp|Sqrt", 60),
    "hash/crc32": ("", 40),
    "reflect": ("Call|Method|MakeFunc|Func", 60),
    "sync/atomic": ("", 40),
    "internal/runtime/atomic": ("", 40),
    "internal/chacha8rand": ("", 40),
    "crypto/aes": ("", 40),
    "crypto/cipher": ("GCM|CTR|CBC|XOR", 60),
    "crypto/md5": ("", 40),
    "crypto/sha1": ("", 40),
    "crypto/sha256": ("", 40),
    "crypto/sha512": ("", 40),
    "crypto/sha3": ("", 40),
    "crypto/subtle": ("", 40),
    "crypto/ecdsa": ("Sign|Verify|P256|Key", 60),
    "crypto/ecdh": ("", 60),
    "crypto/ed25519": ("Sign|Verify", 40),
    "crypto/rsa": ("PKCS1v15|OAEP|PSS", 60),
    "crypto/internal/fips140/nistec": ("", 60),
    "crypto/internal/fips140/bigmod": ("", 40),
    "crypto/internal/fips140/edwards25519/field": ("", 40),
}
CI = {
    "bytes": ("^Test(Equal|Compare|IndexByte|Count)$", 5.0),
    "math": ("^Test(Floor|Exp|Log|Hypot|Max)$", 5.0),
}


@dataclass
class Judged:
    """What the run of one package gave."""

    package: str
    functions: Counter[str] = field(default_factory=Counter)  # name → activations looked at
    known: set[str] = field(default_factory=set)  # those of them with a prototype
    alarms: list[Finding] = field(default_factory=list)
    hints: list[Finding] = field(default_factory=list)
    seconds: float = 0.0
    end: str = ""


def binary(go: Go, package: str) -> Path:
    """The package's test binary, built once a version of Go."""
    path = go.cache / "agreement" / go.version / f"{package.replace('/', '_')}.test"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        built = go.run(["test", "-c", "-o", str(fresh), package], cwd=go.root / "src")
        if built.returncode:
            raise UnderglassError(f"{package} has no test binary: {built.stderr.strip()}")
        if not fresh.is_file():
            raise UnderglassError(f"{package} has no tests.")
        fresh.rename(path)
    return path


def judge(package: str, tests: str, seconds: float, each: int = 12) -> Judged:
    """Run one package's tests in the machine, and the sentinel over what its assembly functions do."""
    go, started = find_go(), time.monotonic()
    deadline = time.process_time() + seconds
    program = Program(binary(go, package))
    functions = [f for f in program.functions.values() if f.is_assembly]
    program.prefetch(functions)
    flags = ["-test.short", *([f"-test.run={tests}"] if tests else [])]
    mounts = {f"/go/{name}": go.root / name for name in ("lib", "src")}
    machine = Machine(
        program, arguments=flags, environment={"GOROOT": "/go", "HOME": "/tmp", "PATH": "/bin"},
        limits=Limits(10**12, _PATIENCE * seconds, memory=4 << 30, output=64 << 20, threads=2000),
        mounts=mounts, directory=f"/go/src/{package}",
    )  # fmt: skip
    found = Judged(package)
    try:
        for trace in caught(machine, functions, each):
            for run in activations(trace, lambda f: True):
                found.functions[run.function.symbol] += 1
                if run.layout is not None:
                    found.known.add(run.function.symbol)
            for finding in broken_rules(trace, judged=lambda f: True):
                (found.hints if finding.rule.is_hint else found.alarms).append(finding)
            if time.process_time() > deadline:
                found.end = "time up"
                break
        else:
            code = machine.kernel.exit_code
            found.end = f"exit {code}" + ("" if code == 0 else f": {machine.output[-300:]!r}")
    except LimitExceeded:
        found.end = "time up"
    except GuestFault as error:
        found.end = str(error)[:200]
    finally:
        machine.close()
    found.seconds = time.monotonic() - started
    return found


def broken() -> tuple[int, int]:
    """(functions with one mistake, those of them named by the right rule); each that is not is printed."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from sentinel_cases import WRONG, build_all, named_rightly

    program = build_all()
    wrong = [example.name for rule, example in WRONG if not named_rightly(program, rule, example)]
    for name in wrong:
        print(f"not named by its rule: {name}")
    return len(WRONG), len(WRONG) - len(wrong)


def main() -> int:
    """Judge the packages on the command line, and print one line of counts at the end."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--ci", action="store_true", help="the short list of the test suite")
    parser.add_argument("--broken", action="store_true", help="only the functions with a mistake")
    parser.add_argument("--seconds", type=float, help="at most, for each package")
    given = parser.parse_args()
    total, named = broken() if not given.ci else (0, 0)
    each = 3 if given.ci else 12
    chosen = {p: PACKAGES.get(p, ("", 60.0)) for p in given.packages} or (CI if given.ci else PACKAGES)
    functions: Counter[str] = Counter()
    known: set[str] = set()
    alarms: Counter[tuple[str, str, str]] = Counter()
    for package, (tests, seconds) in ({} if given.broken else chosen).items():
        try:
            found = judge(package, tests, given.seconds or seconds, each)
        except UnderglassError as error:
            print(f"{package}: {error}"[:300], flush=True)
            continue
        print(
            f"{package:45} {len(found.functions):4} functions {sum(found.functions.values()):6} activations "
            f"{len(found.alarms):3} alarms {len(found.hints):4} hints {found.seconds:6.1f} s  {found.end}",
            flush=True,
        )
        functions += found.functions
        known |= found.known
        for f in found.alarms:
            key = (f.function, f.rule.id, f.instruction)
            if key not in alarms:
                print(f"    {f.rule.id}: {f.where}, {f.instruction}: {f.sentence}", flush=True)
            alarms[key] += 1
    print(
        f"sentinel: {len(functions)} assembly functions of the standard library "
        f"({len(known)} with a prototype), "
        f"{sum(functions.values())} activations, {sum(alarms.values())} alarms; "
        f"{named} of {total} broken functions named by the right rule"
    )
    return int(bool(alarms) or named < total)


if __name__ == "__main__":
    sys.exit(main())
