"""Grade a class: each submission once, each verdict a file, and the tables at the end."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from underglass.course.release import Student, solution_source
from underglass.course.variants import has_variants
from underglass.errors import UnderglassError
from underglass.grading.archives import Refused
from underglass.grading.children import ChildLimits, Children
from underglass.grading.judge import Task, empty_verdict, judge, key_of
from underglass.grading.lab import Lab, NoLab, lab_of, read_lab, variant_of
from underglass.grading.outputs import write_all
from underglass.grading.record import BadVerdict, Verdict, read_verdict, write_verdict
from underglass.grading.submissions import Submission, find_submissions, safe_name

__all__ = ["Grader", "Grading", "Progress", "Solution", "find_solutions", "write_atomically"]

Progress = Callable[[Verdict, bool], None]
"""Told each verdict as it is there, and whether it was made now."""


@dataclass(frozen=True)
class Solution:
    """A lab's solution."""

    path: Path
    notebook: Any
    text: str


@dataclass(frozen=True)
class Grading:
    """What grading a class gave."""

    verdicts: tuple[Verdict, ...]  # by student and lab
    made: int  # how many of them were made now; the others were there
    strays: tuple[str, ...]  # notebooks that belong to no lab
    written: tuple[Path, ...]  # tables and pages


@dataclass
class Grader:
    """Grades the submissions of some labs into a folder."""

    solutions: Mapping[str, Solution]  # by lab
    out: Path
    term: str | None = None  # each student has the variant drawn for it; None: all have the first
    resume: bool = False
    limits: ChildLimits = field(default_factory=ChildLimits)
    _stop: threading.Event = field(default_factory=threading.Event)

    def grade(
        self,
        root: Path,
        *,
        jobs: int,
        progress: Progress,
        total: Callable[[int], object] = int,
        scheduler: str = "",
    ) -> Grading:
        """Grade what lies in a folder or zip.

        Raises:
            UnderglassError: there is nothing to grade, or nothing to grade it by.
        """
        found, strays = find_submissions(root, sorted(self.solutions))
        if not found:
            raise Refused(f"{root} {_nothing(strays, sorted(self.solutions))}")
        total(len(found))
        for stale in self.out.glob("verdicts/*/.*.partial"):
            stale.unlink(missing_ok=True)
        verdicts: dict[tuple[str, str], Verdict] = {}
        made = 0

        def take(verdict: Verdict, is_new: bool) -> None:
            nonlocal made
            if is_new:
                write_atomically(self.place(verdict.student, verdict.lab), write_verdict(verdict))
            verdicts[verdict.student, verdict.lab] = verdict
            made += is_new
            progress(verdict, is_new)

        if scheduler:
            from underglass.grading.cluster import grade_on_cluster

            grade_on_cluster(self, found, scheduler, take)
        else:
            self._here(found, jobs, take)
        ordered = tuple(verdicts[key] for key in sorted(verdicts))
        return Grading(ordered, made, strays, self._tables(ordered))

    def place(self, student: str, lab: str) -> Path:
        """Return where a verdict is kept."""
        return self.out / "verdicts" / safe_name(student) / f"{safe_name(lab)}.json"

    def prepare(self, submission: Submission) -> Task | Verdict:
        """Read a submission: what can be graded, or the verdict that is there or that refuses it."""
        solution = self.solutions[submission.lab]
        lab, variant = self._lab_for(submission)
        notes: tuple[str, ...] = ()
        if submission.others:
            notes = (f"{submission.others} more of your files are for this lab; {submission.origin} counts.",)
        try:
            data, refusal = submission.data(), ""
        except Refused as error:
            data, refusal = str(error).encode("utf-8", "replace"), str(error)
        key = key_of(data, solution.text, {**variant, "notes": notes, "refused": bool(refusal)})
        known = self._known(submission.student, submission.lab, key)
        if known is not None:
            return known
        task = Task(submission.student, lab, data, key, variant, notes)
        return empty_verdict(task, "unreadable", refusal) if refusal else task

    def check_solutions(self, labs: Iterable[str], children: Children) -> None:
        """Make sure that each solution has full points by its own tests.

        Raises:
            NoLab: one has not; the message has the test and what it says.
        """
        import nbformat

        for name in sorted(set(labs)):
            lab = self._labs[name]
            data = nbformat.writes(solution_source(self.solutions[name].notebook)).encode()  # type: ignore[no-untyped-call]
            verdict = judge(Task("solution", lab, data), children)
            written = {cell.id for cell in lab.cells if cell.kind == "written"}
            wrong = [p for p in verdict.parts if p.points < p.out_of and p.id not in written]
            if wrong or verdict.state != "graded":
                said = wrong[0].said if wrong else " ".join(verdict.notes)
                where = f"at {wrong[0].id}" if wrong else "at its end"
                raise NoLab(
                    f"The solution {self.solutions[name].path} does not pass its own tests, {where}: {said} "
                    "Mend the solution; nothing was graded."
                )

    def is_at_hand(self, submission: Submission) -> bool:
        """Whether there is a verdict on a submission, which may be another version's."""
        return self.resume and self.place(submission.student, submission.lab).is_file()

    def holds(self, verdict: Verdict) -> bool:
        """Whether this very verdict is written already, and to be kept."""
        return self._known(verdict.student, verdict.lab, verdict.key) is not None

    @cached_property
    def _labs(self) -> dict[str, Lab]:
        return {name: lab_of(solution.notebook, name) for name, solution in self.solutions.items()}

    def _lab_for(self, submission: Submission) -> tuple[Lab, Mapping[str, Any]]:
        """The lab as this student has it, and what is drawn for it."""
        notebook = self.solutions[submission.lab].notebook
        if self.term is None or not has_variants(notebook):
            return self._labs[submission.lab], {}
        student = Student(submission.student, self.term)
        return lab_of(notebook, submission.lab, student), variant_of(notebook, student)

    def _known(self, student: str, lab: str, key: str) -> Verdict | None:
        if not self.resume:
            return None
        try:
            held = read_verdict(self.place(student, lab).read_text(encoding="utf-8"))
        except (BadVerdict, OSError, UnicodeDecodeError):
            return None
        return held if (held.key, held.student, held.lab) == (key, student, lab) else None

    def _here(self, found: Sequence[Submission], jobs: int, take: Progress) -> None:
        """Grade in processes of this computer."""
        own = threading.local()
        every: list[Children] = []
        news: dict[Future[tuple[Verdict, bool]], Submission] = {}

        def one(submission: Submission) -> tuple[Verdict, bool]:
            if self._stop.is_set():
                raise KeyboardInterrupt
            ready = self.prepare(submission)
            if isinstance(ready, Verdict):
                return ready, not self.holds(ready)
            if not hasattr(own, "children"):
                own.children = Children(self.limits, self._stop)
                every.append(own.children)
            return judge(ready, own.children), True

        try:
            if not all(map(self.is_at_hand, found)):
                with Children(self.limits, self._stop) as children:
                    self.check_solutions({s.lab for s in found}, children)
            with ThreadPoolExecutor(jobs) as pool:
                try:
                    news = {pool.submit(one, submission): submission for submission in found}
                    left = set(news)
                    while left:
                        done, left = wait(left, timeout=0.2, return_when=FIRST_COMPLETED)
                        for future in done:
                            take(*future.result())
                except BaseException:
                    self._stop.set()
                    pool.shutdown(wait=True, cancel_futures=True)
                    raise
        finally:
            for children in every:
                children.close()

    def _tables(self, verdicts: Sequence[Verdict]) -> tuple[Path, ...]:
        return write_all(verdicts, {name: found.path for name, found in self.solutions.items()}, self.out)


def find_solutions(folder: Path, labs: Sequence[str]) -> dict[str, Solution]:
    """Return the named solutions of a folder, or all of them that have graded cells.

    Raises:
        NoLab: there is none, or one named is none.
    """
    paths = [folder / f"{lab.removesuffix('.ipynb')}.ipynb" for lab in labs] or sorted(folder.glob("*.ipynb"))
    made = {}
    for path in paths:
        notebook, text = read_lab(path)
        try:
            lab_of(notebook, path.stem)
        except NoLab:
            if labs:
                raise
            continue
        except UnderglassError as error:
            raise NoLab(f"{path}: {error}") from error
        made[path.stem] = Solution(path, notebook, text)
    if not made:
        raise NoLab(f"{folder} holds no solution with graded cells. Name their folder with --solutions.")
    return made


def _nothing(strays: Sequence[str], labs: Sequence[str]) -> str:
    """Say what a folder or zip without a submission holds instead, and what to do."""
    if not strays:
        return "holds no notebook. `underglass grade --help` has the layouts that are known."
    return (
        f"holds no submission: none of its files has the name of a lab, {labs[0]} to {labs[-1]}; the first "
        f"is {strays[0]!r}. If all are for one lab, name it with --lab; else rename each after its lab."
    )


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is there as a whole or not at all, whenever the process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{uuid.uuid4().hex}.partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
