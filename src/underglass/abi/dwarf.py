"""Signatures of functions as the compiler wrote them into DWARF.

The attribute numbers and what they hold: Go 1.27, cmd/internal/dwarf/dwarf.go (DW_AT_go_kind) and
reflect.Kind for the kinds.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Any

from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE
from elftools.dwarf.ranges import BaseAddressEntry

from underglass.abi.dwarftypes import DAMAGE, Types
from underglass.abi.dwarftypes import name_of as _name
from underglass.abi.layout import layout_of
from underglass.abi.signature import Param, Signature
from underglass.abi.types import BASIC, GoType, Struct
from underglass.program import Function, Program

__all__ = [
    "field_offsets",
    "function_die",
    "named_types",
    "signature_of",
    "type_at",
    "type_named",
    "type_of",
]

_WRAP = 1 << 64
_CLOSURE = re.compile(r"\.(func|gowrap|deferwrap)\d|-range\d")
_LOOP_BODY = re.compile(r"-range\d+$")


def signature_of(program: Program, function: Function) -> Signature | None:
    """The signature of a function; None if DWARF does not have it, or not for certain.

    The unit that the function was compiled in is read at the first question about it.  An assembly
    function has no parameters in DWARF; its wrapper, which the compiler made, has them.
    """
    reader = _reader(program)
    for symbol in (function.symbol, function.name, f"{function.name}.abi0"):
        other = program.functions.get(symbol)
        found = reader.signature(other) if other is not None and not other.is_assembly else None
        if found is not None:
            return found
    return None


def function_die(program: Program, function: Function) -> DIE | None:
    """DWARF's entry for a compiled function's code; None if there is none."""
    return _reader(program).entry(function.address)


def type_of(program: Program, die: DIE) -> GoType:
    """The type of a variable, from its DWARF entry."""
    return _reader(program).types.type(die.get_DIE_from_attribute("DW_AT_type"))


def type_named(program: Program, name: str) -> GoType | None:
    """The type of a full name, as "runtime.g"; None if DWARF does not have it."""
    return _reader(program).by_name(name)


def field_offsets(program: Program, name: str) -> dict[str, int]:
    """Offsets in bytes of the fields of a struct, "runtime.g" say; empty if DWARF does not have it."""
    found = type_named(program, name)
    return {f.name: f.offset for f in found.fields} if isinstance(found, Struct) else {}


def named_types(program: Program) -> dict[str, GoType]:
    """The types that package main declares and uses, by their name without the package."""
    return _reader(program).named()


def type_at(program: Program, address: int) -> GoType | None:
    """The type whose runtime descriptor lies at a guest address; None if DWARF does not have it."""
    return _reader(program).type_at(address)


@lru_cache(maxsize=8)
def _reader(program: Program) -> _Reader:
    return _Reader(program)


class _Reader:
    def __init__(self, program: Program) -> None:
        self._symbols = program.functions
        self._functions: dict[CompileUnit, dict[int, DIE]] = {}  # by the address of the entry
        try:
            self._dwarf: Any = program.elf.file.get_dwarf_info()
            self.types = Types(self._dwarf, _descriptors_start(program))
        except DAMAGE:
            self._dwarf = None  # nothing is known

    @cached_property
    def _units(self) -> list[tuple[int, int, CompileUnit]]:
        """(first address, address past the last, unit) of every stretch of compiled code."""
        lists = self._dwarf.range_lists()
        found = []
        for unit in self._dwarf.iter_CUs():
            ranges = unit.get_top_DIE().attributes.get("DW_AT_ranges")
            base = 0
            for entry in lists.get_range_list_at_offset(ranges.value, unit) if ranges is not None else ():
                if isinstance(entry, BaseAddressEntry):
                    base = entry.base_address
                else:
                    start = 0 if entry.is_absolute else base  # an offset may be below zero, modulo 2**64
                    found.append(
                        ((start + entry.begin_offset) % _WRAP, (start + entry.end_offset) % _WRAP, unit)
                    )
        return found

    def entry(self, address: int) -> DIE | None:
        """The entry of the function that starts at an address.

        It is asked for by address, since a generic function is compiled in the package that uses it.
        """
        for start, end, unit in self._units:
            if start <= address < end:
                if unit not in self._functions:
                    self._functions[unit] = {
                        int(die.attributes["DW_AT_low_pc"].value): die
                        for die in unit.get_top_DIE().iter_children()
                        if die.tag == "DW_TAG_subprogram" and "DW_AT_low_pc" in die.attributes
                    }
                return self._functions[unit].get(address)
        return None

    def _origin(self, die: DIE) -> DIE:
        return (
            die.get_DIE_from_attribute("DW_AT_abstract_origin")
            if "DW_AT_abstract_origin" in die.attributes
            else die
        )

    def signature(self, function: Function) -> Signature | None:
        try:
            die = self.entry(function.address) if self._dwarf is not None else None
            if die is None:
                return None
            found = self._signature(function.name, die)
            # A method's wrapper has the method's results; its last word is the same.
            is_wrapped = function.is_wrapper and function.name.rpartition(".")[2] in self._looping
            hides = not found.results and (is_wrapped or self._may_hide_results(function.name, die))
        except DAMAGE:
            return None
        whole = layout_of(function, found)
        fits = function.args_size in (None, whole.args_size + whole.spill_size)
        return found if fits and not hides else None

    def _may_hide_results(self, name: str, die: DIE) -> bool:
        """Whether the function may have results that DWARF leaves out.

        A function that returns from a loop over a function gets results named #rv1, and names with # are
        kept from debuggers (Go 1.27, cmd/compile/internal/rangefunc/rewrite.go, and
        cmd/compile/internal/ssa/debug.go, IsVarWantedForDebug). The loop's body is a function of its own,
        f-range1, unless it was inlined.
        """
        if f"{name}-range1" in self._symbols or "-range" in name:
            return True
        return any(
            self._may_hide_results(
                _name(self._origin(child)) if child.tag == "DW_TAG_inlined_subroutine" else name, child
            )
            for child in die.iter_children()
            if child.tag in ("DW_TAG_inlined_subroutine", "DW_TAG_lexical_block")
        )

    @cached_property
    def _looping(self) -> frozenset[str]:
        """The last words of the names of functions that loop over a function."""
        bodies = (symbol for symbol in self._symbols if symbol.endswith("-range1"))
        return frozenset(body.removesuffix("-range1").rpartition(".")[2] for body in bodies)

    def _signature(self, name: str, die: DIE) -> Signature:
        params: list[Param] = []
        results: list[Param] = []
        named: set[str] = set()
        # The abstract entry of a function that was also inlined leaves out unnamed results. Go 1.26 has two
        # entries for a result that was moved to the heap.
        for child in die.iter_children():
            if child.tag != "DW_TAG_formal_parameter":
                continue
            child = self._origin(child)
            is_result = bool(child.attributes["DW_AT_variable_parameter"].value)
            members = results if is_result else params
            own = _name(child)
            if own in named:
                continue
            if own and own != "_" and not own.startswith("~"):
                named.add(own)
            if is_result and (not own or own.startswith("~")):
                own = "ret" if not results else f"ret{len(results)}"
            elif not own or own.startswith("~"):
                own = f"arg{len(params)}"
            members.append(Param(own, self.types.type(child.get_DIE_from_attribute("DW_AT_type"))))
        if not results and _LOOP_BODY.search(name):
            results.append(Param("ret", BASIC["bool"]))  # #r1: whether the loop goes on
        return Signature(name.removeprefix("main."), _with_dictionary(name, params), tuple(results))

    def type_at(self, address: int) -> GoType | None:
        try:
            return self.types.at(address) if self._dwarf is not None else None
        except DAMAGE:
            return None

    def by_name(self, name: str) -> GoType | None:
        """Looked for in the unit of its own package first, where it nearly always is."""
        package = name.rpartition(".")[0]
        try:
            units = list(self._dwarf.iter_CUs()) if self._dwarf is not None else []
            for unit in sorted(units, key=lambda u: _name(u.get_top_DIE()) != package):
                for die in unit.get_top_DIE().iter_children():
                    if die.tag in ("DW_TAG_typedef", "DW_TAG_structure_type") and _name(die) == name:
                        return self.types.type(die)
        except DAMAGE:
            pass
        return None

    def named(self) -> dict[str, GoType]:
        try:
            return {_name(die).removeprefix("main."): self.types.type(die) for die in self._typedefs()}
        except DAMAGE:
            return {}

    def _typedefs(self) -> list[DIE]:
        found = []
        for unit in self._dwarf.iter_CUs() if self._dwarf is not None else ():
            for die in unit.get_top_DIE().iter_children():
                if die.tag == "DW_TAG_typedef" and _name(die).startswith("main."):
                    found.append(die)
        return found


def _descriptors_start(program: Program) -> int:
    """Start of the section that holds the types' runtime descriptors; 0 if there is none."""
    known = program.elf.symbols.get("runtime.types")
    for section in program.elf.file.iter_sections():
        start = int(section["sh_addr"])
        if known is not None and start <= known[0] < start + int(section["sh_size"]):
            return start
    return 0


def _with_dictionary(name: str, params: list[Param]) -> tuple[Param, ...]:
    """The parameters in the compiler's order: a generic function's dictionary comes first, a generic
    method's after the receiver (Go 1.27, cmd/compile/internal/noder/reader.go, shapeSig).

    DWARF has it last where the function was also inlined. A closure has it as one of its variables.
    """
    after = name.rpartition("]")[2]  # "" for Map[int], ").Len" for (*List[int]).Len
    hidden = [param for param in params if param.name == ".dict"]
    if not hidden or _CLOSURE.search(after):
        return tuple(params)
    shown = [param for param in params if param.name != ".dict"]
    at = 1 if after else 0
    return (*shown[:at], *hidden, *shown[at:])
