"""`underglass kernel install` and `uninstall`: make the kernel known to a Jupyter, or unknown again."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from underglass.cli.parts import Commands, new_command
from underglass.errors import UnderglassError

__all__ = ["NAME", "add_to"]

NAME = "underglass"
_EXAMPLES = """\
  underglass kernel install                  for the Jupyter of this environment
  underglass kernel install --user           for every Jupyter of yours, whichever Python it runs on
  underglass kernel install --prefix DIR     below DIR/share/jupyter/kernels
  underglass kernel uninstall --user         take it away from where --user has put it"""
_SPEC = {
    "argv": [sys.executable, "-m", "underglass.kernel", "-f", "{connection_file}"],
    "display_name": "Go under glass",
    "language": "python",
    "interrupt_mode": "signal",
    "metadata": {"debugger": True},
}


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands,
        "kernel",
        "Make the notebook kernel known to Jupyter. Installing the package has done so for its environment.",
        _EXAMPLES,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_action(actions, "install", "install the kernel's spec", _install)
    _add_action(actions, "uninstall", "remove the kernel's spec", _uninstall)


def _add_action(actions: Commands, name: str, about: str, act: Callable[[argparse.Namespace], int]) -> None:
    action = actions.add_parser(
        name,
        help=about,
        epilog=f"examples:\n{_EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = action.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for you, in every environment")
    where.add_argument("--sys-prefix", action="store_true", help="for this environment (the default)")
    where.add_argument("--prefix", metavar="DIR", help="below DIR")
    action.set_defaults(act=act)


def _install(options: argparse.Namespace) -> int:
    from jupyter_client.kernelspec import KernelSpecManager

    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / NAME
        spec.mkdir()
        for logo in _logos():
            (spec / logo.name).write_bytes(logo.read_bytes())
        (spec / "kernel.json").write_text(json.dumps(_SPEC, indent=2) + "\n", encoding="utf-8")
        place = KernelSpecManager().install_kernel_spec(
            str(spec), NAME, user=options.user, prefix=None if options.user else _prefix(options)
        )
    print(f"The kernel is installed in {place}.")
    return 0


def _uninstall(options: argparse.Namespace) -> int:
    from jupyter_core.paths import jupyter_data_dir

    data = Path(jupyter_data_dir()) if options.user else Path(_prefix(options), "share", "jupyter")
    place = data / "kernels" / NAME
    if place.is_symlink():  # a developer's; what it points to stays
        place.unlink()
    elif (place / "kernel.json").is_file():
        shutil.rmtree(place)
    else:
        raise UnderglassError(
            f"{place}: there is no kernel here. `jupyter kernelspec list` says where kernels are installed; "
            "--user, --sys-prefix and --prefix DIR say where to look."
        )
    print(f"The kernel is no longer in {place}.")
    return 0


def _prefix(options: argparse.Namespace) -> str:
    if options.prefix == "":
        raise UnderglassError("--prefix: the folder has no name. Give one, or leave --prefix out.")
    return str(Path(options.prefix or sys.prefix).absolute())


def _logos() -> list[Path]:
    """Return the pictures that were installed with the package, as its record lists them."""
    try:
        files = distribution(NAME).files or []
    except PackageNotFoundError:  # run from the sources, without installing
        return []
    found = [Path(str(f.locate())) for f in files if f.parent.name == NAME and f.name.startswith("logo-")]
    return [path for path in found if path.is_file()]
