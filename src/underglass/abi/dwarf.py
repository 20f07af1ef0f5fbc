"""Go types and signatures as the compiler wrote them into DWARF.

The attribute numbers and what they hold: Go 1.27, cmd/internal/dwarf/dwarf.go (DW_AT_go_kind) and
reflect.Kind for the kinds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE

from underglass.abi.signature import Param, Signature
from underglass.abi.types import (
    BASIC,
    Array,
    Basic,
    Field,
    GoType,
    Interface,
    Reference,
    Slice,
    String,
    Struct,
)
from underglass.program import Function, Program

__all__ = ["function_die", "named_types", "package_of", "signature_of", "type_of"]

_GO_KIND = 0x2900
_ARRAY, _CHAN, _FUNC, _INTERFACE, _MAP, _POINTER, _SLICE, _STRING, _STRUCT, _UNSAFE = range(17, 27)
_NUMBERS = (
    "bool",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "uintptr",
    "float32",
    "float64",
    "complex64",
    "complex128",
)
"""Names of reflect's kinds 1 to 16."""
_DEEPEST = 50
_DAMAGED = (ELFError, DWARFError, KeyError, ValueError, AttributeError, IndexError)
_PACKAGE = re.compile(r"^(?:[^(]*/)?[^/.(]*")


def signature_of(program: Program, function: Function) -> Signature | None:
    """The signature of a compiled function; None if DWARF does not have it."""
    return _reader(program, package_of(function.name)).signature(function.name)


def package_of(name: str) -> str:
    """The import path in a linker's name: "main" of "main.(*T).M"."""
    return _PACKAGE.match(name)[0]  # type: ignore[index]  # it matches every text


def function_die(program: Program, function: Function) -> DIE | None:
    """DWARF's entry for a compiled function's code; None if there is none."""
    return _reader(program, package_of(function.name)).functions.get(function.name)


def type_of(program: Program, function: Function, die: DIE) -> GoType:
    """The type of a variable of `function`, from its DWARF entry."""
    return _reader(program, package_of(function.name)).type(die.get_DIE_from_attribute("DW_AT_type"), 0)


def named_types(program: Program) -> dict[str, GoType]:
    """The types that package main declares and uses, by their name without the package."""
    return _reader(program).named()


@lru_cache(maxsize=16)
def _reader(program: Program, package: str = "main") -> _Reader:
    return _Reader(program, package)


class _Reader:
    def __init__(self, program: Program, package: str) -> None:
        self._types: dict[int, GoType] = {}
        self.functions: dict[str, DIE] = {}
        try:
            self._dwarf: Any = program.elf.file.get_dwarf_info()
            for unit in self._dwarf.iter_CUs():
                if _name(unit.get_top_DIE()) == package:
                    self._index(unit)
        except _DAMAGED:
            self.functions.clear()  # no DWARF, or damaged: nothing is known

    def _index(self, unit: CompileUnit) -> None:
        for die in unit.get_top_DIE().iter_children():
            if die.tag == "DW_TAG_subprogram" and "DW_AT_low_pc" in die.attributes:
                # The abstract entry of a function that was also inlined leaves out unnamed results.
                self.functions.setdefault(_name(self._origin(die)), die)

    def _typedefs(self) -> list[DIE]:
        found = []
        for unit in self._dwarf.iter_CUs():
            for die in unit.get_top_DIE().iter_children():
                if die.tag == "DW_TAG_typedef" and _name(die).startswith("main."):
                    found.append(die)
        return found

    def _origin(self, die: DIE) -> DIE:
        return (
            die.get_DIE_from_attribute("DW_AT_abstract_origin")
            if "DW_AT_abstract_origin" in die.attributes
            else die
        )

    def signature(self, name: str) -> Signature | None:
        die = self.functions.get(name)
        if die is None:
            return None
        params: list[Param] = []
        results: list[Param] = []
        for child in die.iter_children():
            if child.tag != "DW_TAG_formal_parameter":
                continue
            child = self._origin(child)
            is_result = bool(child.attributes["DW_AT_variable_parameter"].value)
            members = results if is_result else params
            own = _name(child)
            if is_result and (not own or own.startswith("~")):
                own = "ret" if not results else f"ret{len(results)}"
            elif not own or own == "_" or own.startswith("~"):  # "~p0": a parameter without a name
                own = f"arg{len(params)}"
            members.append(Param(own, self.type(child.get_DIE_from_attribute("DW_AT_type"), 0)))
        return Signature(name.removeprefix("main."), tuple(params), tuple(results))

    def named(self) -> dict[str, GoType]:
        try:
            return {_name(die).removeprefix("main."): self.type(die, 0) for die in self._typedefs()}
        except _DAMAGED:
            return {}

    def type(self, die: DIE, depth: int) -> GoType:
        found = self._types.get(die.offset)
        if found is None:
            found = self._types[die.offset] = self._read(die, depth)
        return found

    def _read(self, die: DIE, depth: int) -> GoType:
        name = _name(die).removeprefix("main.")
        die = _underlying(die)
        kind = int(die.attributes[_GO_KIND].value) if _GO_KIND in die.attributes else 0
        if (
            depth > _DEEPEST
            or kind in (_CHAN, _FUNC, _MAP, _POINTER, _UNSAFE)
            or die.tag
            in (
                "DW_TAG_pointer_type",
                "DW_TAG_subroutine_type",
            )
        ):
            return Reference(name or "unsafe.Pointer")
        if 1 <= kind <= len(_NUMBERS):
            plain = BASIC[_NUMBERS[kind - 1]]
            assert isinstance(plain, Basic)
            return Basic(name or plain.name, plain.bytes, plain.kind)
        reader = _READERS.get(kind)
        return reader(self, die, name, depth + 1) if reader else Reference(name or "unsafe.Pointer")

    def _slice(self, die: DIE, name: str, depth: int) -> GoType:
        first = next(iter(die.iter_children()))
        pointer = _underlying(first.get_DIE_from_attribute("DW_AT_type"))
        return Slice(name, self.type(pointer.get_DIE_from_attribute("DW_AT_type"), depth))

    def _array(self, die: DIE, name: str, depth: int) -> GoType:
        counts = [
            c.attributes["DW_AT_count"].value for c in die.iter_children() if "DW_AT_count" in c.attributes
        ]
        return Array(
            name, self.type(die.get_DIE_from_attribute("DW_AT_type"), depth), int(counts[0]) if counts else 0
        )

    def _struct(self, die: DIE, name: str, depth: int) -> GoType:
        fields = tuple(
            Field(
                _name(member),
                self.type(member.get_DIE_from_attribute("DW_AT_type"), depth),
                int(member.attributes["DW_AT_data_member_location"].value),
            )
            for member in die.iter_children()
            if member.tag == "DW_TAG_member"
        )
        return Struct(name, fields)


_READERS: dict[int, Callable[[_Reader, DIE, str, int], GoType]] = {
    _SLICE: _Reader._slice,
    _ARRAY: _Reader._array,
    _STRUCT: _Reader._struct,
    _STRING: lambda reader, die, name, depth: String(name),
    _INTERFACE: lambda reader, die, name, depth: Interface(name),
}


def _underlying(die: DIE) -> DIE:
    while die.tag == "DW_TAG_typedef":
        inner = die.get_DIE_from_attribute("DW_AT_type")
        if _GO_KIND in die.attributes and _GO_KIND not in inner.attributes:
            return die
        die = inner
    return die


def _name(die: DIE) -> str:
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode("utf-8", "replace") if attribute is not None else ""
