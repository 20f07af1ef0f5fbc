"""What several commands share: how they take programs and limits, and pass on what a program writes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.goprogram import GoProgram
    from underglass.machine import Limits

__all__ = [
    "Commands",
    "add_cgo",
    "add_limits",
    "limits_of",
    "new_command",
    "open_program",
    "pass_on",
    "positive",
]

Commands = Any  # argparse keeps the type of its subparsers to itself


def new_command(commands: Commands, name: str, about: str, examples: str) -> argparse.ArgumentParser:
    """Add a subcommand, with the examples that its --help shows."""
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about[0].lower() + about[1:].partition(".")[0],
        description=about,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return made


def add_cgo(parser: argparse.ArgumentParser) -> None:
    """Add the option that allows C in the program."""
    parser.add_argument(
        "--cgo", action="store_true", help='allow import "C"; needs a C compiler, see underglass[cgo]'
    )


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a program may use."""
    parser.add_argument(
        "--seconds", type=positive(float), metavar="N", help="stop the program after N seconds"
    )
    parser.add_argument(
        "--instructions", type=positive(int), metavar="N", help="stop the program after N instructions"
    )


def limits_of(options: argparse.Namespace, defaults: Limits) -> Limits:
    """Return the limits that the options name, and the defaults for the rest."""
    from dataclasses import replace

    named = {n: getattr(options, n) for n in ("seconds", "instructions") if getattr(options, n) is not None}
    return replace(defaults, **named)


def open_program(files: Sequence[str], *, keep: bool, cgo: bool = False) -> GoProgram:
    """Build sources, or open the one executable.

    Args:
        keep: as for `toolchain.build`: link functions that nothing calls, too.
        cgo: allow C above `import "C"`.
    """
    from underglass import toolchain
    from underglass.goprogram import from_build, load

    if len(files) == 1 and Path(files[0]).suffix not in (".go", ".s"):
        if not Path(files[0]).exists():
            raise UnderglassError(f"{files[0]}: there is no such file. It was looked up from {Path.cwd()}.")
        return load(files[0])
    built = toolchain.build(toolchain.read_files(files), keep=keep, progress=_progress, cgo=cgo)
    for note in built.notes:
        print(f"underglass: {note}", file=sys.stderr)
    return from_build(built)


def pass_on(descriptor: int, data: bytes) -> None:
    """Write what a program has written to the same descriptor of ours, at once and unchanged."""
    stream = sys.stderr.buffer if descriptor == 2 else sys.stdout.buffer
    stream.write(data)
    stream.flush()


def _progress(words: str) -> None:
    if os.isatty(2):
        print(f"underglass: {words}", file=sys.stderr)


def positive(kind: type[int] | type[float]) -> Any:
    """A type for argparse: a number above zero, `_` between digits allowed."""

    def read(text: str) -> float:
        value = kind(text.replace("_", ""))
        if not 0 < value < float("inf"):
            raise ValueError
        return value

    read.__name__ = "positive number"  # argparse: "invalid positive number value: '-1'"
    return read
