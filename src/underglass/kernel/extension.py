"""What `%load_ext underglass` does in any IPython: magics, and how a recording shows itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underglass.kernel.magics import UnderglassMagics, with_body
from underglass.kernel.replies import attach, detach

if TYPE_CHECKING:
    from underglass.trace import Trace

__all__ = ["load", "unload"]

_MAGICS = {
    "cell": ("asm", "bench", "compare", "expect_error", "go", "run", "trace", "variants", "vet"),
    "line": ("program",),
}


def load(shell: Any) -> None:
    """Add the magics and the displays; a second time, nothing."""
    if "asm" in shell.magics_manager.magics["cell"]:
        return
    magics = UnderglassMagics(shell)
    shell.register_magics(magics)
    attach(shell)
    shell.events.register("pre_run_cell", magics.remember)
    shell.input_transformers_cleanup.append(with_body)
    shell.input_transformers_cleanup.append(magics.fill_in)
    bundles = shell.display_formatter.mimebundle_formatter
    if getattr(shell, "kernel", None) is not None:  # a terminal shows the text form
        bundles.for_type_by_name("underglass.trace.trace", "Trace", _stepper)


def unload(shell: Any) -> None:
    """Take away what `load` has added; `prog` stays."""
    manager = shell.magics_manager
    magics = manager.registry.pop(UnderglassMagics.__name__, None)
    if magics is None:
        return
    for kind, names in _MAGICS.items():
        for name in names:
            manager.magics[kind].pop(name, None)
    detach(shell)
    shell.events.unregister("pre_run_cell", magics.remember)
    shell.input_transformers_cleanup.remove(with_body)
    shell.input_transformers_cleanup.remove(magics.fill_in)
    bundles = shell.display_formatter.mimebundle_formatter
    if ("underglass.trace.trace", "Trace") in bundles.deferred_printers:
        bundles.deferred_printers.pop(("underglass.trace.trace", "Trace"))
    else:
        for kind in [k for k in bundles.type_printers if k.__module__ == "underglass.trace.trace"]:
            bundles.type_printers.pop(kind)


def _stepper(trace: Trace, **_: Any) -> Any:
    """A recording shows itself as the stepper: live, static and as text."""
    from underglass.views.widgets import Stepper

    return Stepper(trace)._repr_mimebundle_()
