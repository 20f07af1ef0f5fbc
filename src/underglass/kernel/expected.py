"""An error that a cell is there to show: run the rest of the cell, and have the error as a value."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from underglass.errors import UnderglassError
from underglass.kernel.asked import Place

__all__ = ["check_expected", "error_text", "raised_by"]


def raised_by(shell: Any, body: str) -> Exception | None:
    """Run a cell's text, magics and all, and return the error that ended it; None if it came to its end."""
    try:
        code = shell.transform_cell(body)
        name = shell.compile.cache(code, shell.execution_count, raw_code=body)
        tree = shell.transform_ast(shell.compile.ast_parse(code, filename=name))
        exec(compile(tree, name, "exec"), shell.user_global_ns, shell.user_ns)
    except Exception as error:  # noqa: BLE001 - whatever it is, the reader expects it
        return error
    return None


def error_text(error: Exception, place: Place) -> str:
    """The error as IPython would show it, without a traceback.

    Args:
        place: of the line above the text that was run.
    """
    if isinstance(error, UnderglassError):
        return "\n".join(error._render_traceback_())
    said: object = error
    if isinstance(error, SyntaxError) and error.lineno:  # IPython's name for the cell says nothing
        said = f"{place.below(error.lineno)}: {error.msg}"
    return fill(f"{type(error).__name__}: {said}", 88, break_long_words=False, break_on_hyphens=False)


def check_expected(error: Exception | None, wanted: str, place: Place) -> str:
    """Return what to show of an error that was expected.

    Args:
        wanted: a piece of its text, line breaks and runs of blanks all alike; "" is any error.

    Raises:
        UnderglassError: there was none, or it says something else.
    """
    wanted = wanted.strip()
    if len(wanted) > 1 and wanted[0] == wanted[-1] and wanted[0] in "\"'":
        wanted = wanted[1:-1]
    if error is None:
        what = f"an error with {wanted!r} in it" if wanted else "an error"
        raise UnderglassError(
            f"{place}: {what} was expected here, and none happened. Mend the cell so that it fails, or take "
            "%%expect_error away. (A cell that builds under it is not taken into the program.)"
        )
    text = error_text(error, place)
    if " ".join(wanted.split()) not in " ".join(text.split()):
        raise UnderglassError(
            f"{place}: the error that was expected has {wanted!r} in it, and this one came: {text}\n"
            "Change the text behind %%expect_error, or the cell."
        ) from error
    return f"expected: {text}"
