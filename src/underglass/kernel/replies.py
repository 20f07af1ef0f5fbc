"""What a kernel answers when a front end asks for completions or for help, and the same for any IPython.

The heavy parts are imported when the first cell of ours asks: a cell of Python never waits for them.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["attach", "completion_reply", "detach", "inspection_reply"]

_OURS = re.compile(r"^[ \t]*%", re.MULTILINE)
_NAME = "underglass"
_TYPES = "_jupyter_types_experimental"  # JupyterLab's and ipykernel's name for kinds and signatures


def completion_reply(shell: Any, code: str, cursor: int | None) -> dict[str, Any] | None:
    """The content of a complete_reply; None where Python's own completion is to answer."""
    if not _OURS.search(code):
        return None
    from underglass.kernel.complete_cell import complete_cell, magic_docs
    from underglass.kernel.known import known_of

    place = len(code) if cursor is None else cursor
    found = complete_cell(code, place, known_of(shell), magic_docs(shell))
    if found is None:
        return None
    kinds = [
        {"start": found.start, "end": found.end, "text": m.text, "type": m.kind, "signature": m.signature}
        for m in found.matches
    ]
    return {
        "status": "ok",
        "matches": [m.text for m in found.matches],
        "cursor_start": found.start,
        "cursor_end": found.end,
        "metadata": {_TYPES: kinds},
    }


def inspection_reply(shell: Any, code: str, cursor: int | None) -> dict[str, Any] | None:
    """The content of an inspect_reply; None where Python's own inspection is to answer."""
    if not _OURS.search(code):
        return None
    from underglass.kernel.inspect_cell import in_our_language, inspect_cell
    from underglass.kernel.known import known_of

    place = len(code) if cursor is None else cursor
    found = inspect_cell(code, place, known_of(shell))
    if found is None and not in_our_language(code, place):
        return None
    data = {"text/plain": found.plain, "text/markdown": found.markdown} if found is not None else {}
    return {"status": "ok", "found": found is not None, "data": data, "metadata": {}}


def attach(shell: Any) -> None:
    """Let an IPython complete our cells, and let its kernel, if it is another's, explain them.

    IPython takes matchers from extensions (core/completer.py, IPCompleter.custom_matchers), but has no such
    place for inspection; so that a kernel of ipykernel's asks us first, its `do_inspect` is wrapped.
    """
    completer = getattr(shell, "Completer", None)
    if completer is not None:
        completer.custom_matchers.append(_matcher(shell))
    kernel = getattr(shell, "kernel", None)
    if kernel is not None and getattr(kernel, "implementation", "underglass") != "underglass":
        ipykernels = kernel.do_inspect

        def do_inspect(code: str, cursor_pos: int, *arguments: Any, **options: Any) -> Any:
            reply = inspection_reply(shell, code, cursor_pos)
            return reply if reply is not None else ipykernels(code, cursor_pos, *arguments, **options)

        kernel.do_inspect = do_inspect


def detach(shell: Any) -> None:
    """Undo `attach`."""
    completer = getattr(shell, "Completer", None)
    if completer is not None:
        others = [m for m in completer.custom_matchers if getattr(m, "matcher_identifier", "") != _NAME]
        completer.custom_matchers[:] = others
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        vars(kernel).pop("do_inspect", None)


def _matcher(shell: Any) -> Any:
    """A matcher of IPython's second kind: told the whole text and the place in it."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier=_NAME)  # type: ignore[untyped-decorator]  # IPython gives no types here
    def match(context: Any) -> dict[str, Any]:
        lines = context.full_text.split("\n")
        place = sum(len(line) + 1 for line in lines[: context.cursor_line]) + context.cursor_position
        reply = completion_reply(shell, context.full_text, place)
        if reply is None:
            return {"completions": []}
        return {
            "completions": [
                SimpleCompletion(text=k["text"], type=k["type"]) for k in reply["metadata"][_TYPES]
            ],
            "matched_fragment": context.full_text[reply["cursor_start"] : reply["cursor_end"]],
            "suppress": True,
        }

    return match
