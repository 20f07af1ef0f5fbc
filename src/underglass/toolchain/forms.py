"""Which operands each instruction takes, read from the tables that Go's amd64 assembler encodes by.

Source: GOROOT/src/cmd/internal/obj/x86, asm6.go (optab, ymovtab) and avx_optabs.go (avxOptab), Go 1.27. Each
entry names a list of argument classes (Yrl: a general register, Yml: that or memory, Yi8: a constant, …).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["Form", "aliases", "forms", "registers", "shown"]

Form = tuple[frozenset[str], ...]
"""The operands of one way to write an instruction, in the order of the text: the kinds that each may be."""

_FILES = ("asm6.go", "avx_optabs.go")
_LISTS = re.compile(r"^var (_?y\w+) = \[\]ytab\{(.*?)^\}", re.MULTILINE | re.DOTALL)
_ARGUMENTS = re.compile(r"argList\{([^}]*)\}")
_ENTRY = re.compile(r"^\t\{(?:as: )?(?:obj\.)?A(\w+), (?:ytab: )?(_?y\w+), ", re.MULTILINE)
_MOVE = re.compile(r"^\t\{A(\w+), (Y\w+), (Y\w+), (Y\w+), mov", re.MULTILINE)
_ALIAS = re.compile(r'instructions\["(\w+)"\]\s*=\s*x86\.A(\w+)')
_REGISTER = re.compile(r'^\t"(\w+)",', re.MULTILINE)
_GENERAL = {"Yrb": "reg8", "Yal": "reg8", "Ycl": "reg8", "Yrl": "reg", "Yrl32": "reg", "Yax": "reg"}
_CLASSES: Mapping[str, tuple[str, ...]] = {
    **{name: (kind,) for name, kind in _GENERAL.items()},
    **dict.fromkeys(("Yi0", "Yi1", "Yu2", "Yi8", "Yu8", "Yu7", "Ys32", "Yi32", "Yi64"), ("imm",)),
    "Yiauto": ("imm",),
    "Ycx": ("reg",),
    "Yrf": ("freg",),
    "Yf0": ("freg",),
    "Yrx": ("freg",),
    "Ymb": ("reg8", "mem"),
    "Yml": ("reg", "mem"),
    "Ym": ("mem",),
    "Yindir": ("mem",),
    "Ybr": ("label",),
    "Ymr": ("mmreg",),
    "Ymm": ("mmreg", "mem"),
    "Yxr0": ("xreg",),
    "Yxr": ("xreg",),
    "Yxm": ("xreg", "mem"),
    "Yxvm": ("mem",),
    "Yyr": ("yreg",),
    "Yym": ("yreg", "mem"),
    "Yyvm": ("mem",),
    "Yzr": ("zreg",),
    "Yzm": ("zreg", "mem"),
    "Yzvm": ("mem",),
    "Yk0": ("kreg",),
    "Yknot0": ("kreg",),
    "Yk": ("kreg",),
    "Ykm": ("kreg", "mem"),
    "Ytls": ("TLS",),
}
_EVEX = re.compile(r"Y([xyz])(r|m|vm)(?:Evex)?(?:Multi4)?")
_ORDER = ("imm", "reg8", "reg", "xreg", "yreg", "zreg", "kreg", "mmreg", "freg", "mem", "label")


@functools.lru_cache(maxsize=2)
def forms(goroot: Path) -> Mapping[str, tuple[Form, ...]]:
    """Return instruction → its forms; empty where the toolchain comes without its source.

    >>> shown(forms(find_go().root)["SHLQ"])  # doctest: +SKIP
    'imm/reg8/reg, reg/mem | imm/reg8/reg, reg, reg/mem'
    """
    lists: dict[str, tuple[tuple[str, ...], ...]] = {}
    found: dict[str, list[Form]] = {}
    for text in (_source(goroot, file) for file in _FILES):
        for name, body in _LISTS.findall(text):
            lists[name] = tuple(_words(a) for a in _ARGUMENTS.findall(body))
        for name, body in _ENTRY.findall(text):
            found.setdefault(name, []).extend(_form(a, name) for a in lists.get(body, ()))
        for name, *classes in _MOVE.findall(text):
            found.setdefault(name, []).append(_form(tuple(c for c in classes if c != "Ynone"), name))
    full = {name: tuple(dict.fromkeys(f)) for name, f in found.items()}
    return full | {new: full[old] for new, old in aliases(goroot).items() if old in full}


@functools.lru_cache(maxsize=2)
def aliases(goroot: Path) -> Mapping[str, str]:
    """Return the spellings that stand for another instruction: JZ → JEQ (cmd/asm/internal/arch/arch.go)."""
    path = goroot / "src/cmd/asm/internal/arch/arch.go"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return {new: old for new, old in _ALIAS.findall(text) if new != old}


@functools.lru_cache(maxsize=2)
def registers(goroot: Path) -> tuple[str, ...]:
    """Return the assembler's registers in its own order (cmd/internal/obj/x86/list6.go)."""
    text = _source(goroot, "list6.go").partition("var Register = []string{")[2].partition("\n}")[0]
    return tuple(name for name in _REGISTER.findall(text) if name != "MAXREG")


def shown(every: tuple[Form, ...]) -> str:
    """Return the forms of an instruction in one line, those with as many operands put together."""
    by_count: dict[int, list[set[str]]] = {}
    for form in every:
        union = by_count.setdefault(len(form), [set() for _ in form])
        for kinds, more in zip(union, form, strict=True):
            kinds |= more
    return " | ".join(
        ", ".join("/".join(sorted(kinds, key=_rank)) for kinds in by_count[count]) or "no operand"
        for count in sorted(by_count)
    )


def _rank(kind: str) -> tuple[int, str]:
    return (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), kind)


def _form(classes: tuple[str, ...], instruction: str) -> Form:
    """The kinds of each operand; the tables use the byte classes for words as well (asm6.go, yscond)."""
    form = tuple(frozenset(_kinds(name)) for name in classes)
    if instruction.endswith("B") or instruction.startswith("SET"):
        return form
    return tuple(frozenset("reg" if k == "reg8" else k for k in kinds) for kinds in form)


def _kinds(name: str) -> tuple[str, ...]:
    if name in _CLASSES:
        return _CLASSES[name]
    if found := _EVEX.fullmatch(name):
        return _CLASSES[f"Y{found[1]}{found[2]}"]
    return (name.removeprefix("Y").upper(),)  # a segment or system register: CS, CR0, GDTR


def _words(arguments: str) -> tuple[str, ...]:
    return tuple(w for w in re.split(r"[\s,]+", arguments) if w and w != "Ynone")


def _source(goroot: Path, file: str) -> str:
    path = goroot / "src/cmd/internal/obj/x86" / file
    return path.read_text(encoding="utf-8") if path.is_file() else ""
