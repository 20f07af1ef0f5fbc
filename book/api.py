"""The reference of the library, made of its docstrings: what conf.py puts into appendix_api.md.

A docstring is Markdown already, with the sections "Args:", "Attributes:" and "Raises:", and with examples,
which begin with ">>>" and which tests/test_api_examples.py runs.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["MODULES", "Entry", "entries", "markdown"]

MODULES = {
    "underglass": "Build, call, record",
    "underglass.show": "Pictures",
    "underglass.trace": "Recordings",
    "underglass.course": "Questions, checks, and words of chapters",
    "underglass.toolchain": "The toolchain",
    "underglass.program": "What an executable says",
    "underglass.abi": "Types and the two conventions",
    "underglass.machine": "The machine",
    "underglass.analysis": "What follows from a program",
    "underglass.views": "Pictures as functions",
    "underglass.errors": "Errors",
}
"""The modules whose public names are told, and the headings under which they stand."""

_SECTION = re.compile(r"^(Args|Attributes|Raises|Returns):$")
_ROW = re.compile(r"^(\w[\w*, .]*): (.*)$")


@dataclass(frozen=True)
class Entry:
    """One public name."""

    module: str  # where a reader imports it from
    name: str  # with its class, if it is a method: "Trace.word"
    thing: Any
    doc: str  # its docstring, cleaned of indentation

    @property
    def is_member(self) -> bool:
        return "." in self.name


def entries(module: str) -> list[Entry]:
    """The public names of a module that are classes or functions, each class followed by its public methods.

    A name that an earlier module of `MODULES` offers is not told again.
    """
    found = import_module("underglass.kernel.show" if module == "underglass.show" else module)
    told = list(_entries(module, found))
    earlier = list(MODULES)[: list(MODULES).index(module)]
    before = {id(entry.thing) for other in earlier for entry in entries(other)}
    return [entry for entry in told if id(entry.thing) not in before]


def _entries(module: str, found: ModuleType) -> Iterator[Entry]:
    for name in sorted(found.__all__, key=str.lower):
        thing = getattr(found, name)
        if not inspect.isclass(thing) and not inspect.isfunction(thing):
            continue
        yield Entry(module, name, thing, inspect.cleandoc(thing.__doc__ or ""))
        if not inspect.isclass(thing):
            continue
        for member, held in vars(thing).items():
            inner = held.fget if isinstance(held, property) else getattr(held, "__func__", held)
            if not member.startswith("_") and inspect.isfunction(inner) and inner.__doc__:
                yield Entry(module, f"{name}.{member}", held, inspect.cleandoc(inner.__doc__))


def markdown() -> str:
    """The reference as MyST text."""
    parts = []
    for module, heading in MODULES.items():
        parts.append(f"## {heading}\n\n`{module}`\n")
        parts += map(_written, entries(module))
    return "\n".join(parts)


def _written(entry: Entry) -> str:
    level = "####" if entry.is_member else "###"
    index = f"```{{index}} single: {entry.name} ({entry.module})\n```"
    return f"{index}\n\n{level} `{entry.name}`\n\n{_called(entry)}{_prose(entry.doc)}\n"


def _called(entry: Entry) -> str:
    """How it is called, as a block of code; nothing for a class without parameters and for a property."""
    if isinstance(entry.thing, property):
        return ""
    thing = getattr(entry.thing, "__func__", entry.thing)
    try:
        taken = inspect.signature(thing)
    except ValueError:  # an exception's own
        return ""
    kept = [
        p.replace(annotation=p.annotation) for p in taken.parameters.values() if p.name not in ("self", "cls")
    ]
    if inspect.isclass(thing) and not kept:
        return ""
    words = f"{entry.name}({', '.join(_parameter(p) for p in kept)})"
    if len(words) > 90:
        words = f"{entry.name}(\n" + "".join(f"    {_parameter(p)},\n" for p in kept) + ")"
    result = taken.return_annotation
    if result not in (inspect.Signature.empty, "None", None) and not inspect.isclass(thing):
        words += f" -> {result}"
    return f"```python\n{words}\n```\n\n"


def _parameter(parameter: inspect.Parameter) -> str:
    star = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(
        parameter.kind, ""
    )
    kind = "" if parameter.annotation is inspect.Parameter.empty else f": {parameter.annotation}"
    if parameter.default is inspect.Parameter.empty:
        return f"{star}{parameter.name}{kind}"
    default = "..." if "<factory>" in repr(parameter.default) else repr(parameter.default)
    return f"{star}{parameter.name}{kind} = {default}"


def _prose(doc: str) -> str:
    """A docstring as MyST: its sections as lists of definitions, its examples as blocks."""
    written: list[str] = []
    for block in re.split(r"\n\s*\n", doc):
        lines = block.splitlines()
        title = _SECTION.match(lines[0]) if lines else None
        if title:
            written.append(f"**{title[1]}**\n\n{_rows(lines[1:])}")
        elif block.startswith(">>>"):
            shown = re.sub(r"\s*# doctest: .*$", "", block, flags=re.MULTILINE)
            written.append(f"```pycon\n{shown}\n```")
        elif all(line.startswith("    ") for line in lines):
            written.append(f"```text\n{inspect.cleandoc(block)}\n```")
        else:
            written.append(block.replace("<", "\\<") if "`" not in block else block)
    return "\n\n".join(written) + "\n"


def _rows(lines: list[str]) -> str:
    """The rows of a section as a list; what is indented goes on with the row above."""
    items: list[str] = []
    for line in inspect.cleandoc("\n".join(lines)).splitlines():
        row = _ROW.match(line)
        if row:
            names = ", ".join(f"`{name}`" for name in row[1].split(", "))
            items.append(f"- {names}: {row[2]}")
        elif items:
            items[-1] += f" {line.strip()}"
        else:
            items.append(f"- {line.strip()}")
    return "\n".join(items)
