"""`underglass check`: one call, or a whole run, held to the rules of the calling convention."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from underglass.cli.parts import Commands, add_limits, limits_of, new_command, open_program, pass_on
from underglass.errors import GuestFault, LimitExceeded, UnderglassError

if TYPE_CHECKING:
    from underglass.goprogram import GoProgram
    from underglass.program import Function
    from underglass.trace import Trace
    from underglass.trace.sentinel import Finding

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass check 'add(23, 4)' add.s                       records the call
  underglass check 'add(23, 4)' add.s --off argument-read   without one rule
  underglass check 'add(23, 4)' add.s --json                a list of objects
  underglass check --run main.go add.s                      whatever main calls, activation by activation"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "check",
        "Say which rules of the calling convention assembly functions break while they run. "
        "The exit code is 1 if they break any, or did not return; `underglass rules` explains them.",
        _EXAMPLES,
    )
    parser.add_argument(
        "words", nargs="+", metavar="CALL FILE", help="a call, 'add(23, 4)', then .go and .s sources"
    )
    parser.add_argument(
        "--run", action="store_true", help="no CALL: run the whole program, from its boot to its exit"
    )
    parser.add_argument(
        "--off", action="append", default=[], metavar="RULE", help="leave a rule out; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--abi", choices=("ABI0", "ABIInternal"), help="which of two functions of one name")
    add_limits(parser)
    parser.set_defaults(act=_check)


def _check(options: argparse.Namespace) -> int:
    from underglass.trace.rules import rule
    from underglass.trace.sentinel import broken_rules

    for name in options.off:
        rule(name)
    if not options.run and len(options.words) < 2:
        print("underglass check: name the sources after the call: 'add(23, 4)' add.s", file=sys.stderr)
        return 2
    found: dict[tuple[str, str, str], Finding] = {}
    faults = []
    for trace in _whole_run(options) if options.run else _one_call(options):
        for finding in broken_rules(trace, options.off):
            found.setdefault((finding.rule.id, finding.where, finding.instruction), finding)
        if trace.fault:
            faults.append(trace.fault)
    if options.json:
        print(json.dumps([_fields(finding) for finding in found.values()], indent=2))
    else:
        for finding in found.values():
            print(f"{finding} [{finding.rule.id}]")
    for fault in faults:
        print(f"underglass: {fault}", file=sys.stderr)
    return int(bool(found or faults))


def _one_call(options: argparse.Namespace) -> Iterator[Trace]:
    from underglass.cli.expression import read_call

    name, values = read_call(options.words[0])
    files = options.words[1:]
    program = open_program(files, keep=True)
    own = _own(program, files)
    trace = program.record(name, *values, abi=options.abi)
    if not {function.address for function in own} & {function.address for function in trace.functions}:
        raise UnderglassError(
            f"{options.words[0]} came through no assembly function of the program's own, and nothing else is "
            f"checked. Call one of {', '.join(function.name for function in own)}."
        )
    yield trace


def _whole_run(options: argparse.Namespace) -> Iterator[Trace]:
    from underglass.machine import Limits, Machine
    from underglass.trace.entries import caught

    program = open_program(options.words, keep=False)
    own = _own(program, options.words)
    machine = Machine(program.program, limits=limits_of(options, Limits()))
    # What the program writes is not what is asked for here; findings alone go to stdout.
    machine.kernel.output.listener = lambda descriptor, data: pass_on(2, data)
    try:
        yield from caught(machine, own)
    except (GuestFault, LimitExceeded) as error:
        print(f"underglass: {error}", file=sys.stderr)
    finally:
        machine.close()


def _own(program: GoProgram, files: list[str]) -> list[Function]:
    """The assembly functions whose source is at hand, which are those that are judged."""
    facts = program.program
    own = [f for f in facts.functions.values() if f.is_assembly and facts.source_of(f) is not None]
    if not own:
        raise UnderglassError(
            f"{', '.join(files)}: the program has no assembly function of its own, and nothing else is "
            "checked. Give its .s sources; with --run, main has to call them."
        )
    return own


def _fields(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule.id,
        "hint": finding.rule.is_hint,
        "where": finding.where,
        "step": finding.step,
        "function": finding.function,
        "source": finding.source,
        "instruction": finding.instruction,
        "sentence": finding.sentence,
        "title": finding.rule.title,
        "page": str(finding.rule.page),
    }
