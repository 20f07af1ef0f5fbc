"""`underglass extract`: a compiled Go function as an assembly file that builds, with its declaration."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from underglass.cli.parts import Commands, new_command, open_program
from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.analysis.extract import Extraction

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass extract sum.go main.sum                   the assembly, and the Go declaration, on the screen
  underglass extract sum.go main.sum -o out            as out/sum.s and out/sum.go; sum_types.go for its types
  underglass extract sum.go main.sum --as fastSum -o . beside the original, under another name
  underglass extract app.go strings.Count              a function of a package that the program imports

What is handled: compiled Go that allocates nothing, writes no pointer to the heap, defers nothing, uses no
map, channel, closure or interface method, and keeps no pointer in its frame across a call. The rest is
refused with the instruction, the line and the reason."""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "extract",
        "Write a compiled Go function as assembly that builds and returns the same results.",
        _EXAMPLES,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .go or .s source, or one executable")
    parser.add_argument("function", metavar="FUNCTION", help="for example main.sum")
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=Path, help="write the files there, not on the screen"
    )
    parser.add_argument("--as", dest="name", metavar="NAME", help="what the extracted function is called")
    parser.set_defaults(act=_extract)


def _extract(options: argparse.Namespace) -> int:
    from underglass.analysis.extract import extract

    if Path(options.function).suffix in (".go", ".s") and Path(options.function).exists():
        raise UnderglassError(f"{options.function} is a file: name the function last, for example main.sum.")
    program = open_program(options.files, keep=True).program
    held = extract(program, program.function(options.function), options.name)
    texts = _texts(held)
    if options.output is None:
        print("\n".join(f"// ---- {name}\n{text}" for name, text in texts.items()), end="")
    else:
        options.output.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (options.output / name).write_text(text, encoding="utf-8")
    print(_summary(held, options.output, list(texts)), file=sys.stderr)
    return 0


def _texts(held: Extraction) -> dict[str, str]:
    # A file whose name ends in _arm64 or _test is left out of a build.
    stem = f"{held.name}_asm" if "_" in held.name else held.name
    texts = {f"{stem}.s": held.assembly, f"{stem}.go": held.stub}
    return texts | ({f"{held.name}_types.go": held.types} if held.types else {})


def _summary(held: Extraction, folder: Path | None, names: list[str]) -> str:
    count = f"{held.as_compiled} of {held.instructions} instructions"
    told = f"{held.function.name}: {count} are written as compiled"
    if folder is not None:
        told += f"; {', '.join(str(folder / name) for name in names)}"
    if held.needs:
        told += f". The package must have {', '.join(held.needs)}"
    if held.types:
        told += f". Leave {held.name}_types.go out where the package declares these types"
    return f"{told}."
