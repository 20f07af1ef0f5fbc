"""Programs that are longer than a cell: case studies, as Go and assembly files of the library.

They lie in `programs/`, a folder a study. One with C in it has its program beside them, in a recording, for
those who have no C compiler; tests/shipped_study.py makes it.
"""

from __future__ import annotations

import sys
from importlib.resources import as_file, files

from underglass.analysis.wrappers import counterpart
from underglass.errors import ToolchainMissing, UnderglassError
from underglass.goprogram import GoProgram, build
from underglass.toolchain import Source

__all__ = ["SHIPPED", "case_study", "source_text"]

SHIPPED = "shipped.ugt"


def case_study(name: str, *, any_linkname: bool = False, shipped: bool = False) -> GoProgram:
    """Build a case study.

    Args:
        any_linkname: have the linker allow private symbols, as for `build`; "private_call" needs it.

    >>> case_study("gvisor_stub").run("stub").stderr
    'load reports signal 11\\n'

    A study with C is built where there is a C compiler. Elsewhere the program is the one that the
    package carries, and a sentence says so.

    Args:
        shipped: take the one in the package, the same to the last byte on every machine.

    Raises:
        UnderglassError: there is no such study, or none in the package.
    """
    folders = {f.name: f for f in files("underglass.course").joinpath("programs").iterdir() if f.is_dir()}
    if name not in folders:
        raise UnderglassError(f"There is no case study {name!r}. There are: {', '.join(sorted(folders))}.")
    texts = sorted(folders[name].iterdir(), key=lambda file: file.name)
    sources = [
        Source(file.name, file.read_text(encoding="utf-8"), file.name)
        for file in texts
        if file.name.endswith((".go", ".s"))
    ]
    if not shipped:
        try:
            return build(*sources, cgo=True, any_linkname=any_linkname)
        except ToolchainMissing:
            if not folders[name].joinpath(SHIPPED).is_file():
                raise
    from underglass.trace import Trace

    with as_file(folders[name].joinpath(SHIPPED)) as path:
        program = Trace.load(path).program
    if not shipped:
        sys.stdout.write(
            "There is no C compiler here: this is the program as the package carries it, "
            f"built with {program.go_version}.\n"
        )
    return GoProgram(program)


def source_text(program: GoProgram, name: str) -> str:
    """Return the lines of one function, as they stand in its file.

    A Go function ends at the brace in the first column, one in assembly before the next blank line.

    Raises:
        UnknownFunction: no function of that name.
        UnderglassError: its source is not at hand.
    """
    facts = program.program
    found = facts.function(name)
    made = counterpart(facts, found) or found if found.is_wrapper else found
    source = facts.source_of(made)
    if source is None:
        raise UnderglassError(f"{made.name} is in {made.file}, which is no source of this program.")
    lines = source.text.splitlines()[made.start_line - 1 :]
    if not made.is_assembly and lines[0].endswith("}"):
        return lines[0]
    last = "" if made.is_assembly else "}"
    count = next((i for i, line in enumerate(lines) if line == last), len(lines) - 1)
    return "\n".join(lines[: count + 1]).rstrip()
