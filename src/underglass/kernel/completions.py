"""What completion answers with: which part of a cell to replace, and by what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Completions", "Match", "matching"]


@dataclass(frozen=True)
class Match:
    """One text that may stand in the place of what was typed."""

    text: str
    kind: str  # a word for the front end's badge: "instruction", "register", "function"
    signature: str = ""  # one line: operands, a type, what it is


@dataclass(frozen=True)
class Completions:
    """All of them."""

    start: int  # offset in the cell, in characters, of what is replaced
    end: int  # offset where it ends
    matches: tuple[Match, ...]


def matching(typed: str, found: Iterable[Match], start: int, end: int) -> Completions:
    """Keep what begins as typed, in its order, each text once: first with the same capitals, then without."""
    folded = typed.casefold()
    once = {m.text: m for m in reversed(list(found)) if m.text.casefold().startswith(folded)}
    every = list(reversed(once.values()))
    exact = [m for m in every if m.text.startswith(typed)]
    return Completions(start, end, (*exact, *(m for m in every if not m.text.startswith(typed))))
