"""`underglass nosplit`: the chains of NOSPLIT functions, and which stack check each function has."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from underglass.cli.parts import Commands, new_command, open_program, positive
from underglass.errors import BuildError, UnderglassError

if TYPE_CHECKING:
    from underglass.analysis.prologue import Prologue
    from underglass.program import Function, Program
    from underglass.toolchain.chains import Chain

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass nosplit main.go add.s                     the chain with the least room, frame by frame
  underglass nosplit --worst 5 a.out                   the five with the least room
  underglass nosplit --function add main.go add.s      the chain through main.add
  underglass nosplit --svg chain.svg main.go add.s     draw it; a link that fails is drawn as well
  underglass nosplit --prologues main.go add.s         which stack check each function has, and why
  underglass nosplit --prologues --function add add.s  that of main.add, with its instructions"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "nosplit",
        "Show how much stack chains of NOSPLIT functions take, against the linker's limit. Where the program "
        "does not link for that reason, the linker's chains are shown and the exit code is 1.",
        _EXAMPLES,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .go or .s source, or one executable")
    parser.add_argument("--function", metavar="NAME", help="the chain through this function; or its prologue")
    parser.add_argument("--abi", choices=("ABI0", "ABIInternal"), help="which of two functions of one name")
    parser.add_argument("--worst", type=positive(int), metavar="N", help="this many chains (1 by default)")
    parser.add_argument("--prologues", action="store_true", help="the stack checks instead of the chains")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--svg", metavar="OUT", help="draw the first chain into this file")
    parser.set_defaults(act=_nosplit)


def _nosplit(options: argparse.Namespace) -> int:
    if options.abi and not options.function:
        raise UnderglassError(
            "--abi chooses between two functions of one name: give that name, --function add."
        )
    if options.prologues and (options.svg or options.worst):
        raise UnderglassError(
            "--prologues lists functions; --svg and --worst are about chains: leave one out."
        )
    if options.svg and not Path(options.svg).absolute().parent.is_dir():
        folder = Path(options.svg).absolute().parent
        raise UnderglassError(f"There is no directory {folder} to write to. Make it, or choose another path.")
    try:
        program = open_program(options.files, keep=True).program
    except BuildError as error:
        chains = [chain for said in error.diagnostics for chain in getattr(said, "chains", ())]
        if chains:
            _show(chains, options)
        raise
    function = program.function(options.function, options.abi) if options.function else None
    if options.prologues:
        _prologues(program, function, options)
        return 0
    from underglass.analysis.nosplit import NosplitBudget

    budget = NosplitBudget(program)
    _show((budget.chain(function),) if function else budget.worst(options.worst or 1), options)
    return 0


def _show(chains: Sequence[Chain], options: argparse.Namespace) -> None:
    from underglass.views.nosplit import chain_svg, chain_text

    if options.svg and chains:
        Path(options.svg).write_text(chain_svg(chains[0]), encoding="utf-8")
    if options.json:
        rows = [{**asdict(chain), "needs": chain.needs, "left": chain.left} for chain in chains]
        print(json.dumps({"chains": rows}, indent=1))
    else:
        print("\n\n".join(map(chain_text, chains)) or "No function is NOSPLIT.")


def _prologues(program: Program, function: Function | None, options: argparse.Namespace) -> None:
    from underglass.analysis.prologue import check_code, prologue_of
    from underglass.toolchain.sources import GENERATED

    every = [prologue_of(program, f) for f in ([function] if function else program.all_functions)]
    own = [
        p for p in every if p.function.name.startswith("main.") and not p.function.file.endswith(GENERATED)
    ]
    shown = every if function else own
    if options.json:
        print(json.dumps({"prologues": [_row(p) for p in shown]}, indent=1))
        return
    for prologue in shown:
        print(f"{_title(prologue)}\n  {prologue.reason}")
        if function:
            for instruction in check_code(program, prologue):
                print(f"  {instruction.address:#x}  {instruction.go}")
    if not function:
        forms = Counter(p.form.value for p in every)
        counts = ", ".join(f"{count} {form}" for form, count in forms.most_common())
        print(f"All {len(every)} functions of the program: {counts}.")


def _title(prologue: Prologue) -> str:
    function = prologue.function
    check = f"{prologue.form.value} check, against {prologue.guard}, then {prologue.morestack}"
    return f"{function.name} ({function.abi}): {check if prologue.guard else 'no check'}"


def _row(prologue: Prologue) -> dict[str, object]:
    function = prologue.function
    return {
        "function": function.name, "abi": function.abi, "form": prologue.form.value, "frame": prologue.frame,
        "guard": prologue.guard, "morestack": prologue.morestack, "automatic": prologue.is_automatic,
        "marked": prologue.marked, "reason": prologue.reason,
    }  # fmt: skip
