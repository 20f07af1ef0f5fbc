"""Find the answers in a submission, wherever its cells have gone: by grade_id, cell id or content."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from underglass.errors import UnderglassError
from underglass.grading.lab import Lab, LabCell, defined, magic_of
from underglass.grading.literals import literals
from underglass.grading.record import Answer

__all__ = ["Found", "Helper", "Unreadable", "find_answers", "read_cells"]

_MOST_CELLS = 2000
_MOST_TEXT = 256 << 10  # characters of one cell
_MOST_HELPERS = 40


class Unreadable(UnderglassError):
    """A file that is no notebook; the message is for the student."""


@dataclass(frozen=True)
class Given:
    """A cell as it was handed in."""

    source: str  # line ends are \n
    is_code: bool
    grade_id: str
    cell_id: str


@dataclass(frozen=True)
class Helper:
    """A cell of Go or assembly that the student has added."""

    source: str
    after: str  # id of the lab's cell above it in the submission; "" for none


@dataclass(frozen=True)
class Found:
    """What counts of a submission."""

    answers: tuple[Answer, ...]  # one for each of the lab, in its order
    helpers: tuple[Helper, ...]
    notes: tuple[str, ...]


def read_cells(data: bytes) -> tuple[Given, ...]:
    """Return the cells of a notebook file, of nbformat 4; nothing else of it is looked at.

    Raises:
        Unreadable: it is none.
    """
    try:
        held = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable(
            "The file is not UTF-8 text, so it is no notebook. Hand in the .ipynb file."
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(
            f"The file is no notebook: its JSON is damaged{where}. Save it in JupyterLab and hand it "
            "in again."
        ) from error
    version = held.get("nbformat") if isinstance(held, dict) else None
    cells = held.get("cells") if isinstance(held, dict) else None
    if version != 4 or not isinstance(cells, list):
        raise Unreadable(
            "The file is no notebook of format 4. Open it in JupyterLab, save it and hand it in again."
        )
    if len(cells) > _MOST_CELLS:
        raise Unreadable(
            f"The notebook has {len(cells):,} cells; the limit is {_MOST_CELLS:,}. Delete the rest."
        )
    return tuple(_given(cell) for cell in cells if isinstance(cell, dict))


def find_answers(lab: Lab, cells: Sequence[Given]) -> Found:
    """Match a submission's cells with the lab's answers.

    A cell with the answer's grade_id or cell id counts if it has been written in; else one that defines
    what the answer has to define. Of several the last one counts, as it does when a notebook is run from
    top to bottom.
    """
    known = {name: c for c in lab.cells for name in (c.cell_id, c.id) if name}
    homes = [known.get(g.grade_id) or known.get(g.cell_id) for g in cells]
    used: set[int] = set()
    answers = []
    for wanted in lab.answers:
        answer, at = _answer(wanted, cells, homes)
        if at is not None:
            used.add(at)
        answers.append(answer)
    helpers, notes = _helpers(lab, cells, homes, used)
    return Found(tuple(answers), helpers, notes)


def _answer(
    wanted: LabCell, cells: Sequence[Given], homes: Sequence[LabCell | None]
) -> tuple[Answer, int | None]:
    own = [i for i, home in enumerate(homes) if home is wanted]
    written = [i for i in own if _squeezed(cells[i].source) != _squeezed(wanted.source)]
    fitting = [i for i in written if wanted.defines & defined(cells[i].source)]
    if wanted.kind == "written":
        fitting = written
    elsewhere = [
        i
        for i, (given, home) in enumerate(zip(cells, homes, strict=True))
        if home is not wanted
        and wanted.defines & defined(given.source)
        and not (home is not None and _squeezed(given.source) == _squeezed(home.source))
        and (magic_of(wanted.source) is None) == (magic_of(given.source) is None)
        and _squeezed(given.source) != _squeezed(wanted.source)
    ]
    chosen = fitting[-1:] or elsewhere[-1:] or written[-1:] or own[-1:]
    if not chosen:
        return Answer(wanted.id, "", "missing", "There is no cell with this answer."), None
    at = chosen[0]
    given = cells[at]
    notes = []
    if at not in own:
        notes.append("It stood in another cell and was found by what it defines.")
    if len(written) > 1 and at in own:
        notes.append(f"{len(written)} cells answer this; the last one counts.")
    if not given.is_code and wanted.kind == "answer":
        notes.append("It stood in a cell that is no code cell.")
    if len(given.source) > _MOST_TEXT:
        return Answer(wanted.id, "", "missing", f"The text has more than {_MOST_TEXT:,} characters."), at
    notes += _oddities(wanted, given)
    by = "by content" if at not in own else "by id" if at in written else "untouched"
    return Answer(wanted.id, given.source, by, " ".join(notes)), at  # type: ignore[arg-type]


def _oddities(wanted: LabCell, given: Given) -> list[str]:
    """What of an answer is not taken, in sentences."""
    if wanted.kind == "written":
        return []
    magic, asked = magic_of(given.source), magic_of(wanted.source)
    if asked is None and magic is None:
        return [f"{note[:1].upper()}{note[1:]}." for note in literals(given.source, wanted.defines)[1][:3]]
    if asked is not None and magic is None:
        return [f"The cell does not begin with %%{asked[0]}, so it is no part of the program."]
    if asked is None:
        return ["Values are asked for here, and this is a cell of a program."]
    return []


def _helpers(
    lab: Lab, cells: Sequence[Given], homes: Sequence[LabCell | None], used: set[int]
) -> tuple[tuple[Helper, ...], tuple[str, ...]]:
    reserved = lab.trusted_names | {name for c in lab.answers for name in c.defines}
    made: dict[object, Helper] = {}
    after = ""
    dropped = 0
    for index, given in enumerate(cells):
        home = homes[index]
        if home is not None:
            after = home.id
            continue
        if index in used or not given.is_code or magic_of(given.source) is None:
            continue
        names = defined(given.source)
        if names & reserved or len(given.source) > _MOST_TEXT or {given.grade_id, given.cell_id} & lab.texts:
            continue
        for key in [k for k, h in made.items() if names & defined(h.source)]:
            del made[key]  # a later cell takes the place of an earlier one
        made[index] = Helper(given.source, after)
        if len(made) > _MOST_HELPERS:
            dropped += 1
            made.pop(next(iter(made)))
    notes = (f"{dropped} cells of your own were left out: {_MOST_HELPERS} count.",) if dropped else ()
    return tuple(made.values()), notes


def _given(cell: Mapping[str, Any]) -> Given:
    metadata = cell.get("metadata")
    about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return Given(
        _clean(source).replace("\r\n", "\n").replace("\r", "\n"),
        cell.get("cell_type") == "code",
        _clean(about.get("grade_id")) if isinstance(about, dict) else "",
        _clean(cell.get("id")),
    )


def _clean(text: object) -> str:
    """A text that can be written as UTF-8: a lone half of a pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""


def _squeezed(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().splitlines())
