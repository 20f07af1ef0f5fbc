"""The compiler's own trees of a package, as `go tool compile -W=2` prints them.

Form: Go 1.27, cmd/compile/internal/ir/fmt.go, dumpNode and dumpNodeHeader. A line is a node: four characters
of indentation for each level, the operation, what is known of it, and after ` # ` where it stands in the
source: first the outermost call site, then each inlined one.  `OP-Field` on a line of its own heads the
children in that field; `OP-init` heads what runs before the node and stands above it.  Below 40 levels the
compiler prints three dots.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Node", "Place", "place_chain", "sections", "tree", "walk"]

_INDENT = ".   "
_FIELD = re.compile(r"([A-Z][A-Z0-9]*)-([A-Z][A-Za-z]*)")
_HEAD = re.compile(r"([A-Z][A-Z0-9]*)(?:-(.*))?")
_PLACES = re.compile(r"[_+]?(\S.*?):(\d+):(\d+)(?: |$)")
_CALLED = re.compile(r" (?:esc\(|Class:|Offset:)")
_SECTION = re.compile(r"(before|after) (devirtualize-and-inline|escape|walk|order) (.*)")


@dataclass(frozen=True, order=True)
class Place:
    """A place in a source, as the compiler counts."""

    file: str  # base name
    line: int  # 1-based
    column: int  # 1-based, in bytes


@dataclass(frozen=True)
class Node:
    """One node of a tree."""

    op: str  # "CALLFUNC"; "..." for what lies below the 40th level
    name: str  # what is joined to the operation: "main.add" of NAME, "2" of LITERAL
    facts: str  # flags and type: "Class:PFUNC Used FUNC-func(int, int) int tc(1)"
    places: tuple[Place, ...]  # from the outermost call site to the node's own place; () if unknown
    fields: tuple[tuple[str, tuple[Node, ...]], ...]  # children by field; "" are the unnamed fields

    @property
    def place(self) -> Place | None:
        """Where the node itself stands, in the function that it was written in."""
        return self.places[-1] if self.places else None

    def field(self, name: str) -> tuple[Node, ...]:
        """The children in a field; () if it has none."""
        return next((children for field, children in self.fields if field == name), ())

    @property
    def first(self) -> Node | None:
        """The first child without a field's name: X of a unary or binary expression, of an assignment."""
        return next(iter(self.field("")), None)


def place_chain(text: str) -> tuple[Place, ...]:
    """Read `main.go:17:21 strings.go:63:14`."""
    return tuple(Place(m[1], int(m[2]), int(m[3])) for m in _PLACES.finditer(text))


def sections(lines: list[str]) -> Iterator[tuple[str, str, int, int]]:
    """Yield (phase, function, start, end) of each tree; its lines are `lines[start:end]`.

    Phases are "before devirtualize-and-inline", "before escape" and those of later passes.
    """
    at, count = 0, len(lines)
    while at < count:
        line = lines[at]
        at += 1
        found = _SECTION.fullmatch(line) if line.startswith(("before ", "after ")) else None
        if found:
            start = at
            while at < count and lines[at].startswith(_INDENT):
                at += 1
            yield f"{found[1]} {found[2]}", found[3], start, at


def tree(lines: list[str]) -> tuple[Node, ...]:
    """Read the lines of one tree.

    >>> [top] = tree([".   RETURN # a.go:3:2", ".   RETURN-Results", ".   .   LITERAL-2 int # a.go:3:9"])
    >>> top.field("Results")[0].name
    '2'
    """
    split = [_split(line) for line in lines]
    nodes, _ = _siblings(split, 0, split[0][0] if split else 0)
    return nodes


def walk(nodes: tuple[Node, ...], *, closures: bool = False) -> Iterator[Node]:
    """Yield nodes and all below them; the bodies of function literals only if asked for."""
    stack = list(reversed(nodes))
    while stack:
        node = stack.pop()
        yield node
        for field, children in reversed(node.fields):
            if closures or field != "Func":
                stack.extend(reversed(children))


def _split(line: str) -> tuple[int, str]:
    depth = 0
    while line.startswith(_INDENT, depth * 4):
        depth += 1
    return depth, line[depth * 4 :]


def _siblings(lines: list[tuple[int, str]], at: int, depth: int) -> tuple[tuple[Node, ...], int]:
    """Read the nodes at a depth from `at` on; return them and the first line after them."""
    nodes: list[Node] = []
    before: tuple[Node, ...] = ()
    while at < len(lines) and lines[at][0] == depth:
        text = lines[at][1]
        if text.endswith("-init") and " " not in text:
            before, at = _siblings(lines, at + 1, depth + 1)
            continue
        node, at = _node(lines, at, depth, before)
        nodes.append(node)
        before = ()
    return tuple(nodes), at


def _node(lines: list[tuple[int, str]], at: int, depth: int, before: tuple[Node, ...]) -> tuple[Node, int]:
    text = lines[at][1]
    head, separator, tail = text.rpartition(" # ")
    places = place_chain(tail) if separator else ()
    head = head if places else text
    cut = _CALLED.search(head) if head.startswith("NAME-") else None  # a name may have spaces
    op, facts = (head[: cut.start()], head[cut.start() + 1 :]) if cut else head.partition(" ")[::2]
    found = _HEAD.fullmatch(op)
    fields: list[tuple[str, tuple[Node, ...]]] = [("init", before)] if before else []
    at += 1
    own, at = _siblings(lines, at, depth + 1)
    if own:
        fields.append(("", own))
    while at < len(lines) and lines[at][0] == depth:
        field = _FIELD.fullmatch(lines[at][1])
        if not field or found is None or field[1] != found[1]:
            break
        children, at = _siblings(lines, at + 1, depth + 1)
        fields.append((field[2], children))
    if found is None:  # "...", "NilIrNode"
        return Node(op, "", facts, places, tuple(fields)), at
    return Node(found[1], found[2] or "", facts, places, tuple(fields)), at
