"""Signatures of functions as the compiler wrote them into DWARF."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE

from underglass.abi.dwarftypes import DAMAGE, Types
from underglass.abi.dwarftypes import name_of as _name
from underglass.abi.signature import Param, Signature
from underglass.abi.types import GoType
from underglass.program import Function, Program

__all__ = ["named_types", "signature_of", "type_at"]


def signature_of(program: Program, function: Function) -> Signature | None:
    """The signature of a compiled function of package main; None if DWARF does not have it."""
    return _reader(program).signature(function.name)


def named_types(program: Program) -> dict[str, GoType]:
    """The types that package main declares and uses, by their name without the package."""
    return _reader(program).named()


def type_at(program: Program, address: int) -> GoType | None:
    """The type whose runtime descriptor lies at a guest address; None if DWARF does not have it."""
    types = _reader(program).types
    return types.at(address) if types is not None else None


@lru_cache(maxsize=8)
def _reader(program: Program) -> _Reader:
    return _Reader(program)


class _Reader:
    def __init__(self, program: Program) -> None:
        self._functions: dict[str, DIE] = {}
        self._named: dict[str, DIE] = {}
        self.types: Types | None = None
        try:
            self._dwarf: Any = program.elf.file.get_dwarf_info()
            self.types = Types(self._dwarf, _descriptors_start(program))
            for unit in self._dwarf.iter_CUs():
                if _name(unit.get_top_DIE()) == "main":
                    self._index(unit)
        except DAMAGE:
            self._functions.clear()  # no DWARF, or damaged: nothing is known

    def _index(self, unit: CompileUnit) -> None:
        for die in unit.get_top_DIE().iter_children():
            if die.tag == "DW_TAG_subprogram" and "DW_AT_low_pc" in die.attributes:
                # The abstract entry of a function that was also inlined leaves out unnamed results.
                # An assembly function has two of one name: the compiler's wrapper knows its arguments.
                known = self._functions.setdefault(_name(self._origin(die)), die)
                if next(known.iter_children(), None) is None:
                    self._functions[_name(known)] = die
        for die in self._typedefs():
            self._named[_name(die).removeprefix("main.")] = die

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
        die = self._functions.get(name)
        if die is None or self.types is None:
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
            elif not own or own == "_":
                own = f"arg{len(params)}"
            members.append(Param(own, self.types.type(child.get_DIE_from_attribute("DW_AT_type"))))
        return Signature(name.removeprefix("main."), tuple(params), tuple(results))

    def named(self) -> dict[str, GoType]:
        if self.types is None:
            return {}
        return {name: self.types.type(die) for name, die in self._named.items()}


def _descriptors_start(program: Program) -> int:
    """Start of the section that holds the types' runtime descriptors; 0 if there is none."""
    known = program.elf.symbols.get("runtime.types")
    for section in program.elf.file.iter_sections():
        start = int(section["sh_addr"])
        if known is not None and start <= known[0] < start + int(section["sh_size"]):
            return start
    return 0
