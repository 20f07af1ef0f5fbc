"""Completion in a cell of Go: from the standard library's source, the program's cells, and the text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

from underglass.kernel.asmtext import read_asm
from underglass.kernel.completions import Completions, Match, matching
from underglass.kernel.gotext import Declared, locals_at, outline
from underglass.kernel.known import Known
from underglass.toolchain import golex
from underglass.toolchain.prototypes import standard_packages
from underglass.toolchain.stdindex import builtins, exports

__all__ = ["KEYWORDS", "complete_go", "fields_of", "package_of", "type_of_name"]

# The Go specification, "Keywords".
KEYWORDS = (
    "break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func",
    "go", "goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct",
    "switch", "type", "var",
)  # fmt: skip
_WORD = re.compile(r"(?:(?P<of>[^\W\d]\w*)[ \t]*\.[ \t]*)?(?P<word>[^\W\d]?\w*)\Z")
_TYPE = re.compile(r"[&*]*(?P<type>(?:[^\W\d]\w*\.)?[^\W\d]\w*)(?:\[[^\]]*\])?")


def complete_go(text: str, cursor: int, known: Known) -> Completions:
    """Return what can stand at an offset of a Go text; never raises, whatever the text."""
    inside = _token_at(text, cursor)
    if inside is not None and inside.kind == "string":
        if not _in_import(text, inside):
            return Completions(cursor, cursor, ())
        paths = (Match(path, "package") for path in _paths(known.root))
        return matching(text[inside.start + 1 : cursor], paths, inside.start + 1, cursor)
    if inside is not None:
        return Completions(cursor, cursor, ())
    typed = _WORD.search(text, max(0, text.rfind("\n", 0, cursor) + 1), cursor)
    if typed is None:
        return Completions(cursor, cursor, ())
    start, word = typed.start("word"), typed["word"]
    if typed["of"]:
        return matching(word, _selected(text, typed["of"], cursor, known), start, cursor)
    if text[start - 1 : start] == "." or (word[:1].isdigit()):
        return Completions(cursor, cursor, ())
    return matching(word, _names(text, start, known), start, cursor)


def _token_at(text: str, cursor: int) -> golex.Token | None:
    """The comment, string or rune that the cursor is inside of."""
    for token in golex.tokens(text):
        if token.start >= cursor:
            return None
        if token.kind not in ("comment", "string", "rune") or cursor > token.end:
            continue
        closing = {"string": token.text[:1], "rune": "'"}.get(token.kind, "*/")
        is_closed = len(token.text) > len(closing) and token.text.endswith(closing)
        is_closed = is_closed and not token.text.startswith("//")
        if cursor < token.end or not is_closed:
            return token
    return None


def _in_import(text: str, string: golex.Token) -> bool:
    code = golex.code_tokens(text[: string.start])
    while code and (code[-1].kind in ("string", "name") or code[-1].text in "(;._"):
        if code[-1].text == "import":
            return True
        code.pop()
    return False


@functools.lru_cache(maxsize=2)
def _paths(root: Path | None) -> tuple[str, ...]:
    every = standard_packages(root) if root is not None else {}
    return tuple(sorted(path for paths in every.values() for path in paths))


# -- after a dot -----------------------------------------------------------------------------------


def _selected(text: str, of: str, cursor: int, known: Known) -> Iterator[Match]:
    """What a package exports, or a value's fields and methods."""
    kind = type_of_name(text, of, cursor, known)
    if kind:
        yield from (_match(d, d.name.partition(".")[2]) for d in fields_of(text, kind, known))
        return
    path = package_of(text, of, known)
    if path and known.root is not None:
        for _, export in sorted(exports(known.root, path).items()):
            if "." not in export.name:
                yield Match(export.name, _badge(export.kind), export.declaration)


def package_of(text: str, name: str, known: Known) -> str:
    """The import path that a name stands for: as imported, else the standard package; "" if neither."""
    for given, path, _ in golex.parse(text).imports:
        last = [p for p in path.split("/") if not re.fullmatch(r"v\d+", p)][-1:] or [path]
        if name == (given or last[0]):
            return path
    paths = standard_packages(known.root).get(name, ()) if known.root is not None else ()
    return min(paths, key=len, default="")


def type_of_name(text: str, name: str, cursor: int, known: Known) -> str:
    """The type of a variable, "T" or "strings.Builder", where its declaration says it; else ""."""
    everything = (*locals_at(text, cursor), *(d for d in _top_level(text, known) if d.kind == "var"))
    found = next((d for d in everything if d.name == name), None)
    if found is None:
        return ""
    told = found.text.removeprefix("var ").removeprefix("const ").removeprefix(name).strip()
    value = told.partition("=")[2].strip() if "=" in told else ""
    if not told.startswith((":=", "=")):
        typed = _TYPE.match(told)
        return typed["type"] if typed else ""
    typed = _TYPE.match(value)
    if typed is None:
        return ""
    rest = value[typed.end() :].lstrip()
    if rest.startswith("{"):
        return typed["type"]
    return _returned(text, typed["type"], known) if rest.startswith("(") else ""


def _returned(text: str, function: str, known: Known) -> str:
    """The type of a call's first result: of bufio.NewReader(…), bufio.Reader."""
    package, dot, name = function.rpartition(".")
    if not dot:
        found = next((d.text for d in _top_level(text, known) if d.name == name and d.kind == "func"), "")
    else:
        path = package_of(text, package, known)
        every = exports(known.root, path) if known.root is not None and path else {}
        found = every[name].declaration if name in every else ""
    results = found.rpartition(")")[2] if not found.endswith(")") else found.rpartition("(")[2]
    typed = _TYPE.match(results.strip().split(",")[0].split(" ")[-1].rstrip(")")) if results else None
    if typed is None:
        return ""
    kind = typed["type"]
    return f"{package}.{kind}" if dot and "." not in kind and kind[:1].isupper() else kind


def fields_of(text: str, kind: str, known: Known) -> Iterator[Declared]:
    """The fields and methods of a named type, as "T.name"."""
    package, dot, name = kind.rpartition(".")
    if dot:
        path = package_of(text, package, known)
        for export in exports(known.root, path).values() if known.root is not None and path else ():
            if export.name.startswith(f"{name}."):
                yield Declared(export.name, export.kind, export.declaration, 0)
        return
    for declared in _top_level(text, known):
        if declared.kind == "method" and declared.name.startswith(f"{kind}."):
            yield declared
        elif declared.kind == "type" and declared.name == kind and "struct" in declared.text:
            fields = declared.text.partition("{")[2].rpartition("}")[0]
            for names, told in re.findall(r"(\w+(?:, ?\w+)*) ([^\s;]+)", fields):
                for field in names.split(","):
                    yield Declared(
                        f"{kind}.{field.strip()}", "field", f"{field.strip()} {told}", declared.line
                    )


# -- a bare name -------------------------------------------------------------------------------------


def _names(text: str, start: int, known: Known) -> Iterator[Match]:
    yield from (_match(d, d.name) for d in locals_at(text, start))
    yield from (_match(d, d.name) for d in _top_level(text, known) if d.kind != "method")
    yield from _written_in_assembly(known)
    yield from (Match(word, "keyword") for word in KEYWORDS)
    if known.root is None:
        return
    for export in builtins(known.root).values():
        if "." not in export.name:
            yield Match(export.name, _badge(export.kind), export.declaration)
    imported = (path for _, path, _ in golex.parse(text).imports)
    every = standard_packages(known.root)
    last = dict.fromkeys(path.rpartition("/")[2] for path in imported)
    yield from (Match(name, "package", ", ".join(every.get(name, ()))) for name in last)
    yield from (Match(name, "package", ", ".join(every[name])) for name in sorted(every))


def _top_level(text: str, known: Known) -> Iterator[Declared]:
    yield from outline(text)
    for cell in known.go_cells:
        yield from outline(cell.text)


def _written_in_assembly(known: Known) -> Iterator[Match]:
    """Functions of assembly cells: their prototypes are what Go calls them by."""
    for cell in known.asm_cells:
        for function in read_asm(cell.text).functions:
            if function.prototype:
                yield Match(function.name, "function", function.prototype)


def _match(declared: Declared, text: str) -> Match:
    return Match(text, _badge(declared.kind), declared.text if len(declared.text) < 200 else "")


def _badge(kind: str) -> str:
    """The word that front ends know for a kind of name."""
    return {"func": "function", "var": "instance", "local": "instance", "type": "class"}.get(kind, kind)
