"""The ledger of claims and the cells that demonstrate them name each other."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
import yaml

BOOK = Path(__file__).parent.parent / "book"
SOURCES = "appendix_sources"
VERDICTS = {"holds", "wrong", "partly", "outdated", "version-bound"}
LEDGER = yaml.safe_load((BOOK / "claims.yml").read_text(encoding="utf-8"))
CHAPTERS = {int(path.name[:2]): path for path in BOOK.glob("[0-9][0-9]_*.ipynb")}
APPENDICES = sorted(BOOK.glob("appendix_*.ipynb"))  # chapter "A"


def claims_of(path: Path) -> Counter[str]:
    """Return how many cells of a chapter carry each claim's tag; each has to be code that asserts."""
    found: Counter[str] = Counter()
    for cell in nbformat.read(path, as_version=4).cells:
        for tag in cell.metadata.get("tags", []):
            if tag.startswith("claim-"):
                assert cell.cell_type == "code", f"{path.name}: {tag} stands on text"
                assert re.search(r"^assert ", cell.source, re.MULTILINE), (
                    f"{path.name}: {tag} asserts nothing"
                )
                found[tag.removeprefix("claim-")] += 1
    return found


@pytest.mark.parametrize("name", sorted(LEDGER["claims"]))
def test_an_entry_is_whole(name: str) -> None:
    entry = LEDGER["claims"][name]
    assert set(entry) == {"source", "claim", "chapter", "verdict", "fact", "go"}
    assert re.fullmatch(r"[A-Z]\d+", name)
    assert entry["verdict"] in VERDICTS
    assert entry["source"].split(",")[0] in LEDGER["sources"]
    assert entry["claim"].endswith(".")
    assert entry["fact"].endswith(".")
    assert entry["go"]
    assert all(isinstance(release, str) for release in entry["go"])


@pytest.mark.parametrize("chapter", sorted(CHAPTERS))
def test_cells_and_ledger_agree(chapter: int) -> None:
    due = {name for name, entry in LEDGER["claims"].items() if entry["chapter"] == chapter}
    assert set(claims_of(CHAPTERS[chapter])) == due


def test_no_entry_is_of_a_chapter_that_does_not_exist() -> None:
    assert {entry["chapter"] for entry in LEDGER["claims"].values()} <= {*CHAPTERS, "A"}


def test_the_appendices_and_the_ledger_agree() -> None:
    due = {name for name, entry in LEDGER["claims"].items() if entry["chapter"] == "A"}
    assert set().union(*map(claims_of, APPENDICES)) == due


def test_chapter_five_has_its_seven() -> None:
    assert set(claims_of(CHAPTERS[5])) == {"F1", "F2", "F3", "F4", "C1", "C2", "C3"}


class Page(HTMLParser):
    """Collects the anchors of a built page, and of its tables of claims the rows: (first cell, link)."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.rows: list[tuple[str, str]] = []
        self._inside = 0  # how many <div> deep in a table of claims
        self._name: str | None = None  # of the claim whose row is read
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values["id"]} if "id" in values else set()
        if tag == "div" and (self._inside or "tag_ledger" in values.get("class", "").split()):
            self._inside += 1
        if self._inside and tag == "tr":
            self._name = None
        if self._inside and tag == "a" and self._name:
            self.rows.append((self._name, values["href"]))

    def handle_data(self, data: str) -> None:
        if self._inside and self._name is None and data.strip() and data.strip() != "claim":
            self._name = data.split()[0]

    def handle_endtag(self, tag: str) -> None:
        self._inside -= tag == "div" and self._inside > 0


def test_the_appendix_has_every_claim_once_and_leads_to_its_cell(site: Path) -> None:
    rows = Page(site / f"{SOURCES}.html").rows
    assert Counter(name for name, _ in rows) == Counter(list(LEDGER["claims"]))
    anchors = {path.name: Page(path).anchors for path in site.glob("*.html")}
    for name, link in rows:
        page, _, anchor = link.partition("#")
        assert anchor in anchors[page], f"{name}: {link} leads nowhere"
        assert f"claim-{name}" in anchors[page], f"{name} has no anchor in {page}"


def test_the_appendix_asks_for_every_source() -> None:
    code = "\n".join(cell.source for cell in nbformat.read(BOOK / f"{SOURCES}.ipynb", 4).cells)
    assert set(re.findall(r'^ledger\("(S\d)"', code, re.MULTILINE)) == set(LEDGER["sources"])
