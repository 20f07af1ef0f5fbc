"""grades.csv and grades.json: the same bytes for the same verdicts, and nothing that a spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import replace

import pytest

from grading_verdicts import IDS, NAMES, SOLUTIONS, a_class, hostile, verdict
from underglass.errors import UnderglassError
from underglass.grading.labfacts import lab_facts
from underglass.grading.record import Part, Verdict
from underglass.grading.tables import defused, grades_csv, grades_json


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_a_student_and_a_column_a_part() -> None:
    made = a_class()
    held = rows(grades_csv(lab_facts(made, SOLUTIONS)))
    assert [row["student"] for row in held] == sorted(v.student for v in made)
    for v in made:
        (row,) = (row for row in held if row["student"] == v.student)
        points = {part.id: part.points for part in v.parts}
        assert [float(row[f"05_frames/{id}"]) for id in IDS] == [points.get(id, 0) for id in IDS]
        assert float(row["05_frames total"]) == v.points
        assert (row["05_frames out of"], row["05_frames state"]) == ("16", v.state)


def test_what_was_not_handed_in_is_empty() -> None:
    other = Verdict("ben", "06_calls", "k", "graded", (Part("a", "A", 1 / 3, 1.0),))
    held = rows(grades_csv(lab_facts([verdict("ada"), other], SOLUTIONS)))
    assert [row["student"] for row in held] == ["ada", "ben"]
    assert held[0]["06_calls/a"] == held[0]["06_calls state"] == held[1]["05_frames total"] == ""
    assert held[1]["06_calls/a"] == "0.333"


def test_the_order_of_the_verdicts_does_not_matter() -> None:
    made = [*a_class(), *hostile()]
    shuffled = random.Random(1).sample(made, len(made))
    for write in (grades_csv, grades_json):
        assert write(lab_facts(made, SOLUTIONS)) == write(lab_facts(shuffled, SOLUTIONS))


def test_no_cell_begins_a_formula() -> None:
    text = grades_csv(lab_facts(hostile(), SOLUTIONS))
    held = rows(text)
    assert len(held) == len(NAMES) == len(text.splitlines()) - 1, "a name has broken its line"
    for row in held:
        visible = row["student"].strip(" \u200e\"'")
        assert not visible.startswith(("=", "+", "-", "@", "\t", "＝")) or row["student"].startswith("'")
    # Where lists are separated by a semicolon, what stands in quotes is still one cell.
    assert '"x;=1+1"' in text


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Ada", "Ada"),
        ("=1", "'=1"),
        ("@x", "'@x"),
        ("-2", "'-2"),
        ("\t=1", "'⟨U+0009⟩=1"),
        ("a\nb", "a⟨U+000A⟩b"),
        ("", ""),
    ],
)
def test_defused(name: str, written: str) -> None:
    assert defused(name) == written


def test_json_keeps_names_as_they_are() -> None:
    held = json.loads(grades_json(lab_facts(hostile(), SOLUTIONS)))
    assert {student["student"] for student in held["students"]} == set(NAMES)
    assert [part["out_of"] for part in held["labs"][0]["parts"]] == [2, 2, 2, 3, 2, 5]
    assert held["students"][0]["labs"]["05_frames"]["points"] == 6


def test_two_verdicts_of_one_student_are_refused() -> None:
    with pytest.raises(UnderglassError, match=r"'ada' has two verdicts of 05_frames\. Leave one"):
        lab_facts([verdict("ada"), replace(verdict("ada"), key="other")], SOLUTIONS)


def test_a_solution_that_is_none(tmp_path) -> None:
    path = tmp_path / "05_frames.ipynb"
    for text in (None, "", "[]", "{}", "\x00"):
        if text is not None:
            path.write_text(text, encoding="utf-8")
        with pytest.raises(UnderglassError, match="cannot be read"):
            lab_facts([verdict("ada")], {"05_frames": path})
