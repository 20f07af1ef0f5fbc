"""`underglass go`: other releases of Go, for what changed between them."""

from __future__ import annotations

import argparse

from underglass.cli.parts import Commands, new_command

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass go                   the releases at hand
  underglass go install 1.24      the newest of the 1.24 line, from the package index (about 70 MB)
  underglass go remove 1.24       delete it"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands, "go", "Get other releases of Go, to see what changed between them.", _EXAMPLES
    )
    parser.add_argument("action", nargs="?", choices=("list", "install", "remove"), default="list")
    parser.add_argument("releases", nargs="*", metavar="RELEASE", help="1.24, or 1.24.3")
    parser.set_defaults(act=_go)


def _go(options: argparse.Namespace) -> int:
    from underglass.errors import UnderglassError
    from underglass.toolchain import find_go
    from underglass.toolchain.releases import (
        go_release,
        install_release,
        installed_releases,
        remove_release,
    )

    if options.action != "list" and not options.releases:
        raise UnderglassError(f"Name a release: underglass go {options.action} 1.24")
    for name in options.releases:
        if options.action == "install":
            print(f"{install_release(name).version} is there.", flush=True)
        elif options.action == "remove":
            remove_release(name)
    if options.action == "list":
        for name in installed_releases():
            with go_release(name) as go:
                print(f"{name:<8} {go.version:<10} {go.root}")
        print(f"In use: {find_go().version}")
    return 0
