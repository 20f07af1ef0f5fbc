"""`underglass warm`: compile ahead what the first cell would have to wait for."""

from __future__ import annotations

import argparse
import time

from underglass.cli.parts import Commands, new_command

__all__ = ["add_to", "show_warm_up"]

_EXAMPLES = """\
  underglass warm                                     for you, in your cache directory
  UNDERGLASS_CACHE=/opt/book/cache underglass warm    for a class: underglass lab --seed /opt/book/cache"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "warm",
        "Compile Go's runtime ahead of the first cell. What is compiled stays, and works offline.",
        _EXAMPLES,
    )
    parser.set_defaults(act=_warm)


def _warm(_: argparse.Namespace) -> int:
    from underglass.toolchain.go import cache_directory

    began = time.monotonic()
    is_new = show_warm_up()
    words = f"compiled in {time.monotonic() - began:.0f} s" if is_new else "was compiled already"
    print(f"Go's runtime {words}, in {cache_directory()}")
    return 0


def show_warm_up() -> bool:
    """Compile Go's runtime and fmt with a progress bar, and return whether there was anything to do."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from underglass.toolchain.warm import warm_up

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("Compiling Go's runtime, once (half a minute)", total=None)
        return warm_up(lambda done, of: bar.update(task, completed=done, total=of))
