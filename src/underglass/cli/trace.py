"""`underglass trace`: one call, recorded, as a page that steps offline or as text."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from underglass.cli.parts import Commands, add_cgo, new_command, open_program
from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["add_to"]

_RECORDING = ".ugt"

_EXAMPLES = """\
  underglass trace 'add(23, 4)' add.s -o add.html     a page that needs nothing but a browser
  underglass trace 'add(23, 4)' add.s --text          a table, one instruction a line
  underglass trace 'add(23, 4)' add.s -o add.ugt      the recording itself, with the program in it
  underglass trace add.ugt -o add.html                a page of a recording that was kept
  underglass trace --abi ABI0 'add(23, 4)' add.s -o add.html
                                                      without the wrapper"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "trace",
        "Record a call, every instruction of it, and write a page that steps through it.",
        _EXAMPLES,
    )
    parser.add_argument(
        "call", metavar="CALL", help="for example 'add(23, 4)', or a recording that was kept: add.ugt"
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="a .go or .s source, or one executable")
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="the file to write: self-contained HTML, or a recording (.ugt)"
    )
    parser.add_argument("--text", action="store_true", help="a table instead, to OUT or else to stdout")
    parser.add_argument("--abi", choices=("ABI0", "ABIInternal"), help="which of two functions of one name")
    parser.add_argument("--most", type=int, metavar="N", help="end the recording after N instructions")
    add_cgo(parser)
    parser.set_defaults(act=_trace)


def _trace(options: argparse.Namespace) -> int:
    if options.output is None and not options.text:
        print("underglass trace: name the page to write, -o out.html, or ask for --text", file=sys.stderr)
        return 2
    folder = Path(options.output or ".").absolute().parent
    if not folder.is_dir():
        raise UnderglassError(f"There is no directory {folder} to write to. Make it, or choose another path.")
    trace = _recorded(options)
    if Path(options.output or "").suffix == _RECORDING and not options.text:
        trace.save(options.output)
        return _end(trace)
    if options.text:
        from underglass.views.text import stepper_text

        text = stepper_text(trace, count=None) + "\n"
    else:
        from underglass.views.html import stepper_html

        text = stepper_html(trace)
    if options.output is None:
        sys.stdout.write(text)
    else:
        Path(options.output).write_text(text, encoding="utf-8", newline="\n")
    return _end(trace)


def _recorded(options: argparse.Namespace) -> Trace:
    """The recording: one that was kept, or a new one."""
    if Path(options.call).suffix == _RECORDING and not options.files:
        from underglass.trace import Trace

        return Trace.load(options.call)
    if not options.files:
        raise UnderglassError(
            f"Say which program {options.call} is to be called in: "
            f"underglass trace {options.call!r} add.s -o out.html"
        )
    from underglass.cli.expression import read_call
    from underglass.goprogram import MOST_STEPS

    name, values = read_call(options.call)
    program = open_program(options.files, keep=True, cgo=options.cgo)
    most = MOST_STEPS if options.most is None else max(options.most, 1)
    return program.record(name, *values, abi=options.abi, most=most)


def _end(trace: Trace) -> int:
    if trace.fault:  # no failure of the command: the page shows the way there
        print(f"underglass: the call ended early, as the recording shows. {trace.fault}", file=sys.stderr)
    return 0
