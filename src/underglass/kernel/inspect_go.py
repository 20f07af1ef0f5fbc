"""Inspection in a cell of Go: signature and first sentence of what stands at the cursor."""

from __future__ import annotations

import re

from underglass.kernel.asmframe import signature_from
from underglass.kernel.asmtext import read_asm
from underglass.kernel.complete_go import KEYWORDS, fields_of, package_of, type_of_name
from underglass.kernel.gotext import Declared, doc_above, locals_at, outline
from underglass.kernel.helptext import Help, abi_lines, count
from underglass.kernel.known import Known
from underglass.toolchain import golex
from underglass.toolchain.prototypes import standard_packages
from underglass.toolchain.stdindex import Export, builtins, exports, first_sentence

__all__ = ["inspect_go"]

_NAME = re.compile(r"(?:(?P<of>[^\W\d]\w*)[ \t]*\.[ \t]*)?(?P<name>[^\W\d]\w*)")


def inspect_go(text: str, cursor: int, known: Known) -> Help | None:
    """Return what is known of the word at an offset of a Go text; None if nothing is."""
    token = next((t for t in golex.tokens(text) if t.start <= cursor <= t.end and t.kind != "newline"), None)
    if token is not None and token.kind in ("comment", "string", "rune") and cursor > token.start:
        return _package_help(golex.unquote(token.text), known) if token.kind == "string" else None
    start, end = text.rfind("\n", 0, cursor) + 1, text.find("\n", cursor)
    line_end = end if end >= 0 else len(text)
    for found in _NAME.finditer(text, start, line_end):
        if found.start() <= cursor <= found.end():
            if found["of"] and cursor < found.start("name"):
                return _name_help(text, found["of"], cursor, known)
            if found["of"]:
                return _selected_help(text, found["of"], found["name"], cursor, known)
            return _name_help(text, found["name"], cursor, known)
    called = _open_call(text, start, cursor)
    return inspect_go(text, called, known) if called is not None else None


def _open_call(text: str, start: int, cursor: int) -> int | None:
    """The end of the name whose argument list the cursor is in, on its line."""
    depth = 0
    for at in range(cursor - 1, start, -1):
        depth += (text[at] == ")") - (text[at] == "(")
        if depth < 0:
            name = re.search(r"[^\W\d]\w*\Z", text[start:at])
            return at if name else None
    return None


def _selected_help(text: str, of: str, name: str, cursor: int, known: Known) -> Help | None:
    kind = type_of_name(text, of, cursor, known)
    if kind:
        wanted = f"{kind.rpartition('.')[2]}.{name}"
        for declared in fields_of(text, kind, known):
            if declared.name == wanted:
                package = kind.rpartition(".")[0]
                if not package:
                    owner = declared.name if declared.kind == "method" else kind
                    origin, cell = _home(owner, text, known)
                    return _own_help(declared, cell, known, origin)
                return _export_help(_exports_of(text, package, known)[wanted], package)
        return None
    found = _exports_of(text, of, known).get(name)
    return _export_help(found, package_of(text, of, known)) if found is not None else None


def _home(name: str, text: str, known: Known) -> tuple[str, str]:
    """The cell that defines a name at its top level: what it is called, and its text."""
    for origin, cell in (("this cell", text), *((c.origin, c.text) for c in known.go_cells)):
        if any(d.name == name for d in outline(cell)):
            return origin, cell
    return "this cell", text


def _exports_of(text: str, package: str, known: Known) -> dict[str, Export]:
    """The exported names of the package that a name stands for."""
    path = package_of(text, package, known)
    return dict(exports(known.root, path)) if known.root is not None and path else {}


def _name_help(text: str, name: str, cursor: int, known: Known) -> Help | None:
    for declared in locals_at(text, cursor):
        if declared.name == name:
            return Help(declared.text, "go", (f"A variable of this function, line {declared.line}.",))
    for origin, cell in (("this cell", text), *((c.origin, c.text) for c in known.go_cells)):
        for declared in outline(cell):
            if declared.name == name:
                return _own_help(declared, cell, known, origin)
    for source in known.asm_cells:
        for function in read_asm(source.text).functions:
            if function.name == name and function.prototype:
                declared = Declared(name, "func", function.prototype, function.line)
                return _own_help(declared, source.text, known, source.origin)
    if name in KEYWORDS:
        return Help(
            name,
            "go",
            ("A keyword of Go. The Go specification explains it: https://go.dev/ref/spec#Keywords",),
        )
    if known.root is not None and name in builtins(known.root):
        return _export_help(builtins(known.root)[name], "builtin")
    return _package_help(package_of(text, name, known), known)


def _own_help(declared: Declared, text: str, known: Known, origin: str = "this cell") -> Help:
    """A name of the program: its comment, where it is, and what both ABIs make of a function."""
    comment = first_sentence(doc_above(text, declared.line))
    lines = [comment] if comment else []
    lines.append(f"Defined in {origin}, line {declared.line}.")
    if declared.kind == "func":
        signature = signature_from(declared.text, known)
        lines += abi_lines(signature) if signature is not None else ()
        linked = known.program.functions.get(f"main.{declared.name}") if known.program is not None else None
        if linked is not None:
            size, frame = count(linked.size), count(linked.frame_size)
            at = f"{linked.address:#x}"
            lines.append(f"The program has it in {linked.abi}: {size} at {at}, {frame} of locals.")
    return Help(declared.text, "go", tuple(lines))


def _export_help(export: Export, package: str) -> Help:
    lines = (export.doc, f"Package {package}: {export.place}.")
    return Help(export.declaration, "go", tuple(line for line in lines if line))


def _package_help(path: str, known: Known) -> Help | None:
    if known.root is None or path not in {
        p for paths in standard_packages(known.root).values() for p in paths
    }:
        return None
    names = [e.name for e in exports(known.root, path).values() if "." not in e.name and e.kind == "func"]
    some = f"Its functions: {', '.join(sorted(names)[:30])}{', …' if len(names) > 30 else ''}."
    return Help(
        f'import "{path}"', "go", (f"Package {path} of the standard library.", *([some] if names else []))
    )
