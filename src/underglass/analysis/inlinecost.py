"""What each statement of a function consumes of its inlining budget.

The rules are those of hairyVisitor.doNode in Go 1.27, cmd/compile/internal/inline/inl.go, applied to the
compiler's own tree of the function: a node costs 1; a call costs 57 more, or the callee's cost if its body
would be put in its place; a function literal 15 more; a panic 1 more; some nodes are given back.  The sum is
compared with what the compiler says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from underglass.analysis.inlinecallee import Callees
from underglass.toolchain.irdump import Node, Place

__all__ = ["Charge", "Part", "count"]

CALL, PARAMETER_CALL = 57, 17  # inlineExtraCallCost, inlineParamCallCost
CLOSURE, PANIC, THROW = 15, 1, 80  # OCLOSURE, inlineExtraPanicCost, inlineExtraThrowCost

# Fields that DoChildren leaves out: those tagged mknode:"-" (cmd/compile/internal/ir/expr.go and stmt.go).
_HIDDEN = frozenset(
    ("Func", "RType", "TypeWord", "SrcRType", "ElemRType", "ElemElemRType", "ITab", "KeyTypeWord",
     "KeySrcRType", "ValueTypeWord", "ValueSrcRType")
)  # fmt: skip
_ALL_SHOWN = frozenset(("DYNAMICDOTTYPE", "DYNAMICDOTTYPE2", "DYNAMICTYPE"))
_LIST_ASSIGNMENTS = frozenset(("AS2", "AS2DOTTYPE", "AS2FUNC", "AS2MAPR", "AS2RECV", "SELRECV2"))
_SLICES = frozenset(("SLICE", "SLICEARR", "SLICESTR", "SLICE3", "SLICE3ARR"))
_STATEMENTS = frozenset(("Body", "Else", "Cases", "Compiled"))


@dataclass(frozen=True)
class Charge:
    """What one thing in a statement costs."""

    cost: int  # nodes
    kind: str  # "nodes", "call", "parameter call", "inlined", "literal", "panic" or "given back"
    callee: str = ""  # of "call" and "inlined"
    place: Place | None = None  # of a call


@dataclass(frozen=True)
class Part:
    """One statement, or one clause of a switch or select."""

    op: str  # the compiler's name: "AS", "IF", "RETURN"
    place: Place | None
    cost: int  # nodes, with the statements inside it
    charges: tuple[Charge, ...]  # of the statement itself
    parts: tuple[Part, ...]  # the statements inside it


class _Stopped(Exception):
    """The compiler gives up at a node, whatever the cost; the text is its reason."""


def count(
    body: tuple[Node, ...], callees: Callees, zero: Callable[[Node], bool]
) -> tuple[tuple[Part, ...], str]:
    """Return the parts of a function's body, in its order, and why the compiler stops before the end, or "".

    The compiler stops at something that is never inlined; the statement that has it is left out.

    Args:
        callees: what is known of the functions that it calls, at the time when it is judged.
        zero: whether a selection (DOT or DOTPTR) is of a field at offset 0.
    """
    counter, parts = _Counter(callees, zero), []
    for node in body:
        try:
            parts.append(counter.part(node))
        except _Stopped as end:
            return tuple(parts), str(end)
    return tuple(parts), ""


class _Counter:
    def __init__(self, callees: Callees, zero: Callable[[Node], bool]) -> None:
        self._callees, self._zero = callees, zero
        self._charges: list[Charge] = []
        self._nodes = 0
        self._parts: list[Part] = []

    def part(self, node: Node) -> Part:
        kept = self._charges, self._nodes, self._parts
        self._charges, self._nodes, self._parts = [], 0, []
        self._visit(node, inside=False)
        back = sum(charge.cost for charge in self._charges if charge.kind == "given back")
        own = [Charge(self._nodes, "nodes")] if self._nodes else []
        own += [charge for charge in self._charges if charge.kind != "given back"]
        own += [Charge(back, "given back")] if back else []
        cost = sum(charge.cost for charge in own) + sum(part.cost for part in self._parts)
        made = Part(node.op, _place(node), cost, tuple(own), tuple(self._parts))
        self._charges, self._nodes, self._parts = kept
        return made

    def _charge(self, cost: int, kind: str, callee: str = "", place: Place | None = None) -> None:
        if cost:
            self._charges.append(Charge(cost, kind, callee, place))

    def _visit(self, node: Node, *, inside: bool) -> None:
        """Charge for a node and what is below it; `inside` says that it is part of an expression."""
        if node.op in ("FALL", "TYPE", "NilIrNode", "..."):
            return  # no code, or below the depth that the compiler prints
        if node.op == "IF" and (decided := _decided(node)) is not None:
            for child in (*node.field("init"), *node.field("Body" if decided else "Else")):
                self._below(child, "Body", inside=inside)
            return
        self._extra(node)
        self._nodes += 1
        for field, children in node.fields:
            if field in _HIDDEN and node.op not in _ALL_SHOWN:
                continue
            for child in children:
                self._below(child, "Body" if (node.op, field) == ("BLOCK", "List") else field, inside=inside)

    def _below(self, child: Node, field: str, *, inside: bool) -> None:
        if field in _STATEMENTS and not inside:
            self._parts.append(self.part(child))
        else:
            self._visit(child, inside=True)

    def _extra(self, node: Node) -> None:
        """Charge what a node costs beyond its 1, or give back."""
        op, first = node.op, node.first
        if op == "CALLFUNC":
            self._call(node)
        elif op in ("CALLINTER", "CALL"):
            self._charge(CALL, "call", _method(node), node.place)
        elif op == "PANIC":
            self._charge(PANIC, "panic")
            if first is not None and first.op == "CONVIFACE" and "Implicit" in first.facts.split():
                self._charge(-1, "given back")
        elif op in ("RECOVER", "GO", "DEFER", "TAILCALL"):
            raise _Stopped("call to recover" if op == "RECOVER" else f"unhandled op {op}")
        elif op == "CLOSURE":
            self._charge(CLOSURE, "literal", place=node.place)
        elif op == "ADDR" and first is not None and first.op in ("DOT", "DOTPTR"):
            of = first.first
            if of is not None and of.op == "NAME" and self._zero(first):
                self._charge(-2, "given back")
        elif op in ("CONVNOP", "BLOCK", "METHEXPR") or (op == "DEREF" and _stripped(first).op == "ADDR"):
            self._charge(-1, "given back")
        elif op in ("METHVALUE", "SLICELIT"):
            self._nodes += 1
        elif op == "AS2":
            self._charge(-_temporaries(node), "given back")
        elif op in _SLICES:
            self._charge(-_superfluous(node), "given back")

    def _call(self, node: Node) -> None:
        callee = self._callees.of(node)
        if callee.stops:
            raise _Stopped(callee.stops)
        if callee.throws:
            self._charge(THROW, "call", callee.name, node.place)
        elif callee.is_free:
            return
        elif callee.body_cost is not None:
            self._charge(callee.body_cost, "inlined", callee.name, node.place)
        else:
            is_parameter = callee.is_parameter
            self._charge(
                PARAMETER_CALL if is_parameter else CALL,
                "parameter call" if is_parameter else "call",
                callee.name,
                node.place,
            )


def _place(node: Node) -> Place | None:
    return node.place or next((p for f in node.fields for c in f[1] if (p := _place(c))), None)


def _method(node: Node) -> str:
    [called] = node.field("Fun") or (node,)
    return called.facts.partition(" ")[0].rpartition(".")[2] if called.op == "DOTINTER" else ""


def _decided(node: Node) -> bool | None:
    """The value of an IF's condition, if it is a constant."""
    condition = next(iter(node.field("Cond")), None)
    if condition is None or condition.op != "LITERAL" or condition.name not in ("true", "false"):
        return None
    return condition.name == "true"


def _stripped(node: Node | None) -> Node:
    while node is not None and node.op == "CONVNOP":
        node = node.first
    return node or Node("", "", "", (), ())


def _temporaries(node: Node) -> int:
    """What is given back for `a, b = f()`, which the compiler writes with a temporary for each value."""
    values = node.field("Rhs")
    before = values[0].field("init") if values else ()
    is_split = len(before) == 1 and before[0].op in _LIST_ASSIGNMENTS
    return 4 * len(node.field("Lhs")) + 1 if is_split else 0


def _superfluous(node: Node) -> int:
    """What is given back for s[0:] and s[:len(s)]."""
    back = 0
    low, high = (next(iter(node.field(name)), None) for name in ("Low", "High"))
    if low is not None and low.op == "LITERAL" and low.name == "0":
        back += 1
    if high is not None and high.op == "LEN" and node.first is not None and node.first.op == "NAME":
        back += 2 if high.first == node.first else 0
    return back
