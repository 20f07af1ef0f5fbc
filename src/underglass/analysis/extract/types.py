"""The Go types that a stub names, declared again from DWARF, so that the files build alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from underglass.abi import GoType, Signature
from underglass.abi.types import Array, Basic, Slice, String, Struct

__all__ = ["declarations", "plain_name", "type_names"]


def plain_name(name: str, package: str) -> str:
    """A type's name as the package itself writes it: `[]*main.tree` is `[]*tree` in main."""
    return re.sub(rf"(?<![\w/.]){re.escape(package)}\.", "", name)


def type_names(signature: Signature, package: str) -> set[str]:
    """The types of the package that a signature names."""
    words = [p.type.name for p in (*signature.params, *signature.results)]
    named = re.compile(rf"(?<![\w/.])(?:{re.escape(package)}\.)?([A-Za-z_]\w*)(?![\w.])")
    return {found for word in words for found in named.findall(word)}


def declarations(
    signature: Signature, package: str, known: Mapping[str, GoType]
) -> tuple[str, tuple[str, ...]]:
    """(Go text that declares the package's types, names of those that DWARF does not tell enough of)."""
    texts: dict[str, str] = {}
    missing: list[str] = []
    waiting = sorted(type_names(signature, package) & set(known))
    while waiting:
        name = waiting.pop(0)
        if name in texts or name in missing:
            continue
        text = _text(known[name], package)
        if text is None:
            missing.append(name)
            continue
        texts[name] = f"type {name} {text}"
        waiting += sorted(set(re.findall(r"[A-Za-z_]\w*", text)) & set(known))
    return "\n\n".join(texts.values()), tuple(missing)


def _text(kind: GoType, package: str) -> str | None:
    if isinstance(kind, Struct):
        rows = "".join(f"\t{f.name} {plain_name(f.type.name, package)}\n" for f in kind.fields)
        return None if "." in rows else f"struct {{\n{rows}}}"
    if isinstance(kind, Array):
        return f"[{kind.length}]{plain_name(kind.element.name, package)}"
    if isinstance(kind, Slice):
        return f"[]{plain_name(kind.element.name, package)}"
    if isinstance(kind, String):
        return "string"
    if isinstance(kind, Basic):
        sizes = {"float": {4: "float32", 8: "float64"}, "complex": {8: "complex64", 16: "complex128"}}
        if kind.kind == "bool":
            return "bool"
        return sizes.get(kind.kind, {}).get(kind.bytes) or f"{kind.kind}{8 * kind.bytes}"
    return None
