"""The book as the package carries it: chapters, labs and solutions, in the wheel or in a checkout."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from underglass.errors import UnderglassError

__all__ = ["FIRST", "PARTS", "lay_out", "shipped", "solutions_folder", "there_instead"]

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


def there_instead(path: Path) -> str:
    """Say which notebooks stand where `path` does not, as the last sentence of an error."""
    names = sorted(other.stem for other in path.parent.glob("*.ipynb"))
    if not names:
        return f"{path.parent} holds no notebook: name the folder of the solutions."
    near = get_close_matches(path.stem, names, 3, 0.5)
    return f"Did you mean {' or '.join(near)}?" if near else f"{path.parent} has {', '.join(names)}."


def lay_out(folder: Path, parts: Iterable[str] = PARTS) -> tuple[Path, ...]:
    """Copy chapters and labs into a folder of the reader's, and return what is new there.

    A file that is there already stays as it is: it may hold the reader's work.

    Args:
        folder: made if needed.
        parts: names of `shipped`'s folders.

    Raises:
        UnderglassError: this installation has no book, or the folder cannot be written.
    """
    made = []
    for part in parts:
        source = shipped(part)
        for path in _notebooks(source):
            target = folder / part / path.relative_to(source)
            if not target.exists():
                _copy(path, target)
                made.append(target)
    return tuple(made)


def _copy(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    except OSError as error:
        raise UnderglassError(
            f"{target} cannot be written: {error.strerror}, {error.filename}. "
            "Name a folder of your own, or none for go-under-glass where you are."
        ) from error


def _notebooks(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.glob("*.ipynb")) if path.is_file())
