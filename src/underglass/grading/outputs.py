"""All that comes out of grading, written from verdicts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from underglass.errors import UnderglassError
from underglass.grading.record import Verdict

__all__ = ["write_all"]


def write_all(verdicts: Sequence[Verdict], solutions: Mapping[str, Path], out: Path) -> tuple[Path, ...]:
    """Write grades.csv, grades.json, report.html, similarity.html and a page a student into `out`.

    The same verdicts give the same bytes. A file is replaced whole, so that an end in the middle leaves none
    that is half written.

    Args:
        solutions: lab → its solution notebook, of which the pages take titles and what answers start from.

    Returns:
        The files, the tables first.

    Raises:
        UnderglassError: a solution cannot be read, a student has two verdicts of a lab, or a file cannot be
            written.
    """
    from underglass.grading.feedback import feedback_html
    from underglass.grading.labfacts import lab_facts, verdicts_by_student
    from underglass.grading.pages import file_name, write
    from underglass.grading.report import report_html
    from underglass.grading.similarity import similar
    from underglass.grading.similaritypage import similarity_html
    from underglass.grading.tables import grades_csv, grades_json

    labs = lab_facts(verdicts, solutions)
    try:
        written = [
            write(out / "grades.csv", grades_csv(labs)),
            write(out / "grades.json", grades_json(labs)),
            write(out / "report.html", report_html(labs)),
            write(out / "similarity.html", similarity_html(labs, {lab.lab: similar(lab) for lab in labs})),
        ]
        for student, held in verdicts_by_student(labs).items():
            page = feedback_html(student, [(lab, held[lab.lab]) for lab in labs if lab.lab in held])
            written.append(write(out / "feedback" / file_name(student), page))
    except OSError as error:
        raise UnderglassError(
            f"{error.filename or out} cannot be written: {error.strerror}. Name another folder with --out, "
            "or make room."
        ) from error
    return tuple(written)
