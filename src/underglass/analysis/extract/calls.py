"""Calls in an extracted body: arguments from ABIInternal's registers to ABI0's stack words, and back.

Assembly outside the runtime reaches Go functions by their ABI0 entry alone. Functions of the package itself
are called by name; those of other packages, and the runtime's, through a Go function in the stub.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from underglass.abi import Layout, Piece, Signature, abi0_layout, abi_internal_layout, parse_signature
from underglass.abi.amd64 import WORD
from underglass.abi.dwarf import signature_of
from underglass.abi.types import align_up
from underglass.analysis.extract.frame import load, store
from underglass.analysis.extract.helpers import BOUNDS, FAMILIES, NO_RETURN, SERVICES
from underglass.analysis.extract.refusal import refuse
from underglass.errors import CallError
from underglass.program import Function, Instruction, Program
from underglass.program.funcdata import Bounds, bounds_at

__all__ = ["Target", "call_lines", "no_return_lines", "target_of"]

_PLAIN = re.compile(r"^[A-Za-z_]\w*$")
_INTERNAL = re.compile(r"(^|/)internal(/|$)|^runtime(/|$)")
_REGISTERS = ("AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI", *(f"R{i}" for i in range(8, 16)))


@dataclass(frozen=True)
class Target:
    """What a CALL becomes."""

    name: str  # as assembly calls it, without the centre dot
    signature: Signature
    helper: str  # Go source of a function for the stub; "" if the package has it
    imports: tuple[str, ...] = ()
    returns: bool = True
    stack: int | None = None  # bytes of arguments and results, if the compiled code calls by ABI0 itself

    @property
    def layouts(self) -> tuple[Layout, Layout]:
        """As ABIInternal passes it, as ABI0 does."""
        return abi_internal_layout(self.signature), abi0_layout(self.signature)

    @property
    def room(self) -> int:
        """Bytes of arguments and results on the stack."""
        if self.stack is not None:
            return align_up(self.stack, WORD)
        return align_up(self.layouts[1].args_size, WORD)


def target_of(program: Program, function: Function, call: Instruction, own: tuple[str, str]) -> Target:
    """Return what to call in place of `call`.

    Args:
        own: the package that the assembly is for, and the extracted function's name in it.

    Raises:
        CannotExtract: nothing that assembly may call does the same.
    """
    extracted = own[1]
    callee = program.function_at(call.target) if call.target is not None else None
    if callee is None:
        raise refuse(program, function, call, "calls through a function value, a closure or an interface")
    name = callee.name
    if name == "runtime.panicBounds":
        return _bounds(program, function, call, extracted)
    if name in NO_RETURN:
        helper = f"{extracted}_{name.rpartition('.')[2]}"
        code = f"//go:noinline\nfunc {helper}() {{\n\t{NO_RETURN[name]}\n}}"
        return Target(helper, Signature(helper, (), ()), code, (), returns=False)
    if name in SERVICES:
        declaration, body, imports = SERVICES[name]
        helper = f"{extracted}_{name.rpartition('.')[2]}"
        text = declaration.format(name=helper)
        return Target(helper, parse_signature(text), f"{text} {{\n\t{body}\n}}", imports)
    if callee.address == function.address:
        return Target(extracted, _signature(program, function, call, callee), "")
    for words, why in FAMILIES.items():
        if any(word in name for word in words):
            raise refuse(program, function, call, why)
    return _ordinary(program, function, call, callee, own)


def _ordinary(
    program: Program, function: Function, call: Instruction, callee: Function, own: tuple[str, str]
) -> Target:
    package, short = callee.package, callee.name[len(callee.package) + 1 :]
    if callee.abi == "ABI0":
        if package != own[0]:
            raise refuse(program, function, call, "calls assembly of another package")
        if callee.args_size is None:
            why = "calls assembly whose TEXT line does not tell the size of its arguments"
            raise refuse(program, function, call, why, "Write it there: $frame-args.")
        return Target(short, Signature(short, (), ()), "", stack=callee.args_size)
    if package == own[0] and _PLAIN.match(short):
        return Target(short, _signature(program, function, call, callee), "")
    if _INTERNAL.search(package):
        why = "calls a function of the runtime or of an internal package"
        raise refuse(program, function, call, why, "Assembly of another package cannot reach it.")
    if not _PLAIN.match(short) or not (short[0].isupper() or package == own[0]):
        raise refuse(
            program, function, call, "calls a method, a closure or an unexported function of another package"
        )
    signature = _signature(program, function, call, callee)
    helper = f"{own[1]}_{package.rpartition('/')[2]}_{short}"
    params = [
        (p.name if p.name.isidentifier() else f"p{i}", p.type.name) for i, p in enumerate(signature.params)
    ]
    types = [kind for _, kind in params] + [r.type.name for r in signature.results]
    if any(re.search(r"[{}]|go\.shape|\b(?!unsafe\.)\w+\.", kind) for kind in types):
        raise refuse(program, function, call, "calls a function whose types a stub cannot name")
    results = ", ".join(r.type.name for r in signature.results)
    declared = ", ".join(f"{name} {kind}" for name, kind in params)
    passed = ", ".join(name for name, _ in params)
    body = f"{'return ' if results else ''}{package.rpartition('/')[2]}.{short}({passed})"
    text = f"func {helper}({declared}){f' ({results})' if results else ''} {{\n\t{body}\n}}"
    return Target(helper, signature, text, (package,))


def _signature(program: Program, function: Function, call: Instruction, callee: Function) -> Signature:
    prototype = program.prototypes.get(callee.name.removeprefix("main."))
    try:
        found = parse_signature(prototype) if prototype else signature_of(program, callee)
    except CallError:
        found = None
    if found is None:
        why = "calls a function whose signature is unknown"
        raise refuse(program, function, call, why, "DWARF has none: build without -ldflags=-w.")
    return found


def _bounds(program: Program, function: Function, call: Instruction, extracted: str) -> Target:
    bounds = bounds_at(program, function, call.address)
    code = BOUNDS.get(bounds.code) if bounds else None
    if bounds is None or code is None:
        raise refuse(program, function, call, "has a bounds check of a kind that is not handled")
    sign = "" if bounds.is_signed or not bounds.x_in_register else "Unsigned"
    helper = f"{extracted}_panic{bounds.code}{sign}"
    kind = "uint" if sign else "int"
    text = f"func {helper}(x {kind}, y int)"
    imports = ("unsafe",) if "unsafe." in code else ()
    return Target(
        helper, parse_signature(text), f"//go:noinline\n{text} {{\n\t{code}\n}}", imports, returns=False
    )


def no_return_lines(program: Program, function: Function, call: Instruction, target: Target) -> list[str]:
    """The lines for a call that panics: its arguments are a bounds check's, if it has any."""
    lines = []
    bounds: Bounds | None = bounds_at(program, function, call.address) if target.signature.params else None
    if bounds is not None:
        for value, in_register, at in (
            (bounds.x, bounds.x_in_register, 0),
            (bounds.y, bounds.y_in_register, 8),
        ):
            lines.append(f"MOVQ {_REGISTERS[value] if in_register else f'${value}'}, {at}(SP)")
    return [*lines, f"CALL ·{target.name}(SB)", "UNDEF"]


def call_lines(target: Target, room: int, zeroed: bool) -> list[str]:
    """The lines for a call that returns.

    Args:
        room: bytes below the locals for ABI0 arguments: what the compiled code kept at 0(SP) lies above them.
        zeroed: the body relies on X15 being zero.
    """
    internal, zero = target.layouts
    lines: list[str] = []
    if target.stack is not None:  # the compiled code has put everything in ABI0's words, above the room
        into = _moved((), 0, 0, target.stack, room, into=True)
        back = _moved((), 0, 0, target.stack, room, into=False)
        return [*into, f"CALL ·{target.name}(SB)", *back]
    for place, slot in zip(internal.params, zero.params, strict=True):
        lines += _moved(place.pieces, place.offset, slot.offset or 0, place.type.size, room, into=True)
    lines.append(f"CALL ·{target.name}(SB)")
    for place, slot in zip(internal.results, zero.results, strict=True):
        lines += _moved(place.pieces, place.offset, slot.offset or 0, place.type.size, room, into=False)
    return [*lines, "XORPS X15, X15"] if zeroed else lines


def _moved(
    pieces: tuple[Piece, ...], offset: int | None, slot: int, size: int, room: int, *, into: bool
) -> list[str]:
    if pieces:
        move = store if into else load
        return [move(piece, f"{slot + piece.offset}(SP)") for piece in pieces]
    lines, at = [], 0
    while offset is not None and at < size:
        width, name = next(
            (w, n) for w, n in ((8, "MOVQ"), (4, "MOVL"), (2, "MOVW"), (1, "MOVB")) if at + w <= size
        )
        first, second = f"{room + offset + at}(SP)", f"{slot + at}(SP)"
        source, to = (first, second) if into else (second, first)
        lines += [f"{name} {source}, R12", f"{name} R12, {to}"]
        at += width
    return lines
