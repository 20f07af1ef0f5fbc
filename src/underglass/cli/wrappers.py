"""`underglass wrappers`: where a program crosses from one ABI to the other."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from underglass.cli.parts import Commands, new_command, open_program

if TYPE_CHECKING:
    from underglass.analysis.annotate import Annotated
    from underglass.analysis.crossings import Crossings
    from underglass.program import Program

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass wrappers main.go add.s                    wrappers, calls by case, addresses taken
  underglass wrappers main.go add.s --function add     add's wrapper, instruction by instruction
  underglass wrappers prog --package runtime           of another package, in an executable
  underglass wrappers main.go add.s --json             the same as JSON"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "wrappers",
        "Show a program's ABI wrappers, the case of each call, and what each address taken refers to.",
        _EXAMPLES,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .go or .s source, or one executable")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--function", metavar="NAME", help="annotate this function's wrapper")
    which.add_argument("--package", metavar="PATH", help="report this package (main by default)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(act=_wrappers)


def _wrappers(options: argparse.Namespace) -> int:
    from underglass.analysis.annotate import annotate
    from underglass.analysis.crossings import crossings
    from underglass.analysis.wrappers import wrapper_of
    from underglass.views.wrapper import crossings_text, wrapper_text

    program = open_program(options.files, keep=True).program
    if options.function is not None:
        annotated = annotate(program, wrapper_of(program, options.function))
        told = _of_one(annotated) if options.json else wrapper_text(program, annotated)
    else:
        found = crossings(program, options.package or "main")
        told = _of_all(program, found) if options.json else crossings_text(program, found)
    print(told)
    return 0


def _of_one(annotated: Annotated) -> str:
    wrapper = annotated.wrapper
    return _dump(
        {
            "wrapper": wrapper.function.symbol,
            "target": wrapper.target.symbol if wrapper.target else None,
            "is_intrinsic": wrapper.is_intrinsic,
            "direction": wrapper.direction.value,
            "signature": str(annotated.signature) if annotated.signature else None,
            "lost": annotated.lost,
            "code": [
                {"address": i.address, "go": i.go, "step": line.step.value, "note": line.note}
                for line in annotated.lines
                for i in (line.instruction,)
            ],
        }
    )


def _of_all(program: Program, found: Crossings) -> str:
    from underglass.analysis.crossings import referred_to

    return _dump(
        {
            "package": found.package,
            "wrappers": [
                {
                    "function": w.name,
                    "wrapper": w.function.symbol,
                    "direction": w.direction.value,
                    "is_intrinsic": w.is_intrinsic,
                    "use": w.use.value,
                    "called_by": sorted({r.by for r in w.calls}),
                    "address_taken_by": sorted({r.by for r in w.addresses}),
                }
                for w in found.wrappers
            ],
            "calls": [
                {
                    "caller": e.caller,
                    "callee": e.callee,
                    "case": e.case.words if e.case else None,
                    "places": e.sites,
                }
                for e in found.edges
            ],
            "indirect_calls": [
                {
                    "caller": caller,
                    "address": c.at,
                    "through": c.through.value,
                    "cases": [k.words for k in c.cases],
                }
                for caller, c in found.indirect
            ],
            "addresses": [
                {
                    "by": r.by,
                    "at": r.at,
                    "as": r.how.value,
                    "symbol": r.function.symbol,
                    "refers_to": referred_to(program, r),
                }
                for r in found.addresses
            ],
        }
    )


def _dump(record: object) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False)
