"""Put what a C compiler and its linker say into the form in which Go's tools say it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from underglass.toolchain import golex
from underglass.toolchain.records import Source

__all__ = ["go_like"]

_NOISE = re.compile(
    r".*: (In|At) (function|top level).*:$|\s+\d* ?\|.*|compilation terminated\.$"
    r"|\d+ (error|warning)s?\b.*generated\.$|In file included from .*|\s+from .*[:,]$"
    r"|.*: (?:warning|note): .*|.*/link: running .* failed: exit status \d+$|collect2: .*"
    r"|.* -o \$WORK/\S+ .*|.*: in function [`'].*|>>> .*"
)
_ERROR = re.compile(r"^(?P<place>\S+?\.go:\d+:\d+: )(?:fatal )?error: (?P<message>.*)")
_UNDEFINED = re.compile(r".*undefined (?:reference to|symbol:) [`']?(?P<name>\w+)'?.*")
_TWICE = re.compile(r".*(?:multiple definition of|duplicate symbol:) [`']?(?P<name>\w+)'?.*")


def go_like(output: str, sources: Iterable[Source]) -> str:
    """Return the output with C's errors as `file:line:column: message`, and what goes with them left out."""
    sources = tuple(sources)
    lines = []
    for line in output.splitlines():
        undefined, twice = _UNDEFINED.fullmatch(line), _TWICE.fullmatch(line)
        if undefined:
            name = undefined["name"]
            lines.append(_place(name, sources) + f"the C function {name} is declared, and nothing defines it")
        elif twice:
            name = twice["name"]
            lines.append(
                _place(name, sources, used=False)
                + f"the C name {name} is defined twice: duplicated definition"
            )
        elif not _NOISE.fullmatch(line):
            lines.append(_ERROR.sub(r"\g<place>\g<message>", line))
    return "\n".join(lines) + "\n"


def _place(name: str, sources: tuple[Source, ...], *, used: bool = True) -> str:
    """Where a C name stands: in Go as C.name if its use is looked for, else in a comment."""
    for source in sources if used else ():
        code = golex.code_tokens(source.text)
        for before, token in itertools.pairwise(code):
            if token.text == name and before.text == ".":
                return f"{source.name}:{token.line}: "
    for source in sources:
        for comment in golex.parse(source.text).comments:
            for line, words in enumerate(comment.text.split("\n"), comment.line):
                if re.search(rf"\b{name}\b", words):
                    return f"{source.name}:{line}: "
    return ""
