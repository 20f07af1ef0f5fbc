"""Which of the six cases a call is: Go or assembly, calling Go or assembly, directly or through a pointer.

The cases G1 to G6 are those that the message of gVisor's commit 1084106 (2021) tells apart; what
each of them is in a program is read off its machine code. Where Go's rules come from: Go 1.27,
cmd/compile/abi-internal.md and cmd/compile/internal/ssagen/abi.go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from underglass.analysis.references import rip_target
from underglass.analysis.wrappers import Made, counterpart, made_as, wrappers
from underglass.program import Function, Instruction, Program

__all__ = ["Case", "Indirect", "Through", "case_of", "indirect_calls", "is_runtime"]

_PACKAGE = re.compile(r"^(?:.*/)?[^/.]+")
_RUNTIME_PACKAGES = re.compile(r"^(runtime|internal/(runtime|abi|bytealg|cpu|chacha8rand))(/.*)?$")
_POINTER = re.compile(r"^qword ptr \[(r\w+)(?: \+ (0x[0-9a-f]+|\d+))?\]$")
_FIRST_METHOD = 24  # bytes: internal/abi/iface.go, ITab.Fun


class Case(Enum):
    """What a call does; the value is the case in a sentence."""

    G1 = "Go calls Go directly"
    G2 = "Go calls Go through a pointer"
    G3 = "Go calls the assembly body directly"
    G4 = "Go calls assembly through a pointer, which leads to the wrapper"
    G5 = "assembly calls assembly directly"
    G6 = "assembly calls Go, through the wrapper"
    LINKNAME = "Go calls the wrapper of an assembly function directly: by linkname, it cannot see the body"
    SAME_ABI = "assembly calls Go in Go's own ABI, without a wrapper"
    PROLOGUE = "a Go prologue calls a wrapper, as it calls morestack"

    @property
    def is_numbered(self) -> bool:
        """Whether it is one of the six."""
        return self.name.startswith("G")

    @property
    def words(self) -> str:
        """Its number, or what it is if it has none."""
        return self.name if self.is_numbered else self.name.lower().replace("_", " ")


class Through(Enum):
    """What holds the address that an indirect CALL goes to."""

    FUNC_VALUE = "func value"  # first word of a closure; DX holds the closure
    INTERFACE = "interface method"  # a word of an itab
    UNKNOWN = "code pointer"


@dataclass(frozen=True)
class Indirect:
    """One CALL without a target in the code."""

    at: int  # address of the instruction
    through: Through
    cases: tuple[Case, ...]  # what it may be; empty: nothing is known of it


def case_of(program: Program, caller: Function, callee: Function) -> Case:
    """The case of a direct call; both halves of a way through an ABI wrapper are that way's case."""
    if made_as(program, caller) is Made.ABI_WRAPPER and callee == counterpart(program, caller):
        return Case.G6 if caller.abi == "ABI0" else Case.G4
    if made_as(program, callee) is Made.ABI_WRAPPER:
        if callee.abi == "ABI0":
            return Case.G6 if caller.is_assembly else Case.PROLOGUE
        return Case.SAME_ABI if caller.is_assembly else Case.LINKNAME
    if caller.is_assembly:
        return Case.G5 if callee.is_assembly else Case.SAME_ABI
    return Case.G3 if callee.is_assembly else Case.G1


def indirect_calls(program: Program, function: Function) -> tuple[Indirect, ...]:
    """The indirect CALLs of a function.

    A method of an interface is Go, since a method cannot have an ABI wrapper (ssagen/abi.go,
    makeABIWrapper): G2. A func value may be an assembly function's only if the program takes the address of
    one. The runtime takes some for itself (osyield), which do not leave it.
    """
    code = program.instructions(function)
    found = []
    for index, instruction in enumerate(code):
        if not instruction.intel.startswith("call ") or instruction.target is not None:
            continue
        through, known = (Through.UNKNOWN, None) if function.is_assembly else _through(code, index)
        target = program.function_at(known) if known else None
        cases: tuple[Case, ...] = ()
        if target is not None:
            cases = (Case.G4,) if made_as(program, target) is Made.ABI_WRAPPER else (Case.G2,)
        elif through is Through.INTERFACE:
            cases = (Case.G2,)
        elif through is Through.FUNC_VALUE:
            cases = (Case.G2, Case.G4) if _takes_assembly(program, is_runtime(function)) else (Case.G2,)
        found.append(Indirect(instruction.address, through, cases))
    return tuple(found)


def is_runtime(function: Function) -> bool:
    """Whether a function is of the runtime, or of a package that only the runtime has."""
    package = _PACKAGE.match(function.name)
    return bool(package and _RUNTIME_PACKAGES.match(package[0]))


def _takes_assembly(program: Program, in_runtime: bool) -> bool:
    """Whether the address of an assembly function is taken in Go, where such a caller could get at it."""
    return any(
        in_runtime or not is_runtime(wrapper.function)
        for wrapper in wrappers(program)
        if wrapper.function.abi == "ABIInternal" and wrapper.addresses
    )


def _through(code: Sequence[Instruction], index: int) -> tuple[Through, int | None]:
    """Follow the called register back to what filled it; with the code address, where that is known."""
    wanted = code[index].intel.removeprefix("call ")
    for before in (None, *reversed(code[:index])):
        if before is not None:
            name, _, rest = before.intel.partition(" ")
            target, _, source = rest.partition(", ")
            if target != wanted or name not in ("mov", "lea"):
                continue
            if name == "lea":
                return Through.FUNC_VALUE, rip_target(before.address + len(before.data), source)
            wanted = source
        match = _POINTER.match(wanted)
        if match and match[1] != "rsp":
            offset = int(match[2] or "0", 0)
            if offset == 0:
                return Through.FUNC_VALUE, None
            return (Through.INTERFACE if offset >= _FIRST_METHOD else Through.UNKNOWN), None
    return Through.UNKNOWN, None
