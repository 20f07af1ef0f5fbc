"""What a function of a program takes and gives, from its prototype or from DWARF."""

from __future__ import annotations

from underglass.abi.dwarf import named_types, signature_of
from underglass.abi.layout import Layout, abi0_layout, abi_internal_layout
from underglass.abi.signature import Signature, parse_signature
from underglass.errors import CallError
from underglass.program import Function, Program

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
        return signature_of(program, function) if is_read else None
    try:
        return parse_signature(text)
    except CallError:  # a named type, perhaps: DWARF is read only now, since it takes time
        return parse_signature(text, named_types(program))


def layout_of(function: Function, taken: Signature) -> Layout:
    """Where the function's arguments and results lie, by its own ABI."""
    return abi0_layout(taken) if function.abi == "ABI0" else abi_internal_layout(taken)
