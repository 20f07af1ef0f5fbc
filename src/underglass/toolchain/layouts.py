"""Which field of a struct type lies at offset 0: the compiler takes its address for nothing.

For the named types of the compiled package the compiler says it (`go tool compile -asmhdr`; Go 1.27,
cmd/compile/internal/gc/export.go, dumpasmhdr).  It leaves out imported, generic and local types: of those the
first field that has a size is found in the text of the declaration.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["first_fields", "type_of"]

_FLAG = re.compile(r"(?:[A-Z][A-Za-z]*(?::\S+)?|esc\(.*?\)|ABIRefs:\{.*?\}) ")
_NAMED = re.compile(r"(?:(?P<package>[\w·]+)\.)?(?P<name>\w+)(?:·\d+)?(?P<arguments>\[.*\])?", re.DOTALL)
_LITERAL = re.compile(r"struct \{ (?:\w+\.)?(?P<field>\w+)")
_FIELD = re.compile(r"(?P<names>[\w, ]+?)\s+(?P<type>\S.*)|(?P<embedded>\*?[\w.]+(?:\[.*\])?)")
_EMPTY = re.compile(r"(?:\[0\]|struct\{\}|(?:\w+\.)?(?:noCopy|nocmp|align64|NotInHeap|nih)$)")


def type_of(facts: str) -> str:
    """The struct type that a NAME node is of or points to: "Builder", "atomic.Pointer[int]".

    >>> type_of("Class:PPARAM Offset:0 OnStack Used PTR-*Builder tc(1)")
    'Builder'
    """
    while flag := _FLAG.match(facts):
        facts = facts[flag.end() :]
    return re.sub(r"^(?:PTR-\*|[A-Z]+-)", "", re.sub(r" ?tc\(\d+\)$", "", facts))


def first_fields(struct: str, texts: tuple[str, ...]) -> frozenset[str]:
    """The field at offset 0 of a struct type that is written out, or of those so called in Go texts."""
    literal = _LITERAL.match(struct)
    if literal:
        return frozenset((literal["field"],))
    named = _NAMED.fullmatch(struct)
    return _first(named["name"], texts) if named else frozenset()


@lru_cache(maxsize=256)
def _first(name: str, texts: tuple[str, ...]) -> frozenset[str]:
    every = set()
    declared = re.compile(rf"\b{re.escape(name)}\s*(?:\[[^\n]*\])?\s+struct\s*\{{(?P<fields>[^}}]*)")
    for text in texts:
        found = declared.search(text)
        if not found:
            continue
        for line in re.split(r"[\n;]", re.sub(r"//[^\n]*|/\*.*?\*/", "", found["fields"], flags=re.DOTALL)):
            field = _FIELD.fullmatch(line.strip())
            if field is None:
                continue
            names = field["names"] or field["embedded"].partition("[")[0].lstrip("*").rpartition(".")[2]
            kind = field["type"] or field["embedded"]
            first = names.partition(",")[0].strip()
            if first != "_" and not _EMPTY.match(kind):
                every.add(first)
                break
    return frozenset(every)
