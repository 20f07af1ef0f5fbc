"""How an instruction or a directive is written: operands in their order, flags, an example.

The lines are data, `usage_amd64.yml`; what each is for stands in `meanings_amd64.yml` (`meanings`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

__all__ = [
    "Directive",
    "Usage",
    "directive",
    "directives",
    "pseudo_register_meaning",
    "text_flag_meaning",
    "usage",
    "usages",
]

_ALL = "CF PF AF ZF SF OF"
_CONDITIONAL = re.compile(r"(J|SET|CMOV[WLQ])(EQ|NE|LT|LE|GT|GE|HI|CC|CS|LS|MI|PL|OS|OC|PS|PC)")


@dataclass(frozen=True)
class Usage:
    """How one instruction is written."""

    operands: str  # what each is, in the order of the text: "source, destination"; "" for none
    sets: tuple[str, ...]  # flags that it writes: ("CF", "OF"); conditionally where a count is 0
    undefined: tuple[str, ...]  # flags that mean nothing afterwards
    example: str  # one line of assembly
    effect: str  # what that line does


@dataclass(frozen=True)
class Directive:
    """How one directive is written."""

    operands: str  # "symbol(SB), flags, $frame-arguments"; "" for none
    example: str  # one line of assembly
    meaning: str  # what that line, and the directive, does


def usage(mnemonic: str) -> Usage | None:
    """How an instruction is written, by its name with or without a width; None if nothing is told.

    >>> usage("ADDL").example
    'ADDL BX, AX'
    """
    known = usages()
    if mnemonic in known:
        return known[mnemonic]
    if found := _CONDITIONAL.fullmatch(mnemonic):
        told = known[found[1].rstrip("WLQ") if found[1] != "J" else "J"]
        example = told.example.replace("{C}", found[2]).replace("CMOVQ", found[1])
        return Usage(told.operands, told.sets, told.undefined, example, told.effect)
    stem, width = mnemonic[:-1], mnemonic[-1:]
    if stem not in known or width not in "BWLQ":
        return None
    told = known[stem]
    head = re.match(r"(?:LOCK; |REPN?; )?\w+", told.example)
    example = re.sub(rf"\b{stem}[BWLQ]?\b", mnemonic, told.example) if head else told.example
    return Usage(told.operands, told.sets, told.undefined, example, told.effect)


@cache
def usages() -> dict[str, Usage]:
    """All that is told of instructions, by name without a width; J, SET and CMOV stand for theirs."""
    every = _table()["instructions"] | _table()["conditional"]
    return {name: _usage(*line.split(" | ")) for name, line in every.items()}


def directive(name: str) -> Directive | None:
    """How a directive is written: "TEXT", "#include"; None if it is none."""
    return directives().get(name)


@cache
def directives() -> dict[str, Directive]:
    """All directives, by name."""
    held = {name: str(line).split(" | ") for name, line in _table()["directives"].items()}
    return {name: Directive(_nothing(a).strip("'"), b.strip("'"), c) for name, (a, b, c) in held.items()}


def text_flag_meaning(name: str) -> str:
    """The sentence for a flag of TEXT or GLOBL ("NOSPLIT"); "" if there is none."""
    return str(_table()["text_flags"].get(name, ""))


def pseudo_register_meaning(name: str) -> str:
    """The sentence for FP, SP, SB or PC; "" for anything else."""
    return str(_table()["pseudo_registers"].get(name, ""))


def _usage(operands: str, sets: str, undefined: str, example: str, effect: str) -> Usage:
    return Usage(_nothing(operands), _flags(sets), _flags(undefined), example, effect)


def _flags(words: str) -> tuple[str, ...]:
    return tuple(_nothing(words).replace("all", _ALL).split())


def _nothing(words: str) -> str:
    return "" if words in ("-", "no operand") else words


@cache
def _table() -> dict[str, dict[str, Any]]:
    text = (files("underglass.program") / "usage_amd64.yml").read_text(encoding="utf-8")
    held: dict[str, dict[str, Any]] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return held
