"""Go assembly and calling conventions, under glass: build, run, record and look.

>>> import underglass
>>> prog = underglass.build("add.s")
>>> prog.call("add", 23, 4)
27
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from underglass.abi.objects import Dynamic, Pointer
    from underglass.course.check import check
    from underglass.errors import UnderglassError
    from underglass.goprogram import GoProgram, RunResult, build, load
    from underglass.kernel.show import call_graph, frame, stepper
    from underglass.machine.limits import Limits
    from underglass.trace.change import Change
    from underglass.trace.trace import Trace
    from underglass.views.predict import Predict

__all__ = [
    "Change",
    "Dynamic",
    "GoProgram",
    "Limits",
    "Pointer",
    "Predict",
    "RunResult",
    "Trace",
    "UnderglassError",
    "build",
    "call_graph",
    "check",
    "frame",
    "load",
    "stepper",
]
__version__ = "0.1.0"

_HOMES = {
    "Change": "trace.change",
    "Dynamic": "abi.objects",
    "GoProgram": "goprogram",
    "Limits": "machine.limits",
    "Pointer": "abi.objects",
    "Predict": "views.predict",
    "RunResult": "goprogram",
    "Trace": "trace.trace",
    "UnderglassError": "errors",
    "build": "goprogram",
    "call_graph": "kernel.show",
    "check": "course",
    "frame": "kernel.show",
    "load": "goprogram",
    "stepper": "kernel.show",
}


def __getattr__(name: str) -> object:
    """Import a name's module when it is first used: the emulator and numpy take half a second."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'underglass' has no attribute {name!r}")
    return getattr(import_module(f"underglass.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


def load_ipython_extension(shell: object) -> None:
    """What `%load_ext underglass` calls: the cell magics %%go and %%asm."""
    import_module("underglass.kernel.extension").load(shell)


def unload_ipython_extension(shell: object) -> None:
    """What `%unload_ext underglass` calls."""
    import_module("underglass.kernel.extension").unload(shell)
