"""What the compiler inlined, what it left alone and why, and which statement consumed the budget.

Every fact is the compiler's own (`underglass.toolchain.inlining`); the parts of a cost are counted on the
compiler's trees (`underglass.analysis.inlinecost`) and add up to what it says, or the rest is told.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from underglass.analysis.inlinecallee import BIG_CALLER_MAX_COST, Callee, Callees
from underglass.analysis.inlinecost import Part, count
from underglass.errors import UnderglassError, UnknownFunction
from underglass.toolchain.asmlex import texts
from underglass.toolchain.inlinetext import InlinedCall, Verdict
from underglass.toolchain.inlining import Inlining, inlining
from underglass.toolchain.irdump import Node, Place, walk
from underglass.toolchain.layouts import first_fields, type_of
from underglass.toolchain.records import Source
from underglass.toolchain.sources import GENERATED

if TYPE_CHECKING:
    from underglass.program import Program

__all__ = ["FunctionInlining", "Inlined", "InliningReport", "LeftCall", "inline_costs", "report"]

# Statements that the compiler places at their first letter; an assignment it places at its operator.
_PLACED_AT_START = frozenset(("IF", "FOR", "RETURN", "SWITCH", "SELECT", "CASE", "DEFER", "GO", "GOTO"))
_NO_CLAUSE = "package main; /*line {}:1:1*/"  # what the build puts before a text without a package clause


@dataclass(frozen=True)
class Inlined:
    """A call that was replaced by its callee's body, and the calls in that body that were replaced too."""

    call: InlinedCall
    cost: int | None  # of the callee, in nodes; None if the compiler did not say
    calls: tuple[Inlined, ...]

    def every(self) -> Iterator[Inlined]:
        """This call and all below it."""
        yield self
        for inner in self.calls:
            yield from inner.every()


@dataclass(frozen=True)
class LeftCall:
    """A call that stays a call, or is no call at all."""

    name: str  # the callee; "" if it is not known when the program is compiled
    place: Place
    reason: str  # a sentence without its stop


@dataclass(frozen=True)
class FunctionInlining:
    """One function: whether it can be inlined, what its budget went for, and what was inlined into it."""

    name: str  # as the compiler says it: "(*T).get", "slices.Index[go.shape.[]string,go.shape.string]"
    verdict: Verdict | None  # None for the function that sets the package's variables up
    parts: tuple[Part, ...]  # its statements; () where there is no body
    stopped: str  # why the count ends early: the compiler's reason; ""
    inlined: tuple[Inlined, ...]
    left: tuple[LeftCall, ...]

    @property
    def counted(self) -> int:
        """What the parts add up to, in nodes."""
        return sum(part.cost for part in self.parts)

    @property
    def unattributed(self) -> int | None:
        """What the compiler counted and the parts do not have; None where it names no cost."""
        if self.verdict is None or self.verdict.cost is None:
            return None
        return self.verdict.cost - self.counted


@dataclass(frozen=True)
class InliningReport:
    """All functions of a package, in the order in which the compiler judged them."""

    asked: Inlining
    functions: tuple[FunctionInlining, ...]
    assembly: tuple[str, ...]  # functions that assembly implements: they are never inlined

    def function(self, name: str) -> FunctionInlining:
        """The function of that name; `main.` and `(*T).` may be left out where that is not ambiguous.

        Raises:
            UnknownFunction: the message lists the nearest names.
        """
        plain = name.removeprefix(f"{self.asked.package.name}.")
        for wanted in (name, plain):
            for function in self.functions:
                if function.name == wanted:
                    return function
        loose = [f for f in self.functions if _loosely(f.name) == _loosely(plain)]
        if len(loose) == 1:
            return loose[0]
        names = [f.name for f in self.functions]
        near = [f.name for f in loose] or difflib.get_close_matches(plain, names, 3, 0.4)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"It has {', '.join(names[:12]) or 'none'}."
        raise UnknownFunction(f"The compiler judged no function {name} in this package. {hint}")

    def lines(self) -> Iterator[str]:
        """The compiler's own lines about inlining, made again from this report."""
        for function in self.functions:
            if function.verdict is not None:
                yield function.verdict.line_text()
            for call in function.inlined:
                yield from (inner.call.line_text() for inner in call.every())
        yield from (refusal.line_text() for refusal in self.asked.listing.refusals)

    def where(self, place: Place) -> str:
        """A place as the reader knows it: "cell 7, line 3:10"."""
        source = next((s for s in self.asked.sources if s.name == place.file), None)
        column = place.column
        if source is not None and place.line == 1 and not re.search(r"^\s*package\s", source.text, re.M):
            before = len(_NO_CLAUSE.format(source.name))
            column -= before if column > before else 0
        name = source.origin if source else place.file
        return f"{name}, line {place.line}" + (f":{column}" if column > 0 else "")

    def text_of(self, part: Part) -> str:
        """The source line of a statement, from the statement on if it says where it starts; else ""."""
        place = part.place
        lines = self._texts.get(place.file, ()) if place else ()
        if place is None or not 0 < place.line <= len(lines):
            return ""
        line = lines[place.line - 1]
        if part.op in _PLACED_AT_START:
            column = int(self.where(place).rpartition(":")[2] or 1)
            line = line.encode()[column - 1 :].decode("utf-8", "replace")
        return line.strip()

    @cached_property
    def _texts(self) -> dict[str, tuple[str, ...]]:
        if self.asked.sources:
            return {s.name: tuple(s.text.split("\n")) for s in self.asked.sources}
        package = self.asked.package
        paths = [package.directory / name for name in package.files]
        return {p.name: tuple(p.read_text("utf-8", "replace").split("\n")) for p in paths if p.is_file()}


def inline_costs(program: Program) -> dict[str, Verdict]:
    """The compiler's verdict on each function of a program's sources and imports, by the linker's name.

    Raises:
        UnderglassError: the program was opened without its sources.
        BuildError: they do not compile any more.
    """
    sources = [Source(s.name, s.text, s.origin) for s in program.sources]
    if not sources:
        raise UnderglassError(
            f"{program.path.name} was opened without its sources, and only they can be asked about inlining. "
            "Give the .go and .s files instead."
        )
    return inlining(sources).verdicts


def report(asked: Inlining) -> InliningReport:
    """Return what can be told of what the compiler said."""
    callees = Callees(asked)
    counts: dict[str, tuple[tuple[Part, ...], str]] = {}
    fields = _Fields(asked)
    # The tree of a literal in a body that was inlined is that of the literal where it was written.
    written = {v.place: asked.trees[v.name] for v in asked.listing.verdicts if v.name in asked.trees}
    for verdict in asked.listing.verdicts:
        callees.current = verdict.name
        if verdict.name not in counts:
            body = asked.trees.get(verdict.name) or written.get(verdict.place, ())
            counts[verdict.name] = count(body, callees, fields.is_first)
        callees.judged.setdefault(verdict.name, verdict)
    costs = {v.name: v.cost for v in asked.listing.verdicts}
    roots: dict[str, list[InlinedCall]] = {}
    for call, owner in zip(asked.listing.calls, asked.owner, strict=True):
        roots.setdefault(owner, []).append(call)
    every = {v.name: v for v in reversed(asked.listing.verdicts)}
    assembly = _assembly(asked)
    made = []
    for verdict in asked.listing.verdicts:
        if verdict.place.file == GENERATED and asked.sources:
            continue  # the main that the build adds
        calls = roots.pop(verdict.name, [])
        parts, stopped = counts[verdict.name]
        inlined = _nest(calls, asked, costs)
        left = (
            _left(verdict.name, inlined, asked, callees, assembly) if every[verdict.name] is verdict else ()
        )
        made.append(FunctionInlining(verdict.name, verdict, parts, stopped, inlined, tuple(left)))
    for name, calls in roots.items():
        made.append(FunctionInlining(name, None, (), "", _nest(calls, asked, costs), ()))
    return InliningReport(asked, tuple(made), assembly)


class _Fields:
    """Which selections are of a field at offset 0."""

    def __init__(self, asked: Inlining) -> None:
        self._asked = asked
        self._texts: dict[str, tuple[str, ...]] = {}

    def is_first(self, selection: Node) -> bool:
        field = selection.facts.partition(" ")[0].rpartition(".")[2]
        struct = type_of(selection.first.facts) if selection.first else ""
        package, _, plain = struct.partition("[")[0].rpartition(".")
        own = self._asked.package.name
        offset = self._asked.layouts.get(f"{plain}_{field}") if package in ("", own) else None
        if offset is not None and "[" not in struct:
            return offset == 0
        return field in first_fields(struct, self._texts_of(package or own))

    def _texts_of(self, name: str) -> tuple[str, ...]:
        """The Go texts of the packages of one name."""
        held = self._texts.get(name)
        if held is None:
            asked = self._asked
            packages = asked.imports if asked.sources else (asked.package, *asked.imports)
            paths = (p.directory / file for p in packages if p.name == name for file in p.files)
            read = tuple(path.read_text("utf-8", "replace") for path in paths)
            own = tuple(s.text for s in asked.sources) if name == asked.package.name else ()
            held = self._texts[name] = own + read
        return held


def _nest(calls: list[InlinedCall], asked: Inlining, costs: dict[str, int | None]) -> tuple[Inlined, ...]:
    """Put each call below the one whose body it stands in."""
    below: dict[int | None, list[InlinedCall]] = {}
    last: dict[tuple[Place, ...], int] = {}
    for call in calls:
        below.setdefault(last.get(call.places[:-1]) if len(call.places) > 1 else None, []).append(call)
        last[call.places] = call.index

    def made(index: int | None) -> tuple[Inlined, ...]:
        return tuple(Inlined(c, _cost(c.name, asked, costs), made(c.index)) for c in below.get(index, ()))

    return made(None)


def _cost(name: str, asked: Inlining, costs: dict[str, int | None]) -> int | None:
    if name in costs:
        return costs[name]
    qualifier, _, plain = name.partition(".")
    for package in asked.imports:
        verdict = asked.dependencies.get(package.path, {}).get(plain) if package.name == qualifier else None
        if verdict is not None:
            return verdict.cost
    return None


def _left(
    name: str, inlined: tuple[Inlined, ...], asked: Inlining, callees: Callees, assembly: tuple[str, ...]
) -> Iterator[LeftCall]:
    """Yield the calls in a function that were not replaced."""
    done = {call.call.places[-1] for call in inlined}
    callees.current = name
    body = asked.trees.get(name, ())
    started = {id(n.first): n.op for n in walk(body) if n.op in ("GO", "DEFER") and n.first is not None}
    for node in walk(body):
        place = node.place
        if node.op not in ("CALLFUNC", "CALLINTER") or place is None or place in done:
            continue
        if node.op == "CALLINTER":
            yield LeftCall("", place, "it goes through an interface, so the callee is not known")
            continue
        callee = callees.of(node)
        reason = _reason(callee, name, asked, assembly, started.get(id(node), ""))
        yield LeftCall(callee.name, place, reason)


def _reason(callee: Callee, caller: str, asked: Inlining, assembly: tuple[str, ...], started: str) -> str:
    verdict = callee.verdict
    if not callee.name:
        return "it goes through a function value, so the callee is not known"
    if (callee.path, callee.name.partition(".")[2]) in asked.intrinsics or callee.is_free:
        return "the compiler puts instructions in its place"
    if callee.name in assembly:
        return "assembly is never inlined"
    if verdict is None:
        return "the compiler said nothing of it"
    if not verdict.can:
        return verdict.reason
    if started:
        return f"a {started.lower()} statement calls it later"
    if any(r.callee == callee.name and r.caller == caller for r in asked.listing.refusals):
        return "its body is around the call already: repeated recursive cycle"
    if caller in asked.listing.big:
        return f"{caller} is big, so nothing above a cost of {BIG_CALLER_MAX_COST} is inlined into it"
    return f"its cost is {verdict.cost}; the compiler does not say why it stays a call"


def _assembly(asked: Inlining) -> tuple[str, ...]:
    package = asked.package
    held = [s.text for s in asked.sources if s.is_assembly]
    if not asked.sources:
        held = [(package.directory / name).read_text("utf-8", "replace") for name in package.assembly]
    names = (t.symbol.rpartition(".")[2] for text in held for t in texts(text) if "." in t.symbol)
    return tuple(dict.fromkeys(names))


def _loosely(name: str) -> str:
    return re.sub(r"\(\*?(\w+)\)", r"\1", name).partition("[")[0]
