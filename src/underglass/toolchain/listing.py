"""What the compiler says of a package it compiles: each symbol's bytes, relocations and runtime tables.

The format is that of `go build -gcflags=PACKAGE=-S` (Go 1.27, cmd/internal/obj/objfile.go, writeSymDebug).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from underglass.errors import BuildError
from underglass.toolchain import stubs
from underglass.toolchain.diagnostics import build_error, diagnose
from underglass.toolchain.go import find_go
from underglass.toolchain.records import Source
from underglass.toolchain.workspace import FLAGS, MEMORY, filled, prepare

__all__ = ["Listed", "Relocation", "listing", "parse_listing"]

_SECONDS = 300.0
_HEADER = re.compile(r"^(?P<name>\S.*?) (?P<kind>S[A-Z]+)(?: [^\"]*)? size=(?P<size>\d+)(?: |$)")
_BYTES = re.compile(r"^\t0x[0-9a-f]{4,} (?P<hex>(?:[0-9a-f]{2} ){1,16})")
_RELOCATION = re.compile(r"^\trel (?P<at>\d+)\+(?P<size>\d+) t=(?P<type>\S+) (?P<target>.*)$")
_ADDEND = re.compile(r"^(?P<name>.*?)(?P<addend>[+-]-?\d+)$")
_PROG = re.compile(r"^\t0x(?P<pc>[0-9a-f]{4,}) \d{5} \((?P<place>.*?)\)\t(?P<text>.*)$")
_TABLE = re.compile(r"^(?P<kind>FUNCDATA|PCDATA)\t\$(?P<table>\d+), (?P<value>.*)$")


@dataclass(frozen=True)
class Relocation:
    """A place in a symbol's bytes that the linker fills in."""

    offset: int  # bytes from the start of the symbol
    size: int
    type: str  # R_PCREL, R_ADDR, R_CALL …
    target: str  # symbol; "" if none
    addend: int


@dataclass
class Listed:
    """One symbol of the listing."""

    name: str
    kind: str  # STEXT, SRODATA, SDATA …
    size: int
    abi: Literal["ABI0", "ABIInternal"] | None  # of a function
    data: bytes = b""  # relocated places are zero, or hold the addend
    relocations: list[Relocation] = field(default_factory=list)
    progs: list[tuple[int, str, str]] = field(default_factory=list)  # (offset, "file:line", instruction)
    funcdata: dict[int, str] = field(default_factory=dict)  # FUNCDATA id → symbol
    pcdata: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # PCDATA id → (offset, value)

    def is_code(self, code: bytes) -> bool:
        """Whether `code` is this function, linked: equal but for what the linker filled in.

        A function that several packages compile (an instantiation of a generic one) is linked once, and may
        be another package's.
        """
        own, other = bytearray(self.data), bytearray(code)
        for relocation in self.relocations:
            end = relocation.offset + relocation.size
            own[relocation.offset : end] = other[relocation.offset : end] = bytes(relocation.size)
        return own == other


def listing(sources: Iterable[Source], package: str = "main") -> Mapping[tuple[str, str], Listed]:
    """Compile sources as `toolchain.build` does, and return what the compiler lists for one package.

    Args:
        package: import path; "main" for the sources' own.

    Returns:
        (name, ABI) → symbol; the ABI is "" for data.

    Raises:
        BuildError: the toolchain rejected the sources.
    """
    return _listing(tuple(sources), package)


@lru_cache(maxsize=8)
def _listing(sources: tuple[Source, ...], package: str) -> Mapping[tuple[str, str], Listed]:
    go = find_go()
    plan = prepare(sources, go)
    flag = "-gcflags=-S" if package == "main" else f"-gcflags={package}=-S"
    with filled(go, sources, stubs.generate(plan, keep=True)) as workspace:
        answer = go.run(
            ["build", *FLAGS, flag, "-o", str(workspace / ".tmp" / "listed"), "."],
            cwd=workspace,
            env={"GOTMPDIR": str(workspace / ".tmp")},
            timeout=_SECONDS,
            memory=MEMORY,
        )
    if answer.returncode != 0:
        raise build_error(diagnose(answer.stderr + answer.stdout, sources, go))
    found = parse_listing(answer.stderr)
    if not found:
        raise BuildError(
            f"The compiler listed nothing for package {package}: the program does not import it."
        )
    return found


def parse_listing(text: str) -> Mapping[tuple[str, str], Listed]:
    """Read the text of a listing."""
    found: dict[tuple[str, str], Listed] = {}
    current: Listed | None = None
    for line in text.split("\n"):
        if not line.startswith("\t"):
            header = _HEADER.match(line)
            current = Listed(header["name"], header["kind"], int(header["size"]), None) if header else None
            if current is not None and current.kind != "STEXT":
                found.setdefault((current.name, ""), current)
        elif current is None:
            continue
        elif match := _PROG.match(line):
            current.progs.append((int(match["pc"], 16), match["place"], match["text"]))
            _prog(current, int(match["pc"], 16), match["text"])
            if current.abi is not None:
                found.setdefault((current.name, current.abi), current)
        elif match := _BYTES.match(line):
            current.data += bytes.fromhex(match["hex"])
        elif match := _RELOCATION.match(line):
            name = _ADDEND.match(match["target"])
            current.relocations.append(
                Relocation(
                    int(match["at"]),
                    int(match["size"]),
                    match["type"],
                    name["name"] if name else match["target"],
                    int(name["addend"].replace("+-", "-")) if name else 0,
                )
            )
    return found


def _prog(symbol: Listed, pc: int, text: str) -> None:
    if text.startswith("TEXT\t"):
        symbol.abi = "ABIInternal" if "|ABIInternal" in text or ", ABIInternal" in text else "ABI0"
    elif match := _TABLE.match(text):
        table = int(match["table"])
        if match["kind"] == "FUNCDATA":
            symbol.funcdata[table] = match["value"].removesuffix("(SB)")
        else:
            symbol.pcdata.setdefault(table, []).append((pc, int(match["value"].removeprefix("$"))))
