"""The records that the toolchain layer hands out: what went in, what was said, what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from underglass.toolchain.chains import Chain

__all__ = ["Build", "Diagnostic", "Prototype", "Source"]


@dataclass(frozen=True)
class Source:
    """One Go or assembly text of a program."""

    name: str  # file name in the workspace: "add.s", "main.go"
    text: str
    origin: str  # what messages call it: the path as given, or "cell 7"

    @property
    def is_assembly(self) -> bool:
        return self.name.endswith(".s")


@dataclass(frozen=True)
class Diagnostic:
    """One thing the toolchain, or this layer, has to say about a source.

    >>> print(Diagnostic("cell 7", 3, None, "unrecognized instruction", "Did you mean MOVQ?"))
    cell 7, line 3: unrecognized instruction. Did you mean MOVQ?
    """

    source: str  # the origin, "" where the message belongs to the whole program
    line: int | None  # 1-based
    column: int | None  # 1-based, in bytes, as the Go compiler counts
    message: str
    advice: str = ""  # what to do, full sentences, or ""
    chains: tuple[Chain, ...] = field(default=(), repr=False)  # of NOSPLIT functions, where one is too long

    def __str__(self) -> str:
        place = self.source
        if place and self.line is not None:
            place += f", line {self.line}"
        text = f"{place}: {self.message}" if place else self.message
        if not self.advice:
            return text
        stop = "" if text.endswith((".", "?", "!", ":")) else "."
        return f"{text}{stop} {self.advice}"


@dataclass(frozen=True)
class Prototype:
    """The Go declaration of a function that assembly implements."""

    name: str  # "add", without the package
    text: str  # "func add(x, y int64) int64"
    source: str  # the workspace name (`Source.name`) of the text that holds it
    line: int  # 1-based
    column: int = 1  # 1-based, of the word "func", in bytes


@dataclass(frozen=True)
class Build:
    """A program that the real toolchain linked for linux/amd64."""

    elf: Path
    sources: tuple[Source, ...]
    prototypes: tuple[Prototype, ...]
    go_version: str  # "go1.27.3"
    notes: tuple[Diagnostic, ...] = ()  # nothing wrong with the build, but worth saying
