"""What inspection answers with: a line of code and sentences, as plain text and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from underglass.abi.layout import Place, abi0_layout, abi_internal_layout
from underglass.abi.signature import Signature

__all__ = ["Help", "abi_lines", "count", "ordinal"]

_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]


@dataclass(frozen=True)
class Help:
    """One text."""

    title: str  # code: "ADDQ source, destination"
    language: str  # of the title, for a front end that colours it: "goasm", "go"
    lines: tuple[str, ...]  # sentences; one that starts with a tab is code

    @property
    def plain(self) -> str:
        return "\n".join((self.title, "", *(line.replace("\t", "    ") for line in self.lines)))

    @property
    def markdown(self) -> str:
        pieces = [f"```{self.language}\n{self.title}\n```"]
        for line in self.lines:
            if line.startswith("\t") and pieces[-1].startswith("    "):
                pieces[-1] += f"\n    {line[1:]}"
            else:
                pieces.append(f"    {line[1:]}" if line.startswith("\t") else _escaped(line))
        return "\n\n".join(pieces)


def ordinal(number: int) -> str:
    """Return "first" for 1, "11th" for 11.

    >>> ordinal(2), ordinal(21)
    ('second', '21st')
    """
    if number <= len(_ORDINALS):
        return _ORDINALS[number - 1]
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def count(number: int, noun: str = "byte") -> str:
    """Return "1 byte", "2 bytes"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def abi_lines(signature: Signature) -> tuple[str, ...]:
    """Where both ABIs have the arguments and results of a function."""
    internal, zero = abi_internal_layout(signature), abi0_layout(signature)
    if not zero.places:
        return ("It takes nothing and gives nothing, in both ABIs.",)
    return (
        f"ABIInternal, between Go functions: {_listed(_internal(p) for p in internal.places)}.",
        f"ABI0, for assembly: {_listed(f'{p.name} at {p.offset}(FP)' for p in zero.places)}; "
        f"TEXT declares $frame-{zero.args_size}.",
    )


def _internal(place: Place) -> str:
    registers = ", ".join(piece.register for piece in place.pieces)
    what = f"result {place.name}" if place.is_result else place.name
    if registers:
        return f"{what} in {registers}"
    return f"{what} on the stack" if place.type.size else f"{what} nowhere, for it has no bytes"


def _listed(words: Iterable[str]) -> str:
    return "; ".join(words)


def _escaped(line: str) -> str:
    """A sentence as Markdown shows it unchanged."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|$" else c for c in line)
