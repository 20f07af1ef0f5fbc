"""What happens around a failed check in a notebook: the run opens where it went wrong, a hint unfolds, and
after an honest try the solution may be seen."""

from __future__ import annotations

import contextlib
import hashlib
import html
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underglass.course.failure import CheckFailed
from underglass.course.shipped import shipped
from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.goprogram import GoProgram
    from underglass.program import Abi

__all__ = ["hide_solutions", "note_failure", "solution", "tried"]

_MARK = re.compile(r"\s*(?://|#+)\s*(BEGIN|END) SOLUTION\s*$")
_ENOUGH = 2  # different answers that were run and failed
_tried: dict[str, list[str]] = {}
"""exercise → digests of the different answers that failed, in this process."""
_are_hidden = False
_shown: tuple[int, str] = (0, "")  # the count of the cell that showed a failure last, and the failure


def note_failure(name: str, program: GoProgram | None, failure: CheckFailed, hints: Sequence[str]) -> None:
    """Remember a failed try, and show below the cell what helps: the run at its step, and one hint a try."""
    answer = _text_of(name, program)
    digest = hashlib.sha256(answer.encode("utf-8", "surrogatepass")).hexdigest()
    before = _tried.setdefault(name, [])
    if answer and digest not in before:
        before.append(digest)
    if not _is_notebook() or _is_shown(str(failure)):
        return
    from IPython.display import display

    if failure.trace is not None and len(failure.trace):
        from underglass.views.widgets import Stepper

        display(Stepper(failure.trace, step=failure.step))  # type: ignore[no-untyped-call]
    unfolded = hints[: max(1, len(before))]
    if unfolded:
        display(_Hints(tuple(unfolded), len(hints)))  # type: ignore[no-untyped-call]


def tried(name: str) -> int:
    """How many different answers to an exercise have failed so far."""
    return len(_tried.get(name, ()))


def hide_solutions() -> None:
    """Have `solution` refuse, in this notebook; so does the environment's UNDERGLASS_REVEAL=off."""
    global _are_hidden
    _are_hidden = True


def solution(name: str, lab: str = "") -> None:
    """Print the reference answer of an exercise, after two honest tries.

    A try is honest if its answer was built, run by `check`, and differs from the one before.

    Args:
        lab: "05_frames", where several labs have an exercise of that name.

    Raises:
        UnderglassError: it was not tried yet, the teacher keeps solutions closed, or there is none here.
    """
    if _are_hidden or os.environ.get("UNDERGLASS_REVEAL", "").lower() in ("off", "0", "no"):
        raise UnderglassError(f"The solution of {name} is closed in this course. Ask your teacher.")
    missing = _ENOUGH - tried(name)
    if missing > 0:
        raise UnderglassError(
            f"The solution of {name} opens after {_ENOUGH} different answers that were run and checked; "
            f"{missing} to go."
        )
    found = _solutions(name, lab)
    if not found:
        raise UnderglassError(
            f"There is no solution of {name} here. It lies in solutions/ of the book's repository."
        )
    if len(found) > 1:
        raise UnderglassError(
            f"{len(found)} labs have an exercise {name}. Name yours: "
            f"solution({name!r}, {next(iter(found))!r})"
        )
    sys.stdout.write(f"{next(iter(found.values()))}\n")


class _Hints:
    """The hints that have unfolded so far."""

    def __init__(self, shown: tuple[str, ...], of: int) -> None:
        self._shown = shown
        self._of = of

    def __repr__(self) -> str:
        return "\n".join(f"Hint {n} of {self._of}: {text}" for n, text in enumerate(self._shown, 1))

    def _repr_html_(self) -> str:
        return "".join(
            f"<details><summary>Hint {n} of {self._of}</summary><p>{html.escape(text)}</p></details>"
            for n, text in enumerate(self._shown, 1)
        )


def _is_notebook() -> bool:
    """Whether there is a front end to show something in."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "kernel", None) is not None


def _is_shown(message: str) -> bool:
    """Whether this execution of a cell has shown the same failure: two of its parts may end in it."""
    global _shown
    now = (sys.modules["IPython"].get_ipython().execution_count, message)
    before, _shown = _shown, now
    return before == now


def _text_of(name: str, program: GoProgram | None) -> str:
    """The source that defines the function, "" if there is none."""
    if program is None:
        return ""
    abis: tuple[Abi | None, ...] = ("ABI0", None)  # an assembly function's body, not its wrapper
    for abi in abis:
        try:
            source = program.program.source_of(program.program.function(name, abi))
        except UnderglassError:
            continue
        if source is not None:
            return source.text
    return ""


def _solutions(name: str, lab: str) -> dict[str, str]:
    """Lab → the cell that answers an exercise, from solutions/ near by or else in the package."""
    import nbformat

    from underglass.course.variants import filled

    reading: Any = nbformat
    folders = [folder / "solutions" for folder in (Path.cwd(), *Path.cwd().parents[:2])]
    with contextlib.suppress(UnderglassError):
        folders.append(shipped("solutions"))
    found: dict[str, str] = {}
    for path in (path for folder in folders for path in sorted(folder.glob(f"{lab or '*'}.ipynb"))):
        for cell in filled(reading.read(path, as_version=4)).cells:
            about = cell.metadata.get("nbgrader", {})
            if about.get("solution") and (about.get("grade_id") == name or f"·{name}(SB)" in cell.source):
                found.setdefault(path.stem, _without_marks(cell.source))
    return found


def _without_marks(text: str) -> str:
    """A solution cell as the student would have written it: no marks, and no stub."""
    kept = re.sub(r"(?ms)^\s*(?://|#+)\s*STUB\s*$.*?(?=^\s*(?://|#+)\s*END SOLUTION\s*$)", "", text)
    return "\n".join(line for line in kept.splitlines() if not _MARK.match(line))
