"""The ledger of claims as tables, with links to the cells that demonstrate them."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from underglass.course.claims import VERDICTS, Claim, claims, sources
from underglass.errors import UnderglassError
from underglass.views.table import Table

__all__ = ["Cell", "Ledger", "evidence", "ledger", "of_releases", "verdicts"]

_TAG = "claim-"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~])")


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook."""

    notebook: str  # its file's name
    name: str  # the cell's id

    @property
    def link(self) -> str:
        """Its address beside its notebook, as JupyterLab opens it; the book's pages translate it."""
        return f"{self.notebook}#cell-id={self.name}"


@dataclass(frozen=True)
class Ledger:
    """Claims that show themselves as a table; those with a cell at hand lead to it."""

    claims: tuple[Claim, ...]
    cells: dict[str, Cell]  # by claim

    def __repr__(self) -> str:
        return "\n".join(f"{c.name}  {c.verdict}: {c.fact} {self._place(c)}." for c in self.claims)

    def _repr_markdown_(self) -> str:
        head = ("claim", "the source says", "found", "shown in", "run on Go")
        return "\n".join([_row(head), _row([":---"] * len(head)), *map(self._line, self.claims)])

    def _line(self, claim: Claim) -> str:
        name = f"{claim.name} ({claim.place})" if claim.place else claim.name
        place = self._place(claim).replace(" ", "\N{NO-BREAK SPACE}")
        if claim.name in self.cells:
            place = f"[{place}]({self.cells[claim.name].link})"
        found = f"**{claim.verdict}:** {_escaped(claim.fact)}"
        return _row((_escaped(name), _escaped(claim.says), found, place, ", ".join(claim.releases)))

    def _place(self, claim: Claim) -> str:
        return "an appendix" if claim.chapter is None else f"chapter {claim.chapter}"


def ledger(source: str, notebooks: str | Path | None = None, *, part: str = "") -> Ledger:
    """Return the claims of one source as a table.

    Args:
        notebooks: the folder of the book's notebooks, "." in one of them: claims link to their cells.
        part: how the place in the source begins: "1" for its sections 1.1, 1.2 and so on.

    Raises:
        UnderglassError: there is no such source, or no ledger that can be read.
    """
    found = tuple(claim for claim in claims(source) if claim.place.startswith(part))
    return Ledger(found, evidence(notebooks) if notebooks is not None else {})


def of_releases() -> Table:
    """Return on which releases of Go the claims were run that depend on it, or were run on several."""
    found = [claim for claim in claims() if claim.is_of_releases]
    lines = sorted({_line(release) for claim in found for release in claim.releases}, key=_order)
    rows = tuple((claim.name, claim.verdict, *(_run_on(claim, line) for line in lines)) for claim in found)
    return Table("Releases of Go on which a claim was run", ("claim", "verdict", *lines), rows)


def verdicts() -> Table:
    """Return how many claims of each source were found to be what."""
    rows = []
    for source in sources():
        counts = Counter(claim.verdict for claim in claims(source.name))
        rows.append((source.name, *(str(counts[v] or "") for v in VERDICTS), str(counts.total())))
    counts = Counter(claim.verdict for claim in claims())
    rows.append(("all", *(str(counts[v] or "") for v in VERDICTS), str(counts.total())))
    return Table("Claims by source and verdict", ("source", *VERDICTS, "claims"), tuple(rows))


def evidence(notebooks: str | Path) -> dict[str, Cell]:
    """Return the first cell that demonstrates each claim, by the claim's name.

    Raises:
        UnderglassError: a file in the folder is no notebook.
    """
    found: dict[str, Cell] = {}
    for path in sorted(Path(notebooks).glob("*.ipynb")):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            tagged = [(tag, cell["id"]) for cell in cells for tag in cell["metadata"].get("tags", ())]
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise UnderglassError(f"{path} is no notebook. Move it elsewhere, or copy it anew.") from error
        for tag, name in tagged:
            if tag.startswith(_TAG):
                found.setdefault(tag.removeprefix(_TAG), Cell(path.name, name))
    return found


def _line(release: str) -> str:
    return ".".join(release.split(".")[:2])


def _order(line: str) -> tuple[int, ...]:
    return tuple(int(number) for number in line.split("."))


def _run_on(claim: Claim, line: str) -> str:
    """Return the claim's releases of one line of Go: "1.24.11" of "1.24"."""
    return ", ".join(release for release in claim.releases if _line(release) == line)


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Keep Markdown, and JupyterLab's formulas, from reading marks of assembly as their own."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
