"""Which function a call in a compiler's tree reaches, and what its body would cost there.

The rules: Go 1.27, cmd/compile/internal/inline/inl.go, inlCallee, inlineCostOK and the OCALLFUNC case of
hairyVisitor.doNode; cmd/compile/internal/ir/expr.go, StaticValue and Reassigned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from underglass.toolchain import golex
from underglass.toolchain.inlinetext import MAX_BUDGET, Verdict
from underglass.toolchain.inlining import Inlining
from underglass.toolchain.irdump import Node, Place, walk

__all__ = ["Callee", "Callees", "Variables", "callee_name"]

BIG_CALLER_MAX_COST = 20  # inl.go, inlineBigFunctionMaxCost
_STOPS = ("GetCallerPC", "GetCallerSP")
# Loads and stores that amd64 does in one instruction: inl.go names each of them.
_ACCESSES = tuple(f"{verb}Uint{width}" for verb in ("", "Put", "Append") for width in ("16", "32", "64"))
_CHEAP_BYTE_ORDER = frozenset(f"{order}{access}" for order in ("LE", "BE") for access in _ACCESSES)
_CHEAP_BINARY = frozenset(
    f"{order}.{access}" for order in ("littleEndian", "bigEndian") for access in _ACCESSES
)


@dataclass(frozen=True)
class Callee:
    """What a call reaches."""

    name: str  # as the compiler says it: "add", "strings.Contains"; "" for a function value
    path: str = ""  # import path of its package, if known
    verdict: Verdict | None = None  # what the compiler said of it, if known at that time
    body_cost: int | None = None  # nodes, if the body would be put there
    is_free: bool = False  # an intrinsic, or a function that the compiler counts as cheap
    is_parameter: bool = False  # called through a parameter or a captured variable
    throws: bool = False  # runtime.throw
    stops: str = ""  # why a function that has this call is never inlined


class Callees:
    """The functions of one package as they are judged, one after the other.

    Args:
        asked: what the compiler said.
    """

    def __init__(self, asked: Inlining) -> None:
        self._asked, self._intrinsics = asked, asked.intrinsics
        self.judged: dict[str, Verdict] = {}
        """The functions of the package that the compiler has judged by now."""
        self.current = ""
        """The function that is being judged."""
        self._variables = Variables(asked.trees)
        self._imports: dict[str, frozenset[str]] = {}

    def of(self, call: Node) -> Callee:
        """What a CALLFUNC reaches."""
        [called] = call.field("Fun")
        is_parameter = called.op == "NAME" and (
            "Class:PPARAM " in called.facts
            or ("Class:PAUTOHEAP " in called.facts and "IsClosureVar" in called.facts.split())
        )
        target = self._variables.static(called, self.current)
        name = self._as_told(target)
        if not name:
            return Callee("", is_parameter=is_parameter)
        if target.op == "CLOSURE":
            return self._literal(target, name, is_parameter=is_parameter)
        path, plain, verdict = self._home(target, name, call.place)
        if path == "internal/runtime/sys" and plain in _STOPS:
            return Callee(name, path, stops=f"call to {plain}")
        is_cheap = self._is_cheap(path, plain, direct=called is target)
        free = is_cheap or (called is target and (path, plain) in self._intrinsics)
        throws = (path, plain) == ("runtime", "throw") and self._asked.package.path != "runtime"
        cost = None if free or throws else self._fits(verdict)
        return Callee(name, path, verdict, cost, free, is_parameter, throws)

    def _as_told(self, target: Node) -> str:
        """The callee's name; an instance of an imported generic function keeps its package's name, even where
        the compiled package has the same."""
        if target.op == "NAME" and "[" in target.name and target.name in self._asked.trees:
            return target.name
        return callee_name(target, self._asked.package.name)

    def _literal(self, target: Node, name: str, *, is_parameter: bool) -> Callee:
        verdict = self.judged.get(name)
        captures = any(n.field("ClosureVars") for n in target.field("Func"))
        if captures and self._variables.parent(name) != self.current:
            return Callee(name, self._asked.package.path, verdict, is_parameter=is_parameter)
        cost = self._fits(verdict, closure=True)
        return Callee(name, self._asked.package.path, verdict, cost, is_parameter=is_parameter)

    def _fits(self, verdict: Verdict | None, *, closure: bool = False) -> int | None:
        if verdict is None or not verdict.can or verdict.cost is None:
            return None
        most = BIG_CALLER_MAX_COST if self.current in self._asked.listing.big else MAX_BUDGET
        return verdict.cost if verdict.cost <= most * (2 if closure else 1) else None

    def _home(self, target: Node, name: str, place: Place | None) -> tuple[str, str, Verdict | None]:
        """Import path, plain name and verdict of what a node names.

        Packages of one name are told apart by the place of the declaration, or by what they declare.
        """
        own = self._asked.package
        qualifier, dot, plain = name.partition(".")
        if not dot or re.search(r"[(\[]", qualifier):
            qualifier, plain = own.name, name
        found = self.judged.get(name)
        if found is not None and _agrees(target, found):
            return (self._path(qualifier, plain) if plain != name else own.path), plain, found
        named = [p.path for p in self._asked.imports if p.name == qualifier]
        near = self._imports_of(place.file) if place else frozenset()
        for path in sorted(named, key=lambda p: (p not in near, p not in self._asked.direct)):
            found = self._asked.dependencies.get(path, {}).get(plain)
            if found is not None and _agrees(target, found):
                return path, plain, found
        if qualifier == own.name and (plain in self._asked.trees or not named):
            return own.path, plain, None
        return self._path(qualifier, plain) or own.path, plain, None

    def _imports_of(self, file: str) -> frozenset[str]:
        """Import paths in a file of the package."""
        held = self._imports.get(file)
        if held is None:
            packages = self._asked.imports
            if not self._asked.sources:
                packages = (self._asked.package, *packages)
            home = next((p.directory / file for p in packages if file in p.files), None)
            text = next((s.text for s in self._asked.sources if s.name == file), None)
            if text is None:
                text = home.read_text("utf-8", "replace") if home else ""
            held = self._imports[file] = frozenset(i[1] for i in golex.parse(text).imports)
        return held

    def _path(self, qualifier: str, plain: str) -> str:
        named = [p.path for p in self._asked.imports if p.name == qualifier]
        known = [p for p in named if (p, plain) in self._intrinsics] or named
        direct = [p for p in known if p in self._asked.direct]
        return next(iter(direct or known), "")

    @staticmethod
    def _is_cheap(path: str, plain: str, *, direct: bool) -> bool:
        if path == "internal/abi":
            return direct and (plain == "NoEscape" or plain.startswith("EscapeNonString["))
        if path == "internal/byteorder":
            return direct and plain in _CHEAP_BYTE_ORDER
        if path == "encoding/binary":
            return direct and plain in _CHEAP_BINARY
        return direct and (path, plain) == ("runtime", "panicrangestate")


def _agrees(target: Node, verdict: Verdict) -> bool:
    """Whether a verdict is of the function that a NAME declares where it says so."""
    place = target.place
    if target.op != "NAME" or place is None or not place.column:
        return True
    return (verdict.place.file, verdict.line) == (place.file, place.line)


def callee_name(target: Node, own: str) -> str:
    """The function that a NAME, METHEXPR or CLOSURE names, as the compiler says it; "" for another node."""
    if target.op == "NAME" and "Class:PFUNC " in target.facts:
        return target.name.removeprefix(f"{own}.")
    if target.op == "METHEXPR":
        method = target.facts.partition(" FUNC-")[0].rpartition(".")[2]
        receiver = receiver_type(target.first) if target.first else ""
        star = "*" if receiver.startswith("*") else ""
        plain, arguments = re.fullmatch(r"([^\[]*)(.*)", receiver.lstrip("*"), re.DOTALL).groups()  # type: ignore[union-attr]
        package, _, base = plain.rpartition(".")
        told = f"(*{base}{arguments})" if star else f"{base}{arguments}"
        # A pointer to one of the package's own types is told without the package, a type itself with it.
        is_own = not package or (package == own and not star)
        return f"{told}.{method}" if is_own else f"{package}.{told}.{method}"
    if target.op == "CLOSURE":
        found = re.search(r"fnName\((.*?)\)(?: FUNC-| tc\()", target.facts)
        return found[1].partition(".")[2] if found else ""
    return ""


def receiver_type(node: Node) -> str:
    """The type that a TYPE node names: "*Builder", "atomic.Int64"."""
    found = re.search(r"\btype (?:[A-Z]+-)?(.*?)(?: tc\(\d+\))?$", node.facts, re.DOTALL)
    return found[1] if found else ""


class Variables:
    """What is assigned to the local variables of a package: a function that is called by way of one is
    known if nothing but its definition assigns to it."""

    def __init__(self, trees: dict[str, tuple[Node, ...]]) -> None:
        self._trees = trees

    def static(self, node: Node, function: str) -> Node:
        """The node that gives `node` its value, as far as that is sure."""
        while True:
            if node.op in ("CONVNOP", "PAREN") and node.first is not None:
                node = node.first
                continue
            value = self._value(node, function)
            if value is None:
                return node
            node = value

    def parent(self, literal: str) -> str:
        """The function that a function literal stands in."""
        return self._parents.get(literal, "")

    def _value(self, node: Node, function: str) -> Node | None:
        if node.op != "NAME" or "Addrtaken" in node.facts:
            return None
        if "IsClosureVar" in node.facts.split():
            outer = function
            while outer := self._parents.get(outer, ""):
                places = self._declared.get((outer, node.name), set())
                if len(places) == 1:
                    return self._assigned.get((node.name, next(iter(places))))
                if places:
                    return None
            return None
        return self._assigned.get((node.name, node.place)) if "Class:PAUTO " in node.facts else None

    @cached_property
    def _parents(self) -> dict[str, str]:
        return {
            callee_name(node, ""): function
            for function, body in self._trees.items()
            for node in walk(body)
            if node.op == "CLOSURE"
        }

    @cached_property
    def _declared(self) -> dict[tuple[str, str], set[Place | None]]:
        found: dict[tuple[str, str], set[Place | None]] = {}
        for function, body in self._trees.items():
            for node in walk(body):
                if node.op == "NAME" and "Class:PAUTO " in node.facts:
                    found.setdefault((function, node.name), set()).add(node.place)
        return found

    @cached_property
    def _assigned(self) -> dict[tuple[str, Place | None], Node]:
        """The one value of each variable that has but one."""
        defined: dict[tuple[str, Place | None], Node] = {}
        again: set[tuple[str, Place | None]] = set()
        names_again: set[str] = set()
        for body in self._trees.values():
            for node in walk(body):
                for target, value in _assignments(node):
                    if "IsClosureVar" in target.facts.split():
                        names_again.add(target.name)
                    elif value is None:
                        again.add((target.name, target.place))
                    else:
                        defined[target.name, target.place] = value
                if node.op == "NAME" and "Addrtaken" in node.facts:
                    again.add((node.name, node.place))
        return {k: v for k, v in defined.items() if k not in again and k[0] not in names_again}


def _assignments(node: Node) -> list[tuple[Node, Node | None]]:
    """(variable, value) of each assignment that a node makes; the value is None if it is not the definition
    or is not known."""
    new = {n.first.place for n in node.field("init") if n.op == "DCL" and n.first is not None}
    if node.op == "AS":
        target, *value = node.field("")
        is_definition = "Def" in node.facts.split() and bool(value)
        return [(target, value[0] if is_definition else None)] if target.op == "NAME" else []
    if node.op.startswith("AS2") or node.op == "SELRECV2":
        values = node.field("Rhs")
        pairs = zip(node.field("Lhs"), values, strict=False) if node.op == "AS2" else ()
        known = {id(t): v for t, v in pairs if t.place in new}
        return [(t, known.get(id(t))) for t in node.field("Lhs") if t.op == "NAME"]
    if node.op == "ASOP":
        return [(node.first, None)] if node.first is not None and node.first.op == "NAME" else []
    if node.op == "RANGE":
        both = (*node.field("Key"), *node.field("Value"), *node.field("")[1:])
        return [(n, None) for n in both if n.op == "NAME"]
    return []
