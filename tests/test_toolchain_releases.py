"""Another release of Go beside the one in use: got from the package index, built with, run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import underglass
from underglass.errors import ToolchainMissing
from underglass.toolchain import find_go
from underglass.toolchain.releases import go_release, install_release, installed_releases, remove_release

ADD = """\
// func add(x, y int64) int64
TEXT ·add(SB), 4, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET
"""
SOURCE = """\
package main

import "fmt"

func add(x, y int64) int64

func main() { fmt.Println(add(23, 4)) }
"""


@pytest.fixture(scope="module")
def old() -> str:
    install_release("1.24")
    return "1.24"


def test_a_program_of_another_release_is_built_run_and_recorded(old: str) -> None:
    with go_release(old) as go:
        assert go.version.startswith("go1.24")
        prog = underglass.build(SOURCE, ADD)
    assert prog.program.go_version.startswith("go1.24")
    assert prog.run().stdout == "27\n"
    trace = prog.record("add", 23, 4)
    assert trace.results == (27,)
    assert [frame.function.name for frame in trace.frames(len(trace) - 6)][:1] == ["main.add"]


def test_the_release_in_use_comes_back(old: str) -> None:
    usual = find_go()

    def fail() -> None:
        with go_release(old):
            assert find_go().language == "1.24"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert find_go() == usual
    with go_release(usual.language) as go:
        assert go == usual
    assert {old, usual.language} <= set(installed_releases())
    assert install_release(old).version.startswith("go1.24")  # it is there: nothing is fetched


def test_what_is_no_release() -> None:
    for name in ("9", "../1.24", "1.24.x"):
        with pytest.raises(ToolchainMissing, match="is no release of Go"):
            install_release(name)
        with pytest.raises(ToolchainMissing, match="underglass go install"), go_release(name):
            pass
    with pytest.raises(ToolchainMissing, match=r"Go 1\.3 is not installed"):
        remove_release("1.3")


def test_the_command(old: str, tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "underglass", "go", *words], capture_output=True, text=True
        )

    listed = run().stdout.splitlines()
    assert any(line.startswith("1.24 ") for line in listed)
    assert listed[-1] == f"In use: {find_go().version}"
    assert run("install").stderr == "underglass: Name a release: underglass go install 1.24\n"
    assert run("install", "1.0").stderr.startswith("underglass: Go 1.0 could not be had:")
