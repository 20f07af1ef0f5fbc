"""`underglass run`: a whole program, as if it were run here."""

from __future__ import annotations

import argparse
import os

from underglass.cli.parts import Commands, add_cgo, add_limits, limits_of, new_command, open_program, pass_on

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass run main.go add.s               stdout, stderr and exit code are the program's
  underglass run main.go -- -v one two       what follows -- are its arguments
  echo 23 4 | underglass run main.go         it reads our stdin
  underglass run --cgo main.go               a program with C above its import "C"
  underglass run --seconds 5 a.out           an executable that Go has linked for linux/amd64"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands, "run", "Build a program and run it. The exit code is the program's.", _EXAMPLES
    )
    parser.usage = "underglass run [options] FILE... [-- ARGUMENT...]"
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .go or .s source, or one executable")
    add_cgo(parser)
    add_limits(parser)
    parser.set_defaults(act=_run)


def _run(options: argparse.Namespace) -> int:
    from underglass.machine import Limits

    program = open_program(options.files, keep=False, cgo=options.cgo)
    result = program.run(
        *options.rest,
        stdin=lambda size: os.read(0, size),
        limits=limits_of(options, Limits()),
        on_output=pass_on,
    )
    return result.exit_code
