"""`underglass call`: one function, with arguments from the command line."""

from __future__ import annotations

import argparse

from underglass.cli.parts import Commands, add_cgo, add_limits, limits_of, new_command, open_program, pass_on

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass call 'add(23, 4)' add.s                       27
  underglass call 'divmod(23, 4)' divmod.go                several results: one a line
  underglass call 'sum([1, 2, 3], "x", 0.5, true)' f.go    slices, strings, floats, bools
  underglass call 'norm({"X": 3, "Y": 4})' point.go        a struct by its fields
  underglass call 'next(Pointer({"val": 1}))' list.go      a pointer to a value, placed in memory
  underglass call --abi ABI0 'add(23, 4)' add.s            into the assembly body, without its wrapper"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "call",
        "Call one function of a program and print its results as Python literals.",
        _EXAMPLES,
    )
    parser.add_argument("call", metavar="CALL", help="for example 'add(23, 4)'")
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .go or .s source, or one executable")
    parser.add_argument("--abi", choices=("ABI0", "ABIInternal"), help="which of two functions of one name")
    add_cgo(parser)
    add_limits(parser)
    parser.set_defaults(act=_call)


def _call(options: argparse.Namespace) -> int:
    from underglass.cli.expression import read_call
    from underglass.goprogram import CALL_LIMITS

    name, values = read_call(options.call)
    program = open_program(options.files, keep=True, cgo=options.cgo)
    program.on_output = pass_on
    answer = program.call(name, *values, abi=options.abi, limits=limits_of(options, CALL_LIMITS))
    count = len(program.signature(name, options.abi).results)
    results = answer if count > 1 and isinstance(answer, tuple) else (answer,) * count
    for result in results:
        print(repr(result))
    return 0
