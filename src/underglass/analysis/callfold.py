"""Which functions of a call graph that has too many are folded, and into what: one node a package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["OTHER", "Group", "fold"]

OTHER = "other packages"
"""The package of a group that has functions of several."""


@dataclass(frozen=True)
class Group:
    """Functions of one package that one node stands for."""

    package: str  # import path, or OTHER
    distance: int  # calls between the focus and the nearest of them; below 0 for what calls the focus
    members: tuple[str, ...]  # symbols, in the order they were met

    @property
    def name(self) -> str:
        """What its node is called: `fmt: 23 functions`."""
        return f"{self.package or 'no package'}: {len(self.members)} {self.noun}"

    @property
    def noun(self) -> str:
        """What its members are: those on the way to the focus are its callers."""
        return "callers" if self.distance < 0 else "functions"


def fold(rows: Sequence[tuple[str, int, str]], own: str, limit: int) -> tuple[Group, ...]:
    """Return the groups by which so many functions become at most `limit` nodes.

    The nearest functions stay, and of those that are equally near the ones of the package `own`. A group
    has two functions or more: one alone takes no less room folded.

    Args:
        rows: (symbol, distance, package) of each function, the focus first.
        limit: nodes, at least 2.
    """
    if len(rows) <= limit:
        return ()
    order = sorted(range(len(rows)), key=lambda i: (abs(rows[i][1]), rows[i][2] != own, i))
    for kept in range(limit - 1, 0, -1):
        rest = [rows[i] for i in sorted(order[kept:])]
        by_package: dict[tuple[str, bool], list[tuple[str, int, str]]] = defaultdict(list)
        for row in rest:
            by_package[row[2], row[1] < 0].append(row)
        if kept + len(by_package) <= limit:
            return tuple(_group(package, g) for (package, _), g in by_package.items() if len(g) > 1)
    return (_group(OTHER, [rows[i] for i in sorted(order[1:])]),)


def _group(package: str, rows: Sequence[tuple[str, int, str]]) -> Group:
    nearest = min((row[1] for row in rows), key=abs)
    return Group(package, nearest, tuple(row[0] for row in rows))
