"""Checks of exercises: a wrong answer is told what it gave, which rule broke, at which step and line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from underglass.course.failure import CheckFailed, refuse_old
from underglass.course.judge import MOST_STEPS, Asked, Beliefs, State, same
from underglass.course.trials import inputs, reference
from underglass.course.tries import note_failure
from underglass.errors import CallError, UnderglassError, UnknownFunction
from underglass.goprogram import GoProgram

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["Beliefs", "check", "check_answer", "check_word"]


def check(
    name: str,
    cases: Mapping[Any, object] | Iterable[object] = (),
    wants: Callable[..., object] | None = None,
    *,
    beliefs: Beliefs | None = None,
    locals: int = 0,
    calls: str = "",
    in_go: bool = False,
    against: str = "",
    trials: int = 20,
    seed: int = 1,
    at_most: int | None = None,
    state: State | None = None,
    hints: Sequence[str] = (),
    prog: GoProgram | None = None,
) -> None:
    """Run the reader's function `name` on each case, and hold the runs to Go's calling convention.

    In a notebook a failure opens the stepper at the step that went wrong, and with each different answer that
    fails one more hint unfolds.

    >>> check("second", {(23, 4): 4})
    second: 1 case right, no rule broken.
    >>> check("sum3", against="func want(a, b, c int64) int64 { return a + b + c }")
    sum3: 20 random cases right, no rule broken.

    Args:
        cases: arguments → expected result; or arguments alone, with `wants` to compute it. One
            argument may stand without a tuple. Lists cannot be keys: give a list of tuples, and `wants`.
        beliefs: wrong results that can be foreseen, as expressions of the parameters ("x * y", "len(s)"),
            each with its sentence.
        locals: how many words of its own the function has to keep in its frame.
        calls: a function it has to call.
        in_go: the answer is a Go function; without it, it has to be assembly.
        against: the text of a Go function to compare with on `trials` random inputs.
        seed: of the random inputs.
        at_most: instructions that one call may execute in the function itself, its callees not counted.
        state: looks at the recording of each case, and returns what is wrong with it in a sentence, or "".
        hints: from the first nudge to the last.
        prog: the program; without it, the `prog` of the notebook.

    Raises:
        CheckFailed: the first case that is wrong, or that breaks a rule.
    """
    program = prog or sys._getframe(1).f_globals.get("prog")
    try:
        ready = _program(program, name)
        asked = Asked(name, beliefs or {}, locals, calls, in_go, at_most, state)
        pairs = _pairs(cases, wants)
        for arguments, expected in pairs:
            asked.judge(_recorded(ready, name, arguments), arguments, expected)
        if against:
            _compare(ready, asked, against, trials, seed)
    except CheckFailed as failure:
        note_failure(name, program if isinstance(program, GoProgram) else None, failure, hints)
        raise
    count, kind = (len(pairs), "case") if pairs else (trials, "random case")
    sys.stdout.write(f"{name}: {count} {kind}{'' if count == 1 else 's'} right, no rule broken.\n")


def check_answer(
    name: str, given: object, right: object, beliefs: Mapping[Any, str] | None = None, *, says: str = ""
) -> None:
    """Compare a typed answer, a number, a word, or several in order, with the right one.

    >>> check_answer("offset", 16, 16)
    offset: 16 is right.

    Args:
        beliefs: wrong answers that can be foreseen, each with its sentence.
        says: why the right answer is right.

    Raises:
        CheckFailed: it is another one, or none.
    """
    if given is None or given is ... or (isinstance(given, (list, tuple)) and ... in given):
        raise CheckFailed(f"No answer yet: put {name} in place of the dots.")
    if _plain(given) == _plain(right):
        sys.stdout.write(f"{name}: {given!r} is right.{' ' + says if says else ''}\n")
        return
    foreseen = {_plain(wrong): sentence for wrong, sentence in (beliefs or {}).items()}
    why = foreseen.get(_plain(given)) or _misfit(given, right) or "Go through it once more, a step at a time."
    shown = f"{given} ({given:#x})" if type(given) is int and abs(given) > 4095 else repr(given)
    raise CheckFailed(f"{name}: {shown} is not it. {why}")


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


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "True or False, without quotes"),
    ((int, float), "a number"),
    (str, "a word in quotes"),
    ((list, tuple), "a list"),
)


def _misfit(given: object, right: object) -> str:
    """What is wrong with the form of an answer: another kind of value, too few of them, one of them twice."""
    wanted, got = (next((says for kind, says in _KINDS if isinstance(a, kind)), "") for a in (right, given))
    if wanted != got:
        return f"The answer is {wanted}."
    if isinstance(right, str) and isinstance(given, str) and _letters(given) == _letters(right):
        return "The letters are right: leave out the commas, full stops and spaces between and behind them."
    if not isinstance(right, (list, tuple)) or not isinstance(given, (list, tuple)):
        return ""
    if len(given) != len(right):
        return f"It has {len(right)} items, and {len(given)} are given."
    again = [item for number, item in enumerate(given) if item in given[:number]]
    if again and all(right.count(item) == 1 for item in right):
        return f"Each of them stands there once, and {again[0]!r} is given more often."
    return ""


def _letters(answer: str) -> str:
    return "".join(character for character in answer if character not in " ,;.").casefold()


def _plain(answer: object) -> object:
    """An answer as answers are compared: lists as tuples, words without regard to case, True apart from 1."""
    if isinstance(answer, (list, tuple)):
        return tuple(map(_plain, answer))
    if isinstance(answer, str):
        return " ".join(answer.split()).casefold()
    return (answer,) if isinstance(answer, bool) else answer


def _program(program: object, name: str) -> GoProgram:
    if program is None:
        raise CheckFailed(
            f"There is no program yet, so no {name}. Run the cell that holds {name}, and this one after."
        )
    if not isinstance(program, GoProgram):
        raise CheckFailed(
            f"prog is {type(program).__name__} now, no program. Run any %%asm cell again, and this one after."
        )
    return program


def _pairs(
    cases: Mapping[Any, object] | Iterable[object], wants: Callable[..., object] | None
) -> list[tuple[tuple[object, ...], object]]:
    """(arguments, expected result) of each case."""
    given = list(cases.items()) if isinstance(cases, Mapping) else [(case, None) for case in cases]
    pairs = [(case if isinstance(case, tuple) else (case,), expected) for case, expected in given]
    return [(a, wants(*a)) for a, _ in pairs] if wants is not None else pairs


def _recorded(program: GoProgram, name: str, arguments: tuple[object, ...]) -> Trace:
    refuse_old(program, name)
    try:
        trace = program.record(name, *arguments, most=MOST_STEPS)
    except UnknownFunction as error:
        raise CheckFailed(
            f"The program has no function {name} yet. Write it in its cell below the prototype, "
            "run that cell, then this one."
        ) from error
    except CallError as error:
        raise CheckFailed(f"{name} cannot be tried: {error}") from error
    refuse_old(program, ran=trace)
    return trace


def _compare(program: GoProgram, asked: Asked, against: str, trials: int, seed: int) -> None:
    """Try random inputs. The first is recorded and held to the rules, and so is the first that differs."""
    other, want = reference(against)
    for number, arguments in enumerate(inputs(other.signature(want), trials, seed)):
        expected = other.call(want, *arguments)
        if number:
            try:
                if same(program.call(asked.name, *arguments), expected):
                    continue
            except UnderglassError:
                pass  # the recording tells what happened
        asked.judge(_recorded(program, asked.name, arguments), arguments, expected)
