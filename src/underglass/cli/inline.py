"""`underglass inline`: what the compiler inlined, where, and what each function's budget went for."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underglass.cli.parts import Commands, new_command
from underglass.errors import UnderglassError

if TYPE_CHECKING:
    from underglass.analysis.inlinecost import Part
    from underglass.analysis.inlining import Inlined, InliningReport

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass inline main.go add.s                every function: cost, budget, statements, tree
  underglass inline main.go --function clamp     one function
  underglass inline main.go --why clamp          one paragraph: why it is inlined or not, and where
  underglass inline main.go --svg inline.svg     the tree with budget bars, as a picture
  underglass inline strings --function Contains  a package of the standard library
  underglass inline main.go --json               the same as data"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "inline",
        "Show what the compiler inlines: each function's cost against the budget, statement by statement, "
        "what was put into it, and why a call was left.",
        _EXAMPLES,
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a .go or .s source, or the import path of a standard package",
    )
    parser.add_argument("--function", metavar="F", help="show this function alone")
    parser.add_argument("--why", metavar="F", help="say why F is inlined or not, and where it is called")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--svg", type=Path, metavar="OUT", help="write the picture to this file")
    parser.set_defaults(act=_inline)


def _inline(options: argparse.Namespace) -> int:
    from underglass.views.inliningtext import inlining_text, why_text

    report = _ask(options.files)
    if not report.functions and report.assembly:
        names = ", ".join(report.assembly)
        print(f"{names}: assembly is never inlined, since the compiler sees no body of it to put anywhere.")
        return 0
    if options.svg is not None:
        from underglass.views.inlining import inlining_svg

        options.svg.write_text(inlining_svg(report, options.function), encoding="utf-8")
    if options.why is not None:
        print(why_text(report, options.why))
    elif options.json:
        import json

        print(json.dumps(_data(report, options.function), indent=1, ensure_ascii=False))
    elif options.svg is None:
        own = bool(report.asked.sources) or options.function is not None
        print(inlining_text(report, options.function, parts=own))
    return 0


def _ask(files: list[str]) -> InliningReport:
    from underglass.analysis.inlining import report
    from underglass.toolchain import read_files
    from underglass.toolchain.inlining import inlining, package_inlining

    is_package = len(files) == 1 and not Path(files[0]).suffix and not Path(files[0]).exists()
    if is_package:
        return report(package_inlining(files[0]))
    if any(not Path(name).suffix for name in files):
        wrong = next(name for name in files if not Path(name).suffix)
        raise UnderglassError(
            f"{wrong} is no .go or .s file. What the compiler inlined is told of sources, not of an "
            "executable: give the sources, or the import path of one standard package alone."
        )
    return report(inlining(read_files(files)))


def _data(report: InliningReport, function: str | None) -> dict[str, Any]:
    chosen = [report.function(function)] if function else report.functions
    return {
        "package": report.asked.package.path if not report.asked.sources else "main",
        "assembly": list(report.assembly),
        "functions": [
            {
                "name": f.name,
                "place": report.where(f.verdict.place) if f.verdict else None,
                "can_inline": f.verdict.can if f.verdict else False,
                "cost": f.verdict.cost if f.verdict else None,
                "budget": f.verdict.budget if f.verdict else None,
                "reason": f.verdict.reason if f.verdict else "",
                "parts": [_part(report, p) for p in f.parts],
                "unattributed": f.unattributed,
                "inlined": [_call(report, c) for c in f.inlined],
                "not_inlined": [
                    {"name": c.name, "place": report.where(c.place), "reason": c.reason} for c in f.left
                ],
            }
            for f in chosen
        ],
    }


def _part(report: InliningReport, part: Part) -> dict[str, Any]:
    return {
        "place": report.where(part.place) if part.place else None,
        "source": report.text_of(part),
        "cost": part.cost,
        "charges": [{"cost": c.cost, "kind": c.kind, "callee": c.callee} for c in part.charges],
        "parts": [_part(report, p) for p in part.parts],
    }


def _call(report: InliningReport, inlined: Inlined) -> dict[str, Any]:
    return {
        "name": inlined.call.name,
        "place": report.where(inlined.call.places[-1]),
        "cost": inlined.cost,
        "inlined": [_call(report, c) for c in inlined.calls],
    }
