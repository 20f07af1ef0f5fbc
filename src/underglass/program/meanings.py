"""What an instruction, a register or a flag is for, in one sentence a reader can take in at a glance.

The sentences are data, `meanings_amd64.yml`; this finds the one that an instruction of a listing has.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

__all__ = ["flag_meaning", "instruction_meaning", "register_meaning"]

_WIDTHS = {"B": "1 byte", "W": "2 bytes", "L": "4 bytes", "Q": "8 bytes"}
_PREFIXED = re.compile(r"^(LOCK|REPNE|REPN|REPE|REP)[; ]\s*(\S+)")
# The assembler has CMOVLLE (4 bytes, less or equal), the disassembler CMOVLE (less or equal): a width
# stands before two letters only.
_CONDITIONAL = re.compile(r"^(J|SET|CMOV(?=[A-Z]{1,2}$)|CMOV(?=[A-Z]{3}$)[WLQ])([A-Z]{1,2})$")
_CLEARS_UPPER = " Writing 4 bytes of a register clears its upper half."


def instruction_meaning(go: str) -> str:
    """The sentence for an instruction in Go syntax, or for its mnemonic alone; "" if there is none.

    >>> instruction_meaning("ADDQ BX, AX")
    'Adds the source to the destination and sets the flags. (8 bytes)'
    """
    if prefixed := _PREFIXED.match(go):
        inner, name = instruction_meaning(prefixed[2]), prefixed[1].replace("REPN", "REPNE")[:5]
        told = _table()["prefixes"][name]
        return f"{inner} {told}".strip()
    mnemonic = go.split(" ")[0]
    instructions = _table()["instructions"]
    if mnemonic in instructions:
        return str(instructions[mnemonic])
    if (found := _CONDITIONAL.match(mnemonic)) and found[2] in _conditions():
        when = _conditions()[found[2]]
        does = {
            "J": f"Jumps if {when}.",
            "SET": f"Sets a byte: 1 if {when}, else 0.",
            "CMOV": f"Copies if {when}.",
        }
        return does[found[1][:4] if found[1][0] == "C" else found[1]]
    stem, width = mnemonic[:-1], mnemonic[-1:]
    if stem in instructions and width in _WIDTHS:
        upper = _CLEARS_UPPER if width == "L" and stem == "MOV" else ""
        return f"{instructions[stem]}{upper} ({_WIDTHS[width]})"
    return ""


def register_meaning(name: str) -> str:
    """The sentence for a register, by its Plan 9 name; "" if there is none."""
    return str(_table()["registers"].get(name, ""))


def flag_meaning(name: str) -> str:
    """The sentence for a flag ("ZF"); "" if there is none."""
    return str(_table()["flags"].get(name, ""))


@cache
def _table() -> dict[str, dict[str, Any]]:
    text = (files("underglass.program") / "meanings_amd64.yml").read_text(encoding="utf-8")
    held: dict[str, dict[str, Any]] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return held


@cache
def _conditions() -> dict[str, str]:
    """Each spelling of a condition → when it holds."""
    return {name: told for names, told in _table()["conditions"].items() for name in str(names).split()}
