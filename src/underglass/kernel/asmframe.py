"""The names by which a function's assembly reaches its arguments and results: `x+0(FP)`, `s_len+8(FP)`."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from underglass.abi.layout import Layout, Place, abi0_layout
from underglass.abi.signature import Signature, parse_signature, parse_types
from underglass.abi.types import Array, Basic, GoType, Interface, Slice, String, Struct
from underglass.errors import CallError
from underglass.kernel.asmtext import AsmFunction, read_asm
from underglass.toolchain import golex
from underglass.toolchain.prototypes import standard_packages
from underglass.toolchain.records import Source
from underglass.toolchain.stdindex import exports

if TYPE_CHECKING:
    from underglass.kernel.known import Known

__all__ = ["Word", "declared_types", "frame_above", "layout_from", "prototypes", "signature_from", "words"]

_QUALIFIED = re.compile(r"\b([^\W\d]\w*)\.([^\W\d]\w*)")
_MOST_WORDS = 64  # of an argument: a long array has more names than anyone reads


@dataclass(frozen=True)
class Word:
    """A name for an argument, a result, or a part of one."""

    name: str  # as go vet has it: "x", "s_len", "p_x" (asmdecl)
    offset: int  # bytes from FP
    size: int  # bytes
    type: str  # of the part: "int", "*byte"
    place: Place  # of the whole value
    is_part: bool  # whether it is less than the whole value

    @property
    def text(self) -> str:
        """As assembly writes it."""
        return f"{self.name}+{self.offset}(FP)"


def words(prototype: str, known: Known) -> tuple[Word, ...]:
    """Return every name that the function of a prototype has for its ABI0 frame, parts before the whole.

    The names are those of go vet (asmdecl.go, appendComponentsRecursive and asmParseDecl): the first
    parameter without a name is arg.
    """
    layout = layout_from(prototype, known)
    found: list[Word] = []
    for place in layout.places if layout is not None else ():
        base = place.offset or 0
        own = _vet_name(place, prototype)
        for suffix, at, size, kind in islice(_parts(place.type), _MOST_WORDS):
            found.append(Word(own + suffix, base + at, size, kind, place, bool(suffix)))
    return tuple(found)


def _vet_name(place: Place, prototype: str) -> str:
    """The name of a parameter or result; one that the prototype leaves out or writes as _ is go vet's."""
    code = golex.code_tokens(prototype)
    names = {token.text for token in code if token.kind == "name"}
    if place.name in names:
        return place.name
    depth, end = 0, len(code)
    for index, token in enumerate(code):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.text == ")":
            end = index
            break
    side = code[end:] if place.is_result else code[:end]
    if any(token.text == "_" for token in side):
        return "_"
    return "arg" if place.name == "arg0" else place.name


def prototypes(text: str, known: Known) -> Mapping[str, str]:
    """Return function → prototype: comments above TEXT, and Go declarations without a body.

    Args:
        text: of the cell that is edited, which counts more than the other cells; "" for a cell of Go.
    """
    found: dict[str, str] = {}
    for cell in known.go_cells:
        found |= {f.name: f.declaration for f in golex.parse(cell.text).functions if not f.receiver}
    for other in (*(c.text for c in known.asm_cells), text):
        found |= {f.name: f.prototype for f in read_asm(other).functions if f.prototype}
    return found


def signature_from(prototype: str, known: Known) -> Signature | None:
    """Return what a prototype says; None where it names a type that nobody knows."""
    return _signature(prototype, known.go_cells, known.root) or _by_program(prototype, known)


def layout_from(prototype: str, known: Known) -> Layout | None:
    """Return where ABI0 has what a prototype says; None as for `signature_from`."""
    taken = signature_from(prototype, known)
    return abi0_layout(taken) if taken is not None else None


@functools.lru_cache(maxsize=256)
def _signature(prototype: str, cells: tuple[Source, ...], root: Path | None) -> Signature | None:
    own = declared_types(cells)
    known: tuple[Callable[[], Mapping[str, GoType]], ...] = (
        lambda: own,
        lambda: {**own, **_imported(prototype, root)},
    )
    for types in known:
        try:
            return parse_signature(prototype, types())
        except CallError:
            continue
    return None


def _imported(prototype: str, root: Path | None) -> Mapping[str, GoType]:
    """The types of standard packages that a prototype names, where one line declares them: time.Duration."""
    found: dict[str, GoType] = {}
    for package, name in _QUALIFIED.findall(prototype) if root is not None else ():
        for path in standard_packages(root).get(package, ()):
            export = exports(root, path).get(name)
            try:
                types = parse_types([export.declaration]) if export is not None else {}
            except CallError:
                continue
            found |= {f"{package}.{name}": types[name]} if name in types else {}
    return found


def _by_program(prototype: str, known: Known) -> Signature | None:
    if known.program is None:
        return None
    from underglass.abi.dwarf import named_types, type_named

    found: dict[str, GoType] = {}
    for package, name in _QUALIFIED.findall(prototype):
        kind = type_named(known.program, f"{package}.{name}")
        found |= {f"{package}.{name}": kind} if kind is not None else {}
    try:
        return parse_signature(prototype, {**declared_types(known.go_cells), **found})
    except CallError:  # a type of main that no cell declares in a way that is understood
        pass
    try:
        return parse_signature(prototype, {**named_types(known.program), **found})
    except CallError:
        return None


@functools.lru_cache(maxsize=16)
def declared_types(cells: tuple[Source, ...]) -> Mapping[str, GoType]:
    """Return the named types of Go texts whose layout follows from the texts alone."""
    declarations = [text for cell in cells for text in _type_declarations(cell.text)]
    found: dict[str, GoType] = {}
    for _ in range(2):  # one may name another that stands below it
        for text in declarations:
            try:
                found |= parse_types([text], found)
            except CallError:
                continue
    return found


def _type_declarations(text: str) -> Iterator[str]:
    """Yield `type name …` for each type declared at the top level, groups taken apart."""
    code = golex.code_tokens(text)
    depth, start, is_group = 0, -1, False
    for index, token in enumerate(code):
        following = code[index + 1] if index + 1 < len(code) else None
        if depth == 0 and token.text == "type" and token.kind == "name" and following is not None:
            is_group = following.text == "("
            start = -1 if is_group else following.start
        elif is_group and depth == 1 and start < 0 and token.kind == "name":
            start = token.start
        if token.kind == "other":
            depth = max(0, depth + (token.text in "([{") - (token.text in ")]}"))
            is_group = is_group and not (depth == 0 and token.text == ")")
        is_last = following is None or (following.line > token.line and depth == int(is_group))
        is_last = is_last or (following is not None and following.text == ";" and depth == int(is_group))
        if 0 <= start <= token.start and is_last and depth == int(is_group):
            yield f"type {text[start : token.end]}"
            start = -1


def _parts(kind: GoType, offset: int = 0, suffix: str = "") -> Iterator[tuple[str, int, int, str]]:
    """(suffix, offset, bytes, type) of what a value is made of, and then of the value itself."""
    names: tuple[tuple[str, str], ...] = ()
    if isinstance(kind, String):
        names = (("_base", "*byte"), ("_len", "int"))
    elif isinstance(kind, Slice):
        names = (("_base", f"*{kind.element.name}"), ("_len", "int"), ("_cap", "int"))
    elif isinstance(kind, Interface):
        is_empty = kind.name in ("any", "interface{}", "interface {}")
        names = (("_type" if is_empty else "_itable", "uintptr"), ("_data", "unsafe.Pointer"))
    elif isinstance(kind, Basic) and kind.kind == "complex":
        names = (("_real", f"float{4 * kind.size}"), ("_imag", f"float{4 * kind.size}"))
    elif isinstance(kind, Struct):
        for field in kind.fields:
            yield from _parts(field.type, offset + field.offset, f"{suffix}_{field.name}")
    elif isinstance(kind, Array):
        for index in range(min(kind.length, _MOST_WORDS)):
            yield from _parts(kind.element, offset + index * kind.element.size, f"{suffix}_{index}")
    for index, (name, shown) in enumerate(names):
        size = kind.size // len(names)
        yield suffix + name, offset + index * size, size, shown
    yield suffix, offset, kind.size, kind.name


def frame_above(function: AsmFunction) -> int | None:
    """Return the bytes from the hardware SP up to FP once the frame is made; None where no size is given.

    The saved BP and the return address lie between. BP is saved unless the function is NOFRAME, or has
    neither locals nor a CALL (Go 1.27, cmd/internal/obj/x86/obj6.go, preprocess).
    """
    if function.frame is None:
        return None
    saves = "NOFRAME" not in function.flags and (function.frame > 0 or function.calls)
    return function.frame + (8 if saves else 0) + 8
