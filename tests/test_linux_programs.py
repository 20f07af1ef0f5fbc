"""System calls by area: what Go programs see of them in the machine is what they see natively."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import underglass
from test_machine_run import IS_NATIVE
from underglass.machine import Machine

PROGRAMS = Path(__file__).parent / "linux_programs"
NAMES = sorted(path.stem for path in PROGRAMS.glob("*.go"))


def run(program: underglass.goprogram.GoProgram, seed: int = 1) -> tuple[str, int | None]:
    machine = Machine(program.program, seed=seed)
    code = machine.run()
    return machine.output.decode(), code


@pytest.mark.parametrize("name", NAMES)
def test_the_same_as_natively(name: str, tmp_path: Path) -> None:
    program = underglass.build(PROGRAMS / f"{name}.go", keep=False)
    said, code = run(program)
    assert run(program, seed=2) == (said, code)  # another order of turns, the same outcome
    assert said.count("\n") > 10
    if IS_NATIVE:
        program.program.path.chmod(0o755)
        native = subprocess.run(
            [program.program.path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
            env={"TMPDIR": str(tmp_path)}, check=False,
        )  # fmt: skip
        expected = native.returncode if native.returncode >= 0 else 128 - native.returncode
        assert (said.splitlines(), code) == (native.stdout.splitlines(), expected)
