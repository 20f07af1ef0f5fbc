"""What Go's own sources say of a function: its prototype, its ABI, the size of what a pointer points to.

A function in assembly has no entry in DWARF. Its prototype is the declaration without a body in a Go file of
its package (cmd/vet's asmdecl reads the same), and its ABI is what stands on the TEXT line: the linker's
symbol says `.abi0` only where a function of both ABIs was linked (Go 1.27, cmd/link/internal/ld/symtab.go,
mangleABIName).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from underglass.abi import GoType, Layout, Signature, layout_of, parse_signature, signature
from underglass.abi.dwarf import named_types
from underglass.errors import CallError, ToolchainMissing
from underglass.program import Function, Program
from underglass.toolchain import asmlex, constraints, find_go, golex
from underglass.toolchain.records import Source

__all__ = ["known_layout", "per_program", "pointee", "with_abi"]

P = ParamSpec("P")
R = TypeVar("R")

_DEEPEST = 20  # named types that are made of named types


def per_program(ask: Callable[Concatenate[Program, P], R]) -> Callable[Concatenate[Program, P], R]:
    """Keep what a function answers about a program for as long as the program lives, and no longer."""
    kept: WeakKeyDictionary[Program, dict[Hashable, R]] = WeakKeyDictionary()

    @wraps(ask)
    def asked(program: Program, /, *args: P.args, **kwargs: P.kwargs) -> R:
        answers = kept.setdefault(program, {})
        key = (args, *kwargs.items())
        if key not in answers:
            answers[key] = ask(program, *args, **kwargs)
        return answers[key]

    return asked


@per_program
def with_abi(program: Program, function: Function) -> Function:
    """The function with the ABI that its TEXT line states; Go functions are returned as they are."""
    if not function.is_assembly or function.symbol.endswith(".abi0"):
        return function
    source = program.source_of(function)
    text = source.text if source else _read(_path(program, function.file))
    found = next((t for t in asmlex.texts(text) if t.line == function.start_line), None)
    return (
        function
        if found is None
        else replace(function, abi="ABIInternal" if found.abi == "ABIInternal" else "ABI0")
    )


@per_program
def known_layout(program: Program, function: Function) -> Layout | None:
    """Where arguments and results lie; None if the prototype, or the layout of a type, is unknown.

    Args:
        function: as `with_abi` returns it.
    """
    try:
        taken = signature(program, function)
    except CallError:
        return None
    if taken is None and function.is_assembly and not function.name.startswith("main."):
        taken = _declared(program, function)
    return layout_of(function, taken) if taken is not None else None


@per_program
def pointee(program: Program, function: Function, pointer: str) -> GoType | None:
    """What a pointer type (`*[4]int64`) of a prototype points to; None if that is unknown."""
    package = function.package
    types: Mapping[str, GoType]
    if package == "main":
        types = named_types(program)
    else:
        root = _goroot(program)
        types = {} if root is None else _Types(root / "src" / package)
    try:
        (param,) = parse_signature(f"func(p {pointer.removeprefix('*')})", types).params
    except (CallError, ValueError):
        return None
    return param.type


def _declared(program: Program, function: Function) -> Signature | None:
    root = _goroot(program)
    name = function.name.rpartition(".")[2]
    if root is None or "(" in function.name:
        return None
    directory = root / "src" / function.package
    declaration = re.compile(rf"^func {re.escape(name)}\(", re.MULTILINE)
    for text in _go_texts(directory):
        if not declaration.search(text):
            continue
        for found in golex.parse(text).functions:
            if found.name == name and not found.has_body and not found.receiver:
                try:
                    return parse_signature(found.declaration, _Types(directory))
                except CallError:
                    return None
    return None


class _Types(Mapping[str, GoType]):
    """The types that a package of the standard library declares, each read when it is asked for."""

    def __init__(self, directory: Path, depth: int = 0) -> None:
        self._directory, self._depth = directory, depth

    def __getitem__(self, name: str) -> GoType:
        text = _type_text(self._directory, name) if self._depth < _DEEPEST else None
        if text is None:
            raise KeyError(name)
        try:
            (param,) = parse_signature(f"func(p {text})", _Types(self._directory, self._depth + 1)).params
        except (CallError, ValueError):
            raise KeyError(name) from None
        return param.type

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@lru_cache(maxsize=4096)
def _type_text(directory: Path, name: str) -> str | None:
    """The text of a type's declaration; a struct's lines are joined by `;`."""
    found = re.compile(rf"^(?:type|\t){re.escape('')}\s*{re.escape(name)}\s+=?\s*(\S.*)$", re.MULTILINE)
    for text in _go_texts(directory):
        for match in found.finditer(text):
            if not text[match.start() :].startswith("type") and "type (" not in text[: match.start()]:
                continue
            rest = text[match.start(1) :]
            code = golex.code_tokens(rest[:4000])
            words: list[str] = []
            depth = 0
            line = 1
            for token in code:
                if token.line > line:
                    if depth == 0:
                        break
                    if words[-1] not in ("{", ";") and token.text != "}":
                        words.append(";")
                    line = token.line
                depth += (token.text in "([{") - (token.text in ")]}")
                words.append(token.text)
            return " ".join(words)
    return None


@lru_cache(maxsize=16)
def _go_texts(directory: Path) -> tuple[str, ...]:
    """The Go files of a package that belong to a linux/amd64 build."""
    if not directory.is_dir():
        return ()
    texts = ((path.name, _read(path)) for path in sorted(directory.glob("*.go")))
    return tuple(
        t for name, t in texts if constraints.exclusion(Source(name, t, name), find_go().language) is None
    )


@per_program
def _goroot(program: Program) -> Path | None:
    """Where the sources of the program's own standard library are, if it is the toolchain's."""
    try:
        go = find_go()
    except ToolchainMissing:
        return None
    return go.root if go.version == program.go_version else None


def _path(program: Program, file: str) -> Path | None:
    root = _goroot(program)
    _, src, inner = file.partition("/src/")
    return root / "src" / inner if root is not None and src else None


@lru_cache(maxsize=64)
def _read(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path is not None else ""
    except OSError:
        return ""
