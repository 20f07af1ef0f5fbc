"""`underglass lab`: the book, opened in JupyterLab, without a copy of the repository."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from underglass.cli.parts import Commands, new_command
from underglass.cli.warm import show_warm_up
from underglass.errors import UnderglassError

__all__ = ["add_to", "open_lab"]

_EXAMPLES = """\
  underglass lab                              in the folder go-under-glass, made if needed
  underglass lab course                       in a folder of that name
  underglass lab course --solutions           for a teacher: with the solutions, to change and release
  underglass lab -- --no-browser --port 8899  what stands behind -- is JupyterLab's
  underglass lab --hub --seed /opt/underglass/cache --    as a student's server, started by JupyterHub"""


_LONGEST = 50  # bytes of the folder that a kernel's sockets lie in


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "lab", "Open the book in JupyterLab.", _EXAMPLES)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("go-under-glass"), metavar="FOLDER",
        help="where chapters and labs are copied to; files that are there stay as they are",
    )  # fmt: skip
    parser.add_argument("--solutions", action="store_true", help="copy the labs' solutions too")
    parser.add_argument("--copy-only", action="store_true", help="copy, and do not open JupyterLab")
    parser.add_argument("--hub", action="store_true", help="be a student's server, for JupyterHub to start")
    parser.add_argument(
        "--seed", type=Path, metavar="DIR",
        help="an UNDERGLASS_CACHE in which Go's runtime is compiled: it is copied rather than compiled again",
    )  # fmt: skip
    parser.set_defaults(act=_lab)


def _lab(options: argparse.Namespace) -> int:
    from underglass.course.shipped import PARTS, lay_out
    from underglass.toolchain.warm import warm_from

    if options.hub and find_spec("jupyterhub") is None:
        raise UnderglassError(
            f"--hub: no package jupyterhub in {sys.prefix}. Install the hub's release there: "
            "pip install jupyterhub."
        )
    folder: Path = options.folder.absolute()
    made = lay_out(folder, (*PARTS, "solutions") if options.solutions else PARTS)
    new = f"{len(made)} notebooks are" if len(made) > 1 else f"{made[0].name} is" if made else ""
    print(f"{folder}: {new} new." if new else f"{folder}: as you left it.", flush=True)
    if options.copy_only:
        return 0
    if options.seed is not None:
        warm_from(options.seed)
    show_warm_up()
    code = open_lab(folder, options.rest, in_hub=options.hub)
    if code > 0:
        print(
            f"underglass: JupyterLab ended with exit code {code}; what it says above is why. Where a port is "
            "in use, name another one: underglass lab -- --port 8899",
            file=sys.stderr,
        )
    return code


def open_lab(folder: Path, words: list[str], *, in_hub: bool = False) -> int:
    """Open JupyterLab on the book in a folder, and return its exit code when it has ended.

    Args:
        folder: has chapters in `book`.
        words: further options of JupyterLab's.
        in_hub: be what JupyterHub starts for a student; the hub ends it by this process's number.
    """
    from underglass.cli.layout import ask_nothing, start_address
    from underglass.course.shipped import FIRST

    first = FIRST if (folder / FIRST).exists() else "book"
    command = [sys.executable, "-m", "jupyterhub.singleuser" if in_hub else "jupyterlab"]
    command += [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url={start_address(folder, first)}"]
    command += [*_root(), *(_sockets() if in_hub else ()), *words]
    ask_nothing()
    if in_hub and hasattr(os, "execv") and os.name == "posix":
        os.execv(command[0], command)
    return _ended(subprocess.Popen(command))


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for JupyterLab, which hears Ctrl-C itself and asks; what ends this process ends it too."""
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                continue
            return code if code >= 0 else 128 - code  # ended by a signal, as shells have it
    finally:
        signal.signal(signal.SIGTERM, before)


def _sockets() -> list[str]:
    """Have kernels listen on sockets in a folder of the student's, rather than on ports of the machine's.

    jupyter_client 8 picks free ports that the kernel takes a moment later (provisioning/
    local_provisioner.py), and of a class that starts at once some take each other's. A socket's path has at
    most 107 characters (Linux, unix(7)), and jupyter_client's names 50 of them.
    """
    from jupyter_core.paths import jupyter_runtime_dir

    if os.name != "posix":
        return []
    if len(os.fsencode(jupyter_runtime_dir())) > _LONGEST:
        os.environ["JUPYTER_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="jupyter-")
    return ["--KernelManager.transport=ipc"]


def _root() -> list[str]:
    """In a container the reader is often root, and JupyterLab would refuse to start."""
    return ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
