"""Go types as the linker wrote them into DWARF, each read when it is asked for.

Go 1.27: cmd/link/internal/ld/dwarf.go (newtype: what each kind has; synthesizemaptypes: a map's header),
cmd/internal/dwarf/dwarf.go (the numbers of Go's own attributes), internal/abi/type.go (the kinds).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.dwarf.die import DIE

from underglass.abi.types import (
    BASIC,
    Array,
    Basic,
    Chan,
    Field,
    Func,
    GoType,
    Interface,
    Map,
    Pointer,
    Reference,
    Slice,
    String,
    Struct,
)
from underglass.errors import CallError

__all__ = ["DAMAGE", "Types", "name_of"]

_KIND, _KEY, _ELEMENT, _RUNTIME_TYPE = 0x2900, 0x2901, 0x2902, 0x2904  # DW_AT_go_…
_ARRAY, _CHAN, _FUNC, _INTERFACE, _MAP, _POINTER, _SLICE, _STRING, _STRUCT = range(17, 26)
_NUMBERS = (
    *("bool", "int", "int8", "int16", "int32", "int64"),
    *("uint", "uint8", "uint16", "uint32", "uint64", "uintptr"),
    *("float32", "float64", "complex64", "complex128"),
)
"""Names of the kinds 1 to 16."""
_MAIN = re.compile(r"(?<![\w./])main\.")

DAMAGE = (ELFError, DWARFError, KeyError, ValueError, AttributeError, IndexError, StopIteration)
"""What pyelftools raises at debug information that is not what it says."""


class Types:
    """The types of one program.

    Args:
        dwarf: pyelftools' DWARFInfo.
        base: start of the section that holds the runtime's type descriptors.
    """

    def __init__(self, dwarf: Any, base: int) -> None:
        self._dwarf, self._base = dwarf, base
        self._known: dict[int, GoType] = {}
        self._open: set[int] = set()

    def type(self, die: DIE) -> GoType:
        """The type that an entry describes.

        Raises:
            CallError: the entry is damaged.
        """
        found = self._known.get(die.offset)
        if found is not None:
            return found
        try:
            if die.offset in self._open:
                raise ValueError("a type that holds itself")
            self._open.add(die.offset)
            found = self._read(die)
        except DAMAGE as error:
            raise CallError(
                f"The debug information of this program is damaged at {die.offset:#x}: {error!r}. "
                "Build the program again."
            ) from error
        finally:
            self._open.discard(die.offset)
        self._known[die.offset] = found
        return found

    def at(self, address: int) -> GoType | None:
        """The type whose runtime descriptor (an abi.Type) lies at a guest address; None if DWARF has none."""
        die = self._descriptors.get(address - self._base)
        return self.type(die) if die is not None else None

    @cached_property
    def _descriptors(self) -> dict[int, DIE]:
        """Entries by the offset of their abi.Type in its section (objabi.R_ADDROFF)."""
        found = {}
        for unit in self._dwarf.iter_CUs():
            for die in unit.get_top_DIE().iter_children():
                value = die.attributes.get(_RUNTIME_TYPE)
                if value is not None and value.value:
                    found[int(value.value)] = die
        return found

    def _read(self, die: DIE) -> GoType:
        name = _MAIN.sub("", name_of(die))
        while die.tag == "DW_TAG_typedef" and not _kind(die):
            die = _to(die)
        kind = _kind(die)
        if 1 <= kind <= len(_NUMBERS):
            plain = BASIC[_NUMBERS[kind - 1]]
            assert isinstance(plain, Basic)
            return Basic(name or plain.name, plain.bytes, plain.kind)
        if kind == 0:  # types that the linker made for debuggers, and those it has no descriptor of
            kind = {"DW_TAG_pointer_type": _POINTER, "DW_TAG_subroutine_type": _FUNC}.get(die.tag, 0)
        reader = _READERS.get(kind)
        return reader(self, die, name) if reader else Reference(name or "unsafe.Pointer")

    def _later(self, die: DIE, attribute: str | int) -> Callable[[], GoType]:
        return lambda: self.type(_to(die, attribute))

    def _pointer(self, die: DIE, name: str) -> GoType:
        if "DW_AT_type" not in die.attributes:
            return Reference(name or "unsafe.Pointer")
        return Pointer(name, self._later(die, "DW_AT_type"))

    def _slice(self, die: DIE, name: str) -> GoType:
        return Slice(name, self._later(die, _ELEMENT))

    def _map(self, die: DIE, name: str) -> GoType:
        return Map(
            name,
            (self._later(die, _KEY), self._later(die, _ELEMENT)),
            lambda: self.type(_to(_to(die))),
        )

    def _array(self, die: DIE, name: str) -> GoType:
        length = next(c.attributes["DW_AT_count"] for c in die.iter_children() if c.attributes)
        return Array(name, self.type(_to(die)), int(length.value))

    def _struct(self, die: DIE, name: str) -> GoType:
        fields = tuple(
            Field(
                name_of(member),
                self.type(_to(member)),
                int(member.attributes["DW_AT_data_member_location"].value),
            )
            for member in die.iter_children()
            if member.tag == "DW_TAG_member"
        )
        return Struct(name, fields)


_READERS: dict[int, Callable[[Types, DIE, str], GoType]] = {
    _ARRAY: Types._array,
    _CHAN: lambda types, die, name: Chan(name),
    _FUNC: lambda types, die, name: Func(name),
    _INTERFACE: lambda types, die, name: Interface(name),
    _MAP: Types._map,
    _POINTER: Types._pointer,
    _SLICE: Types._slice,
    _STRING: lambda types, die, name: String(name),
    _STRUCT: Types._struct,
}


def name_of(die: DIE) -> str:
    """An entry's name; empty if it has none."""
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode("utf-8", "replace") if attribute is not None else ""


def _kind(die: DIE) -> int:
    return int(die.attributes[_KIND].value) if _KIND in die.attributes else 0


def _to(die: DIE, attribute: str | int = "DW_AT_type") -> DIE:
    """The entry that an attribute refers to. Go's own attributes have numbers for names, which pyelftools
    does not follow by itself: they are of DW_FORM_ref_addr, an offset in the section."""
    if isinstance(attribute, str):
        return die.get_DIE_from_attribute(attribute)
    return die.dwarfinfo.get_DIE_from_refaddr(int(die.attributes[attribute].value))
