"""`underglass gcmap`: which words of a function's frame are pointers, at each of its calls."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from underglass.cli.parts import Commands, new_command, open_program
from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.program import Function, Program

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass gcmap walk.go -f walk                  the calls of walk, and which words are pointers at each
  underglass gcmap walk.go -f walk --at 12          the frame at the calls of line 12
  underglass gcmap walk.go -f walk --at +0x3a       at an instruction, by its distance from the entry
  underglass gcmap walk.go -f walk --at 12 --svg    a drawing instead of lines
  underglass gcmap main.go f.s -f f --abi ABI0      an assembly body: a map of its arguments alone"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "gcmap",
        "Show which words of a function's frame the garbage collector and a stack copy take for pointers.",
        _EXAMPLES,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .go or .s source, or one executable")
    parser.add_argument("-f", "--function", required=True, metavar="NAME", help="for example main.walk")
    parser.add_argument("--abi", choices=("ABI0", "ABIInternal"), help="which of two functions of one name")
    parser.add_argument(
        "--at", metavar="PLACE", help="a line (12), bytes from the entry (+0x3a), an address (0x47d9c0)"
    )
    parser.add_argument("--svg", action="store_true", help="write a drawing of the one place that --at names")
    parser.set_defaults(act=_gcmap)


def _gcmap(options: argparse.Namespace) -> int:
    from underglass.analysis.gcmaps import gc_map, sites_at
    from underglass.views.gcmap import gcmap_svg, gcmap_text

    program = open_program(options.files, keep=True).program
    function = program.function(options.function, options.abi)
    if options.at is None and not options.svg:
        print(_summary(program, function))
        return 0
    if options.at is None:
        raise UnderglassError("--svg draws one frame: say which with --at LINE, +BYTES or ADDRESS.")
    places = sites_at(program, function, options.at)
    maps = [gc_map(program, function, pc) for pc in places]
    if not options.svg:
        print("\n\n".join(map(gcmap_text, maps)))
        return 0
    if len(maps) > 1:
        named = ", ".join(f"+0x{held.pc - function.address:x} ({held.call})" for held in maps)
        raise UnderglassError(
            f"Line {options.at} has {len(maps)} calls, and --svg draws one frame. Give --at {named}."
        )
    print(gcmap_svg(maps[0]))
    return 0


def _summary(program: Program, function: Function) -> str:
    from underglass.analysis.gcmaps import call_sites, gc_map

    rows = [("line", "at", "waiting in", "pointers")]
    maps = [gc_map(program, function, site.address) for site in call_sites(program, function)]
    for held in maps:
        pointers = ", ".join(
            f"{word.name or 'unnamed'} at {word.offset - held.sp}(SP)" for word in held.pointers
        )
        at = f"+0x{held.pc - function.address:x}"
        rows.append((str(held.line), at, held.call, pointers or "none"))
    title = f"{function.name} {function.abi}, frame ${function.frame_size}"
    if not maps:
        notes = gc_map(program, function, function.address)
        why = " ".join(filter(None, (notes.no_argument_map, notes.no_local_map)))
        return f"{title}: it calls nothing, so its maps are never asked for. {why}".rstrip()
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = ["  ".join([*(f"{c:<{w}}" for c, w in zip(row, widths, strict=False)), row[3]]) for row in rows]
    reasons = dict.fromkeys(
        note for held in maps for note in (held.no_argument_map, held.no_local_map) if note
    )
    return "\n".join([title, *lines, *reasons])
