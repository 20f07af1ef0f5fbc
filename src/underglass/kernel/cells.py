"""The cells that hold a notebook's program: what each defines, and which of them a new one replaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from underglass.errors import UnderglassError
from underglass.toolchain import Source, asmlex, golex

__all__ = ["Cell", "arranged", "read_cell"]

_ENDINGS = {"asm": ".s", "go": ".go"}
_MANY = frozenset({"_", "init"})  # names that a program may define more than once


@dataclass(frozen=True)
class Cell:
    """One cell of Go or assembly."""

    number: int  # execution count: what its origin, "cell 7", says
    source: Source  # the text with an empty first line for the line of the magic
    cell_id: str | None  # the front end's name for the cell, if it has told
    is_named: bool  # the reader named the file: %%asm add.s
    defines: frozenset[str]  # "add", "(p *T).String", "declared add"

    @property
    def origin(self) -> str:
        return self.source.origin

    def is_same(self, other: Cell) -> bool:
        """Say whether the front end has told that both are one cell of the notebook."""
        return self.cell_id is not None and self.cell_id == other.cell_id

    def replaces(self, other: Cell) -> bool:
        """Say whether a program with this cell in it has no place for the other, earlier one.

        It has none for the same cell, for the same file, and for an unnamed cell in the same
        language that defines one of the same things: so the last one that was run counts, whether
        the front end tells cells apart or not.
        """
        if self.source.is_assembly != other.source.is_assembly:
            return self.is_same(other)
        return (
            self.is_same(other)
            or self.source.name == other.source.name
            or (not other.is_named and bool(self.defines & other.defines))
        )


def read_cell(
    language: str,
    line: str,
    body: str,
    *,
    number: int,
    cell_id: str | None,
    above: int,
    taken: Iterable[Cell],
) -> Cell:
    """Make a cell of what its magic got.

    Args:
        language: "go" or "asm".
        line: what stands behind the magic: a file name or nothing.
        above: empty lines above the magic, which the reader sees and counts.
        taken: the cells there are, whose file names are not free.

    Raises:
        UnderglassError: the name is none.
    """
    origin, ending = f"cell {number}", _ENDINGS[language]
    words = line.split()
    if len(words) > 1 or (words and not words[0].endswith(ending)):
        raise UnderglassError(
            f"{origin}, line {above + 1}: %%{language} takes one file name that ends in {ending}, or "
            f"nothing; this is {line.strip()!r}. Write %%{language}, or %%{language} add{ending}."
        )
    text = "\n" * (above + 1) + body
    defines = frozenset(_in_assembly(text) if language == "asm" else _in_go(text))
    if words:
        return Cell(number, Source(words[0], text, origin), cell_id, True, defines)
    draft = Cell(number, Source(f"cell{ending}", text, origin), cell_id, False, defines)
    return Cell(number, Source(_free_name(draft, taken, ending), text, origin), cell_id, False, defines)


def arranged(cells: Iterable[Cell], added: Iterable[Cell]) -> dict[str, Cell]:
    """Return the cells of a program by file name, after each of `added` has replaced what it replaces."""
    program = {cell.source.name: cell for cell in cells}
    for new in added:
        program = {name: cell for name, cell in program.items() if not new.replaces(cell)}
        program[new.source.name] = new
    return program


def _free_name(draft: Cell, taken: Iterable[Cell], ending: str) -> str:
    """Return the file name of the cell that the draft replaces, whose build is kept, or else a new one."""
    taken = tuple(taken)
    for cell in taken:
        if not cell.is_named and cell.source.is_assembly == draft.source.is_assembly and draft.replaces(cell):
            return cell.source.name
    names = {cell.source.name.casefold() for cell in taken}
    numbers = iter(range(1, len(names) + 2))
    return next(name for n in numbers if (name := f"cell{n}{ending}") not in names)


def _in_assembly(text: str) -> Iterator[str]:
    yield from (t.symbol.removeprefix("main.") for t in asmlex.texts(text) if not t.is_local)
    for statement in asmlex.statements(text):
        words = [token.text for token in statement]
        if words[0] == "GLOBL" and len(words) > 2 and words[2] != "<":
            yield words[1].replace("·", ".").replace("∕", "/").removeprefix(".")


def _in_go(text: str) -> Iterator[str]:
    """Yield the names at the top level of a Go text; a declaration without a body is one of its own."""
    for function in golex.parse(text).functions:
        if function.receiver:
            yield f"{function.receiver.split()[-1].strip('()*')}.{function.name}"
        elif function.name not in _MANY:
            yield function.name if function.has_body else f"declared {function.name}"
    yield from (name for name in _declared(golex.code_tokens(text)) if name not in _MANY)


def _declared(code: list[golex.Token]) -> Iterator[str]:
    """Yield the names of types, variables and constants; `a, b = 1, 2` gives the first one."""
    depth, groups = 0, [-1]  # groups: the depths at which each line declares a name
    previous: golex.Token | None = None
    starts: Mapping[str, int] = {"type": 0, "var": 0, "const": 0}
    for token in code:
        before, previous = previous, token
        if before is not None and before.text in starts and before.kind == "name" and depth == 0:
            if token.text == "(":
                groups.append(1)
            elif token.kind == "name":
                yield token.text
        elif depth == groups[-1] and token.kind == "name":
            assert before is not None
            if before.line < token.line or before.text in "(;":
                yield token.text
        if token.kind == "other":
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth == 0 and len(groups) > 1:
                groups.pop()
