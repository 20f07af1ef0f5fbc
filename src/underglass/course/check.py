"""Checks of exercises: a wrong answer is told what it gave, which rule broke, at which step and line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from underglass.errors import CallError, UnderglassError, UnknownFunction
from underglass.goprogram import GoProgram
from underglass.trace.activation import Activation, activations
from underglass.trace.sentinel import broken_rules

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["Beliefs", "CheckFailed", "check", "check_word"]

Beliefs = Mapping[str, str]
"""A wrong result that can be foreseen, as an expression of the parameters ("x", "x + y") → what its author
probably believed, and what shows otherwise."""

_MOST_STEPS = 20_000


class CheckFailed(UnderglassError):
    """An exercise is not solved yet; the message says what to look at."""


def check(
    name: str,
    cases: Mapping[object, object] | Iterable[object],
    wants: Callable[..., object] | None = None,
    *,
    beliefs: Beliefs | None = None,
    locals: int = 0,
    calls: str = "",
    prog: GoProgram | None = None,
) -> None:
    """Run the reader's function `name` on each case, and hold the runs to Go's calling convention.

    >>> check("second", {(23, 4): 4})            # doctest: +SKIP
    second: 1 case right, no rule broken.

    Args:
        cases: arguments → expected result; or arguments alone, with `wants` to compute it. One
            argument may stand without a tuple.
        beliefs: wrong results that can be foreseen, as expressions of the parameters ("x * y"), each with its
            sentence.
        locals: how many words of its own the function has to keep in its frame.
        calls: a function it has to call.
        prog: the program; without it, the `prog` of the notebook.

    Raises:
        CheckFailed: the first case that is wrong, or that breaks a rule.
    """
    program = prog or sys._getframe(1).f_globals.get("prog")
    if program is not None and not isinstance(program, GoProgram):
        raise CheckFailed(
            f"prog is {type(program).__name__} now, no program. Run any %%asm cell again, and this one after."
        )
    if program is None:
        raise CheckFailed(
            f"There is no program yet, so no {name}. Run the cell that holds {name}, and this one after."
        )
    pairs = list(cases.items()) if isinstance(cases, Mapping) else [(case, None) for case in cases]
    for case, expected in pairs:
        arguments = case if isinstance(case, tuple) else (case,)
        if wants is not None:
            expected = wants(*arguments)
        try:
            trace = program.record(name, *arguments, most=_MOST_STEPS)
        except UnknownFunction as error:
            raise CheckFailed(
                f"The program has no function {name} yet. Write it in its cell below the prototype, "
                "run that cell, then this one."
            ) from error
        except CallError as error:
            raise CheckFailed(f"{name} cannot be tried: {error}") from error
        _judge(trace, arguments, expected, beliefs or {})
        _structure(trace, name, locals, calls)
    count = f"{len(pairs)} case{'' if len(pairs) == 1 else 's'}"
    sys.stdout.write(f"{name}: {count} right, no rule broken.\n")


def check_word(
    given: object, trace: Trace, step: int, offset: int, beliefs: Mapping[object, str] | None = None
) -> None:
    """Compare what the reader expects in the word at `offset`(SP) before `step` with what is there.

    Raises:
        CheckFailed: it is another value.
    """
    if given is None or given is ...:
        raise CheckFailed(f"No answer yet: put the value of {offset}(SP) in place of the dots.")
    held = trace.word(step, trace.register(step, "SP") + offset)
    value = held - (1 << 64) if held is not None and held >> 63 else held
    if given == value:
        sys.stdout.write(f"{offset}(SP) holds {value}.\n")
        return
    why = (beliefs or {}).get(given, f"Find the last store to {offset}(SP) before step {step}.")
    raise CheckFailed(f"{offset}(SP) does not hold {given} before step {step} of {trace.title}. {why}")


def _judge(trace: Trace, arguments: tuple[object, ...], expected: object, beliefs: Beliefs) -> None:
    found = broken_rules(trace)
    breaches = [str(finding) for finding in found if not finding.rule.is_hint][:2]
    if trace.results is None:
        raise CheckFailed(_paragraph(f"{trace.title} did not return: {_fault(trace)}", *breaches))
    given = trace.results[0] if len(trace.results) == 1 else trace.results or None
    if given == expected and type(given) is type(expected):
        if breaches:
            raise CheckFailed(
                _paragraph(f"{trace.title} gave {given!r}, as expected, and broke a rule.", *breaches)
            )
        return
    words = [f"{trace.title} gave {given!r}, and {expected!r} was expected."]
    # A broken rule explains the value; a belief that fits it would only do so by chance.
    believed = "" if breaches else _believed(trace, given, arguments, beliefs)
    words += [believed] if believed else []
    words += breaches or [str(finding) for finding in found][:1]
    if len(words) == 1:
        call = ", ".join([f'"{trace.title.partition("(")[0]}"', *map(repr, arguments)])
        words.append(f"No rule is broken: it computes something else. prog.record({call}) shows every step.")
    raise CheckFailed(_paragraph(*words))


def _believed(trace: Trace, given: object, arguments: tuple[object, ...], beliefs: Beliefs) -> str:
    names = dict(zip((place.name for place in trace.layout.params), arguments, strict=False))
    for expression, sentence in beliefs.items():
        # The author of the exercise wrote it; the reader's values are plain data.
        if eval(expression, {"__builtins__": {}}, names) == given:
            return sentence
    return ""


def _fault(trace: Trace) -> str:
    said = b"".join(data for _, descriptor, data in trace.output if descriptor == 2).decode(errors="replace")
    lines = [line for line in said.splitlines() if line.strip()]
    if lines:
        return f"the runtime stopped it and wrote {' / '.join(lines[:2])!r}."
    if len(trace) >= _MOST_STEPS:
        return f"it went on for more than {_MOST_STEPS:,} instructions. Does every loop end?"
    return trace.fault or "the recording does not say why."


def _structure(trace: Trace, name: str, words: int, calls: str) -> None:
    runs = [run for run in activations(trace) if run.function.name == f"main.{name}"]
    if not runs:
        raise CheckFailed(
            f"{name} gave the right result, but it is not written in assembly. Write it in a %%asm cell."
        )
    run = runs[0]
    if calls and not any(c.callee and c.callee.name == f"main.{calls}" for c in run.calls):
        raise CheckFailed(
            f"{trace.title} gave the right result without calling {calls}. "
            f"The exercise is the call: CALL ·{calls}(SB)."
        )
    kept = _locals(trace, run)
    if len(kept) < words:
        raise CheckFailed(
            f"{trace.title} gave the right result, and kept {len(kept)} of the {words} words that the "
            "exercise asks for in its frame. "
            "The first local is the word at -8(SP) with a name before it: kept-8(SP)."
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
    return " ".join([first, *(sentence[:1].upper() + sentence[1:] for sentence in more)])
