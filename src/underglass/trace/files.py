"""A recording as one file: numpy's .npz, with the program that ran and its sources beside the columns."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from underglass.abi import Layout, layout_of, signature
from underglass.errors import CallError, NotAProgram
from underglass.program import Function, Instruction, Program
from underglass.toolchain.go import cache_directory
from underglass.trace.results import pack, unpack
from underglass.trace.trace import Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load", "save"]

_FORMAT = 2
_PAGE = 4096
_ELF = b"\x7fELF"


@dataclass(frozen=True)
class _Text:
    """A source as a file holds it."""

    name: str
    text: str
    origin: str


def save(trace: Trace, path: str | Path) -> None:
    """Write a recording; `load` reads it."""
    about = {
        "format": _FORMAT,
        "title": trace.title,
        "function": trace.function.symbol,
        "fault": trace.fault,
        "results": pack(trace.results),
        "program": _digest(trace.program.elf.data),
        "sources": [asdict(_Text(s.name, s.text, s.origin)) for s in trace.program.sources],
        "prototypes": dict(trace.program.prototypes),
        "threads": trace.threads,
        "on_cpus": trace.on_cpus,
        "output": [(step, fd, data.decode("latin-1")) for step, fd, data in trace.output],
        "changes": [asdict(change) for change in trace.changes],
        "patches": [
            [address, [[i.address, i.data.hex(), i.go, i.intel, i.line] for i in held]]
            for address, held in trace.patches.items()
        ],
    }
    with Path(path).open("wb") as file:  # numpy would add .npz to a name without it
        np.savez_compressed(
            file,
            about=np.frombuffer(json.dumps(about).encode(), np.uint8),
            registers=trace.registers,
            vectors=trace.vectors,
            accesses=trace.accesses,
            page_addresses=np.array(list(trace.pages), np.uint64),
            pages=np.frombuffer(b"".join(trace.pages.values()), np.uint8),
            program=np.frombuffer(trace.program.elf.data, np.uint8),
        )


def load(path: str | Path, program: Program | None = None, layout: Layout | None = None) -> Trace:
    """Read a recording; see `Trace.load`."""
    try:
        with np.load(path) as columns:
            about = json.loads(columns["about"].tobytes())
            held = {name: columns[name] for name in columns.files}
        if about["format"] != _FORMAT:
            raise NotAProgram(f"{path} was written by another release of underglass. Record it again.")
        given = held["program"].tobytes() if program is None else program.elf.data
        if about["program"] != _digest(given):
            raise NotAProgram(f"{path} is a recording of another program. Record it again.")
        if program is None:
            program = _program(given, about)
        return _trace(program, layout, about, held)
    except OSError as error:
        raise NotAProgram(f"{path} cannot be read: {error.strerror or error}. Check the path.") from error
    except (ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise NotAProgram(f"{path} is no recording. Give a file that Trace.save wrote.") from error


def _trace(program: Program, layout: Layout | None, about: Any, held: dict[str, NDArray[Any]]) -> Trace:
    from underglass.trace.change import Change  # it needs the machine, which a reader of files may do without

    function = program.functions[about["function"]]
    pages = held["pages"].tobytes()
    return Trace(
        program,
        about["title"],
        function,
        layout or _layout(program, function),
        held["registers"],
        held["vectors"],
        held["accesses"],
        {int(a): pages[_PAGE * i : _PAGE * (i + 1)] for i, a in enumerate(held["page_addresses"])},
        tuple((step, fd, text.encode("latin-1")) for step, fd, text in about["output"]),
        tuple((step, tid) for step, tid in about["threads"]),
        unpack(about["results"]),
        about["fault"],
        tuple(Change(**change) for change in about["changes"]),
        {
            address: tuple(
                Instruction(at, bytes.fromhex(data), go, intel, line, None)
                for at, data, go, intel, line in new
            )
            for address, new in about["patches"]
        },
        about.get("on_cpus", False),
    )


def _program(elf: bytes, about: Any) -> Program:
    """The program of a recording, in a file of the cache: the disassembler reads it there."""
    if not elf.startswith(_ELF):
        raise NotAProgram("The program in the recording is no ELF file. Record it again.")
    place = cache_directory() / "recorded" / f"{about['program'][:32]}.elf"
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        fresh = place.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(elf)
        fresh.replace(place)
    return Program(
        place, sources=[_Text(**text) for text in about["sources"]], prototypes=about["prototypes"]
    )


def _layout(program: Program, function: Function) -> Layout:
    try:
        taken = signature(program, function)
    except CallError:
        taken = None
    return layout_of(function, taken) if taken is not None else Layout((), 0, 0)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
