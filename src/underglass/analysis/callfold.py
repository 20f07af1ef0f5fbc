"""Which functions of a call graph that has too many are folded, and into what: one node a package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["OTHER", "Group", "fold"]

OTHER = "other packages"
"""The package of a group that has functions of several."""


_Row = tuple[str, int, str]


@dataclass(frozen=True)
class Group:
    """Functions of one package that one node stands for."""

    package: str  # import path, or OTHER
    distance: int  # calls between the focus and the nearest of them; below 0 for what calls the focus
    members: tuple[str, ...]  # symbols, in the order they were met

    @property
    def name(self) -> str:
        """What its node is called: `fmt: 23 functions`, or `84 more functions` of several packages."""
        if self.package == OTHER:
            return f"{len(self.members)} more {self.noun}"
        return f"{self.package or 'no package'}: {len(self.members)} {self.noun}"

    @property
    def noun(self) -> str:
        """What its members are: those on the way to the focus are its callers."""
        return "callers" if self.distance < 0 else "functions"


def fold(rows: Sequence[_Row], own: str, limit: int) -> tuple[Group, ...]:
    """Return the groups by which so many functions become at most `limit` nodes.

    The nearest functions stay, and of those that are equally near the ones of the package `own`. A group
    has two functions or more: one alone takes no less room folded. Where the packages are so many that
    not half of the nodes would be functions, what is folded is one node, or two with callers.

    Args:
        rows: (symbol, distance, package) of each function, the focus first.
        limit: nodes, at least 3.
    """
    if len(rows) <= limit:
        return ()
    order = sorted(range(len(rows)), key=lambda i: (abs(rows[i][1]), rows[i][2] != own, i))
    kept, by_package = limit - 1, _by_package(rows, order[limit - 1 :])
    while kept > limit // 2 and kept + len(by_package) > limit:
        kept -= 1
        by_package = _by_package(rows, order[kept:])
    if kept + len(by_package) > limit:  # so many packages that little else would be left
        kept = limit - 1
        by_package = _by_package(rows, order[kept:], OTHER)
        if kept + len(by_package) > limit:
            by_package = _by_package(rows, order[kept - 1 :], OTHER)
    return tuple(_group(package, held) for (package, _), held in by_package.items() if len(held) > 1)


def _by_package(
    rows: Sequence[_Row], folded: Sequence[int], together: str = ""
) -> dict[tuple[str, bool], list[_Row]]:
    """The rows at `folded` by their package, or all `together`: callers and callees apart."""
    found: dict[tuple[str, bool], list[_Row]] = defaultdict(list)
    for row in (rows[i] for i in sorted(folded)):
        found[together or row[2], row[1] < 0].append(row)
    return found


def _group(package: str, rows: Sequence[_Row]) -> Group:
    nearest = min((row[1] for row in rows), key=abs)
    return Group(package, nearest, tuple(row[0] for row in rows))
