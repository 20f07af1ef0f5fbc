"""The command line as a whole: its subcommands, its help, and how an error ends it.

Each subcommand is a module with `add_to(commands)`. Modules import what is slow inside the function that
needs it, so that `underglass --help` is there at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import underglass
from underglass.cli import (
    abi,
    call,
    check,
    doctor,
    extract,
    gcmap,
    go,
    grade,
    graph,
    inline,
    kernelspec,
    lab,
    nosplit,
    release,
    rules,
    run,
    trace,
    vet,
    warm,
    wrappers,
)
from underglass.errors import UnderglassError

__all__ = ["main"]

# In the order of --help: programs, calls and rules, facts about a program, this installation.
_MODULES = (
    run, call, trace, check, rules, vet,
    abi, wrappers, graph, nosplit, inline, gcmap, extract,
    lab, release, grade, go, doctor, warm, kernelspec,
)  # fmt: skip
_ABOUT = """\
Go and Go assembly, built by the real toolchain, run and recorded on an emulated amd64 computer.
FILE is a .go or .s source; all sources given together are one program. One file alone may also be a
linux/amd64 executable that Go has linked.
"""
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_BROKEN_PIPE = 141  # 128 + SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, the guest program's, 1 for an error, 2 for wrong usage."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    rest: list[str] = []
    if words[:1] in (["run"], ["lab"]) and "--" in words:  # what follows is the guest's, or JupyterLab's
        at = words.index("--")
        words, rest = words[:at], words[at + 1 :]
    try:
        options = _parser().parse_args(words)
    except SystemExit as end:  # argparse has printed help, or what is wrong
        return int(end.code or 0)
    options.rest = rest
    try:
        code: int = options.act(options)
        sys.stdout.flush()
    except UnderglassError as error:
        _say(str(error))
        return 1
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _BROKEN_PIPE
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _say(f"{place}{error.strerror or error}. Check the path and its permissions.")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def _say(words: str) -> None:
    sys.stdout.flush()
    print(f"underglass: {words}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "underglass",
        description=_ABOUT,
        epilog="`underglass COMMAND --help` has examples of each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"underglass {underglass.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in _MODULES:
        module.add_to(commands)
    return parser
