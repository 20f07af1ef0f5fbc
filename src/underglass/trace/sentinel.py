"""The sentinel: which rules of the calling convention a recorded run broke, and at which step.

It looks at the reader's own assembly functions, one activation at a time, and says nothing about
what it cannot know: a function without a prototype, an address that was not formed from SP.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from underglass.trace import frame_rules, register_rules
from underglass.trace.activation import Activation, activations, source_line
from underglass.trace.rules import RULES, Rule

if TYPE_CHECKING:
    from underglass.trace.trace import Trace

__all__ = ["Finding", "broken_rules"]

Breach = tuple[str, int, str]
"""(rule's id, step, sentence)"""

_CHECKS: tuple[Callable[[Trace, Activation], Iterator[Breach]], ...] = (
    frame_rules.check,
    register_rules.check,
)


@dataclass(frozen=True)
class Finding:
    """One breach of one rule."""

    rule: Rule
    step: int
    instruction: str  # Go syntax, as the machine code has it
    where: str  # "cell 7, line 3"; "" if unknown
    source: str  # that line's text, without comment and indentation
    sentence: str  # what happened there

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self))}</p>"  # in a notebook: a paragraph, which wraps

    def __str__(self) -> str:
        place = f"{self.where}, step {self.step}" if self.where else f"step {self.step}"
        line = self.source or self.instruction
        return f"{place}, {line}: {self.sentence} The rule: {self.rule.title}."


def broken_rules(trace: Trace) -> tuple[Finding, ...]:
    """Return every breach in `trace`, those that decide first: hints come last, else by step.

    A line that breaks one rule again and again is named once.

    >>> [finding.rule.id for finding in broken_rules(trace)]        # doctest: +SKIP
    ['outgoing-area']
    """
    found: dict[tuple[str, int], Finding] = {}
    for activation in activations(trace):
        for check in _CHECKS:
            for rule, step, sentence in check(trace, activation):
                found.setdefault((rule, trace.pc(step)), _finding(trace, activation, rule, step, sentence))
    return tuple(sorted(found.values(), key=lambda f: (f.rule.is_hint, f.step)))


def _finding(trace: Trace, activation: Activation, rule: str, step: int, sentence: str) -> Finding:
    pc = trace.pc(step)
    instruction = trace.instruction(step)
    return Finding(
        rule=RULES[rule],
        step=step,
        instruction=instruction.go if instruction else "?",
        where=trace.program.origin(activation.function, pc),
        source=source_line(trace, activation.function, pc),
        sentence=re.sub(r"\s+", " ", sentence),
    )
