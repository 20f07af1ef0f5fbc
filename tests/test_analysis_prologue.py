from __future__ import annotations

import pytest

from agreement.prologue import compare_listings, contradictions
from underglass.analysis.prologue import Form, check_code, prologue_of
from underglass.errors import BuildError
from underglass.goprogram import build
from underglass.program import Program
from underglass.toolchain import Build


def test_listings_around_the_thresholds(tmp_path):
    forms, different = compare_listings(tmp_path)
    assert different == []
    assert set(forms) == {form.value for form in Form}
    assert forms.total() > 600


def test_every_function_has_a_form(add_build: Build):
    program = Program(add_build.elf)
    found = [prologue_of(program, function) for function in program.all_functions]
    assert [row for prologue in found for row in contradictions(program, prologue)] == []
    system = [p for p in found if p.guard == "g.stackguard1"]
    assert system
    assert {p.morestack for p in system} == {"runtime.morestackc"}
    assert {p.morestack for p in found if p.form is not Form.NONE} >= {
        "runtime.morestack",
        "runtime.morestack_noctxt",
    }


def frames(*rows: str) -> Program:
    """Assembly functions f0, f1, … each with these flags and this frame, and a CALL where the row says so."""
    text = ""
    for i, row in enumerate(rows):
        flags, frame, *call = row.split()
        text += f"// func f{i}()\nTEXT ·f{i}(SB), {flags}, ${frame}-0\n"
        text += f"\tCALL ·f{i + 1}(SB)\n\tRET\n" if call else "\tRET\n"
    return build(f'#include "textflag.h"\n{text}').program


def test_a_leaf_is_nosplit_unasked_as_long_as_frame_and_saved_bp_stay_below_128():
    program = frames("0 112", "0 120", "NOFRAME 120", "NOFRAME 128", "0 0 call", "0 0", "NOSPLIT 120", "4 8")
    found = [prologue_of(program, program.function(f"f{i}", "ABI0")) for i in range(8)]
    assert [(p.form.value, p.frame, p.is_automatic, p.marked) for p in found] == [
        ("none", 120, True, False),
        ("small", 128, False, False),
        ("none", 120, True, False),
        ("small", 128, False, False),
        ("small", 8, False, False),
        ("none", 0, True, False),
        ("none", 128, False, True),
        ("none", 16, True, True),
    ]
    assert "unasked" in found[0].reason
    assert "It is not marked" in found[0].reason
    assert "calls, so it keeps the check" in found[4].reason
    assert "by its mark" in found[6].reason
    assert "marked NOSPLIT as well" in found[7].reason


@pytest.mark.parametrize("size", [127, 129, 4095, 4097])
def test_assembly_has_frames_of_whole_words_only(size):
    with pytest.raises(BuildError, match=f"unaligned stack size {size + 8}"):
        frames(f"0 {size}")


def test_the_code_of_a_check_is_shown_with_the_way_to_morestack():
    program = frames("0 8192")
    prologue = prologue_of(program, program.function("f0", "ABI0"))
    code = [i.go.split()[0] for i in check_code(program, prologue)]
    assert code == ["MOVQ", "MOVQ", "SUBQ", "JB", "CMPQ", "JBE", "CALL", "JMP"]
    assert prologue.loads_g
    assert prologue.subtracted == 8200 - 128
    assert "below zero" in prologue.reason
