"""The Jupyter kernel `underglass`: ipykernel with the extension loaded."""

from __future__ import annotations

from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from traitlets import Type

import underglass
from underglass.kernel.replies import completion_reply, inspection_reply

__all__ = ["UnderglassKernel", "UnderglassShell"]


class UnderglassShell(ZMQInteractiveShell):
    """ipykernel's shell, whose every failure is an error message."""

    def show_usage_error(self, exc: BaseException) -> None:
        """Show what a magic was told wrongly, %%asmm for one; ipykernel has only a line on stderr for it."""
        self._showtraceback(type(exc), exc, [f"UsageError: {exc}"])  # type: ignore[no-untyped-call]


class UnderglassKernel(IPythonKernel):
    """Python, widgets, interrupt and debugger are ipykernel's; %%go and %%asm are there from the start."""

    shell_class = Type(UnderglassShell)
    implementation = "underglass"
    implementation_version = underglass.__version__
    banner = (
        f"Go under glass {underglass.__version__}. "
        "A cell that starts with %%go or %%asm is Go or assembly of this notebook's program; "
        "Python calls the program prog."
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]  # ipykernel is half typed
        # The language is Python to a front end, so that cells are completed and exported as such. The other
        # cells are coloured by kernel/lexers.py on static pages and by labextension/ in JupyterLab.
        self.language_info = {**self.language_info, "pygments_lexer": "underglass"}
        assert self.shell is not None
        self.shell.extension_manager.load_extension("underglass")

    def do_is_complete(self, code: str) -> Any:
        """Answer as IPython does, and for a cell of Go or assembly look at what it leaves open."""
        from underglass.kernel.completeness import completeness  # the toolchain's lexers: not at start

        reply = super().do_is_complete(code)  # type: ignore[no-untyped-call]
        return completeness(code) or reply

    def do_history(self, *arguments: Any, **options: Any) -> Any:
        """Answer as ipykernel does, with this session's number where it gives 0 for "this one".

        (IPython, core/history.py, HistoryManager.get_range.)
        """
        reply = super().do_history(*arguments, **options)  # type: ignore[no-untyped-call]
        assert self.shell is not None
        now = self.shell.history_manager.session_number
        reply["history"] = [(session or now, *rest) for session, *rest in reply.get("history", [])]
        return reply

    def do_complete(self, code: str, cursor_pos: int | None) -> Any:
        """Complete Go, assembly and our magics; Python is ipykernel's."""
        reply = completion_reply(self.shell, code, cursor_pos)
        return reply if reply is not None else super().do_complete(code, cursor_pos)  # type: ignore[no-untyped-call]

    def do_inspect(self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Any = ()) -> Any:
        """Explain the word at the cursor in Go and assembly; Python is ipykernel's."""
        reply = inspection_reply(self.shell, code, cursor_pos)
        if reply is not None:
            return reply
        return super().do_inspect(code, cursor_pos, detail_level, omit_sections)  # type: ignore[no-untyped-call]
