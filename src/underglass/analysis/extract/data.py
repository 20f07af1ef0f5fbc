"""The constants, tables and variables that a function's code names, as DATA and GLOBL or by their own names.

A linked program has no symbols for most read-only data, so its extent comes from what the compiler lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from underglass.analysis.extract.refusal import refuse
from underglass.program import Function, Instruction, Program
from underglass.toolchain.listing import Listed, Relocation

__all__ = ["Symbols"]

_READ_ONLY = ("SRODATA", "SRODATAFIPS")
_CONSTANT = re.compile(r"^\$(?:f32|f64|i32|i64|f128|i128)\.([0-9a-f]+)$")
_IDENTIFIER = re.compile(r"^[A-Za-z_]\w*$")
_VARIABLE = re.compile(r"^(?P<package>(?:[^\"]*/)?[^./\"]+)\.(?P<name>[A-Za-z_]\w*)$")
_TOO_LARGE = 1 << 16  # bytes of copied data
_KINDS = (
    ("runtime.writeBarrier", "writes a pointer to the heap, which takes a write barrier"),
    ("type:", "refers to a type descriptor"),
    ("go:itab.", "refers to an interface's method table"),
    ("runtime.buildVersion", "refers to the runtime's own data"),
)


class Symbols:
    """The data of one function's assembly, gathered while its code is written."""

    def __init__(
        self,
        program: Program,
        function: Function,
        package: str,
        listed: Mapping[tuple[str, str], Listed] | None,
    ) -> None:
        self._program, self._function, self._package = program, function, package
        self._listed = listed or {}
        code = self._listed.get((function.name, "ABIInternal"))
        own = program.bytes_at(function.address, function.size)
        self._relocations = code.relocations if code is not None and code.is_code(own) else []
        self._names: dict[str, str] = {}  # symbol → name in the assembly
        self.lines: list[str] = []
        self.variables: list[str] = []  # of the package, which the assembly names
        self.imports: set[str] = set()

    def at(self, instruction: Instruction, address: int) -> str:
        """How assembly writes the data at `address` that an instruction refers to.

        Raises:
            CannotExtract: it is not data that can be copied or named.
        """
        start = instruction.address - self._function.address
        for relocation in self._relocations:
            if start <= relocation.offset < start + len(instruction.data):
                # The processor counts from the instruction's end: bytes after the field are in the addend.
                after = start + len(instruction.data) - relocation.offset - relocation.size
                return self._named(instruction, relocation.target, relocation.addend + after)
        name, offset = self._symbol(address)
        if not name:
            why = "refers to read-only data whose extent the program does not tell"
            raise refuse(
                self._program, self._function, instruction, why, "Give the sources: the compiler lists it."
            )
        return self._named(instruction, name, offset)

    def _symbol(self, address: int) -> tuple[str, int]:
        for name, (start, size, _) in self._program.elf.symbols.items():
            if start <= address < start + size:
                return name, address - start
        return "", 0

    def _named(self, instruction: Instruction, symbol: str, offset: int) -> str:
        for start, why in _KINDS:
            if symbol.startswith(start):
                raise refuse(self._program, self._function, instruction, why)
        if symbol.endswith("·f"):
            raise refuse(self._program, self._function, instruction, "takes the address of a function")
        plus = f"+{offset}" if offset else ""
        if match := _CONSTANT.match(symbol):
            return f"{self._constant(symbol, match[1])}<>{plus}(SB)"
        held = self._listed.get((symbol, ""))
        if held is not None and held.kind in _READ_ONLY:
            return f"{self._copied(instruction, held)}<>{plus}(SB)"
        if match := _VARIABLE.match(symbol):
            return f"{self._variable(match['package'], match['name'])}{plus}(SB)"
        why = "refers to data that assembly cannot name"
        raise refuse(self._program, self._function, instruction, why)

    def _variable(self, package: str, name: str) -> str:
        if package == self._package:
            if name not in self.variables:
                self.variables.append(name)
            return f"·{name}"
        if package != "runtime":
            self.imports.add(package)
        return f"{package.replace('/', '∕')}·{name}"

    def _constant(self, symbol: str, digits: str) -> str:
        if symbol not in self._names:
            name = self._names[symbol] = symbol[1:].replace(".", "_")
            data = bytes.fromhex(digits)[::-1]
            self._emit(name, data, {}, symbol)
        return self._names[symbol]

    def _copied(self, instruction: Instruction, held: Listed) -> str:
        if held.name in self._names:
            return self._names[held.name]
        if held.size > _TOO_LARGE:
            raise refuse(self._program, self._function, instruction, "refers to data of over 64 KiB")
        kind = "text" if held.name.startswith("go:string.") else "table"
        name = self._names[held.name] = f"{kind}{len(self._names)}"
        addresses: dict[int, str] = {}
        for relocation in held.relocations:
            addresses[relocation.offset] = self._address(instruction, relocation)
        what = held.name if len(held.name) < 60 and "*/" not in held.name else f"{held.size} bytes"
        self._emit(name, held.data.ljust(held.size, b"\0"), addresses, what)
        return name

    def _address(self, instruction: Instruction, relocation: Relocation) -> str:
        if relocation.size != 8 or relocation.type != "R_ADDR":
            raise refuse(
                self._program, self._function, instruction, "refers to a table of relative addresses"
            )
        if (relocation.target, "ABIInternal") in self._listed:
            raise refuse(self._program, self._function, instruction, "refers to a table of code addresses")
        return self._named(instruction, relocation.target, relocation.addend)

    def _emit(self, name: str, data: bytes, addresses: Mapping[int, str], what: str) -> None:
        lines = [f"// {what}"]
        at = 0
        while at < len(data):
            if at in addresses:
                lines.append(f"DATA {name}<>+{at}(SB)/8, ${addresses[at]}")
                at += 8
                continue
            width = next(w for w in (8, 4, 2, 1) if at + w <= len(data))
            value = int.from_bytes(data[at : at + width], "little")
            lines.append(f"DATA {name}<>+{at}(SB)/{width}, $0x{value:0{2 * width}x}")
            at += width
        lines.append(f"GLOBL {name}<>(SB), RODATA|NOPTR, ${max(len(data), 1)}")
        self.lines += [*lines, ""]
