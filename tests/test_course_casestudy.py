"""Case studies build, and do what their chapter says of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from underglass import GoProgram, UnderglassError
from underglass.course import case_study, source_text
from underglass.errors import ToolchainMissing
from underglass.toolchain import find_go
from underglass.toolchain.ccompiler import find_c_compiler


@pytest.fixture(scope="module")
def study() -> GoProgram:
    return case_study("gvisor_stub")


def test_a_study_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(UnderglassError, match="gvisor_stub"):
        case_study("gvisor")


def test_the_range_that_go_knows_misses_the_fault_and_the_stubs_holds_it(study: GoProgram) -> None:
    by_go, by_stub = study.run("go"), study.run("stub")
    assert by_go.exit_code == 2
    assert "unexpected fault address" in by_go.stderr
    assert (by_stub.exit_code, by_stub.stderr) == (0, "load reports signal 11\n")


def test_the_copied_wrapper_calls_into_nothing_and_the_copied_body_runs(study: GoProgram) -> None:
    assert study.call("copyByStub", 14) == 42
    with pytest.raises(UnderglassError, match="a jump to address"):
        study.call("copyByGo", 14)


def test_the_text_of_a_function_is_the_one_in_its_file(study: GoProgram) -> None:
    assert source_text(study, "load").startswith("TEXT ·load(SB)")
    assert source_text(study, "load").endswith("RET")
    assert source_text(study, "attempt").splitlines()[-1] == "}"
    assert source_text(study, "copyByGo").count("\n") == 2
    with pytest.raises(UnderglassError, match="no source of this program"):
        source_text(study, "runtime.mallocgc")


FASTCGO = (
    ("viaC", 21, 42),
    ("viaBoth", 4, 41),
    ("directTwice", 21, 42),
    ("directDeep", 3, 6),
    ("deepViaC", 3, 6),
)


@pytest.fixture(scope="module")
def shipped() -> GoProgram:
    """The program with C as somebody without a compiler has it."""
    return case_study("fastcgo", shipped=True)


def test_without_a_compiler_the_program_is_the_one_in_the_package(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERGLASS_CC", "no-such-compiler")
    assert case_study("fastcgo").call("viaC", 21) == 42
    assert capsys.readouterr().out.startswith("There is no C compiler here")
    with pytest.raises(UnderglassError, match=r"shipped\.ugt cannot be read"):
        case_study("gvisor_stub", shipped=True)


@pytest.mark.parametrize(("name", "given", "result"), FASTCGO)
def test_c_called_both_ways(shipped: GoProgram, name: str, given: int, result: int) -> None:
    assert shipped.call(name, given) == result


def test_c_on_the_goroutines_stack_breaks_what_lies_below_and_cannot_call_back(shipped: GoProgram) -> None:
    assert shipped.call("neighboursViaC") == 14 + sum(range(16))
    with pytest.raises(UnderglassError, match=r"unexpected return pc .* called from 0x7"):
        shipped.call("neighboursDirect")
    with pytest.raises(UnderglassError, match="unexpected fault address 0xfffffffffffffff8"):
        shipped.call("directBack", 3)


def test_the_shipped_program_is_what_a_compiler_makes_of_the_sources(
    shipped: GoProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(__file__).parent.parent / "src/underglass/course/programs/fastcgo"
    for source in shipped.program.sources:
        assert source.text == (here / source.name).read_text(encoding="utf-8"), "run tests/shipped_study.py"
    if "UNDERGLASS_CC" not in os.environ and shutil.which("musl-gcc"):
        monkeypatch.setenv("UNDERGLASS_CC", "musl-gcc")
    try:
        find_c_compiler(find_go())
    except ToolchainMissing:
        return  # the sources are compared; there is nothing to build them with
    fresh = case_study("fastcgo")
    for name, given, _ in FASTCGO:
        went = [
            [(f.name.split("_Cfunc_")[-1], f.abi) for f in program.record(name, given, most=20_000).functions]
            for program in (fresh, shipped)
        ]
        assert sorted(went[0]) == sorted(went[1])
