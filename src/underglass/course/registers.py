"""The registers of amd64 as reference tables: names, parts, what each convention and each instruction does.

Nothing is written here that the library holds elsewhere: the names are the assembler's own (list6.go), the
roles those of the ABI's document (`abi.amd64`), the sentences those of the kernel's help.
"""

from __future__ import annotations

from underglass.abi import abi_internal_layout, parse_signature
from underglass.abi.amd64 import ROLES
from underglass.program.meanings import flag_meaning, register_meaning
from underglass.program.usage import pseudo_register_meaning
from underglass.toolchain import find_go
from underglass.toolchain.forms import registers
from underglass.trace.trace import FLAGS
from underglass.views.table import Table

__all__ = [
    "GENERAL_REGISTERS",
    "VECTOR_REGISTERS",
    "argument_registers",
    "byte_names",
    "flag_table",
    "intel_names",
    "other_register_table",
    "pseudo_register_table",
    "register_notes",
    "register_table",
    "vector_table",
]

GENERAL_REGISTERS = ("AX", "BX", "CX", "DX", "SI", "DI", "BP", "SP", *(f"R{n}" for n in range(8, 16)))
VECTOR_REGISTERS = tuple(f"X{n}" for n in range(16))

_KEPT = ("SP", "BP")
_OTHERS = (
    ("Y", "Y0 to Y31", 256, "AVX, and AVX-512 from Y16 on. The low half of Y0 is X0."),
    ("Z", "Z0 to Z31", 512, "AVX-512. The low half of Z0 is Y0."),
    ("X1", "X16 to X31", 128, "AVX-512. They carry no argument in either ABI."),
    ("K", "K0 to K7", 64, "Masks of AVX-512."),
    ("M", "M0 to M7", 64, "MMX. Go does not use them."),
    ("F", "F0 to F7", 80, "The x87 unit. Go does not use them."),
    ("CS", "CS SS DS ES FS GS", 16, "Segment registers. FS leads to thread-local storage on Linux."),
    ("CR", "CR0 to CR15, DR0 to DR7", 64, "Control and debug registers. A process may not touch them."),
)


def intel_names(name: str) -> tuple[str, str, str, str]:
    """A general register as Intel names its 64, 32, 16 and 8 low bits.

    >>> intel_names("AX"), intel_names("R8")
    (('RAX', 'EAX', 'AX', 'AL'), ('R8', 'R8D', 'R8W', 'R8B'))
    """
    if name[0] == "R":
        return name, f"{name}D", f"{name}W", f"{name}B"
    low = f"{name[0]}L" if name in ("AX", "BX", "CX", "DX") else f"{name}L"
    return f"R{name}", f"E{name}", name, low


def byte_names(name: str) -> tuple[str, ...]:
    """The names that Go's assembler has for single bytes of a general register (list6.go); SP has none.

    >>> byte_names("AX"), byte_names("SI")
    (('AL', 'AH'), ('SIB',))
    """
    known = registers(find_go().root)
    made = (f"{name[0]}L", f"{name[0]}H") if name in ("AX", "BX", "CX", "DX") else (f"{name}B",)
    return tuple(part for part in made if part in known and part != "SPB")  # no instruction takes that one


def argument_registers(prototype: str) -> dict[str, tuple[str, ...]]:
    """Where ABIInternal has each argument of a function: its registers, none for one on the stack.

    >>> argument_registers("func f(a int64, s string, x float64)")
    {'a': ('AX',), 's': ('BX', 'CX'), 'x': ('X0',)}

    Raises:
        UnderglassError: it is no prototype.
    """
    layout = abi_internal_layout(parse_signature(prototype))
    return {place.name: tuple(piece.register for piece in place.pieces) for place in layout.params}


def register_table() -> Table:
    """The general registers: names, and what each carries in both ABIs."""
    rows = tuple(
        (
            f"`{name}`",
            " ".join(f"`{one}`" for one in intel_names(name)),
            " ".join(f"`{one}`" for one in byte_names(name)) or "none",
            ROLES[name],
            "given back as found" if name in _KEPT else "free to use",
        )
        for name in GENERAL_REGISTERS
    )
    head = ("Go", "Intel: 64, 32, 16, 8 bits", "bytes in Go", "ABIInternal", "ABI0")
    return Table("The sixteen general registers of amd64", head, rows)


def register_notes() -> Table:
    """What each general register is for, the fixed uses by instructions included."""
    rows = tuple((f"`{name}`", register_meaning(name)) for name in GENERAL_REGISTERS)
    return Table("What each is for", ("register", "what it is for"), rows)


def vector_table() -> Table:
    """X0 to X15: 128 bits each, and what each carries in both ABIs."""
    rows = tuple((f"`{name}`", f"`XMM{name[1:]}`", ROLES[name], "free to use") for name in VECTOR_REGISTERS)
    return Table("The sixteen vector registers", ("Go", "Intel", "ABIInternal", "ABI0"), rows)


def other_register_table() -> Table:
    """The registers that carry no argument: wider vectors, masks, x87, segments, the system's."""
    known = registers(find_go().root)
    rows = tuple(
        (names, str(bits), told)
        for prefix, names, bits, told in _OTHERS
        if any(one.startswith(prefix) for one in known)
    )
    return Table("What else the assembler has a name for", ("names", "bits", "what it is"), rows)


def flag_table() -> Table:
    """The flags of a recording, with their bit numbers in FLAGS."""
    rows = tuple((f"`{name}`", str(bit), flag_meaning(name)) for name, bit in FLAGS.items())
    return Table("The flags", ("flag", "bit", "set when"), rows)


def pseudo_register_table() -> Table:
    """The four names that are registers of the assembler alone."""
    rows = tuple((f"`{name}`", pseudo_register_meaning(name)) for name in ("FP", "SP", "SB", "PC"))
    return Table("The pseudo-registers", ("name", "what it stands for"), rows)
