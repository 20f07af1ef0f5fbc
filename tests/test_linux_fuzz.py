"""Random system calls and damaged executables, the short forms of tests/fuzz/syscalls.py and elf.py."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underglass.goprogram import GoProgram
from underglass.machine import Machine
from underglass.machine.linux.calls import CALLS


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "fuzz" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


syscalls, elf = _load("syscalls"), _load("elf")
ARGUMENTS = st.one_of(
    st.integers(0, 12),
    st.integers(0, 2**64 - 1),
    st.sampled_from([2**64 - 100, 2**63, 2**31, 2**47, 0x7FFF_FFFF_F000]),
    st.integers(0, len(syscalls.PATHS) - 1).map(lambda i: syscalls.ROOM + 512 * i),
    st.integers(0, 0x10000).map(lambda i: syscalls.ROOM + 0x10000 + i),
)
CALL = st.tuples(st.sampled_from(sorted(CALLS)), st.lists(ARGUMENTS, min_size=6, max_size=6))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = tmp_path_factory.mktemp("mount")
    (made / "x").write_text("a file of the host")
    found = syscalls.machine(made)
    assert isinstance(found, Machine)
    return found


@settings(max_examples=300)
@given(st.lists(CALL, min_size=1, max_size=12))
def test_only_typed_outcomes(machine: Machine, calls: list[tuple[int, list[int]]]) -> None:
    machine.rewind()
    for number, arguments in calls:
        syscalls.one(machine, number, arguments)


def test_nothing_of_the_host_is_touched(machine: Machine) -> None:
    rng, before = random.Random(3), syscalls.host()
    for _ in range(3000):
        syscalls.one(machine, rng.choice(sorted(CALLS)), [syscalls.argument(rng) for _ in range(6)])
    assert syscalls.host() == before
    mount = machine.kernel.vfs.root.lookup("host")
    assert mount is not None
    assert list(mount.names()) == ["x"]


def test_an_unknown_number_fails_and_is_remembered(machine: Machine) -> None:
    machine.rewind()
    machine.kernel.unknown_calls.clear()
    syscalls.one(machine, 999, [0] * 6)
    assert machine.cpu["AX"] == 2**64 - 38
    assert machine.kernel.unknown_calls == [999]


@settings(max_examples=100)
@given(st.integers(0, 2**32))
def test_a_damaged_executable_gives_a_named_error_or_runs(
    add_program: GoProgram, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(elf.mutated(add_program.program.path.read_bytes(), random.Random(seed)))
    assert elf.outcome(path) in {"exit", "nothing", "NotAProgram", "GuestFault", "LimitExceeded"}
