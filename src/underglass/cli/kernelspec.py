"""`underglass kernel install`: make the kernel known to a Jupyter."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from underglass.cli.parts import Commands, new_command

__all__ = ["NAME", "add_to"]

NAME = "underglass"
_EXAMPLES = """\
  underglass kernel install                  for the Jupyter of this environment
  underglass kernel install --user           for every Jupyter of yours, whichever Python it runs on
  underglass kernel install --prefix DIR     below DIR/share/jupyter/kernels"""
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
    install = actions.add_parser(
        "install",
        help="install the kernel's spec",
        epilog=f"examples:\n{_EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = install.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for you, in every environment")
    where.add_argument("--sys-prefix", action="store_true", help="for this environment (the default)")
    where.add_argument("--prefix", metavar="DIR", help="below DIR")
    install.set_defaults(act=_install)


def _install(options: argparse.Namespace) -> int:
    from jupyter_client.kernelspec import KernelSpecManager

    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / NAME
        spec.mkdir()
        for logo in _logos():
            (spec / logo.name).write_bytes(logo.read_bytes())
        (spec / "kernel.json").write_text(json.dumps(_SPEC, indent=2) + "\n", encoding="utf-8")
        prefix = None if options.user else options.prefix or sys.prefix
        place = KernelSpecManager().install_kernel_spec(
            str(spec), NAME, user=options.user, prefix=prefix and str(Path(prefix).absolute())
        )
    print(f"The kernel is installed in {place}.")
    return 0


def _logos() -> list[Path]:
    """Return the pictures that were installed with the package, as its record lists them."""
    try:
        files = distribution(NAME).files or []
    except PackageNotFoundError:  # run from the sources, without installing
        return []
    found = [Path(str(f.locate())) for f in files if f.parent.name == NAME and f.name.startswith("logo-")]
    return [path for path in found if path.is_file()]
