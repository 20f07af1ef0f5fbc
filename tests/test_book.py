"""Every chapter runs from top to bottom, and is written as chapters are."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
import pytest
from jupyter_cache import get_cache

from underglass import show
from underglass.course import predict

BOOK = Path(__file__).parent.parent / "book"
CHAPTERS = sorted(BOOK.glob("[0-9][0-9]_*.ipynb"))
MAIN = [path for path in CHAPTERS if path.name[:2] != "00"]  # the introduction has no skeleton
NOTEBOOKS = [*CHAPTERS, *sorted(BOOK.glob("[a-z]*.ipynb"))]
MAGICS = ("%%go", "%%asm")
FILLER = re.compile(
    r"\b(simply|just|powerful|dive|diving|under the hood|in this section|in this chapter we"
    r"|let's|of course|obviously)\b",
    re.IGNORECASE,
)
LAST_SECTIONS = [
    "Quiz", "What the sources say", "What we learnt", "The lab", "Exercises", "Further reading", "Next",
]  # fmt: skip


def chapter(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def python_cells(notebook: Any) -> list[str]:
    return [c.source for c in notebook.cells if c.cell_type == "code" and not c.source.startswith(MAGICS)]


def lines(source: str) -> int:
    return sum(bool(line.strip()) for line in source.splitlines())


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.mark.usefixtures("site")
def test_chapter_runs(path: Path) -> None:
    """The static book has run it already, with the tag raises-exception where a cell is to fail."""
    cache = get_cache(runpy.run_path(str(BOOK / "conf.py"))["nb_execution_cache_path"])
    notebook = cache.merge_match_into_file(path)[1]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.execution_count, f"{path.name}, {cell.id} was not run"
        for output in cell.get("outputs", []):
            expected = "raises-exception" in cell.metadata.get("tags", [])
            assert output.output_type != "error" or expected
            assert output.get("name") != "stderr", f"{path.name}, {cell.id}: {output.text}"


def test_python_cells_are_short(path: Path) -> None:
    sources = [source for source in python_cells(chapter(path)) if not source.startswith("predict(")]
    assert 1 <= median(map(lines, sources)) <= 4
    for source in sources:
        assert lines(source) <= 10
        # What a page of 1280 pixels shows without scrolling.
        assert all(len(line) <= 90 for line in source.splitlines()), source


@pytest.mark.parametrize("path", MAIN, ids=lambda path: path.stem)
def test_chapter_has_the_skeleton(path: Path) -> None:
    notebook = chapter(path)
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[-7:] == LAST_SECTIONS
    assert "you can\n" in text
    assert "You need " in text
    questions = [
        source for source in python_cells(notebook) if "predict(" in source and not source.startswith("from")
    ]
    assert len(questions) >= 8  # three predictions, and a quiz of five
    quiz = text[text.index("\n## Quiz") : text.index("\n## What the sources say")]
    assert int(path.name[:2]) < 3 or re.search(r"from chapter\s\d", quiz)  # one asks again


def test_chapter_has_no_filler(path: Path) -> None:
    for cell in chapter(path).cells:
        if cell.cell_type == "markdown":
            found = FILLER.search(cell.source)
            assert found is None, f"{path.name}, {cell.id}: {found and found.group()}"


def test_links_lead_somewhere(path: Path) -> None:
    for cell in chapter(path).cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\((?!http|#)([^)]+)\)", cell.source):
                assert (BOOK / target).exists(), f"{path.name}, {cell.id}: {target}"


def test_lines_of_text_are_wrapped(path: Path) -> None:
    for cell in chapter(path).cells:
        if cell.cell_type == "markdown":
            long = [line for line in cell.source.splitlines() if len(line) > 120 and not line.startswith("|")]
            assert not long, f"{path.name}, {cell.id}: {long[0]}"


def test_the_gallery_shows_every_view_and_asks_a_question_of_each_kind() -> None:
    source = "\n".join(python_cells(chapter(BOOK / "gallery.ipynb")))
    assert set(re.findall(r"show\.(\w+)\(", source)) == set(show.__all__)
    assert "what_if=" in source
    assert "predict=[" in source
    assert "pointers=True" in source
    asked = re.findall(r'predict\("(gallery/\w+)"\)', source)
    assert {predict(name).kind for name in asked} == {"one", "several", "number", "address"}


def test_listings_fit_a_page() -> None:
    for path in NOTEBOOKS:
        for cell in chapter(path).cells:
            if cell.cell_type == "code":
                assert lines(cell.source) <= 24, f"{path.name}, {cell.id}"
