"""What a function of a program takes and gives, from its prototype or from DWARF."""

from __future__ import annotations

from underglass.abi.dwarf import named_types, signature_of
from underglass.abi.layout import layout_of
from underglass.abi.signature import Signature, parse_signature
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
        return parse_signature(text)
    except CallError:  # a named type, perhaps: DWARF is read only now, since it takes time
        return parse_signature(text, named_types(program))


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
