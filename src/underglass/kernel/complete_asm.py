"""Completion in a cell of Go assembly."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from underglass.abi.amd64 import ROLES
from underglass.kernel.asmframe import layout_from, prototypes, words
from underglass.kernel.asmsymbols import Symbol, package_symbols, packages, symbols
from underglass.kernel.asmtext import AsmFunction, AsmText, Place, place_at, read_asm
from underglass.kernel.completions import Completions, Match, matching
from underglass.kernel.headers import constants, definitions, headers
from underglass.kernel.known import Known
from underglass.program.usage import directives, pseudo_register_meaning, usage, usages
from underglass.toolchain import golex
from underglass.toolchain.forms import forms, registers, shown
from underglass.toolchain.opcodes import opcodes

__all__ = ["complete_asm"]

_WIDTHS = {"B": "1 byte", "W": "2 bytes", "L": "4 bytes", "Q": "8 bytes"}
_KINDS = {"A": "reg", "B": "reg", "C": "reg", "D": "reg", "S": "reg", "R": "reg",
          "X": "xreg", "Y": "yreg", "Z": "zreg", "K": "kreg", "M": "mmreg", "F": "freg"}  # fmt: skip
_FRAME = re.compile(r"(\$?)([^\W\d]?\w*)(?:[+-]\d*)?(?:\((?:FP?|SP?|FP\)|SP\))?)?")
_SYMBOL = re.compile(r"(\$?)([\w∕/]*[·.][\w·∕]*)(?:<>?)?(?:\+\d*)?(?:\((?:SB?\)?)?)?")
_PLAIN = re.compile(r"(\$?)([\w·∕]*)")
_BASE = re.compile(r".*\((?:\w+\)\()?(\w*)")
_SCALE = re.compile(r".*\(\w+\*(\d*)")
_TEXT_FLAG = re.compile(r"(?:.*\|)?\s*(\w*)")


def complete_asm(text: str, cursor: int, known: Known) -> Completions:
    """Return what can stand at an offset of an assembly text; never raises, whatever the text."""
    place, read = place_at(text, cursor), read_asm(text)
    if place.kind == "head":
        found = [*_text_lines(text, place, known), *_heads(read, known)]
        return matching(place.before, found, place.start, cursor)
    if place.kind == "comment":
        return _in_comment(text, place, cursor, known)
    if place.kind == "string":
        if place.head != "#include":
            return Completions(cursor, cursor, ())
        names = (Match(name, "header", told) for name, told in headers(known.root).items())
        return matching(place.before[1:], names, place.start + 1, cursor)
    if place.kind == "directive":
        typed = place.before if not place.index else " "
        return matching(typed, _directives(hashes=True), place.start, cursor)
    if place.head in ("TEXT", "GLOBL", "DATA", "FUNCDATA", "PCDATA"):
        return _in_directive(text, place, cursor, read, known)
    return _in_operand(text, place, cursor, read, known)


# -- the start of a line -----------------------------------------------------------------------


def _heads(read: AsmText, known: Known) -> Iterator[Match]:
    yield from _directives(hashes=False)
    yield from _instructions(known.root)
    yield from _macros(read, known, capitals=True)
    yield from _directives(hashes=True)


def _directives(*, hashes: bool) -> Iterator[Match]:
    """Those that begin with # or those that do not; #line is refused in cells (toolchain/refusals.py)."""
    for name, told in directives().items():
        if name.startswith("#") == hashes and name != "#line":
            yield Match(name, "directive", told.operands)


@functools.lru_cache(maxsize=2)
def _instructions(root: Path | None) -> tuple[Match, ...]:
    """Every instruction that the toolchain knows, those that we have a sentence for first."""
    known_forms = forms(root) if root is not None else {}
    names = opcodes(root) if root is not None else frozenset(usages()) - {"J", "SET", "CMOV"}
    told = sorted(n for n in names if usage(n) is not None)
    rest = sorted(n for n in names if usage(n) is None)
    found = []
    for name in (*told, *rest):
        if name in directives():
            continue
        operands = shown(known_forms[name]) if name in known_forms else ""
        found.append(Match(name, "instruction", " · ".join(w for w in (operands, _width(name, names)) if w)))
    return tuple(found)


def _width(name: str, names: Iterable[str]) -> str:
    """The bytes that the last letter stands for, where the same instruction has other widths."""
    stem, width = name[:-1], name[-1:]
    others = sum(stem + w in names for w in _WIDTHS)
    return _WIDTHS[width] if width in _WIDTHS and others > 1 else ""


def _text_lines(text: str, place: Place, known: Known) -> Iterator[Match]:
    """The whole TEXT line of a prototype comment above, or of a Go declaration that has no body yet."""
    has_flags = "textflag.h" in read_asm(text).includes
    for name, declaration in _unwritten(text, place, known):
        layout = layout_from(declaration, known)
        if layout is None:
            continue
        head, sizes = f"TEXT ·{name}(SB)", f"$0-{layout.args_size}"
        named = Match(
            f"{head}, NOSPLIT, {sizes}", "function", "" if has_flags else 'needs #include "textflag.h"'
        )
        number = Match(f"{head}, 4, {sizes}", "function", "4 is NOSPLIT")
        yield from (named,) if has_flags else (number, named)


def _unwritten(text: str, place: Place, known: Known) -> Iterator[tuple[str, str]]:
    """Functions that a TEXT here may begin, with their prototypes: that of the comment above first."""
    line = text.rfind("\n", 0, place.start) + 1
    above = text[:line].rstrip("\r\n").rpartition("\n")[2].strip()
    if above.startswith("//"):
        for function in golex.parse(above.lstrip("/").strip()).functions[:1]:
            yield function.name, function.declaration
    written = {f.name for f in read_asm(text).functions if not line <= f.start <= place.start}
    yield from ((name, declared) for name, declared in _bodiless(known) if name not in written)


def _bodiless(known: Known) -> Iterator[tuple[str, str]]:
    for cell in known.go_cells:
        for function in golex.parse(cell.text).functions:
            if not (function.has_body or function.receiver or function.is_generic):
                yield function.name, function.declaration


def _in_comment(text: str, place: Place, cursor: int, known: Known) -> Completions:
    """A prototype, for a Go declaration without a body."""
    if not place.before.startswith("//"):
        return Completions(cursor, cursor, ())
    found = (Match(f"// {declaration}", "function") for _, declaration in _bodiless(known))
    return matching(place.before, found, place.start, cursor)


# -- directives ----------------------------------------------------------------------------------


def _in_directive(text: str, place: Place, cursor: int, read: AsmText, known: Known) -> Completions:
    is_flags = place.index == 1 and place.head in ("TEXT", "GLOBL")
    if is_flags and (typed := _TEXT_FLAG.fullmatch(place.before)):
        flags = (Match(n, "flag", t) for n, t in definitions(known.root, "textflag.h").items())
        return matching(typed[1], flags, cursor - len(typed[1]), cursor)
    if place.index == 0 and place.head in ("TEXT", "GLOBL", "DATA"):
        return matching(place.before, _definable(text, place, read, known), place.start, cursor)
    if place.head == "TEXT" and place.index in (1, 2):
        return matching(place.before, _sizes(text, place, known), place.start, cursor)
    if place.head in ("FUNCDATA", "PCDATA") and place.index == 0:
        names = definitions(known.root, "funcdata.h").items()
        found = (Match(f"${n}", "constant", t) for n, t in names if n.startswith(f"{place.head}_"))
        typed_text = place.before if place.before.startswith("$") else f"${place.before}"
        return matching(typed_text, found, place.start, cursor)
    return _in_operand(text, place, cursor, read, known)


def _definable(text: str, place: Place, read: AsmText, known: Known) -> Iterator[Match]:
    if place.head == "TEXT":
        for name, declaration in _unwritten(text, place, known):
            yield Match(f"·{name}(SB)", "function", declaration)
        return
    for name, _, operands in read.globals:
        yield Match(f"·{name}{'+0' if place.head == 'DATA' else ''}(SB)", "data", operands)


def _sizes(text: str, place: Place, known: Known) -> Iterator[Match]:
    function = read_asm(text).function_at(place.start)
    declaration = prototypes(text, known).get(function.name, "") if function is not None else ""
    layout = layout_from(declaration, known) if declaration else None
    if layout is not None:
        yield Match(f"$0-{layout.args_size}", "size", f"no locals, {layout.args_size} bytes of {declaration}")


# -- operands --------------------------------------------------------------------------------------


def _in_operand(text: str, place: Place, cursor: int, read: AsmText, known: Known) -> Completions:
    typed = place.before
    function = read.function_at(place.start)
    if inner := _SCALE.fullmatch(typed):
        scales = (Match(n, "scale", f"index times {n}") for n in ("1", "2", "4", "8"))
        return matching(inner[1], scales, cursor - len(inner[1]), cursor)
    frame = list(_frame(text, function, known))
    if whole := _FRAME.fullmatch(typed):
        # "(F" and "x+" ask for the frame's words; a lone "(" asks for a register, too.
        name, bare = whole[2], typed[len(whole[1]) :]
        is_frame = bare.startswith(("(F", "(S")) or (name and bare != name)
        if is_frame:
            register = "FP" if "F" in bare.partition("(")[2] else "SP" if "(S" in bare else ""
            found = [m for m in frame if m.text.startswith(name) and (not register or register in m.text)]
            if bare.startswith("(S") and bare != "(SP)":
                found += [Match("(SP)", "register", ROLES["SP"])]
            return Completions(place.start + len(whole[1]), cursor, tuple(found))
    if base := _BASE.fullmatch(typed):
        names = _registers(known, frozenset({"reg"}))
        pseudo = (Match(n, "register", pseudo_register_meaning(n)) for n in ("FP", "SB"))
        return matching(base[1], [*names, *pseudo], cursor - len(base[1]), cursor)
    if symbol := _SYMBOL.fullmatch(typed):
        wanted = symbol[2].replace(".", "·").replace("/", "∕")
        found = list(_symbols(text, wanted, read, known))
        return matching(wanted, found, place.start + len(symbol[1]), cursor)
    if plain := _PLAIN.fullmatch(typed):
        found = list(_operands(text, place, function, read, known, constant=bool(plain[1])))
        if plain[2]:
            found += [m for m in _symbols(text, f"·{plain[2]}", read, known) if place.head != "TEXT"]
        completions = _plain(plain[2], [*frame, *found] if not plain[1] else [*found, *frame])
        return Completions(place.start + len(plain[1]), cursor, completions)
    return Completions(cursor, cursor, ())


def _plain(typed: str, found: list[Match]) -> tuple[Match, ...]:
    """What begins as typed, a symbol's `·` left out: `ad` finds `·add(SB)`."""
    direct = matching(typed, found, 0, 0).matches
    dotted = matching(f"·{typed}", (m for m in found if m.text.startswith("·")), 0, 0).matches
    return tuple(dict.fromkeys((*direct, *dotted)))


def _frame(text: str, function: AsmFunction | None, known: Known) -> Iterator[Match]:
    """The arguments, results and used locals of the function that the cursor is in."""
    if function is None:
        return
    declaration = prototypes(text, known).get(function.name, "")
    for word in words(declaration, known) if declaration else ():
        told = "result" if word.place.is_result else "argument"
        yield Match(word.text, told, f"{word.type}, {word.size} byte{'s' * (word.size != 1)}")
    for local in function.locals:
        yield Match(local, "local", "a word of the frame, used above or below")


def _operands(
    text: str, place: Place, function: AsmFunction | None, read: AsmText, known: Known, *, constant: bool
) -> Iterator[Match]:
    kinds = _kinds_at(place, known)
    if constant:
        yield from _macros(read, known, capitals=False)
        yield from (Match(n, "constant", t) for n, t in constants(known.go_cells).items())
        yield from (Match(s.text, s.kind, s.told) for s in symbols(text, known))
        return
    if "label" in kinds and place.head != "CALL" and function is not None:
        yield from (Match(name, "label", f"line {line}") for name, line in function.labels)
    if place.head in ("CALL", "JMP"):
        yield from (Match(s.text, s.kind, s.told) for s in symbols(text, known) if s.kind == "function")
        yield from (Match(f"{p}·", "package") for p in packages(known))
    if kinds != {"label"}:
        yield from _registers(known, frozenset(kinds))
        yield from _macros(read, known, capitals=False)
        yield from (Match(n, "constant", t) for n, t in constants(known.go_cells).items())
    if place.head not in ("CALL", "JMP") and "mem" in kinds:
        yield from (Match(s.text, s.kind, s.told) for s in symbols(text, known) if s.kind == "data")


def _kinds_at(place: Place, known: Known) -> set[str]:
    """What the operand may be, as the assembler's tables have it; any register where they say nothing."""
    every = forms(known.root).get(place.head.partition(".")[0], ()) if known.root is not None else ()
    found = {kind for form in every if place.index < len(form) for kind in form[place.index]}
    return found or {"reg", "xreg", "mem"}


def _registers(known: Known, kinds: frozenset[str]) -> Iterator[Match]:
    return (m for m, kind in _every_register(known.root) if kind in kinds)


@functools.lru_cache(maxsize=2)
def _every_register(root: Path | None) -> tuple[tuple[Match, str], ...]:
    names = registers(root) if root is not None else ()
    names = names or tuple(ROLES)
    general = [n for n in ROLES if n in names and n[0] != "X"]
    found = []
    for name in (*sorted(general, key=names.index), *(n for n in names if n not in general)):
        kind = _KINDS.get(name[0], "")
        if re.fullmatch(r"[A-D][HL]|.*B", name):
            kind = "reg8"
        elif re.fullmatch(r"[CDEFGS]S|[CDT]R\d+|[A-Z]{3,4}", name):
            kind = name  # a segment or a system register: as the tables call it
        found.append((Match(name, "register", ROLES.get(name, "")), kind))
        if kind == "reg":  # the byte instructions take AX for AL (asm6.go, Yrb)
            found.append(
                (Match(name, "register", f"its low byte; {ROLES.get(name, '')}".rstrip("; ")), "reg8")
            )
    return tuple(found)


def _macros(read: AsmText, known: Known, *, capitals: bool) -> Iterator[Match]:
    """Names that #define makes here and in the headers that are included; those in capitals begin lines."""
    yield from (Match(name, "macro", told) for name, told in read.macros)
    for header in read.includes:
        for name, told in definitions(known.root, header).items():
            if not capitals or told.startswith(("FUNCDATA", "PCDATA")) or header.startswith("asm_"):
                yield Match(name, "macro", told)


def _symbols(text: str, wanted: str, read: AsmText, known: Known) -> Iterator[Match]:
    """Symbols of the program; of a package, once its name and the dot are typed."""
    package, dot, _ = wanted.partition("·")
    found: Iterable[Symbol] = symbols(text, known)
    if package and dot:
        found = package_symbols(package.replace("∕", "/"), known)
    yield from (Match(s.text, s.kind, s.told) for s in found)
