"""What the compiler says about inlining, line by line, as records.

The sentences: Go 1.27, cmd/compile/internal/inline/inl.go, CanInline, noteInlinableFunc, canInlineCallExpr
and mkinlcall; interleaved/interleaved.go for a caller that is "big".  With -m=3 each inlined call is followed
by its body, whose INLMARK node has the call's number and the places of the calls around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from underglass.toolchain.irdump import Place, place_chain

__all__ = ["CLOSURE_BUDGET", "MAX_BUDGET", "InlinedCall", "Listing", "Refusal", "Verdict", "read_listing"]

MAX_BUDGET = 80  # inl.go, inlineMaxBudget
CLOSURE_BUDGET = 10 * MAX_BUDGET  # inl.go, inlineClosureCalledOnceCost

_SAID = re.compile(
    r"(?P<file>[^\n]*?):(?P<line>\d+)(?::(?P<column>\d+))?(?:\[[^\]\n]*\])?: "
    r"(?P<what>can inline|cannot inline|inlining call to|function) (?P<rest>.*)"
)
_CAN = re.compile(r"(?P<name>.*?) with cost (?P<cost>-?\d+) as: (?P<body>.*)", re.DOTALL)
_CYCLE = re.compile(r"(?P<callee>.*) into (?P<caller>.*): repeated recursive cycle")
_BIG = re.compile(r"(?P<name>.*) considered 'big'; reducing max cost of inlinees")
_COMPLEX = re.compile(r"function too complex: cost (-?\d+) exceeds budget (\d+)")
_MARK = re.compile(r"(?:\.   )+INLMARK(?: Index:(\d+))? # (.*)")
_LITERAL = re.compile(r"\bfnName\(([^\s()]*(?:\(\*?[^()]*\)[^\s()]*)?)\)")


@dataclass(frozen=True)
class Verdict:
    """Whether a function's body may be put where it is called."""

    name: str  # as the compiler says it, own package left out: "(*T).get", "strings.Contains"
    file: str  # of the func keyword
    line: int  # 1-based
    column: int  # 1-based, in bytes; 0 for what the compiler made itself
    cost: int | None  # nodes; None where the compiler gave up before the end
    budget: int  # nodes
    reason: str = ""  # why not, in the compiler's words; "" if it can be inlined
    body: str = ""  # the type and the body that would be copied, in the compiler's words

    @property
    def can(self) -> bool:
        return not self.reason

    @property
    def place(self) -> Place:
        """Where its func keyword stands."""
        return Place(re.split(r"[/\\]", self.file)[-1], self.line, self.column)

    def line_text(self) -> str:
        """The compiler's own line for it."""
        place = _place(self)
        if self.can:
            return f"{place}: can inline {self.name} with cost {self.cost} as: {self.body}"
        return f"{place}: cannot inline {self.name}: {self.reason}"


@dataclass(frozen=True)
class InlinedCall:
    """One call that was replaced by the callee's body."""

    index: int  # 0-based, in the order in which the compiler inlined
    name: str  # the callee, as the compiler says it
    file: str  # of the outermost call site, which lies in the compiled function
    line: int
    column: int
    places: tuple[Place, ...]  # call sites, from the outermost to this call's own

    def line_text(self) -> str:
        """The compiler's own line for it."""
        return f"{_place(self)}: inlining call to {self.name}"


@dataclass(frozen=True)
class Refusal:
    """A call of an inlinable function that was left alone, since its body is around it already."""

    callee: str
    caller: str
    file: str
    line: int
    column: int

    def line_text(self) -> str:
        """The compiler's own line for it."""
        place = _place(self)
        return f"{place}: cannot inline {self.callee} into {self.caller}: repeated recursive cycle"


@dataclass(frozen=True)
class Listing:
    """Everything the compiler said about inlining in one package, in its order."""

    verdicts: tuple[Verdict, ...]
    calls: tuple[InlinedCall, ...]
    refusals: tuple[Refusal, ...]
    big: frozenset[str]  # functions that get nothing above a cost of 20 inlined


def _place(said: Verdict | InlinedCall | Refusal) -> str:
    return f"{said.file}:{said.line}" + (f":{said.column}" if said.column else "")


def read_listing(lines: list[str]) -> Listing:
    """Read the output of `go tool compile -m=2` or, for the places of inlined calls, -m=3."""
    literals = {
        name.partition(".")[2] for line in lines if "fnName(" in line for name in _LITERAL.findall(line)
    }
    verdicts: list[Verdict] = []
    calls: list[InlinedCall] = []
    refusals: list[Refusal] = []
    big: set[str] = set()
    for at, line in enumerate(lines):
        if line.startswith((".   ", " ", "\t")) or not (said := _SAID.fullmatch(line)):
            continue
        file, number, column = said["file"], int(said["line"]), int(said["column"] or 0)
        what, rest = said["what"], said["rest"]
        if what == "function":
            if found := _BIG.fullmatch(rest):
                big.add(found["name"])
        elif what == "inlining call to":
            calls.append(_call(lines, at, len(calls), rest, (file, number, column)))
        elif what == "can inline":
            if found := _CAN.fullmatch(rest):
                budget = CLOSURE_BUDGET if found["name"] in literals else MAX_BUDGET
                verdicts.append(
                    Verdict(
                        found["name"], file, number, column, int(found["cost"]), budget, body=found["body"]
                    )
                )
        elif found := _CYCLE.fullmatch(rest):
            refusals.append(Refusal(found["callee"], found["caller"], file, number, column))
        else:
            name, _, reason = rest.partition(": ")
            over = _COMPLEX.fullmatch(reason)
            budget = CLOSURE_BUDGET if name in literals else MAX_BUDGET
            cost, budget = (int(over[1]), int(over[2])) if over else (None, budget)
            verdicts.append(Verdict(name, file, number, column, cost, budget, reason))
    # A literal in a body that was inlined is judged once more, under another name.
    budgets = {v.place: v.budget for v in sorted(verdicts, key=lambda v: v.budget)}
    told = tuple(replace(v, budget=budgets[v.place]) if v.column else v for v in verdicts)
    return Listing(told, tuple(calls), tuple(refusals), frozenset(big))


def _call(lines: list[str], at: int, count: int, name: str, place: tuple[str, int, int]) -> InlinedCall:
    """Read the mark in the body that follows; without one the call site is all that is known."""
    file, line, column = place
    places: tuple[Place, ...] = (Place(re.split(r"[/\\]", file)[-1], line, column),)
    for text in lines[at + 1 :]:
        if not text.startswith(".   ") and _SAID.fullmatch(text):
            break
        mark = _MARK.fullmatch(text)
        if mark and int(mark[1] or 0) == count:
            places = place_chain(mark[2])
            break
    return InlinedCall(count, name, file, line, column, places)
