"""`underglass lab`: the book, opened in JupyterLab, without a copy of the repository."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from underglass.cli.parts import Commands, new_command

__all__ = ["add_to", "warm_up"]

_EXAMPLES = """\
  underglass lab                              in the folder go-under-glass, made if needed
  underglass lab course                       in a folder of that name
  underglass lab course --solutions           for a teacher: with the solutions, to change and release
  underglass lab -- --no-browser --port 8899  what stands behind -- is JupyterLab's"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "lab", "Open the book in JupyterLab.", _EXAMPLES)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("go-under-glass"), metavar="FOLDER",
        help="where chapters and labs are copied to; files that are there stay as they are",
    )  # fmt: skip
    parser.add_argument("--solutions", action="store_true", help="copy the labs' solutions too")
    parser.add_argument("--copy-only", action="store_true", help="copy, and do not open JupyterLab")
    parser.set_defaults(act=_lab)


def _lab(options: argparse.Namespace) -> int:
    from underglass.course.shipped import FIRST, PARTS, lay_out

    folder: Path = options.folder.absolute()
    made = lay_out(folder, (*PARTS, "solutions") if options.solutions else PARTS)
    print(f"{folder}: {len(made)} notebooks are new." if made else f"{folder}: as you left it.", flush=True)
    if options.copy_only:
        return 0
    warm_up()
    first = FIRST if (folder / FIRST).exists() else "book"
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    command += [f"--LabApp.default_url=/lab/tree/{first}", *_quiet(), *options.rest]
    return subprocess.run(command, check=False).returncode


def _quiet() -> list[str]:
    """JupyterLab asks about its news on first start, and refuses to start for root: answered here."""
    said = ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url="]
    return said + (["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])


def warm_up() -> None:
    """Compile Go's runtime and fmt before the first cell asks for them, and show how far it is."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from underglass.toolchain.warm import warm_up as compile_all

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("Compiling Go's runtime, once (half a minute)", total=None)
        compile_all(lambda done, of: bar.update(task, completed=done, total=of))
