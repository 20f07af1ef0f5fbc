"""The directives, flags and macros of Go's assembler as reference tables.

The flags and macros are read from the toolchain's own headers, the directives from the kernel's help.
"""

from __future__ import annotations

import re

from underglass.program.usage import directives, text_flag_meaning
from underglass.toolchain import find_go
from underglass.toolchain.textflags import text_flags
from underglass.views.table import Table

__all__ = ["DATA_FLAGS", "directive_table", "flag_table", "macro_table", "preprocessor_table"]

DATA_FLAGS = ("RODATA", "NOPTR", "DUPOK", "TLSBSS")
"""Flags that GLOBL looks at (Go 1.27, cmd/internal/obj/plist.go, GloblPos)."""

_BOTH = "DUPOK"  # of functions, too
_FUNCDATA_H = re.compile(
    r"((?://[^\n]*\n)*)#define\s+(GO_ARGS|GO_RESULTS_INITIALIZED|NO_LOCAL_POINTERS)\s+(.*)"
)


def directive_table() -> Table:
    """Return the directives of the assembler, each with a line of assembly."""
    rows = [
        (f"`{name}`", f"`{held.operands}`" if held.operands else "", f"`{held.example}` {held.meaning}")
        for name, held in directives().items()
        if not name.startswith("#")
    ]
    return Table("Directives of the assembler", ("name", "operands", "a line, and what it does"), tuple(rows))


def preprocessor_table() -> Table:
    """Return the lines that begin with #."""
    rows = [
        (f"`{held.example}`", held.meaning) for name, held in directives().items() if name.startswith("#")
    ]
    return Table("Lines of the preprocessor", ("line", "what it does"), tuple(rows))


def flag_table() -> Table:
    """Return the flags of TEXT and GLOBL, with the values of the toolchain in use."""
    rows = []
    for name, flag in text_flags().items():
        where = "TEXT, GLOBL" if name == _BOTH else "GLOBL" if name in DATA_FLAGS else "TEXT"
        rows.append((f"`{name}`", str(flag.value), where, text_flag_meaning(name) or flag.says))
    head = ("name", "value", "of", "what it says")
    return Table("Flags, from runtime/textflag.h", head, tuple(rows))


def macro_table() -> Table:
    """Return the macros of funcdata.h that a function may begin with, with the header's own text."""
    header = find_go().root / "src" / "runtime" / "funcdata.h"
    text = header.read_text(encoding="utf-8")
    rows = [
        (f"`{found[2]}`", f"`{found[3].strip()}`", _first(found[1], found[2]))
        for found in _FUNCDATA_H.finditer(text)
    ]
    return Table("Macros, from runtime/funcdata.h", ("name", "stands for", "what it says"), tuple(rows))


def _first(comment: str, name: str) -> str:
    """The first sentence of a comment, which begins with the macro's name."""
    words = " ".join(line.removeprefix("//").strip() for line in comment.splitlines())
    sentence = words.split(". ")[0].rstrip(".")
    told = sentence.removeprefix(name).strip()
    return f"{told[:1].upper()}{told[1:]}."
