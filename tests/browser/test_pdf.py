"""The book on paper, of two of its pages: sheets, outline, links that lead to sheets, answers, numbers."""

from __future__ import annotations

import io
import runpy
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

MAKER = runpy.run_path(str(Path(__file__).parent.parent.parent / "book" / "pdf.py"))
NAMES = ["00_intro", "appendix_glossary"]


@pytest.fixture(scope="module")
def bound(site: Path, chromium: Path) -> bytes:
    made: bytes = MAKER["bind"](site, NAMES, "https://example.org/book/")
    return made


@pytest.fixture
def book(bound: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(bound))


def targets(book: PdfReader) -> list[Any]:
    return [
        held.get_object().get("/Dest") or str(held.get_object()["/A"].get("/URI", ""))
        for sheet in book.pages
        for held in sheet.get("/Annots") or []
        if held.get_object()["/Subtype"] == "/Link"
    ]


def test_the_order_is_that_of_the_table_of_contents(site: Path) -> None:
    names = MAKER["chapters_of"](site)
    assert names[:3] == ["00_intro", "01_registers", "02_pseudo_registers"]
    assert len(set(names)) == len(names)
    assert set(names) | {"404", "genindex", "search", "index"} == {path.stem for path in site.glob("*.html")}


def test_sheets_are_numbered_and_told_in_the_contents(book: PdfReader) -> None:
    chapters = [item for item in book.outline if not isinstance(item, list)]
    assert [item.title for item in chapters] == ["What you will see", "Glossary"]
    first = [book.get_destination_page_number(item) for item in chapters]
    assert first[0] == 2  # after the cover and the contents
    words = " ".join(book.pages[1].extract_text().split())
    for at, item in zip(first, chapters, strict=True):
        assert f"{item.title} {at - 1}" in words
        assert book.pages[at].extract_text().split()[-1] == str(at - 1)


def test_links_lead_to_sheets_or_to_the_site(bound: bytes, book: PdfReader) -> None:
    assert b"file:" not in bound
    found = targets(book)
    assert any(isinstance(target, list) for target in found)
    assert "https://example.org/book/01_registers.html" in found
    assert not [target for target in found if isinstance(target, str) and target.startswith("file:")]


def test_answers_come_after_the_chapter(book: PdfReader) -> None:
    last = book.get_destination_page_number(
        book.outline[-1] if not isinstance(book.outline[-1], list) else book.outline[-2]
    )
    text = " ".join(sheet.extract_text() for sheet in book.pages[2:last])
    assert "Answers" in text
    assert "What does AX hold after" in " ".join(text.split("Answers")[-1].split())
    for button in ("Show me", "Check\n", "Keys"):
        assert button not in text
