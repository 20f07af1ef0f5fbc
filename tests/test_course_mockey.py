"""The case study of a patch: whole instructions, page edges, hook, proxy, and what breaks."""

from __future__ import annotations

import pytest

from underglass import GoProgram, UnderglassError
from underglass.course import case_study
from underglass.program.code import decode


@pytest.fixture(scope="module")
def study() -> GoProgram:
    return case_study("mockey_patch", any_linkname=True)


def test_the_patched_function_is_the_hook_and_then_itself_again(study: GoProgram) -> None:
    assert study.run().stderr == "51 1051 51\n"
    assert study.call("proxied", 40) == study.call("price", 40) == 51


def test_a_cut_is_where_the_disassembler_has_an_instructions_end(study: GoProgram) -> None:
    made = [f for f in study.program.functions.values() if not f.is_assembly and f.size >= 48]
    wanted = sorted(made, key=lambda function: function.address)[::12]
    assert len(wanted) > 100
    for function in wanted:
        ends, at = [], 0
        for _, size, _, _ in decode(study.program.bytes_at(function.address, 40), function.address):
            ends.append(at := at + size)
        assert study.call("cutAt", function.address, 12) == next(end for end in ends if end >= 12), function


@pytest.mark.parametrize("offset", [0, 1, 2048, 4083, 4084, 4085, 4095])
@pytest.mark.parametrize("size", [1, 12, 13, 4095, 4096, 4097])
def test_pages_cover_the_range_and_no_page_more(study: GoProgram, offset: int, size: int) -> None:
    address = 0x48A000 + offset
    first, length = study.call("pages", address, size)
    assert (first, first % 4096, length % 4096) == (address - offset, 0, 0)
    assert length == (offset + size + 4095) // 4096 * 4096


def test_an_inlined_target_is_missed_and_a_func_value_is_not(study: GoProgram) -> None:
    assert study.call("missed", 5) == (15, 7)


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("deep", (), "which is in no function"),
        ("refused", (9999, 3, 5), "a store to address .* in main.replaceCode"),
        ("refused", (10, 3, 3), "a jump to address .* in main.refused"),
        ("bare", (), "a jump to address .* in main.replaceBare"),
    ],
)
def test_what_a_patch_must_not_do_ends_the_program(
    study: GoProgram, name: str, arguments: tuple[int, ...], said: str
) -> None:
    with pytest.raises(UnderglassError, match=said):
        study.call(name, *arguments)
