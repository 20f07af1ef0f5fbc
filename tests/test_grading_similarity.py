"""Similar answers: a disguised copy is found, a class of honest answers is left alone, 1,000 take seconds."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest

from grading_verdicts import SOLUTIONS, SPREAD, a_class_with_a_copy, disguised, spread_by, verdict
from underglass.grading.labfacts import lab_facts
from underglass.grading.record import Verdict
from underglass.grading.similarity import Exercise, shapes, similar


def spread(made: list[Verdict]) -> Exercise:
    (facts,) = lab_facts(made, SOLUTIONS)
    return next(exercise for exercise in similar(facts) if exercise.id == "spread")


def test_a_disguise_changes_no_shape() -> None:
    for seed in range(20):
        text = spread_by(random.Random(seed))
        copied = disguised(text)
        assert copied != text
        assert [s.text for s in shapes(copied, "asm")] == [s.text for s in shapes(text, "asm")]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("MOVQ x+0(FP), AX", "  movq first+0(FP),R11 // mine", True),
        ("MOVQ $0x10, AX", "MOVQ $16, BX", True),
        ("loop: DECQ CX; JNZ loop", "again:\n\tDECQ AX\n\tJNZ again", True),
        ("CALL ·helper(SB)", "CALL ·mine(SB)", True),
        ("MOVUPS X0, X3", "MOVUPS X7, X1", True),
        ("MOVQ x+0(FP), AX", "MOVQ x+8(FP), AX", False),
        ("MOVQ AX, BX", "MOVL AX, BX", False),
        ("MOVQ a-8(SP), AX", "MOVQ a-8(FP), AX", False),
        ("MOVQ AX, 8(SP)", "MOVQ AX, x-8(SP)", False),
        ("MOVUPS X0, X3", "MOVUPS AX, BX", False),
    ],
)
def test_shapes_leave_out_names_and_nothing_else(one: str, other: str, same: bool) -> None:
    held = [[shape.text for shape in shapes(text, "asm")] for text in (one, other)]
    assert (held[0] == held[1]) is same, held


def test_shapes_of_go() -> None:
    one = shapes("%%go\nfunc f(x int) int { return x * 2 } // a", "go")
    assert [s.text for s in one] == [s.text for s in shapes("func g(n int32) int {\n return n*2 }", "go")]
    assert [s.text for s in one] != [s.text for s in shapes("func g(n int32) int { return n*3 }", "go")]
    assert one[0].line == 2


@pytest.mark.parametrize("seed", [1, 2])
def test_a_disguised_copy_stands_on_top(seed: int) -> None:
    found = spread(a_class_with_a_copy(25, seed))
    first = next(pair for pair in found.pairs if pair.students == ("student 0000", "student 0024"))
    assert first.share == 1
    assert first.literal < 0.2
    assert found.pairs.index(first) < 3
    # 300 pairs; a short exercise has some that are the same by chance.
    assert len(found.pairs) <= 12


def test_a_literal_copy_is_found_where_all_have_the_same_shape() -> None:
    names = random.Random(3)
    made = []
    for i in range(30):
        text = SPREAD.replace("s-8", f"s{names.randrange(99)}-8").replace(
            "// the sum first", f"// thought {i}"
        )
        made.append(verdict(f"s{i:02}", text=text + "".join(f"// line {i} {n}\n" for n in range(6))))
    made[29] = replace(made[0], student="s29")
    (pair,) = spread(made).pairs
    assert pair.students == ("s00", "s29")
    assert pair.literal == 1


def test_stub_and_reference_count_nothing() -> None:
    (facts,) = lab_facts([verdict("ada")], SOLUTIONS)
    reference = next(answer.reference for answer in facts.answers if answer.id == "spread")
    found = spread([verdict(f"s{i}", text=disguised(reference)) for i in range(10)])
    assert found.compared == 0
    assert not found.pairs


def test_what_all_have_is_no_reason_to_look() -> None:
    assert not spread([verdict(f"s{i}", text=SPREAD) for i in range(20)]).pairs


def test_two_of_two_are_compared() -> None:
    (pair,) = spread([verdict("a", text=SPREAD), verdict("b", text=disguised(SPREAD))]).pairs
    assert pair.share == 1
    marked = [
        [text.split("\n")[n - 1] for n in sorted(lines)]
        for text, lines in zip(pair.texts, pair.lines, strict=True)
    ]
    assert "\tMOVQ DX, 8(SP)" in marked[0]
    assert "        MOVQ BX,8(SP) // mine" in marked[1]


def test_untouched_and_missing_answers_are_left_out() -> None:
    made = verdict("ada")
    stub = [replace(a, found="untouched") for a in made.answers]
    (facts,) = lab_facts([replace(made, student=f"s{i}", answers=tuple(stub)) for i in range(5)], SOLUTIONS)
    assert similar(facts) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "%%asm",
        "%%asm\n" + "A" * 1_000_000,
        "%%asm\n" + ";\n" * 100_000,
        "\ud800\x00 \u202e",
        "MOVQ " * 50_000,
        "/* " * 1000,
        "#" * 5000,
    ],
)
def test_no_text_breaks_it(text: str) -> None:
    spread([verdict("a", text=text), verdict("b", text=text), verdict("c")])


def test_a_thousand_take_seconds() -> None:
    made = a_class_with_a_copy(1000)
    (facts,) = lab_facts(made, SOLUTIONS)
    start = time.process_time()
    similar(facts)
    # 1 to 3 seconds when this was written. Half a million pairs compared as texts would take minutes.
    assert time.process_time() - start < 30
