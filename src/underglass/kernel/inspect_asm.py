"""Inspection in a cell of Go assembly: what the word at the cursor means here."""

from __future__ import annotations

import re

from underglass.kernel.asmframe import prototypes, signature_from
from underglass.kernel.asmsymbols import Symbol, package_symbols, symbols
from underglass.kernel.asmtext import AsmFunction, AsmText, Place, place_at, read_asm
from underglass.kernel.headers import constants, definitions, headers
from underglass.kernel.helptext import Help, abi_lines, count
from underglass.kernel.inspect_frame import frame_help
from underglass.kernel.inspect_words import directive_help, instruction_help, register_help
from underglass.kernel.known import Known
from underglass.program.usage import pseudo_register_meaning
from underglass.toolchain import asmlex, golex

__all__ = ["inspect_asm", "symbol_help"]

_REFERENCE = re.compile(
    r"(?P<name>(?:[^\W\d]|[·∕])[\w·∕./]*)?(?P<local><>|<ABI\w*>)?(?P<offset>[+-]\d+|(?<!\w)\d+)?\((?P<register>FP|SP|SB|PC)\)"
)
_HEAD = re.compile(r"\w+(?:\.\w+)*")
_SIZES = re.compile(r"\$(?P<frame>-?\d+)(?:-(?P<args>\d+))?")


def inspect_asm(text: str, cursor: int, known: Known) -> Help | None:
    """Return what is known of the word at an offset of an assembly text; None if nothing is."""
    token = _token_at(text, cursor)
    place = place_at(text, min(cursor, len(text)))
    if place.kind == "comment" or (token is not None and token.kind == "comment"):
        return _prototype_help(text, cursor, known)
    read = read_asm(text)
    function = read.function_at(cursor)
    if reference := _reference_at(text, cursor):
        return _reference_help(text, reference, function, known)
    if token is None:
        return _word_help(place.head, text, place, read, known) if place.kind == "operand" else None
    if token.kind == "string" and place.head == "#include":
        name = token.text.strip('"')
        told = headers(known.root).get(name)
        lines = (told, _some(definitions(known.root, name))) if told is not None else ()
        return Help(f'#include "{name}"', "goasm", tuple(w for w in lines if w)) if lines else None
    if token.text == "#" or (place.kind == "directive" and place.head in ("#", f"#{token.text}")):
        word = re.match(r"#\s*(\w*)", text[text.rfind("#", 0, cursor + 1) :])
        return directive_help(f"#{word[1]}") if word else None
    if sizes := _sizes_at(text, cursor, place):
        return sizes
    is_head = place.kind == "head" and place.start <= token.start
    word = _HEAD.match(text, place.start) if is_head else None
    return _word_help(word[0] if word else token.text, text, place, read, known)


def _token_at(text: str, cursor: int) -> asmlex.Token | None:
    """The token that the cursor is in or behind; a word counts more than what stands beside it."""
    line = text.rfind("\n", 0, cursor) + 1
    touching = []
    for token in asmlex.tokens(text):
        if token.start > cursor:
            break
        end = token.start + len(token.text)
        if token.start <= cursor <= end and token.kind != "newline" and end >= line:
            touching.append(token)
    words = [t for t in touching if t.kind in ("name", "number", "string", "comment")]
    return next(iter(words or [t for t in touching if t.text == "#"]), None)


def _reference_at(text: str, cursor: int) -> re.Match[str] | None:
    start = text.rfind("\n", 0, cursor) + 1
    end = text.find("\n", cursor)
    for found in _REFERENCE.finditer(text, start, end if end >= 0 else len(text)):
        if found.start() <= cursor <= found.end():
            return found
    return None


def _reference_help(
    text: str, found: re.Match[str], function: AsmFunction | None, known: Known
) -> Help | None:
    """`x+0(FP)`, `tmp-8(SP)`, `8(SP)`, `·add(SB)`, `2(PC)`."""
    if found["register"] in ("FP", "SP"):
        return frame_help(found, function, prototypes(text, known), known)
    if found["register"] == "SB" and found["name"]:
        return symbol_help(found["name"], text, known)
    title, register = found[0], found["register"]
    return Help(title, "goasm", (f"{register}: {pseudo_register_meaning(register)}",))


# -- symbols ---------------------------------------------------------------------------------------


def symbol_help(written: str, text: str, known: Known) -> Help | None:
    """A symbol's signature, its ABI, its frame, and where it is defined."""
    package, _, name = written.replace("·", ".").replace("∕", "/").rpartition(".")
    if package and package != "main":
        found = next((s for s in package_symbols(package, known) if s.name == f"{package}.{name}"), None)
    else:
        found = next((s for s in symbols(text, known) if s.name == name), None)
    if found is None:
        return _linked_help(package or "main", name, known)
    lines = [f"It is {'data' if found.kind == 'data' else 'a function'}, defined in {found.place}."]
    if found.kind == "function":
        lines += _abi_of(found, known)
        signature = signature_from(found.told, known) if found.told.startswith("func ") else None
        lines += abi_lines(signature) if signature is not None else ()
    lines += _linked(package or "main", name, known)
    return Help(found.told or found.text, "go", tuple(lines))


def _abi_of(symbol: Symbol, known: Known) -> list[str]:
    function = symbol.written
    if function is None:
        if "." in symbol.name:
            return ["The package lets others link to it, so it has an entry for each ABI; CALL reaches ABI0."]
        if _has_body(symbol.name, known):
            return ["It is written in Go, so its body is ABIInternal; assembly reaches a wrapper in ABI0."]
        return ["Go declares it; its body is for an assembly cell to write, in ABI0."]
    frame = (
        "a frame whose size is missing" if function.frame is None else f"{count(function.frame)} of locals"
    )
    args = "" if function.args is None else f", {count(function.args)} of arguments and results"
    flags = f", {function.flags}" if function.flags else ""
    return [f"Its body is {function.abi} assembly: {frame}{args}{flags}."]


def _has_body(name: str, known: Known) -> bool:
    every = (f for cell in known.go_cells for f in golex.parse(cell.text).functions)
    return any(f.has_body for f in every if f.name == name and not f.receiver)


def _linked(package: str, name: str, known: Known) -> list[str]:
    """What the last program that was built has under the name."""
    if known.program is None:
        return []
    lines = []
    for symbol in (f"{package}.{name}.abi0", f"{package}.{name}"):
        function = known.program.functions.get(symbol)
        if function is not None:
            kind = "a wrapper" if function.is_wrapper else "code"
            size, frame = count(function.size), count(function.frame_size)
            at = f"{function.address:#x}"
            lines.append(
                f"The program has {kind} of it in {function.abi}: {size} at {at}, {frame} of locals."
            )
    return lines


def _linked_help(package: str, name: str, known: Known) -> Help | None:
    lines = _linked(package, name, known)
    return Help(f"{package}·{name}(SB)", "goasm", tuple(lines)) if lines else None


def _prototype_help(text: str, cursor: int, known: Known) -> Help | None:
    """Where a prototype in a comment puts its arguments."""
    start = text.rfind("\n", 0, cursor) + 1
    line = text[start:].partition("\n")[0].strip().lstrip("/").strip()
    if not line.startswith("func") or not golex.parse(line).functions:
        return None
    signature = signature_from(line, known)
    return Help(line, "go", abi_lines(signature)) if signature is not None else None


# -- words -------------------------------------------------------------------------------------------


def _word_help(word: str, text: str, place: Place, read: AsmText, known: Known) -> Help | None:
    """A directive, an instruction, a register, a flag, a macro, a constant, a label or a function."""
    is_head = place.kind == "head" or word == place.head
    if is_head:
        found = directive_help(word) or instruction_help(word, known.root)
        if found is not None:
            return found
    elif place.head in ("TEXT", "GLOBL") and word in definitions(known.root, "textflag.h"):
        return _flag_help(word, known)
    function = read.function_at(place.start)
    labels = {name: line for f in ([function] if function else []) for name, line in f.labels}
    if word in labels:
        return Help(
            f"{word}:", "goasm", (f"A label of {function.name if function else ''}, line {labels[word]}.",)
        )
    if found := register_help(word, known.root):
        return found
    for name, told in read.macros:
        if name == word:
            return Help(f"#define {name} {told}", "goasm", ("A macro of this cell.",))
    for header in headers(known.root):
        told = definitions(known.root, header).get(word, "")
        if told:
            missing = "" if header in read.includes else f' #include "{header}" makes the name known.'
            lines = (f"A name of {header}.{missing}",)
            return (
                _flag_help(word, known)
                if header == "textflag.h"
                else Help(f"{word} = {told}", "goasm", lines)
            )
    if told := constants(known.go_cells).get(word, ""):
        return Help(
            f"{word}: {told}", "goasm", ("A name of go_asm.h, which the compiler makes of the Go cells.",)
        )
    if not is_head and (pseudo := pseudo_register_meaning(word)):
        return Help(word, "goasm", (pseudo,))
    return (
        symbol_help(word.lstrip("·"), text, known) if not is_head and re.match(r"[^\W\d]|·", word) else None
    )


def _flag_help(word: str, known: Known) -> Help:
    value, _, sentence = definitions(known.root, "textflag.h")[word].partition(". ")
    return Help(
        f"{word} = {value}",
        "goasm",
        (sentence, f'#include "textflag.h" makes the name known; {value} is the same.'),
    )


def _sizes_at(text: str, cursor: int, place: Place) -> Help | None:
    """The `$frame-arguments` of a TEXT line."""
    if place.head != "TEXT":
        return None
    end = text.find("\n", cursor)
    for found in _SIZES.finditer(text, place.start, end if end >= 0 else len(text)):
        if found.start() <= cursor <= found.end():
            args = found["args"]
            lines = (
                f"{count(int(found['frame']))} of locals, below the saved BP and the return address.",
                f"{count(int(args))} of arguments and results, in the caller's frame."
                if args is not None
                else "The size of the arguments is missing: $frame-arguments has both.",
            )
            return Help(found[0], "goasm", lines)
    return None


def _some(names: object) -> str:
    listed = list(names) if isinstance(names, dict) else []
    return f"It defines {', '.join(listed[:20])}{', …' if len(listed) > 20 else ''}." if listed else ""
