"""`underglass graph`: who calls whom, drawn or as text."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from underglass.cli.parts import Commands, add_cgo, new_command, open_program
from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.views.callgraph import CallGraphPicture

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass graph main.go add.s                       what main.main calls, as text
  underglass graph main.go add.s -o calls.html         drawn: each node opens its machine code
  underglass graph a.out --focus fmt.Fprintln --callers 2 -o calls.svg
                                                       what calls it, up to two calls away, as well
  underglass graph a.out --depth 5 --limit 30 -o calls.html
                                                       at most 30 nodes: the farthest are folded by package
  underglass graph main.go add.s --nosplit -o calls.dot
                                                       for Graphviz, with the room NOSPLIT chains leave"""

_ENDINGS = (".html", ".svg", ".dot")


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "graph",
        "Show which functions a function calls, with the ABI of each and the wrappers between them. Calls "
        "through a pointer have no target in the code and are counted at the caller.",
        _EXAMPLES,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .go or .s source, or one executable")
    parser.add_argument("--focus", metavar="NAME", default="main.main", help="start here (main.main)")
    parser.add_argument("--depth", type=_number, default=3, metavar="N", help="so many calls down (3)")
    parser.add_argument(
        "--callers", type=_number, nargs="?", const=1, default=0, metavar="N",
        help="what calls it, too, so many calls up (1 without a number)",
    )  # fmt: skip
    parser.add_argument("--runtime", action="store_true", help="the runtime's functions one by one")
    parser.add_argument("--nosplit", action="store_true", help="the stack that NOSPLIT chains leave")
    parser.add_argument("--inlining", action="store_true", help="what inlining each function costs")
    parser.add_argument("--limit", type=_number, metavar="N", help="at most N nodes (60); 0: no limit")
    parser.add_argument("-o", "--output", metavar="OUT", help="write OUT.html, OUT.svg or OUT.dot")
    parser.add_argument("--text", action="store_true", help="print the text form beside OUT, too")
    add_cgo(parser)
    parser.set_defaults(act=_graph)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of 0 or more. Where --callers stands without a number, "
            "put it after the files."
        )
    return int(text)


def _graph(options: argparse.Namespace) -> int:
    out = Path(options.output) if options.output else None
    if out is not None:
        if out.suffix not in _ENDINGS:
            raise UnderglassError(
                f"{out}: the ending says what to write, and {out.suffix or 'none'} is not known. "
                f"Give one of {', '.join(_ENDINGS)}."
            )
        if not out.absolute().parent.is_dir():
            raise UnderglassError(
                f"There is no directory {out.absolute().parent} to write to. Make it, or choose another path."
            )
    from underglass.analysis.inlining import inline_costs
    from underglass.views.callgraph import LIMIT, CallGraphPicture

    program = open_program(options.files, keep=True, cgo=options.cgo).program
    limit = LIMIT if options.limit is None else options.limit or None
    costs = inline_costs(program) if options.inlining else None
    picture = CallGraphPicture(
        program, options.focus, options.depth, callers=options.callers, runtime=options.runtime,
        nosplit=options.nosplit, inlining=costs, limit=limit,
    )  # fmt: skip
    if out is not None:
        out.write_text(_written(picture, out.suffix), encoding="utf-8")
    if out is None or options.text:
        print(picture.text)
    return 0


def _written(picture: CallGraphPicture, ending: str) -> str:
    if ending == ".html":
        return picture.html()
    return picture.svg if ending == ".svg" else picture.dot
