"""What assembly can include: the toolchain's headers, and go_asm.h, made of the Go cells."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path

from underglass.abi.types import Struct
from underglass.kernel.asmframe import declared_types
from underglass.kernel.gotext import outline
from underglass.program.usage import text_flag_meaning
from underglass.toolchain.records import Source

__all__ = ["constants", "definitions", "headers"]

_DEFINE = re.compile(r"^#define\s+(\w+)(\([^)]*\))?[ \t]+((?:[^\n\\]|\\\n)*)", re.MULTILINE)
_TOLD = {
    "textflag.h": "The flags of TEXT and GLOBL: NOSPLIT, RODATA and others.",
    "funcdata.h": "GO_ARGS, NO_LOCAL_POINTERS, and the numbers of FUNCDATA and PCDATA.",
    "asm_amd64.h": "Macros for code that C calls, and names of processor features.",
    "go_asm.h": "Constants, sizes and field offsets of the program's Go.",
}
_OTHER_MACHINE = re.compile(r"_(?:ppc64x|riscv64|arm64|loong64|mips\w*|s390x|arm|386|wasm)\.h$")


def headers(root: Path | None) -> Mapping[str, str]:
    """Return the headers that a cell can include by their names, and what each has."""
    directory = root / "pkg/include" if root is not None else None
    names = sorted(p.name for p in directory.glob("*.h")) if directory is not None else []
    usable = [n for n in (*names, "go_asm.h") if not _OTHER_MACHINE.search(n)]
    return {n: _TOLD.get(n, "") for n in sorted(usable, key=lambda n: (n not in _TOLD, [*_TOLD, n].index(n)))}


@functools.lru_cache(maxsize=16)
def definitions(root: Path | None, header: str) -> Mapping[str, str]:
    """Return what #define makes in a header of the toolchain: "NOSPLIT" → "4"."""
    if root is None or not re.fullmatch(r"[\w.]+", header):
        return {}
    path = root / "pkg/include" / header
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = {}
    for name, arguments, told in _DEFINE.findall(text):
        plain = " ".join(re.sub(r"/\*.*?\*/|//[^\n]*|\\\n", " ", told).split())
        sentence = text_flag_meaning(name) if header == "textflag.h" else ""
        found[name] = ". ".join(w for w in (f"{arguments}{plain}", sentence) if w)
    return found


@functools.lru_cache(maxsize=16)
def constants(go_cells: tuple[Source, ...]) -> Mapping[str, str]:
    """Return the names that go_asm.h has for Go cells.

    (Go 1.27, cmd/compile/internal/gc/export.go, dumpasmhdr.)
    """
    found: dict[str, str] = {}
    for cell in go_cells:
        for declared in outline(cell.text):
            if declared.kind == "const":
                found[f"const_{declared.name}"] = declared.text
    for name, kind in declared_types(go_cells).items():
        if isinstance(kind, Struct):
            found[f"{name}__size"] = f"{kind.size}, the bytes of {name}"
            for field in kind.fields:
                found[f"{name}_{field.name}"] = f"{field.offset}, where {field.name} lies in {name}"
    return found
