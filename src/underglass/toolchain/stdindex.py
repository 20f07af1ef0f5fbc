"""What a package of the standard library exports, and which of its symbols assembly can name.

Read from GOROOT's own source. That is gofmt's, so that a declaration at the top level starts at the first
column and a line of a group with one tab (cmd/gofmt; Go 1.27), and lines are enough to find them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from underglass.toolchain.constraints import exclusion
from underglass.toolchain.records import Source

__all__ = ["Export", "builtins", "exports", "first_sentence", "linknamed"]

_FUNC = re.compile(r"func (?:\((?:\w+ )?\*?(?P<of>\w+)(?:\[[^\]]*\])?\) )?(?P<name>\w+)[\[(]")
_ONE = re.compile(r"(?P<kind>type|var|const) (?P<name>\w+)(?P<rest>.*)")
_GROUP = re.compile(r"(type|var|const) \($")
_MEMBER = re.compile(r"\t(?P<names>\w+(?:, \w+)*)\b(?P<rest>.*)")
_LINKNAME = re.compile(r"^//go:linkname (\w+)$", re.MULTILINE)
_LONGEST = 12  # lines of a declaration's head
_LANGUAGE = "1.99"  # all that a release has in its own source is meant for it


@dataclass(frozen=True)
class Export:
    """A name at the top level of a package, a method or a field."""

    name: str  # "Println", "Builder.WriteString"
    kind: str  # "func", "method", "type", "var", "const", "field"
    declaration: str  # "func Println(a ...any) (n int, err error)"
    doc: str  # the first sentence of its comment; "" without one
    place: str  # "fmt/print.go, line 313"


@functools.lru_cache(maxsize=64)
def exports(goroot: Path, package: str) -> Mapping[str, Export]:
    """Return the exported names of a standard package for linux/amd64, methods and fields as "Type.Name".

    Args:
        package: its import path: "net/http". Of "unsafe" the names are those that its documentation has.
    """
    found: dict[str, Export] = {}
    for name, text in _files(goroot, package):
        for export in _exports(text, f"{package}/{name}"):
            if all(part[:1].isupper() for part in export.name.split(".")):
                found.setdefault(export.name, export)
    return found


@functools.lru_cache(maxsize=2)
def builtins(goroot: Path) -> Mapping[str, Export]:
    """Return Go's predeclared names: append, len, int64, … (builtin/builtin.go)."""
    path = goroot / "src/builtin/builtin.go"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    helpers = ("Type", "Type1", "IntegerType", "FloatType", "ComplexType")  # for its documentation only
    return {e.name: e for e in _exports(text, "builtin/builtin.go") if e.name not in helpers}


@functools.lru_cache(maxsize=64)
def linknamed(goroot: Path, package: str) -> Mapping[str, Export]:
    """Return the functions and variables of a standard package that assembly of another one can name.

    The linker lets a package refer to a symbol of the standard library only if that is marked
    `//go:linkname name` where it is defined (Go 1.27, cmd/link/internal/loader/loader.go, checkLinkname), and
    the compiler gives such a function an entry for each ABI (cmd/compile/internal/ssagen/abi.go).
    """
    marked: set[str] = set()
    found: dict[str, Export] = {}
    for name, text in _files(goroot, package):
        marked.update(_LINKNAME.findall(text))
        for export in _exports(text, f"{package}/{name}"):
            if export.kind in ("func", "var"):
                found.setdefault(export.name, export)
    blocked = _blocked(goroot)
    kept = sorted(name for name in marked if name in found and f"{package}.{name}" not in blocked)
    return {name: found[name] for name in kept}


@functools.lru_cache(maxsize=2)
def _blocked(goroot: Path) -> frozenset[str]:
    """Symbols that only named packages may refer to, marked or not (loader.go, blockedLinknames)."""
    path = goroot / "src/cmd/link/internal/loader/loader.go"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    table = text.partition("var blockedLinknames =")[2].partition("\n}")[0]
    return frozenset(re.findall(r'^\t"([^"]+)":', table, re.MULTILINE))


def first_sentence(comment: str) -> str:
    """Return the first sentence of a comment's text.

    >>> first_sentence("Abs returns |x|. Special cases are")
    'Abs returns |x|.'
    """
    paragraph = " ".join(comment.strip().split("\n\n")[0].split())
    end = re.search(r"(?<![ .][A-Za-z])(?<!e\.g)(?<!i\.e)[.!?](?=\s|$)", paragraph)
    return paragraph[: end.end()] if end else paragraph


def _files(goroot: Path, package: str) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of the files of a package that a linux/amd64 build reads."""
    directory = goroot / "src" / package
    if not re.fullmatch(r"[\w./]+", package) or ".." in package or not directory.is_dir():
        return
    for path in sorted(directory.glob("*.go")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if exclusion(Source(path.name, text, path.name), _LANGUAGE) is None:
            yield path.name, text


def _exports(text: str, file: str) -> Iterator[Export]:
    lines = text.split("\n")
    group, type_name = "", ""  # the keyword of the group that a line is in; the struct or interface
    comment: list[str] = []
    for number, line in enumerate(lines, 1):
        stripped = line.lstrip("\t")
        if stripped.startswith("//"):
            if not stripped.startswith("//go:"):
                comment.append(stripped[2:].removeprefix(" "))
            continue
        doc, place = "\n".join(comment), f"{file}, line {number}"
        comment = []
        if line[:1] in ("}", ")"):
            group = type_name = ""
        elif line.startswith("func ") and (found := _FUNC.match(line)):
            name = f"{found['of']}.{found['name']}" if found["of"] else found["name"]
            head = _head(lines, number - 1)
            yield Export(name, "method" if found["of"] else "func", head, first_sentence(doc), place)
        elif opened := _GROUP.match(line):
            group = opened[1]
        elif one := _ONE.match(line):
            rest = one["rest"].partition(" //")[0].rstrip()
            declaration = f"{one['kind']} {one['name']}{rest.removesuffix(' {')}"
            yield Export(one["name"], one["kind"], declaration, first_sentence(doc), place)
            type_name = one["name"] if rest.endswith((" struct {", "interface {")) else ""
        elif (group or type_name) and (member := _MEMBER.match(line)):
            rest = member["rest"].partition(" //")[0].rstrip()
            for name in member["names"].split(", "):
                full = f"{type_name}.{name}" if type_name else name
                kind = group or ("method" if rest.startswith("(") else "field")
                word = f"{group} " if group else ""
                shown = re.sub(r"\s+", " ", f"{word}{name}{rest.removesuffix(' {')}")
                yield Export(full, kind, shown, first_sentence(doc), place)
            if group == "type" and rest.endswith(" struct {"):
                group = ""  # its fields are indented once more; the rest of such a group is left out


def _head(lines: list[str], index: int) -> str:
    """The declaration of a function without its body, on one line."""
    words: list[str] = []
    for line in lines[index : index + _LONGEST]:
        code = line.partition(" //")[0].rstrip()
        words.append(code)
        joined = "\n".join(words)
        if joined.count("(") == joined.count(")"):
            break
    flat = " ".join(" ".join(words).split())
    body = re.search(r" \{(?:\s|$)(?!\s*\})", flat) or re.search(r" \{.*\}$", flat)
    found = flat[: body.start()] if body else flat
    return found.replace("( ", "(").replace(", )", ")")
