"""A question at a step: what will hold after the instruction that is about to run?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from underglass.errors import UnderglassError
from underglass.trace import REGISTERS
from underglass.trace.naming import word_of
from underglass.trace.trace import FLAGS

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["Predict", "questions_of"]

_IMPLICIT = ("SP", "PC", "FLAGS")  # nearly every instruction moves one of these; they are asked about last


@dataclass(frozen=True)
class Predict:
    """What the stepper asks at a step, before it shows what the instruction does.

    >>> stepper(trace, predict=[Predict(12, "AX", says="ADDQ adds its source to AX.")])
    """

    step: int  # the instruction of this step is about to run
    what: str = ""  # "AX", "ZF", "8(SP)", "x+0(FP)"; "" is the first thing that the instruction changes
    ask: str = ""  # what stands in backquotes is code, here and below; "" asks what the thing will hold
    says: str = ""  # the reason, right or wrong; "" is what the instruction does, and what its operands held
    wrong: Mapping[int, str] = field(
        default_factory=dict
    )  # a wrong value → what the reader who typed it believed


def questions_of(trace: Trace, asked: Iterable[Predict | int], shown: int) -> list[dict[str, Any]]:
    """The questions as the stepper's record holds them, in the order of their steps.

    Raises:
        UnderglassError: a step that the trace does not have, or a thing that it does not know.
    """
    found: dict[int, dict[str, Any]] = {}
    for one in asked:
        question = one if isinstance(one, Predict) else Predict(one)
        if not isinstance(question.step, int) or not 0 <= question.step < shown:
            raise UnderglassError(
                f"{trace.title} has {shown} instructions to ask about, numbered from 0; "
                f"there is none at step {question.step!r}."
            )
        found[question.step] = _question(trace, question)
    return [found[step] for step in sorted(found)]


def _question(trace: Trace, asked: Predict) -> dict[str, Any]:
    what = asked.what or _first_change(trace, asked.step)
    kind, size, answer = _held(trace, asked.step, what)
    instruction = trace.instruction(asked.step)
    code = f"`{instruction.go}`" if instruction else "the next instruction"
    ask = asked.ask or (
        f"Which address comes after {code}?" if what == "PC" else f"What does `{{what}}` hold after {code}?"
    )
    moved = trace.register(asked.step, "SP") - trace.register(asked.step + 1, "SP")
    if (
        not asked.what and moved and what.endswith("(SP)")
    ):  # PUSH and CALL: the word is named by the SP they leave
        what = f"{int(what.removesuffix('(SP)')) + moved}(SP)"
    ask = ask.replace("{what}", what)
    bits = (1 << 8 * size) - 1
    wrong = {f"{value & bits:x}": text for value, text in asked.wrong.items()}
    return {
        "step": asked.step,
        "kind": kind,
        "name": what,
        "size": size,
        "answer": f"{answer:x}",
        "ask": ask,
        "says": asked.says,
        "wrong": wrong,
    }


def _first_change(trace: Trace, step: int) -> str:
    """A register the instruction changes, else a word it stores, else a flag, else where it goes."""
    before, after = trace.registers[step], trace.registers[step + 1]
    changed = [name for name, a, b in zip(REGISTERS, before, after, strict=True) if a != b]
    named = [name for name in changed if name not in _IMPLICIT]
    if named:
        return named[0]
    stores = trace.writes[trace.writes["step"] == step]
    if len(stores):
        return f"{int(stores['address'][0]) - trace.register(step, 'SP')}(SP)"
    if "SP" in changed:
        return "SP"
    old, new = trace.flags(step), trace.flags(step + 1)
    return next((name for name in ("ZF", "CF", "SF", "OF") if old[name] != new[name]), "PC")


def _held(trace: Trace, step: int, what: str) -> tuple[str, int, int]:
    """(kind, bytes, value after the step) of a register, a flag or a word."""
    if what in REGISTERS:
        return "register", 8, trace.register(step + 1, what)
    if what in FLAGS:
        return "flag", 1, trace.flags(step + 1)[what]
    address, size = word_of(trace, step, what)
    data = trace.memory(step + 1, address, size)
    if data is None:
        raise UnderglassError(f"The recording of {trace.title} has no memory at {what} ({address:#x}).")
    return "word", size, int.from_bytes(data, "little")
