"""`underglass rules`: the rules of the calling convention, and one of them explained."""

from __future__ import annotations

import argparse

from underglass.cli.parts import Commands, new_command

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass rules                  every rule in a line
  underglass rules outgoing-area    what it says, and a function that breaks it beside the same mended"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands, "rules", "List the rules that `underglass check` knows, or explain some.", _EXAMPLES
    )
    parser.add_argument("ids", nargs="*", metavar="ID", help="a rule, as a finding names it")
    parser.set_defaults(act=_rules)


def _rules(options: argparse.Namespace) -> int:
    from textwrap import fill, indent

    from underglass.trace.rules import RULES, rule

    if not options.ids:
        width = max(map(len, RULES))
        for each in RULES.values():
            print(f"{each.id:{width}}  {each.title}{' (a hint)' if each.is_hint else ''}")
        return 0
    for number, each in enumerate([rule(name) for name in options.ids]):
        print("\n" if number else "", end="")
        print(f"{each.id}: {each.title}\n\n{fill(each.explanation, 88)}\n")
        for head, example in (("wrong", each.wrong), ("mended", each.mended)):
            print(f"{head}, as in {example.call}:\n\n{indent(example.text.expandtabs(8), '    ')}")
        if each.wrong.go:
            print(f"with\n\n{indent(each.wrong.go.expandtabs(8), '    ')}")
        print(f"In the book: {each.page}")
        print(f"Switched off: --off {each.id}, or `// underglass:off {each.id}` on the line or above TEXT.")
    return 0
