"""Help texts for the words of the assembler itself: instructions, directives, registers."""

from __future__ import annotations

import re
from pathlib import Path

from underglass.abi.amd64 import ROLES
from underglass.kernel.helptext import Help
from underglass.program.meanings import instruction_meaning, register_meaning
from underglass.program.usage import Usage, directive, usage
from underglass.toolchain.forms import aliases, forms, registers, shown
from underglass.toolchain.opcodes import opcodes

__all__ = ["directive_help", "instruction_help", "register_help"]

_WIDTHS = {"B": "1 byte", "W": "2 bytes", "L": "4 bytes", "Q": "8 bytes"}
_PART = re.compile(r"(?P<of>[ABCD])(?P<which>[LH])|(?P<low>SP|BP|SI|DI|R\d+)B")
_VECTOR = re.compile(r"(?P<kind>[XYZ])(?P<number>\d+)")
_ABI0 = "ABI0: it carries no argument and no result; a function may overwrite it."
_BOTH = {
    "SP": "ABI0: the same. A function gives it back as it found it.",
    "BP": "ABI0: the same. A function that changes it puts the caller's value back.",
}


def directive_help(name: str) -> Help | None:
    """What a directive does, with an example."""
    found = directive(name)
    if found is None:
        return None
    lines = (found.meaning if found.example == name else f"\t{found.example}", found.meaning)
    return Help(f"{name} {found.operands}".rstrip(), "goasm", tuple(dict.fromkeys(lines)))


def instruction_help(name: str, root: Path | None) -> Help | None:
    """What an instruction does, its operands in order, the flags it changes, its widths, an example."""
    known = opcodes(root) if root is not None else frozenset()
    plain, _, suffix = name.partition(".")  # VADDPD.Z: the suffix of AVX-512
    proper = aliases(root).get(plain, plain) if root is not None else plain
    told = usage(plain) or usage(proper)
    meaning = instruction_meaning(plain) or instruction_meaning(proper)
    if plain not in known and told is None and not meaning:
        return None
    lines = [meaning or "The toolchain knows it; there is no sentence for it here."]
    if proper != plain:
        lines.append(f"{plain} is another spelling of {proper}.")
    if suffix:
        lines.append(
            f".{suffix} is a suffix of AVX-512: Z zeroes what the mask leaves out, others say how to round."
        )
    every = forms(root).get(plain, ()) if root is not None else ()
    if every:
        lines.append(f"Operands, in this order: {shown(every)}.")
    if told is not None:
        lines += [_flags(told, plain), f"\t{told.example}", f"Here: {told.effect}."]
    if widths := _widths(plain, known):
        lines.append(f"Widths: {widths}.")
    return Help(f"{name} {told.operands if told is not None else ''}".rstrip(), "goasm", tuple(lines))


def register_help(name: str, root: Path | None) -> Help | None:
    """A register's role in both ABIs."""
    if root is not None and name not in registers(root) and name != "g":
        return None
    if name == "g":
        return Help("g", "goasm", ("The current goroutine: another name of R14, where ABIInternal has it.",))
    if part := _PART.fullmatch(name):
        whole = f"{part['of']}X" if part["of"] else part["low"]
        which = "second-lowest" if part["which"] == "H" else "low"
        return Help(name, "goasm", (f"The {which} byte of {whole}.", *_roles(whole)))
    if (vector := _VECTOR.fullmatch(name)) and vector["kind"] != "X":
        size = 32 if vector["kind"] == "Y" else 64
        low = f"X{vector['number']}"
        return Help(name, "goasm", (f"{size} bytes; the lowest 16 are {low}.", *_roles(low)))
    lines = _roles(name)
    return Help(name, "goasm", lines) if lines else None


def _roles(name: str) -> tuple[str, ...]:
    if meaning := register_meaning(name):
        role = (f"ABIInternal: {ROLES[name]}.",) if name in ROLES else ()
        return (meaning, *role, _BOTH.get(name, _ABI0))
    if _VECTOR.fullmatch(name):
        return ("16 bytes. Of the X registers, X16 to X31 need AVX-512 and carry no argument in either ABI.",)
    kinds = (
        (r"K\d", "A mask register of AVX-512; K0 as a mask means no mask."),
        (r"M\d", "A 64-bit register of MMX, which shares its place with F registers. Go does not use it."),
        (
            r"F\d",
            "A register of the x87 unit, numbered from the top of its stack. Go does not use it.",
        ),
        (r"[CDEFGS]S", "A segment register. FS leads to thread-local storage on Linux."),
        (r"[CDT]R\d+|GDTR|IDTR|LDTR|MSW|TASK", "A register of the system; a process may not change it."),
        (
            r"TLS",
            "Stands for the base of thread-local storage: MOVQ (TLS), CX loads g where the linker says.",
        ),
    )
    return tuple(told for pattern, told in kinds if re.fullmatch(pattern, name))


def _flags(told: Usage, name: str) -> str:
    if told.example.startswith(f"{name};"):
        return "Flags: those of the instruction behind it."
    if not told.sets and not told.undefined:
        return "Flags: none changes."
    sets = f"sets {' '.join(told.sets)}" if told.sets else "sets none"
    rest = f"; {' '.join(told.undefined)} mean nothing afterwards" if told.undefined else ""
    return f"Flags: {sets}{rest}."


def _widths(name: str, known: frozenset[str]) -> str:
    stem = name[:-1]
    if name[-1:] not in _WIDTHS:
        return ""
    found = [f"{stem}{w} {_WIDTHS[w]}" for w in _WIDTHS if stem + w in known]
    return ", ".join(found) if len(found) > 1 else ""
