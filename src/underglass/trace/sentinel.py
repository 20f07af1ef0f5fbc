"""The sentinel: which rules of the calling convention a recorded run broke, and at which step.

It looks at assembly functions, one activation at a time, and says nothing about what it cannot know: a
function without a prototype, an address of unknown origin, a stack that the function has changed to.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.errors import UnderglassError
from underglass.program import Function
from underglass.toolchain import asmlex
from underglass.trace import callee_rules, frame_rules, memory_rules, register_rules, stack_rules
from underglass.trace.activation import Activation, activations, instruction_at, source_line
from underglass.trace.rules import RULES, Rule, rule

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["Finding", "broken_rules"]

Breach = tuple[str, int, str]
"""(rule's id, step, sentence)"""

_CHECKS: tuple[Callable[[Trace, Activation], Iterator[Breach]], ...] = (
    frame_rules.check,
    callee_rules.check,
    register_rules.check,
    stack_rules.check,
    memory_rules.check,
)
_OFF = re.compile(r"//\s*underglass:off\b[ \t]*(?P<ids>[^\n]*)")


@dataclass(frozen=True)
class Finding:
    """One breach of one rule."""

    rule: Rule
    step: int
    instruction: str  # Go syntax, as the machine code has it
    where: str  # "cell 7, line 3"; "" if unknown
    source: str  # that line's text, without comment and indentation
    sentence: str  # what happened there
    function: str = ""  # the linker's name of the function that broke it

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self))}</p>"  # in a notebook: a paragraph, which wraps

    def __str__(self) -> str:
        place = f"{self.where}, step {self.step}" if self.where else f"step {self.step}"
        line = self.source or self.instruction
        return f"{place}, {line}: {self.sentence} The rule: {self.rule.title}."


def broken_rules(
    trace: Trace, off: Iterable[str] = (), judged: Callable[[Function], bool] | None = None
) -> tuple[Finding, ...]:
    """Return every breach in `trace`, those that decide first: hints come last, else by step.

    A line that breaks one rule again and again is named once. A rule is switched off by `off`, or in the
    assembly: `// underglass:off argument-read` on a line counts for that line, and on the TEXT line or in the
    comment directly above it for the whole function. Several ids are parted by blanks or commas.

    Args:
        trace: a recorded call, or a window of a whole run; activations that begin before it are left out.
        off: ids of rules that are not to be looked at.
        judged: which assembly functions; without it, those whose source is at hand.

    >>> [finding.rule.id for finding in broken_rules(trace)]        # doctest: +SKIP
    ['outgoing-area']

    Raises:
        UnderglassError: `off`, or a comment, names a rule that there is not.
    """
    if isinstance(off, str):
        off = [off]
    silent = {rule(each).id for each in off}
    found: dict[tuple[str, int], Finding] = {}
    for activation in activations(trace, judged):
        switched = _switched_off(trace, activation)
        for check in _CHECKS:
            for id_, step, sentence in check(trace, activation):
                line = activation.function.line_at(trace.pc(step))
                if id_ in silent or id_ in switched.get(0, ()) or id_ in switched.get(line, ()):
                    continue
                found.setdefault((id_, trace.pc(step)), _finding(trace, activation, id_, step, sentence))
    return tuple(sorted(found.values(), key=lambda f: (f.rule.is_hint, f.step)))


def _switched_off(trace: Trace, activation: Activation) -> dict[int, frozenset[str]]:
    """Line → ids that a comment switches off there; line 0 stands for the whole function."""
    source = trace.program.source_of(activation.function)
    if source is None or "underglass:off" not in source.text:
        return {}
    start = activation.function.start_line
    later = (text.line for text in asmlex.texts(source.text) if text.line > start)
    end = next(later, None)
    lines = source.text.splitlines()
    above = start - 1
    while above > 0 and lines[above - 1].lstrip().startswith("//"):
        above -= 1
    found: dict[int, frozenset[str]] = {}
    for number in range(above + 1, min(end or len(lines) + 1, len(lines) + 1)):
        comment = _OFF.search(lines[number - 1])
        if comment is None:
            continue
        ids = re.split(r"[\s,]+", comment["ids"].strip())
        try:
            named = frozenset(rule(each).id for each in ids)
        except UnderglassError as error:
            raise UnderglassError(f"{source.origin}, line {number}: {error}") from None
        at = 0 if number <= start else number
        found[at] = found.get(at, frozenset()) | named
    return found


def _finding(trace: Trace, activation: Activation, id_: str, step: int, sentence: str) -> Finding:
    pc = trace.pc(step)
    instruction = instruction_at(trace, step)
    return Finding(
        rule=RULES[id_],
        step=step,
        instruction=instruction.go if instruction else "?",
        where=trace.program.origin(activation.function, pc),
        source=source_line(trace, activation.function, pc),
        sentence=re.sub(r"\s+", " ", sentence),
        function=activation.function.name,
    )
