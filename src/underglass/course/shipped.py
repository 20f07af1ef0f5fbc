"""The book as the package carries it: chapters, labs and solutions, in the wheel or in a checkout."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from underglass.errors import UnderglassError

__all__ = ["FIRST", "PARTS", "lay_out", "shipped", "solutions_folder"]

PARTS = ("book", "labs")
FIRST = "book/00_intro.ipynb"  # what is opened first


def shipped(part: str) -> Path:
    """Return the folder of one part of the book: "book", "labs" or "solutions".

    Raises:
        UnderglassError: this installation has none.
    """
    package = Path(str(files("underglass")))
    # The wheel has a copy inside the package; an editable installation has the checkout around it.
    for folder in (package / "files" / part, package.parent.parent / part):
        if any(folder.glob("*.ipynb")):
            return folder
    raise UnderglassError(
        f"This installation has no {part}. Install the wheel, or use a copy of the repository."
    )


def solutions_folder(named: Path | None) -> Path:
    """Return where solutions are read: the folder named, else `solutions` here, else the package's.

    Raises:
        UnderglassError: none is named, there is none here, and this installation has none.
    """
    if named is not None:
        return named
    here = Path("solutions")
    return here if here.is_dir() else shipped("solutions")


def lay_out(folder: Path, parts: Iterable[str] = PARTS) -> tuple[Path, ...]:
    """Copy chapters and labs into a folder of the reader's, and return what is new there.

    A file that is there already stays as it is: it may hold the reader's work.

    Args:
        folder: made if needed.
        parts: names of `shipped`'s folders.

    Raises:
        UnderglassError: this installation has no book.
        OSError: the folder cannot be written.
    """
    made = []
    for part in parts:
        source = shipped(part)
        for path in _notebooks(source):
            target = folder / part / path.relative_to(source)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
                made.append(target)
    return tuple(made)


def _notebooks(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.glob("*.ipynb")) if path.is_file())
