"""Where a compiled function keeps its variables at an instruction, as DWARF tells it.

Locations: DWARF 5, sections 2.5 and 2.6. The frame base of Go's functions is the CFA, which is FP: the
caller's SP before the CALL (Go 1.27, cmd/internal/dwarf/dwarf.go, putfunc).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.dwarf.die import DIE
from elftools.dwarf.dwarf_expr import DWARFExprParser

from underglass.abi.dwarf import function_die, type_of
from underglass.abi.types import GoType
from underglass.program import Function, Program

__all__ = ["Part", "Variable", "variables_at"]

_VARIABLES = ("DW_TAG_formal_parameter", "DW_TAG_variable")
_SCOPES = ("DW_TAG_lexical_block", "DW_TAG_inlined_subroutine")
_REGISTERS = ("AX", "DX", "CX", "BX", "SI", "DI", "BP", "SP", *(f"R{i}" for i in range(8, 16)))
_FIRST_FLOAT = 17  # DWARF's number of XMM0 (System V ABI, AMD64, figure 3.36)


@dataclass(frozen=True)
class Part:
    """A piece of a variable, and where it is."""

    offset: int  # bytes from the start of the variable
    size: int
    fp_offset: int | None  # bytes from FP; None if it is in a register, or nowhere
    register: str  # Plan 9 name; "" if it is in memory, or nowhere


@dataclass(frozen=True)
class Variable:
    """A parameter or local variable of a function, or of one inlined into it."""

    name: str
    type: GoType
    inlined: str  # the inlined function it belongs to; "" if it is the function's own
    parts: tuple[Part, ...]


def variables_at(program: Program, function: Function, pc: int) -> tuple[Variable, ...]:
    """The variables that DWARF locates at `pc`; none if the program has no DWARF for the function."""
    try:
        return tuple(_located(program, function, pc))
    except (ELFError, DWARFError, KeyError, ValueError, AttributeError, IndexError, TypeError):
        return ()  # damaged: nothing is known


def _located(program: Program, function: Function, pc: int) -> Iterator[Variable]:
    reader = _reader(program)
    for die, inlined, scope in _variables(program, function):
        attribute = die.attributes.get("DW_AT_location")
        if attribute is None or (scope and not any(low <= pc < high for low, high in scope)):
            continue
        expression = reader.expression(die, attribute, pc)
        origin = _origin(die)
        if expression and "DW_AT_type" in origin.attributes and "DW_AT_name" in origin.attributes:
            kind = type_of(program, origin)
            name = origin.attributes["DW_AT_name"].value.decode("utf-8", "replace")
            yield Variable(name, kind, inlined, tuple(reader.parts(die, expression, kind.size)))


@lru_cache(maxsize=64)
def _variables(
    program: Program, function: Function
) -> tuple[tuple[DIE, str, tuple[tuple[int, int], ...]], ...]:
    top = function_die(program, function)
    found: list[tuple[DIE, str, tuple[tuple[int, int], ...]]] = []

    def visit(die: DIE, inlined: str, scope: tuple[tuple[int, int], ...]) -> None:
        for child in die.iter_children():
            if child.tag in _VARIABLES:
                found.append((child, inlined, scope))
            elif child.tag in _SCOPES:
                own = inlined
                if child.tag == "DW_TAG_inlined_subroutine":
                    own = _origin(child).attributes["DW_AT_name"].value.decode("utf-8", "replace")
                visit(child, own, _reader(program).ranges(child) or scope)

    if top is not None:
        visit(top, "", ())
    return tuple(found)


def _origin(die: DIE) -> DIE:
    return (
        die.get_DIE_from_attribute("DW_AT_abstract_origin")
        if "DW_AT_abstract_origin" in die.attributes
        else die
    )


@lru_cache(maxsize=4)
def _reader(program: Program) -> _Locations:
    return _Locations(program)


class _Locations:
    def __init__(self, program: Program) -> None:
        self._dwarf: Any = program.elf.file.get_dwarf_info()
        self._lists = self._dwarf.location_lists()
        self._ranges = self._dwarf.range_lists()

    def ranges(self, die: DIE) -> tuple[tuple[int, int], ...]:
        """The code addresses of a scope; none if it has no ranges of its own."""
        attributes = die.attributes
        if "DW_AT_ranges" in attributes:
            found, base = [], self._base(die)
            for entry in self._ranges.get_range_list_at_offset(attributes["DW_AT_ranges"].value, die.cu):
                if hasattr(entry, "base_address"):
                    base = entry.base_address
                else:
                    start = 0 if entry.is_absolute else base
                    found.append((start + entry.begin_offset, start + entry.end_offset))
            return tuple(found)
        if "DW_AT_low_pc" in attributes and "DW_AT_high_pc" in attributes:
            low, high = attributes["DW_AT_low_pc"].value, attributes["DW_AT_high_pc"]
            return ((low, high.value if high.form == "DW_FORM_addr" else low + high.value),)
        return ()

    def expression(self, die: DIE, attribute: Any, pc: int) -> list[int] | None:
        """The location expression that holds at `pc`."""
        if isinstance(attribute.value, list):  # Go writes DW_FORM_block1
            return attribute.value
        base = self._base(die)
        for entry in self._lists.get_location_list_at_offset(attribute.value, die):
            if hasattr(entry, "base_address"):
                base = entry.base_address
                continue
            start = 0 if entry.is_absolute else base
            if start + entry.begin_offset <= pc < start + entry.end_offset:
                return list(entry.loc_expr)
        return None

    @staticmethod
    def _base(die: DIE) -> int:
        low = die.cu.get_top_DIE().attributes.get("DW_AT_low_pc")
        return int(low.value) if low is not None else 0

    @staticmethod
    def parts(die: DIE, expression: list[int], size: int) -> Iterator[Part]:
        """The pieces that a location expression names; those that are nowhere have no place."""
        at, fp_offset, register, told = 0, None, "", False
        for op in DWARFExprParser(die.cu.structs).parse_expr(expression):
            if op.op_name == "DW_OP_piece":
                yield Part(at, op.args[0], fp_offset, register)
                at, fp_offset, register, told = at + op.args[0], None, "", False
            elif op.op_name == "DW_OP_fbreg":
                fp_offset, told = op.args[0], True
            elif op.op_name == "DW_OP_call_frame_cfa":
                fp_offset, told = 0, True
            elif op.op_name.startswith("DW_OP_reg"):
                number = (
                    op.args[0] if op.op_name == "DW_OP_regx" else int(op.op_name.removeprefix("DW_OP_reg"))
                )
                register, told = _register(number), True
        if told:
            yield Part(at, size - at, fp_offset, register)


def _register(number: int) -> str:
    if number < len(_REGISTERS):
        return _REGISTERS[number]
    return f"X{number - _FIRST_FLOAT}" if _FIRST_FLOAT <= number < _FIRST_FLOAT + 16 else ""
