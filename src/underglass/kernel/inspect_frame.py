"""Help texts for the words of a frame: `x+0(FP)`, `tmp-8(SP)`, `8(SP)`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from underglass.abi.layout import abi_internal_layout
from underglass.kernel.asmframe import Word, frame_above, signature_from, words
from underglass.kernel.asmtext import AsmFunction
from underglass.kernel.helptext import Help, count, ordinal
from underglass.kernel.known import Known
from underglass.program.usage import pseudo_register_meaning

__all__ = ["frame_help"]


def frame_help(
    found: re.Match[str], function: AsmFunction | None, prototypes: Mapping[str, str], known: Known
) -> Help:
    """What a reference to FP or SP means in a function.

    Args:
        found: with the groups name, offset and register.
    """
    name, register = found["name"] or "", found["register"]
    offset = int(found["offset"] or 0)
    if function is None:
        return Help(found[0], "goasm", (pseudo_register_meaning(register),))
    if register == "FP":
        lines = _argument(name, offset, function, prototypes.get(function.name, ""), known)
    elif name:
        lines = _local(offset, function)
    else:
        lines = (
            [f"The word at SP + {offset}, by the hardware stack pointer."]
            if offset
            else ["The word that the hardware stack pointer points to."]
        )
        lines.append(_outgoing(offset, function))
    return Help(found[0], "goasm", tuple(lines))


def _argument(name: str, offset: int, function: AsmFunction, prototype: str, known: Known) -> list[str]:
    if not name:
        return ["An offset to FP has to name what it means, as in x+0(FP).", pseudo_register_meaning("FP")]
    if not prototype:
        return [
            f"{function.name} has no prototype, so what lies here is not known.",
            f"A comment above TEXT says it: // func {function.name}(x, y int64) int64",
            *_places(offset, function),
        ]
    every = words(prototype, known)
    if not every:
        return [f"{prototype} names a type whose layout is not known.", *_places(offset, function)]
    word = next((w for w in every if w.name == name), None)
    if word is None:
        return [
            f"{function.name} has no {name}. It has {', '.join(w.text for w in every)}.",
            *_places(offset, function),
        ]
    lines = [_what(word, every, function)]
    if word.offset != offset:
        lines.append(f"Its offset is {word.offset}, not {offset}: write {word.text}.")
    return [*lines, *_places(offset, function), *_passed(word, prototype, known)]


def _what(word: Word, every: tuple[Word, ...], function: AsmFunction) -> str:
    """`The first argument of f, x: int64, 8 bytes.`"""
    place = word.place
    alike = list(dict.fromkeys(id(w.place) for w in every if w.place.is_result == place.is_result))
    number = alike.index(id(place)) + 1
    kind = "result" if place.is_result else "argument"
    which = f"The {ordinal(number)} {kind}" if len(alike) > 1 or not place.is_result else "The result"
    if word.is_part:
        part, whole = word.name[len(_own_name(word, every)) + 1 :], which[0].lower() + which[1:]
        kind = place.type.name
        return f"The part {part} of {whole} of {function.name}, {kind}: {word.type}, {count(word.size)}."
    return f"{which} of {function.name}: {word.type}, {count(word.size)}."


def _own_name(word: Word, every: tuple[Word, ...]) -> str:
    """The name of the whole value that a part belongs to."""
    return next(w.name for w in every if w.place is word.place and not w.is_part)


def _places(offset: int, function: AsmFunction) -> list[str]:
    """Where it is from the hardware SP."""
    lines = [f"At entry it lies at {offset + 8}(SP), above the return address at 0(SP)."]
    above = frame_above(function)
    if above is not None and above > 8:
        assert function.frame is not None
        saved = above - function.frame - 8
        between = [f"{count(function.frame)} of locals"] * bool(function.frame)
        between += ["the saved BP"] * bool(saved) + ["the return address"]
        lines.append(f"Below the prologue, at {offset + above}(SP): {', '.join(between)} lie under it.")
    return lines


def _passed(word: Word, prototype: str, known: Known) -> list[str]:
    """How Go code passes it."""
    signature = signature_from(prototype, known)
    if signature is None:
        return []
    internal = abi_internal_layout(signature)
    same = next((p for p in internal.places if p.name == word.place.name), None)
    if same is None:
        return []
    registers = ", ".join(piece.register for piece in same.pieces)
    where = f"in {registers}" if registers else "on the stack as well"
    if same.is_result:
        return [f"Go code expects {same.name} {where}; the wrapper loads it from here."]
    return [f"Go code passes {same.name} {where}; the wrapper stores it here."]


def _local(offset: int, function: AsmFunction) -> list[str]:
    locals_ = count(function.frame or 0)
    lines = [
        f"A local of {function.name}, {-offset} bytes below the top of its locals; the name is free."
        if offset < 0
        else "An offset that is not negative leads out of the locals: they lie below the pseudo-register SP."
    ]
    if function.frame is not None and offset < 0:
        at = function.frame + offset
        lines.append(
            f"With {locals_} of locals it is {at}(SP) by the hardware stack pointer."
            if at >= 0
            else f"TEXT gives {locals_} of locals, so it lies below SP. Write ${-offset} at least."
        )
    return lines


def _outgoing(offset: int, function: AsmFunction) -> str:
    above = frame_above(function)
    if above is None or function.frame is None:
        return "TEXT gives no size of the locals, so what lies here is not known."
    if offset < function.frame:
        return (
            f"It lies in the {count(function.frame)} of locals; a CALL finds its arguments at 0(SP) and up."
        )
    if offset == above - 8:
        return "It is the return address."
    if offset >= above:
        return f"It is {offset - above}(FP), in the caller's frame."
    return "It is the saved BP."
