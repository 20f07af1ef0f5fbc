from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from notebook_rules import cleaned, committed_form

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("book", "labs", "solutions")
    for path in (ROOT / folder).glob("*.ipynb")
)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_is_committed_clean(name: str) -> None:
    path = ROOT / name
    assert path.read_text(encoding="utf-8") == committed_form(path), f"{name}: run `make notebooks`"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_cell_ids_are_unique(name: str) -> None:
    ids = [cell["id"] for cell in nbformat.read(ROOT / name, as_version=4).cells]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if not name.startswith("book/")])
def test_python_cells_of_labs_are_short(name: str) -> None:
    """Chapters have a tighter rule of their own (test_book.py); listings of Go and assembly are free."""
    for cell in nbformat.read(ROOT / name, as_version=4).cells:
        if cell.cell_type == "code" and not cell.source.startswith(("%%go", "%%asm", "%%variants")):
            lines = sum(bool(line.strip()) for line in cell.source.splitlines())
            assert lines <= 20, f"{name}, {cell.id}: {lines} lines; see CONTRIBUTING, A lab"


def test_every_lab_has_its_solution() -> None:
    labs = {path.name for path in (ROOT / "labs").glob("*.ipynb")}
    solutions = {path.name for path in (ROOT / "solutions").glob("*.ipynb")}
    assert labs == solutions


def notebook_with_output() -> nbformat.NotebookNode:
    output = nbformat.v4.new_output(
        "execute_result", {"text/plain": "27", "text/html": "<b>27</b>"}, execution_count=3
    )
    cell = nbformat.v4.new_code_cell("23 + 4", outputs=[output], execution_count=3)
    cell.metadata["scrolled"] = True
    cell.metadata["tags"] = ["hide-input"]
    return nbformat.v4.new_notebook(cells=[cell], metadata={"language_info": {"name": "python"}})


def test_cleaning_a_chapter_leaves_source_and_tags_only() -> None:
    notebook = cleaned(notebook_with_output(), keep_text=False)
    assert set(notebook.metadata) == {"kernelspec"}
    assert notebook.cells[0].outputs == []
    assert notebook.cells[0].execution_count is None
    assert notebook.cells[0].metadata == {"tags": ["hide-input"]}


def test_cleaning_a_solution_keeps_the_text_of_its_outputs() -> None:
    notebook = cleaned(notebook_with_output(), keep_text=True)
    assert notebook.cells[0].outputs[0].data == {"text/plain": "27"}
    assert notebook.cells[0].outputs[0].execution_count is None
