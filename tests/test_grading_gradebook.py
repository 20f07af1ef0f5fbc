"""nbgrader's gradebook: what its own API reads back, and a second run that changes nothing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from grading_verdicts import IDS, SOLUTIONS, a_class, verdict
from underglass.errors import UnderglassError
from underglass.grading.gradebook import save_to_gradebook


@contextmanager
def opened(url: str) -> Iterator[Any]:
    from nbgrader.api import Gradebook

    with Gradebook(url) as book:
        yield book
        book.engine.dispose()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook of nothing: to make one takes seconds, since nbgrader starts alembic for it."""
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    assert save_to_gradebook([], SOLUTIONS, f"sqlite:///{path}").startswith("0 submissions of 0 labs")
    return path


@pytest.fixture
def url(empty: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(empty, tmp_path / 'gradebook.db')}"


def dumped(url: str) -> list[str]:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        return list(database.iterdump())


def test_the_points_are_the_verdicts(url: str) -> None:
    made = a_class(6)
    assert save_to_gradebook(made, SOLUTIONS, url) == f"9 submissions of 1 lab in the gradebook {url}."
    with opened(url) as book:
        assert {student.id for student in book.students} == {v.student for v in made}
        assert book.find_assignment("05_frames").max_score == 16
        for v in made:
            submission = book.find_submission("05_frames", v.student)
            assert submission.score == v.points
            assert not submission.needs_manual_grade
            for part in v.parts:
                assert book.find_grade(part.id, "05_frames", "05_frames", v.student).auto_score == part.points
        comments = {
            name: book.find_comment(name, "05_frames", "05_frames", made[0].student).comment
            for name in ("squares", "spread")
        }
        assert comments == {"squares": "No response.", "spread": None}
        source = book.find_source_cell("spread-check", "05_frames", "05_frames").source
    assert "HIDDEN" not in source


def test_a_second_run_changes_nothing(url: str) -> None:
    made = a_class(4)
    save_to_gradebook(made, SOLUTIONS, url)
    before = dumped(url)
    save_to_gradebook(made, SOLUTIONS, url)
    assert dumped(url) == before


def test_new_points_replace_old_ones_and_a_persons_stay(url: str) -> None:
    save_to_gradebook([verdict("ada", (0.0, 0.0, 0.0, 0.0))], SOLUTIONS, url)
    with opened(url) as book:
        grade = book.find_grade("spread-check", "05_frames", "05_frames", "ada")
        grade.manual_score, grade.needs_manual_grade = 4.0, False
        book.db.commit()
    save_to_gradebook([verdict("ada")], SOLUTIONS, url)
    with opened(url) as book:
        grades = [book.find_grade(id, "05_frames", "05_frames", "ada") for id in IDS]
        assert [grade.score for grade in grades] == [2, 2, 3, 4]
        assert [grade.needs_manual_grade for grade in grades] == [False, False, False, True]


def test_a_lab_with_other_cells_is_refused_once_it_has_submissions(url: str, tmp_path: Path) -> None:
    changed = tmp_path / "05_frames.ipynb"
    shutil.copy(SOLUTIONS["05_frames"], changed)
    notebook = nbformat.read(changed, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "spread-check"]
    nbformat.write(notebook, changed)
    shorter = replace(verdict("ada"), parts=verdict("ada").parts[:3])
    save_to_gradebook([shorter], {"05_frames": changed}, url)
    before = dumped(url)
    with pytest.raises(UnderglassError, match=r"other graded cells \(the difference: spread-check\)"):
        save_to_gradebook([verdict("ada")], SOLUTIONS, url)
    assert dumped(url) == before


@pytest.mark.parametrize(
    "bad", ["", "gradebook.db", "sqlite:////no/such/folder/g.db", "nosuch://x", "sqlite:///{here}"]
)
def test_a_gradebook_that_is_none(bad: str, tmp_path: Path) -> None:
    with pytest.raises(UnderglassError, match="cannot be used: "):
        save_to_gradebook([verdict("ada")], SOLUTIONS, bad.format(here=tmp_path))


def test_hostile_names_are_names(url: str) -> None:
    names = ["'; DROP TABLE student; --", "half \ud83d", "\x00", "=1+1", "م", "x" * 5000, "../.."]
    save_to_gradebook([verdict(name) for name in names], SOLUTIONS, url)
    with opened(url) as book:
        assert len(book.students) == len(names)
