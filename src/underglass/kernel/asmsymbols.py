"""The symbols that assembly can name: the program's own, and those of packages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from underglass.kernel.asmtext import AsmFunction, read_asm
from underglass.kernel.gotext import outline
from underglass.kernel.known import Known
from underglass.toolchain import golex
from underglass.toolchain.stdindex import linknamed

__all__ = ["Symbol", "package_symbols", "packages", "symbols"]

# What every program has, since the runtime imports it (go list -deps runtime).
_ALWAYS = ("runtime", "internal/runtime/atomic", "internal/bytealg", "internal/cpu")


@dataclass(frozen=True)
class Symbol:
    """A symbol, as assembly refers to it."""

    name: str  # "add", "runtime.goexit"
    text: str  # "·add(SB)", "·add<>(SB)", "runtime·goexit(SB)"
    kind: str  # "function", "data"
    told: str  # its signature or its declaration; "" if unknown
    place: str  # "this cell, line 4", "cell 3, line 7"
    written: AsmFunction | None = None  # where it is a TEXT of a cell


def symbols(text: str, known: Known) -> tuple[Symbol, ...]:
    """Return the program's symbols, those of the cell that is edited first."""
    found: dict[str, Symbol] = {}
    for origin, cell in (("this cell", text), *((c.origin, c.text) for c in known.asm_cells)):
        for symbol in _of_assembly(origin, cell):
            found.setdefault(symbol.text, symbol)
    for source in known.go_cells:
        for symbol in _of_go(source.origin, source.text):
            known_one = found.setdefault(symbol.text, symbol)
            if not known_one.told and symbol.told:
                found[symbol.text] = Symbol(
                    known_one.name,
                    known_one.text,
                    known_one.kind,
                    symbol.told,
                    known_one.place,
                    known_one.written,
                )
    return tuple(found.values())


def _of_assembly(origin: str, text: str) -> Iterator[Symbol]:
    read = read_asm(text)
    for f in read.functions:
        written = f"·{f.name}{'<>' if f.is_local else ''}(SB)"
        if f.name.isidentifier():
            yield Symbol(f.name, written, "function", f.prototype, f"{origin}, line {f.line}", f)
    for name, line, operands in read.globals:
        is_local = operands.partition("(")[0].endswith("<>")
        plain = name.removesuffix("<>")
        written = f"{'' if is_local and '·' not in operands else '·'}{plain}{'<>' if is_local else ''}(SB)"
        yield Symbol(plain, written, "data", f"GLOBL {operands}", f"{origin}, line {line}")


def _of_go(origin: str, text: str) -> Iterator[Symbol]:
    for function in golex.parse(text).functions:
        if not (function.receiver or function.is_generic or function.name in ("_", "init")):
            place = f"{origin}, line {function.line}"
            yield Symbol(function.name, f"·{function.name}(SB)", "function", function.declaration, place)
    for declared in outline(text):
        if declared.kind == "var" and declared.name != "_":
            place = f"{origin}, line {declared.line}"
            yield Symbol(declared.name, f"·{declared.name}(SB)", "data", declared.text, place)


def packages(known: Known) -> tuple[str, ...]:
    """Return the packages whose symbols can be named, as assembly writes them: "sync∕atomic".

    They have to be linked: the runtime and what it imports are, and what the Go cells import.
    """
    imported = (path for cell in known.go_cells for _, path, _ in golex.parse(cell.text).imports)
    return tuple(
        p.replace("/", "∕") for p in dict.fromkeys((*_ALWAYS, *imported)) if p not in ("C", "unsafe")
    )


def package_symbols(package: str, known: Known) -> tuple[Symbol, ...]:
    """Return what assembly of the program can call or read of a standard package."""
    if known.root is None:
        return ()
    prefix = package.replace("/", "∕")
    kinds = {"func": "function", "var": "data"}
    return tuple(
        Symbol(f"{package}.{e.name}", f"{prefix}·{e.name}(SB)", kinds[e.kind], e.declaration, e.place)
        for e in linknamed(known.root, package).values()
    )
