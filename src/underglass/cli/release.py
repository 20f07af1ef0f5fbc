"""`underglass release`: the students' labs, made from the solutions."""

from __future__ import annotations

import argparse
from pathlib import Path

from underglass.cli.parts import Commands, new_command
from underglass.errors import UnderglassError

__all__ = ["add_to"]

_EXAMPLES = """\
  underglass release --out labs                 all notebooks of solutions/
  underglass release 05_frames --out labs       one of them
  underglass release --from mine --out out      those of another folder"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "release",
        "Make the students' labs from the solutions. Reference answers and hidden tests are taken out.",
        _EXAMPLES,
    )
    parser.add_argument(
        "labs", nargs="*", metavar="LAB", help="a notebook's name, 05_frames; without any, all"
    )
    parser.add_argument(
        "--from", dest="folder", type=Path, default=Path("solutions"), help="default: solutions"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the labs go")
    parser.set_defaults(act=_release)


def _release(options: argparse.Namespace) -> int:
    from underglass.course.release import release_files

    folder: Path = options.folder
    named = [folder / f"{lab.removesuffix('.ipynb')}.ipynb" for lab in options.labs]
    paths = named or sorted(folder.glob("*.ipynb"))
    if not paths:
        raise UnderglassError(f"{folder} holds no notebook. Name the folder of the solutions with --from.")
    for path in release_files(paths, options.out):
        print(path)
    return 0
