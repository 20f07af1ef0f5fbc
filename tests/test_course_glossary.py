"""The glossary: one exact sentence a term, in order, and a chapter that has the term."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from underglass.course.glossary import Term, glossary, term
from underglass.errors import UnderglassError

BOOK = Path(__file__).parent.parent / "book"
TERMS = glossary().terms
LAST_CHAPTER = 18


@pytest.mark.parametrize("one", TERMS, ids=lambda one: one.name)
def test_a_term_is_one_sentence_and_names_a_chapter(one: Term) -> None:
    assert 1 <= one.chapter <= LAST_CHAPTER
    assert one.says.endswith(".")
    assert not re.search(r"\.\s+[A-Z]", one.says), "one sentence"
    assert one.says.count("`") % 2 == 0


def has(text: str, word: str) -> bool:
    """Whether a text has a word; a long one may stand in another, "bare machine" in `bare_machine()`."""
    if len(word) < 4:
        return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None
    bare = re.compile(r"[\W_]+")
    return bare.sub("", word).casefold() in bare.sub("", text).casefold()


@pytest.mark.parametrize("one", TERMS, ids=lambda one: one.name)
def test_the_chapter_has_the_term(one: Term) -> None:
    for path in BOOK.glob(f"{one.chapter:02}_*.ipynb"):  # none while the chapter is not written
        text = " ".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        assert any(has(text, word) for word in (one.name, *one.also)), (
            f"{path.name} does not say {one.title}: change glossary.yml, or the text"
        )


def test_terms_are_in_order_and_unique() -> None:
    names = [one.name for one in TERMS]
    assert names == sorted(names, key=lambda name: (name.casefold(), name))
    assert len(set(names)) == len(names) >= 60


def test_a_term_by_its_name() -> None:
    assert repr(term("leaf")) == "leaf: A function that calls no other. Chapter 5."
    with pytest.raises(UnderglassError, match="Nearest: wrapper"):
        term("wraper")


def test_a_chapter_at_hand_is_a_link() -> None:
    page = glossary(BOOK)._repr_markdown_()
    assert "[Chapter 5](05_frames.ipynb)." in page
    assert "](" not in glossary()._repr_markdown_()
