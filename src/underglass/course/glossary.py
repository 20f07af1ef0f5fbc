"""The glossary: each term of the book in one sentence, with the chapter that shows it.

The terms are data, `glossary.yml`; the appendix shows them all, and `term("wrapper")` one.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from underglass.errors import UnderglassError

__all__ = ["Glossary", "Term", "glossary", "term"]


@dataclass(frozen=True)
class Term:
    """One term."""

    name: str  # as the book writes it
    says: str  # one sentence; what stands in backquotes is code
    chapter: int  # where it is shown
    also: tuple[str, ...] = ()  # other words for it

    @property
    def title(self) -> str:
        """Its name, with the other words for it."""
        return f"{self.name} ({', '.join(self.also)})" if self.also else self.name

    def __repr__(self) -> str:
        return f"{self.title}: {self.says.replace('`', '')} Chapter {self.chapter}."


@dataclass(frozen=True)
class Glossary:
    """The terms in alphabetical order, which show themselves; chapters at hand are links."""

    terms: tuple[Term, ...]
    chapters: Path | None = None  # folder of the chapters' notebooks, as a link from there sees them

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.terms))

    def _repr_markdown_(self) -> str:
        return "\n\n".join(f"**{t.title}**: {t.says} {self._place(t.chapter)}" for t in self.terms)

    def _place(self, chapter: int) -> str:
        found = sorted(self.chapters.glob(f"{chapter:02}_*.ipynb")) if self.chapters is not None else []
        return f"[Chapter {chapter}]({found[0].name})." if found else f"Chapter {chapter}."


def glossary(chapters: str | Path | None = None) -> Glossary:
    """Return the whole glossary.

    Args:
        chapters: the folder of the chapters' notebooks, "." in a notebook of the book: terms link to them.
    """
    ordered = sorted(_terms().values(), key=lambda t: (t.name.casefold(), t.name))
    return Glossary(tuple(ordered), Path(chapters) if chapters is not None else None)


def term(name: str) -> Term:
    """Return one term.

    >>> term("leaf")
    leaf: A function that calls no other. Chapter 5.

    Raises:
        UnderglassError: the glossary does not have it.
    """
    known = _terms()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name.casefold(), known, 3, 0.4)
    raise UnderglassError(f"The glossary has no {name!r}. Nearest: {', '.join(near) or 'none'}.")


@cache
def _terms() -> dict[str, Term]:
    text = files("underglass.course").joinpath("glossary.yml").read_text(encoding="utf-8")
    return {
        name: Term(name, held["says"], held["chapter"], tuple(held.get("also", ())))
        for name, held in yaml.safe_load(text).items()
    }
