"""Case studies build, and do what their chapter says of them."""

from __future__ import annotations

import pytest

from underglass import GoProgram, UnderglassError
from underglass.course import case_study, source_text


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
