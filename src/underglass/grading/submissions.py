"""Find the submissions in what a course system hands over, and whose they are.

Known layouts, all of them in a folder or a zip:

- nbgrader: `submitted/STUDENT/LAB/LAB.ipynb` (nbgrader 0.9, directory_structure)
- Moodle: `NAME_ID_assignsubmission_file_/x.ipynb`, or `NAME_ID_assignsubmission_file_x.ipynb`
  (mod/assign/locallib.php, download_submissions)
- Canvas: `name_LATE_USER_SUBMISSION_x.ipynb`, LATE only if it was
- anything else: a folder, or a file, for each student
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from underglass.grading.archives import Entry, entries

__all__ = ["Submission", "find_submissions", "safe_name"]

_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?", re.DOTALL
)
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_(?P<submission>\d+)_(?P<rest>.+)", re.DOTALL)
_SAFE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*[.]")  # Windows
_AGAIN = re.compile(r"-\d+$")  # Canvas numbers files that are handed in again


@dataclass(frozen=True)
class Submission:
    """What one student has handed in for one lab."""

    student: str
    lab: str
    origin: str  # its path below the submissions
    entry: Entry
    others: int = 0  # how many other files of this student for this lab were left aside

    def data(self) -> bytes:
        """Return the bytes of the notebook.

        Raises:
            Refused: it is not read; the message says why.
        """
        return self.entry.data()


@dataclass(frozen=True)
class _Place:
    student: str
    rest: tuple[str, ...]  # the path that tells the lab
    rank: tuple[int, str]  # of several files for one lab the highest counts
    is_moodle: bool = False  # a folder that Moodle has made for a submission


def find_submissions(root: Path, labs: Sequence[str]) -> tuple[tuple[Submission, ...], tuple[str, ...]]:
    """Return one submission for each student and lab, ordered, and the notebooks that belong to no lab.

    Raises:
        Refused: there is no such folder or zip.
    """
    best: dict[tuple[str, str], tuple[tuple[bool, int, str], Submission]] = {}
    count: dict[tuple[str, str], int] = {}
    strays: list[str] = []
    folders: dict[tuple[str, str], Entry] = {}
    for entry in _below(entries(root)):
        place = _place(entry.parts, labs)
        is_notebook = entry.parts[-1].lower().endswith((".ipynb", ".zip")) or bool(entry.refused)
        is_notebook = is_notebook and not entry.is_folder
        lab = _lab(place.rest, labs, is_one=is_notebook or (not place.rest and place.is_moodle))
        if not is_notebook:
            if lab is not None and entry.is_folder and len(place.rest) <= 1:
                folders.setdefault((place.student, lab), entry)
            continue
        if lab is None:
            strays.append(entry.origin)
            continue
        key = place.student, lab
        rank = (not entry.refused, *place.rank)
        count[key] = count.get(key, -1) + 1
        if key not in best or rank > best[key][0]:
            best[key] = rank, Submission(place.student, lab, entry.origin, entry)
    for key, entry in folders.items():
        if key not in best:
            empty = Entry(entry.parts, "No notebook was handed in. Hand in the .ipynb file.")
            best[key] = (False, 0, ""), Submission(*key, entry.origin, empty)
            count[key] = 0
    found = (replace(submission, others=count[key]) for key, (_, submission) in sorted(best.items()))
    return tuple(found), tuple(strays)


def safe_name(name: str) -> str:
    """Return a name that any file system takes, another one for each name.

    >>> safe_name("ada"), safe_name("../Ada")
    ('ada', 'ada-0f1e5c43')
    """
    if _SAFE.fullmatch(name) and not _RESERVED.fullmatch(name) and not re.search(r"-[0-9a-f]{8}$", name):
        return name
    shown = re.sub(r"[^a-z0-9_-]+", "-", name.casefold()).strip("-_")[:48] or "student"
    return f"{shown}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _below(found: Iterable[Entry]) -> Iterator[Entry]:
    """Leave the folder `submitted` of nbgrader out of the paths."""
    for entry in found:
        inner = entry.parts[1:] if entry.parts[:1] == ("submitted",) else entry.parts
        if inner:
            yield replace(entry, parts=inner)


def _place(parts: tuple[str, ...], labs: Sequence[str]) -> _Place:
    for index, part in enumerate(parts):
        if moodle := _MOODLE.fullmatch(part):
            rest = tuple(p for p in (moodle["rest"], *parts[index + 1 :]) if p)
            return _Place(f"{moodle['name']}_{moodle['id']}", rest, (0, "/".join(rest)), True)
        if (canvas := _CANVAS.fullmatch(part)) and index == len(parts) - 1:
            rank = int(canvas["submission"][:18]), canvas["rest"]
            return _Place(f"{canvas['name']}_{canvas['id']}", (canvas["rest"],), rank)
    if len(parts) == 1:
        stem = parts[0].rpartition(".")[0] or parts[0]
        return _Place(stem, parts, (0, ""))
    # a zip of all that holds one folder more is the same thing
    first = 1 if parts[0].lower().endswith(".zip") and len(parts) > 2 and parts[1] not in labs else 0
    student = parts[first].removesuffix(".zip")
    return _Place(student, parts[first + 1 :], (-len(parts), "/".join(parts)))


def _lab(rest: tuple[str, ...], labs: Sequence[str], *, is_one: bool) -> str | None:
    """Return the lab that a path names: by a folder or file of its name, then by a part of the name."""
    stems = [part.removesuffix(".ipynb").removesuffix(".zip") for part in rest]
    for stem in [*reversed(stems[:-1]), *stems[-1:]]:
        for lab in labs:
            if stem == lab or _AGAIN.sub("", stem) == lab:
                return lab
    for lab in sorted(labs, key=len, reverse=True):
        if stems and lab.casefold() in stems[-1].casefold():
            return lab
    return labs[0] if len(labs) == 1 and is_one else None
