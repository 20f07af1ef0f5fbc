"""Take in the texts of a program: files given by path, or texts from notebook cells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from underglass.errors import BuildError
from underglass.toolchain.records import Diagnostic, Source

__all__ = ["GENERATED", "check_names", "decode", "read_file", "read_files"]

GENERATED = "underglass_stubs.go"  # the file that the build adds to the reader's
_NAME = re.compile(r"[^\W_][\w.+ -]*\.(go|s)")  # go ignores names that start with _ or .
_LIMIT = 512 << 10  # characters in one source: a hostile text should not take minutes to read


def read_files(paths: Iterable[str | Path]) -> tuple[Source, ...]:
    """Return the sources in these files.

    Raises:
        BuildError: one of them is no readable Go or assembly text.
    """
    sources = tuple(read_file(path) for path in paths)
    check_names(sources)
    return sources


def read_file(path: str | Path) -> Source:
    """Return the source in a file; messages will call it by the path as it is given here.

    Raises:
        BuildError: wrong suffix, no such file, not readable, or not UTF-8.
    """
    origin, path = str(path), Path(path)
    if path.is_dir():
        raise _refusal(origin, "this is a directory", "Name the .go and .s files of one program one by one.")
    if path.suffix not in (".go", ".s"):
        raise _refusal(
            origin,
            f"the suffix {path.suffix!r} is not known" if path.suffix else "the name has no suffix",
            "Go sources end in .go, Go assembly in .s (small letter).",
        )
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise _refusal(
            origin, "there is no such file", f"The path was looked up from {Path.cwd()}."
        ) from error
    except (OSError, ValueError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        raise _refusal(origin, f"the file cannot be read: {reason}", "Check its permissions.") from error
    return Source(path.name, decode(data, origin), origin)


def decode(data: bytes, origin: str) -> str:
    """Return bytes as source text.

    Raises:
        BuildError: they are not UTF-8; the message has the line of the first wrong byte.
    """
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refusal(
            origin,
            f"byte 0x{data[error.start]:02x} is not UTF-8",
            "Save the file as UTF-8 text.",
            line,
        ) from error


def check_names(sources: tuple[Source, ...]) -> None:
    """Check that the sources can lie side by side in one directory as one Go package.

    Raises:
        BuildError: no source at all, a name Go would not take, or two of one name.
    """
    if not sources:
        raise BuildError("There is nothing to build. Give at least one .go or .s source.")
    seen: dict[str, Source] = {}
    problems: list[Diagnostic] = []
    for source in sources:
        twin = seen.setdefault(source.name.casefold(), source)
        if twin is not source:
            problems.append(
                Diagnostic(
                    source.origin,
                    None,
                    None,
                    f"{source.name} is given twice, the other time by {twin.origin}",
                    "All files of a program share one directory: give each its own name.",
                )
            )
        elif not _NAME.fullmatch(source.name):
            problems.append(
                Diagnostic(
                    source.origin,
                    None,
                    None,
                    f"{source.name!r} is no name for a source",
                    "Use letters, digits, - and _, start with a letter or digit, and end in "
                    ".go or .s. A program is one directory, without sub-packages.",
                )
            )
        elif source.name.casefold() == GENERATED:
            problems.append(
                Diagnostic(
                    source.origin,
                    None,
                    None,
                    f"{GENERATED} is the name of a file that the build adds itself",
                    "Choose another name.",
                )
            )
        elif len(source.text) > _LIMIT:
            problems.append(
                Diagnostic(
                    source.origin,
                    None,
                    None,
                    f"the text has {len(source.text):,} characters; the limit is {_LIMIT:,}",
                    "Split it or shorten it.",
                )
            )
    if problems:
        raise BuildError("\n".join(map(str, problems)), tuple(problems))


def _refusal(origin: str, message: str, advice: str, line: int | None = None) -> BuildError:
    diagnostic = Diagnostic(origin, line, None, message, advice)
    return BuildError(str(diagnostic), (diagnostic,))
