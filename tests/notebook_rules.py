"""What a committed notebook may carry, as a rule and as a repair.

`book/` and `labs/` hold neither outputs nor counts: what the reader sees is what the reader ran.
`solutions/` keep their text outputs, which the strict nbval run compares.  The test in
test_repo_notebooks.py, the pre-commit hook and `make notebooks` all call this module.

    python tests/notebook_rules.py [--write] NOTEBOOK...
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat

KERNELSPEC = {"display_name": "Go under glass", "language": "python", "name": "underglass"}

# nbgrader marks its cells by "nbgrader" and locks them by the other two; "tags" are the book's.
CELL_METADATA = {"tags", "nbgrader", "editable", "deletable"}


def cleaned(notebook: Any, *, keep_text: bool) -> Any:
    """Return the notebook as it may be committed; the argument is changed in place."""
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC})
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    run = 0
    for number, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{number:02}")
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in CELL_METADATA})
        if cell.cell_type != "code":
            continue
        run += 1
        # nbval takes a cell that has outputs and no count for one that was never run.
        cell.execution_count = run if keep_text else None
        # A listing below a %%asm cell is filled in after it was displayed, which nbval does not see.
        kept = [output for output in cell.outputs if output.output_type != "display_data"]
        cell.outputs = [_text_only(output) for output in kept] if keep_text else []
    return notebook


def _text_only(output: Any) -> Any:
    if "execution_count" in output:
        output.execution_count = None
    if "data" in output:
        output.data = nbformat.from_dict({k: v for k, v in output.data.items() if k == "text/plain"})
        output.metadata = nbformat.from_dict({})
    return output


def committed_form(path: Path) -> str:
    """Return the text that the notebook's file should hold."""
    notebook = nbformat.read(path, as_version=4)
    keep_text = path.resolve().parent.name == "solutions"
    return nbformat.writes(cleaned(notebook, keep_text=keep_text), version=4).rstrip("\n") + "\n"


def main(arguments: list[str]) -> int:
    """Report the notebooks that break the rules, or mend them with `--write`."""
    write = "--write" in arguments
    wrong = 0
    for name in arguments:
        if name == "--write" or not Path(name).is_file():
            continue
        path = Path(name)
        wanted = committed_form(path)
        if path.read_text(encoding="utf-8") == wanted:
            continue
        wrong += 1
        if write:
            path.write_text(wanted, encoding="utf-8", newline="\n")
            print(f"{path}: cleaned")
        else:
            print(f"{path}: carries outputs or metadata that a commit must not; run `make notebooks`")
    return 0 if write else min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
