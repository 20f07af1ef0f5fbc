"""Look into a folder or a zip of submissions without following or unpacking anything."""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from underglass.errors import UnderglassError

__all__ = ["MOST", "Entry", "Refused", "entries"]

MOST = 10 << 20  # bytes of one notebook
_MOST_INNER = 64 << 20  # bytes of a zip in a folder or zip
_MOST_MEMBERS = 100_000
_MOST_DEPTH = 6  # folders
_IGNORED = (".ipynb_checkpoints", "__MACOSX", ".git")
_SYMLINK = "is a symbolic link, which is not followed"


class Refused(UnderglassError):
    """A file that is not read; the message says why, for the student."""


@dataclass(frozen=True)
class Entry:
    """A file among the submissions, or one that is refused."""

    parts: tuple[str, ...]  # its path below the submissions; members of a zip lie below the zip's name
    refused: str = ""  # why it is not read; "" for one that can be
    read: Callable[[], bytes] = lambda: b""  # its bytes, unless it is refused or a folder
    is_folder: bool = False

    @property
    def origin(self) -> str:
        return "/".join(self.parts)

    def data(self) -> bytes:
        """Return its bytes.

        Raises:
            Refused: it is larger than a notebook may be, cannot be read, or is none of the files that are.
        """
        if self.refused:
            raise Refused(self.refused)
        return self.read()


def entries(root: Path) -> Iterator[Entry]:
    """Yield the files below a folder or in a zip, in order of their names; zips in it are looked into once.

    Raises:
        Refused: there is no such folder or zip, or the zip cannot be read.
    """
    if root.is_dir():
        yield from _folder(root, ())
    elif root.is_file():
        for entry in _zip(lambda: zipfile.ZipFile(root), (), inner=True):
            if not entry.parts:  # the zip itself
                raise Refused(f"{root}: {entry.refused}")
            yield entry
    else:
        raise Refused(f"There is no folder or zip {root}. Name the folder of the submissions.")


def _folder(folder: Path, above: tuple[str, ...]) -> Iterator[Entry]:
    with os.scandir(folder) as found:
        items = sorted(found, key=lambda item: item.name)
    for item in items:
        parts = (*above, _named(item.name))
        if item.name in _IGNORED:
            continue
        if item.is_symlink():
            yield Entry(parts, f"{item.name} {_SYMLINK}. Hand in the file itself.")
        elif item.is_dir(follow_symlinks=False):
            if len(parts) <= _MOST_DEPTH:
                yield Entry(parts, is_folder=True)
                yield from _folder(Path(item.path), parts)
        elif item.name.lower().endswith(".zip"):
            yield from _inner_zip(Path(item.path), parts)
        else:
            yield Entry(parts, "", _reader(Path(item.path), MOST))


def _named(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _reader(path: Path, most: int) -> Callable[[], bytes]:
    def read() -> bytes:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        flags |= getattr(os, "O_BINARY", 0)
        try:
            with os.fdopen(os.open(path, flags), "rb") as file:
                about = os.fstat(file.fileno())
                if not stat.S_ISREG(about.st_mode):
                    raise Refused(f"{path.name} is no ordinary file. Hand in the .ipynb file.")
                _bounded(path.name, about.st_size, most)
                return file.read(most + 1)
        except OSError as error:
            raise Refused(f"{path.name} cannot be read: {error.strerror}. Hand it in again.") from error

    return read


def _bounded(name: str, size: int, most: int) -> None:
    if size > most:
        raise Refused(
            f"{name} has {size:,} bytes; the limit is {most:,}. Clear its outputs and hand it in again."
        )


def _inner_zip(path: Path, parts: tuple[str, ...]) -> Iterator[Entry]:
    try:
        data = _reader(path, _MOST_INNER)()
    except Refused as error:
        yield Entry(parts, str(error))
        return
    yield from _zip(lambda: zipfile.ZipFile(io.BytesIO(data)), parts, inner=False)


def _zip(opened: Callable[[], zipfile.ZipFile], above: tuple[str, ...], *, inner: bool) -> Iterator[Entry]:
    """Yield the members of a zip, each read only when it is asked for."""
    name = above[-1] if above else "the file"
    advice = "Hand it in again." if above else "Name a folder, or the zip as it was downloaded."
    try:
        archive = opened()
        members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, UnicodeError) as error:
        yield Entry(above, f"{name} is no zip that can be read: {error}. {advice}")
        return
    if len(members) > _MOST_MEMBERS:
        yield Entry(above, f"{name} has {len(members):,} members; the limit is {_MOST_MEMBERS:,}. {advice}")
        return
    for member in sorted(members, key=lambda member: member.filename):
        path = PurePosixPath(member.filename.replace("\\", "/"))
        inside = tuple(part for part in path.parts if part not in ("/", "..", "."))
        parts = (*above, *inside)
        if set(inside) & set(_IGNORED) or not inside:
            continue
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            yield Entry(parts, f"{member.filename!r} is a path that leads out of the zip.")
        elif stat.S_ISLNK(member.external_attr >> 16):
            yield Entry(parts, f"{inside[-1]} {_SYMLINK}. Hand in the file itself.")
        elif member.is_dir():
            yield Entry(parts, is_folder=True)
        elif member.flag_bits & 1:
            yield Entry(parts, f"{inside[-1]} is encrypted. Hand it in without a password.")
        elif inner and inside[-1].lower().endswith(".zip"):
            try:
                data = _member(archive, member, _MOST_INNER)
            except Refused as error:
                yield Entry(parts, str(error))
                continue
            yield from _zip(lambda data=data: zipfile.ZipFile(io.BytesIO(data)), parts, inner=False)  # type: ignore[misc]
        else:
            yield Entry(parts, "", lambda member=member: _member(archive, member, MOST))  # type: ignore[misc]


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    name = PurePosixPath(member.filename).name
    _bounded(name, member.file_size, most)
    try:
        with archive.open(member) as file:
            data = file.read(most + 1)  # the size that the directory tells may be a lie
    except (
        zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError
    ) as error:  # fmt: skip
        raise Refused(f"{name} is damaged in the zip: {error}. Hand it in again.") from error
    _bounded(name, len(data), most)
    return data
