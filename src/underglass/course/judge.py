"""Hold one recorded run to what an exercise asks: the value, the rules, the structure, the budget."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.course.failure import CheckFailed
from underglass.trace.activation import Activation, activations
from underglass.trace.sentinel import broken_rules

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["MOST_STEPS", "Asked", "Beliefs", "State", "same"]

Beliefs = Mapping[str, str]
"""A wrong result that can be foreseen, as an expression of the parameters ("x", "x + y") → what its author
probably believed, and what shows otherwise."""

State = Callable[["Trace"], str]
"""Looks at a recorded run: what is wrong with it, in a sentence, or "" if nothing is."""

MOST_STEPS = 20_000  # of one case
_WORDS = {"abs": abs, "len": len, "max": max, "min": min, "sum": sum}  # that a belief may use


@dataclass(frozen=True)
class Asked:
    """What an exercise asks of each run."""

    name: str
    beliefs: Beliefs
    locals: int
    calls: str
    in_go: bool
    at_most: int | None
    state: State | None

    def judge(self, trace: Trace, arguments: tuple[object, ...], expected: object) -> None:
        """Hold one recorded run to it.

        Raises:
            CheckFailed: with the step at which to look.
        """
        _judge(trace, arguments, expected, self.beliefs)
        if not self.in_go:
            _structure(trace, self.name, self.locals, self.calls)
        if self.at_most is not None:
            taken = _own_steps(trace, self.name)
            if taken > self.at_most:
                raise CheckFailed(
                    f"{trace.title} gave {expected!r}, as expected, in {taken} instructions of its own; "
                    f"the exercise allows {self.at_most}.",
                    trace=trace,
                )
        said = self.state(trace) if self.state is not None else ""
        if said:
            raise CheckFailed(f"{trace.title}: {said}", trace=trace, step=_end(trace))


def _own_steps(trace: Trace, name: str) -> int:
    """How many instructions a run executed in the function itself."""
    homes = (trace.function_at(step) for step in range(len(trace)))
    return sum(home is not None and home.name == f"main.{name}" and not home.is_wrapper for home in homes)


def _end(trace: Trace) -> int:
    """The last step of the outermost assembly function, else the last of all."""
    runs = activations(trace)
    return runs[0].last if runs else len(trace) - 1


def _judge(trace: Trace, arguments: tuple[object, ...], expected: object, beliefs: Beliefs) -> None:
    found = broken_rules(trace)
    broken = [finding for finding in found if not finding.rule.is_hint]
    breaches = [str(finding) for finding in broken[:2]]
    rules = tuple(dict.fromkeys(finding.rule.id for finding in broken))
    step = broken[0].step if broken else _end(trace)
    if trace.results is None:
        raise CheckFailed(
            _paragraph(f"{trace.title} did not return: {_fault(trace)}", *breaches),
            trace=trace, step=step if broken else len(trace) - 1, rules=rules,
        )  # fmt: skip
    given = trace.results[0] if len(trace.results) == 1 else trace.results or None
    if same(given, expected):
        if breaches:
            said = _paragraph(f"{trace.title} gave {given!r}, as expected, and broke a rule.", *breaches)
            raise CheckFailed(said, trace=trace, step=step, rules=rules)
        return
    words = [f"{trace.title} gave {given!r}, and {expected!r} was expected."]
    # A broken rule explains the value; a belief that fits it would only do so by chance.
    believed = "" if breaches else _believed(trace, given, arguments, beliefs)
    words += [believed] if believed else []
    noted = [str(finding) for finding in found]
    if believed:
        noted = [said for said in noted if _is_spoken_of(said, trace, beliefs)]
    words += breaches or noted[:1]
    if len(words) == 1:
        call = ", ".join([f'"{trace.title.partition("(")[0]}"', *map(_short, arguments)])
        words.append(f"No rule is broken: it computes something else. prog.record({call}) shows every step.")
    raise CheckFailed(_paragraph(*words), trace=trace, step=step, rules=rules)


def _is_spoken_of(said: str, trace: Trace, beliefs: Beliefs) -> bool:
    """Whether a finding is about a parameter that a belief has in it; others are there to be passed over."""
    return any(
        re.search(rf"\b{place.name}(_\w+)?\+", said) and re.search(rf"\b{place.name}\b", " ".join(beliefs))
        for place in trace.layout.params
    )


def _believed(trace: Trace, given: object, arguments: tuple[object, ...], beliefs: Beliefs) -> str:
    names = dict(zip((place.name for place in trace.layout.params), arguments, strict=False))
    for expression, sentence in beliefs.items():
        with contextlib.suppress(LookupError, ArithmeticError):  # "xs[2]" where a case has two elements
            # The author of the exercise wrote it; the reader's values are plain data.
            if eval(expression, {"__builtins__": _WORDS}, names) == given:
                return sentence
    return ""


def _short(argument: object) -> str:
    said = repr(argument)
    return said if len(said) <= 60 else "…"


def _fault(trace: Trace) -> str:
    said = b"".join(data for _, descriptor, data in trace.output if descriptor == 2).decode(errors="replace")
    lines = [line for line in said.splitlines() if line.strip()]
    if lines:
        return f"the runtime stopped it and wrote {' / '.join(lines[:2])!r}."
    if len(trace) >= MOST_STEPS:
        return f"it went on for more than {MOST_STEPS:,} instructions. Does every loop end?"
    fault = trace.fault or "the recording does not say why."
    return fault.removeprefix(f"{trace.title} did not return: ")


def _structure(trace: Trace, name: str, words: int, calls: str) -> None:
    """The answer is assembly, makes the call, and keeps as many words in its frame as the exercise asks."""
    runs = [run for run in activations(trace) if run.function.name == f"main.{name}"]
    if not runs:
        raise CheckFailed(
            f"{name} gave the right result, but it is not written in assembly. Write it in a %%asm cell."
        )
    run = runs[0]
    if calls and not any(c.callee and c.callee.name == f"main.{calls}" for c in run.calls):
        raise CheckFailed(
            f"{trace.title} gave the right result without calling {calls}. "
            f"The exercise is the call: CALL ·{calls}(SB).",
            trace=trace,
        )
    kept = _locals(trace, run)
    if len(kept) < words:
        raise CheckFailed(
            f"{trace.title} gave the right result, and kept {len(kept)} of the {words} words that the "
            "exercise asks for in its frame. "
            "The first local is the word at -8(SP) with a name before it: kept-8(SP).",
            trace=trace,
        )


def _locals(trace: Trace, run: Activation) -> set[int]:
    """The words of the frame that the function itself stores to, above its callees' arguments."""
    room = max((c.sp + c.layout.args_size for c in run.calls if c.layout), default=-(1 << 40))
    pushes = {s for s in run.steps if (i := trace.instruction(s)) and i.go.startswith(("PUSH", "CALL"))}
    return {
        access.offset & -8
        for access in run.accesses(trace)
        if access.is_write
        and access.is_own
        and access.step not in pushes
        and room <= access.offset < run.pseudo_sp
    }


def _paragraph(first: str, *more: str) -> str:
    """Sentences in a row; one that begins with the name of a function or a variable keeps it as it is."""
    return " ".join(
        [first, *(s[:1].upper() + s[1:] if s.startswith(("cell ", "step ")) else s for s in more)]
    )


def same(given: object, expected: object) -> bool:
    """Whether a result is the expected one, True apart from 1 and 1 from 1.0."""
    return given == expected and type(given) is type(expected)
