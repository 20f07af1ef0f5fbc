"""Points into nbgrader's gradebook, by nbgrader's own API, so that its formgrader and exporters have them.

A lab is an assignment with one notebook, both named after it. What nbgrader's autograder writes is written
here the same way (nbgrader 0.9.6, preprocessors/savecells.py and saveautogrades.py): a score that a person
gave stays, and is marked for review.
"""

from __future__ import annotations

import os
import sysconfig
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

from underglass.errors import UnderglassError
from underglass.grading.labfacts import LabFacts, lab_facts, read_solution
from underglass.grading.pages import plural
from underglass.grading.record import Verdict

__all__ = ["save_to_gradebook"]

_LONGEST_NAME = 128  # characters of a student's id (nbgrader/api.py, Student.id)


def save_to_gradebook(verdicts: Sequence[Verdict], solutions: Mapping[str, Path], url: str) -> str:
    """Write the points of the verdicts into the gradebook at `url`, and return a sentence with the counts.

    A second run with the same verdicts changes nothing.

    Args:
        url: as SQLAlchemy has it: "sqlite:///gradebook.db".

    Raises:
        UnderglassError: nbgrader is missing, the database cannot be opened or written, or the lab in it has
            other graded cells and submissions already.
    """
    labs = lab_facts(verdicts, solutions)
    with _opened(url) as book:
        for lab in labs:
            _save_cells(book, lab, solutions.get(lab.lab))
            for verdict in lab.verdicts:
                _save_verdict(book, verdict)
    return f"{plural(len(verdicts), 'submission')} of {plural(len(labs), 'lab')} in the gradebook {url}."


@contextmanager
def _opened(url: str) -> Iterator[Any]:
    try:
        from nbgrader.api import Gradebook, InvalidEntry
        from sqlalchemy.exc import SAWarning, SQLAlchemyError
    except ImportError as error:
        raise UnderglassError(
            "The gradebook is nbgrader's, and nbgrader is not installed. Install the extra: "
            "pip install 'underglass[teach]'."
        ) from error
    try:
        with _alembic_at_hand():
            book = Gradebook(url)
        with book, warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", SAWarning
            )  # how nbgrader adds a submission (api.py, add_submission)
            try:
                yield book
            finally:
                book.engine.dispose()  # the file would stay open otherwise
    except (SQLAlchemyError, InvalidEntry, ImportError, OSError, CalledProcessError) as error:
        said = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise UnderglassError(
            f"The gradebook {url} cannot be used: {said}. A gradebook in a file is sqlite:///gradebook.db, "
            "with three strokes before a relative path and four before an absolute one."
        ) from error


@contextmanager
def _alembic_at_hand() -> Iterator[None]:
    """nbgrader starts `alembic` by its name for a new gradebook (api.py, get_alembic_version, 0.9.6).

    It lies beside this Python, which need not be on the PATH.
    """
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join((sysconfig.get_path("scripts"), before))
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _save_cells(book: Any, lab: LabFacts, solution: Path | None) -> None:
    from nbgrader.api import MissingEntry

    book.update_or_create_assignment(lab.lab)
    wanted = {part.id for part in lab.parts}
    try:
        notebook = book.find_notebook(lab.lab, lab.lab)
    except MissingEntry:
        notebook = book.add_notebook(lab.lab, lab.lab)
    there = {cell.name for cell in notebook.grade_cells}
    if notebook.submissions and there != wanted:
        odd = ", ".join(sorted(there ^ wanted))
        raise UnderglassError(
            f"The gradebook has submissions of {lab.lab} with other graded cells (the difference: {odd}). "
            "Use another gradebook, or remove the assignment: "
            f"nbgrader db assignment remove {lab.lab} --force."
        )
    for name in sorted(there - wanted):
        book.db.delete(book.find_grade_cell(name, lab.lab, lab.lab))
    for part in lab.parts:
        book.update_or_create_grade_cell(part.id, lab.lab, lab.lab, max_score=part.out_of, cell_type="code")
    for cell in _cells(solution):
        about = cell.metadata["nbgrader"]
        name = about["grade_id"]
        book.update_or_create_source_cell(
            name, lab.lab, lab.lab, source=cell.source, locked=bool(about["locked"]), cell_type=cell.cell_type
        )
        if about["solution"]:
            book.update_or_create_solution_cell(name, lab.lab, lab.lab)


def _cells(solution: Path | None) -> Iterator[Any]:
    """The cells that nbgrader keeps of a lab, as released: locked ones, graded ones, answers."""
    from underglass.course.release import release

    if solution is None:
        return
    for cell in release(read_solution(solution)).cells:
        about = cell.metadata.get("nbgrader")
        if about and (about["grade"] or about["solution"] or about["locked"]):
            yield cell


def _save_verdict(book: Any, verdict: Verdict) -> None:
    student = verdict.student.encode("utf-8", "backslashreplace").decode()[:_LONGEST_NAME]
    book.update_or_create_student(student)
    submission = book.update_or_create_submission(verdict.lab, student)
    points = {part.id: part.points for part in verdict.parts}
    found = {answer.id: answer.found for answer in verdict.answers}
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            grade.auto_score = points.get(grade.name, 0.0)
            grade.needs_manual_grade = grade.manual_score is not None
        for comment in notebook.comments:
            is_empty = found.get(comment.name, "missing") in ("missing", "untouched")
            comment.auto_comment = "No response." if is_empty else None
    book.db.commit()
