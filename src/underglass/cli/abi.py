"""`underglass abi`: where the arguments and results of a function lie, and why."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underglass.cli.parts import Commands, new_command, open_program
from underglass.errors import CallError, UnderglassError

if TYPE_CHECKING:
    from underglass.abi import Layout, Place, Signature

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass abi 'func(a int8, b string, c [2]float64) (int, error)'
  underglass abi 'func (p *point) scale(k float64)' --abi ABI0
  underglass abi 'func f(p point)' --type 'type point struct{ x, y int }'
  underglass abi main.add add.s                    a function of a program, with the program's types
  underglass abi 'func f(p point)' point.go        a prototype, with the program's types
  underglass abi 'func f(x []int)' --svg f.svg     a diagram
  underglass abi 'func f(x []int)' --json"""
_ABIS = ("ABI0", "ABIInternal")


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "abi",
        "Say where each argument and result of a function lies, in registers or on the stack, and why.",
        _EXAMPLES,
    )
    parser.add_argument("function", metavar="FUNCTION", help="a prototype, 'func f(x int) int', or a name")
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="a .go or .s source, or one executable; before any option"
    )
    parser.add_argument(
        "--type",
        action="append",
        default=[],
        metavar="DECL",
        help="a named type: 'type point struct{ x, y int }'",
    )
    parser.add_argument("--abi", choices=(*_ABIS, "both"), default="both", help="which convention")
    parser.add_argument("--json", action="store_true", help="the same as data")
    parser.add_argument("--svg", metavar="OUT", help="write a diagram to this file too")
    parser.set_defaults(act=_abi)


def _abi(options: argparse.Namespace) -> int:
    from underglass.abi import abi0_layout, abi_internal_layout
    from underglass.views.abi import abi_svg, abi_text

    if options.svg and not Path(options.svg).absolute().parent.is_dir():
        folder = Path(options.svg).absolute().parent
        raise UnderglassError(f"There is no directory {folder} to write to. Make it, or choose another path.")
    signature = _signature(options)
    rules = {"ABI0": abi0_layout, "ABIInternal": abi_internal_layout}
    layouts = {abi: rules[abi](signature) for abi in _ABIS if options.abi in (abi, "both")}
    if options.svg:
        Path(options.svg).write_text(abi_svg(signature, layouts) + "\n", encoding="utf-8", newline="\n")
    if options.json:
        import json

        print(json.dumps(_data(signature, layouts), indent=2, ensure_ascii=False))
    else:
        from underglass.abi import RULE_SOURCES

        print(abi_text(signature, layouts))
        print("\nThe rules:", *(f"  {source}" for source in RULE_SOURCES), sep="\n")
    return 0


def _signature(options: argparse.Namespace) -> Signature:
    from underglass.abi import named_types, parse_signature, parse_types

    words = options.function.split("(")[0].split()
    is_prototype = words[:1] == ["func"]
    if not is_prototype and not options.files:
        raise CallError(
            f"{options.function!r} is no prototype, since it does not begin with func. Write one, as in "
            "'func add(x, y int64) int64', or, if it names a function of a program, the FILE behind it."
        )
    program = open_program(options.files, keep=True) if options.files else None
    if program is not None and not is_prototype:
        if options.type:
            raise CallError(
                "--type is for a prototype; the types of a program's function are the program's own."
            )
        return program.signature(options.function)
    known = named_types(program.program) if program is not None else {}
    return parse_signature(options.function, known | parse_types(options.type, known))


def _data(signature: Signature, layouts: dict[str, Layout]) -> dict[str, Any]:
    from underglass.abi import RULE_SOURCES

    return {
        "signature": str(signature),
        "layouts": {
            abi: {
                "args_size": layout.args_size,
                "spill_size": layout.spill_size,
                "params": [_place(place) for place in layout.params],
                "results": [_place(place) for place in layout.results],
            }
            for abi, layout in layouts.items()
        },
        "sources": list(RULE_SOURCES),
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "name": place.name,
        "type": place.type.name,
        "size": place.type.size,
        "align": place.type.align,
        "registers": [
            {"register": p.register, "offset": p.offset, "size": p.size, "part": p.part} for p in place.pieces
        ],
        "stack": place.offset,
        "spill": place.spill,
        "reason": place.reason,
    }
