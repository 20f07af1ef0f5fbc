"""`underglass vet`: what can be said of sources without running them."""

from __future__ import annotations

import argparse

from underglass.cli.parts import Commands, new_command

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass vet add.s              assembly against the prototype in its comment
  underglass vet main.go add.s      against its Go declaration"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "vet",
        "Look for mistakes in sources: go vet, and lints for assembly that it does not have. "
        "The exit code is 1 if there is anything to say.",
        _EXAMPLES,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .go or .s source")
    parser.set_defaults(act=_vet)


def _vet(options: argparse.Namespace) -> int:
    from underglass.toolchain import read_files, vet

    found = vet(read_files(options.files))
    for diagnostic in found:
        place = f"{diagnostic.source}:{diagnostic.line}: " if diagnostic.line else f"{diagnostic.source}: "
        print(f"{place}{diagnostic.message}{'. ' if diagnostic.advice else ''}{diagnostic.advice}")
    return int(bool(found))
