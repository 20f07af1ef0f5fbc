"""What the book's sources say about the machine, and what its cells found: the ledger, `book/claims.yml`.

The file lies beside the chapters, in a checkout and in the wheel. A cell with the tag `claim-F1`
demonstrates the claim F1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from underglass.course.shipped import shipped
from underglass.errors import UnderglassError

__all__ = ["FILE", "VERDICTS", "Claim", "Source", "claims", "read_ledger", "sources"]

FILE = "claims.yml"
VERDICTS = ("holds", "partly", "version-bound", "outdated", "wrong")
"""What a claim may be found to be."""

_KEYS = ("source", "claim", "chapter", "verdict", "fact", "go")


@dataclass(frozen=True)
class Source:
    """One of the documents that the book puts to the test."""

    name: str  # "S4"
    title: str  # what it is, with its year


@dataclass(frozen=True)
class Claim:
    """One statement of a source, and what was found."""

    name: str  # "F1"
    source: str  # a source's name
    place: str  # where in the source: a section or a commit; "" if it has no parts
    says: str  # the statement in the book's words, one sentence
    chapter: int | None  # whose cells demonstrate it; None: an appendix
    verdict: str  # one of VERDICTS
    fact: str  # what was found, in sentences
    releases: tuple[str, ...]  # of Go, on which it was run: "1.27.3"

    @property
    def is_of_releases(self) -> bool:
        """Whether it holds for some releases only, or was run on several."""
        return self.verdict == "version-bound" or len(self.releases) > 1


def claims(source: str = "") -> tuple[Claim, ...]:
    """Return the claims of one source, or all of them, in the order of the ledger.

    >>> [claim.name for claim in claims("S1")]
    ['E1', 'E2', 'E3', 'E4', 'E5']

    Raises:
        UnderglassError: there is no such source, or no ledger that can be read.
    """
    known, found = read_ledger(shipped("book") / FILE)
    if source and source not in {one.name for one in known}:
        raise UnderglassError(f"There is no source {source!r}. There are: {_listed(s.name for s in known)}.")
    return tuple(claim for claim in found if source in ("", claim.source))


def sources() -> tuple[Source, ...]:
    """Return the sources.

    Raises:
        UnderglassError: there is no ledger that can be read.
    """
    return read_ledger(shipped("book") / FILE)[0]


def read_ledger(path: Path) -> tuple[tuple[Source, ...], tuple[Claim, ...]]:
    """Return the sources and claims of a ledger.

    Raises:
        UnderglassError: the file is missing or malformed; the message names the entry.
    """
    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnderglassError(
            f"{path} cannot be read: {error.strerror}. It lies beside the chapters: "
            "install the wheel again, or use a copy of the repository."
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UnderglassError(
            f"{path} is no YAML: {' '.join(str(error).split())}. Mend that line."
        ) from error
    parts = held if isinstance(held, Mapping) else {}
    titles, entries = parts.get("sources"), parts.get("claims")
    if not isinstance(titles, Mapping) or not isinstance(entries, Mapping):
        raise UnderglassError(f"{path} needs two mappings, `sources` and `claims`. Write both.")
    known = tuple(Source(str(name), str(title)) for name, title in titles.items())
    made = tuple(_claim(path, str(name), entry, {s.name for s in known}) for name, entry in entries.items())
    return known, made


def _claim(path: Path, name: str, entry: Any, known: set[str]) -> Claim:
    def wrong(what: str, to_do: str) -> UnderglassError:
        return UnderglassError(f"{path}, entry {name}: {what}. {to_do}.")

    if not isinstance(entry, Mapping):
        raise wrong("it is no mapping", f"Give it {_listed(_KEYS)}")
    missing, unknown = [k for k in _KEYS if k not in entry], [str(k) for k in entry if k not in _KEYS]
    if missing:
        raise wrong(f"it has no {_listed(missing)}", "Add what is missing")
    if unknown:
        raise wrong(f"{_listed(unknown)} is no key of an entry", f"The keys are {_listed(_KEYS)}")
    for key in ("source", "claim", "verdict", "fact"):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise wrong(f"{key} is no text", "Write it in quotes, or after >-")
    source, _, place = entry["source"].partition(", ")
    if source not in known:
        raise wrong(f"{source} is no source", f"Take one of {_listed(sorted(known))}, or add it to `sources`")
    if entry["verdict"] not in VERDICTS:
        raise wrong(f"{entry['verdict']} is no verdict", f"Take one of {_listed(VERDICTS)}")
    chapter, releases = entry["chapter"], entry["go"]
    if chapter != "A" and (not isinstance(chapter, int) or isinstance(chapter, bool)):
        raise wrong(f"{chapter!r} is no chapter", "Write its number, or A for an appendix")
    if not isinstance(releases, list) or not releases or not all(isinstance(r, str) for r in releases):
        raise wrong("go is no list of releases", 'Write it as ["1.27.3"]')
    number = None if chapter == "A" else chapter
    says, fact = entry["claim"].strip(), entry["fact"].strip()
    return Claim(name, source, place, says, number, entry["verdict"], fact, tuple(releases))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
