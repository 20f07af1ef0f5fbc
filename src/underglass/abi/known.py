"""What a function of a program takes and gives, from its prototype or from DWARF."""

from __future__ import annotations

from underglass.abi.dwarf import named_types, signature_of
from underglass.abi.layout import layout_of
from underglass.abi.signature import Param, Signature, parse_signature
from underglass.abi.types import Array, GoType, Reference, Slice, Struct
from underglass.errors import CallError
from underglass.program import Function, Program
from underglass.toolchain import golex

__all__ = ["layout_of", "signature"]


def signature(program: Program, function: Function, *, everywhere: bool = False) -> Signature | None:
    """The function's signature; None if neither a prototype nor DWARF has it.

    Args:
        everywhere: look into other packages than main too; a large one takes a second to read.

    Raises:
        CallError: there is a prototype, and it names a type whose layout is unknown.
    """
    text = program.prototypes.get(function.name.removeprefix("main."))
    if text is None:
        is_read = everywhere or function.name.startswith("main.")
        return signature_of(program, function) or _from_source(program, function) if is_read else None
    try:
        found = parse_signature(text)
        if not any(_leads(p.type) for p in (*found.params, *found.results)):
            return found
    except CallError:  # a named type, perhaps
        found = None
    # DWARF is read only now, since it takes time. It has the compiler's wrapper of an assembly function.
    full = signature_of(program, function)
    if found is None:
        if full is not None and (full.params or full.results):
            return full
        return parse_signature(text, named_types(program))
    return _with_types(found, full)


def _leads(kind: GoType) -> bool:
    """Whether a prototype says too little of a type: what a pointer or a map leads to."""
    if isinstance(kind, Array | Slice):
        return _leads(kind.element)
    if isinstance(kind, Struct):
        return any(_leads(f.type) for f in kind.fields)
    return isinstance(kind, Reference) and kind.name != "unsafe.Pointer"


def _with_types(found: Signature, full: Signature | None) -> Signature:
    """The prototype's names with the types that DWARF has for the compiler's wrapper of the function."""
    if full is None or len(full.params) != len(found.params) or len(full.results) != len(found.results):
        return found
    params, results = (
        tuple(Param(a.name, b.type) for a, b in zip(mine, theirs, strict=True))
        for mine, theirs in ((found.params, full.params), (found.results, full.results))
    )
    return Signature(found.name, params, results)


def _from_source(program: Program, function: Function) -> Signature | None:
    """What the function's own declaration says, where the text that it was built from is at hand."""
    source = program.source_of(function)
    declared = golex.parse(source.text).functions if source is not None else ()
    for found in declared:
        if found.line == function.start_line:
            try:
                return parse_signature(found.declaration, named_types(program))
            except CallError:
                return None
    return None
