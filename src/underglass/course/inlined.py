"""What the compiler says about inlining when it is given one text and options of its own."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from underglass.errors import UnderglassError
from underglass.toolchain import find_go
from underglass.toolchain.inlinetext import Verdict, read_listing

__all__ = ["inliner_says", "judged"]

_ABOUT = re.compile(r"(?:\S*/)?(text\.go:\d+:\d+: (?:can inline|cannot inline|inlining call to) .*)")
_SECONDS = 60.0


def inliner_says(go: str, *options: str) -> tuple[str, ...]:
    """Return what `go tool compile` prints about inlining, line by line.

    >>> inliner_says("package main\\nfunc add(x, y int) int { return x + y }\\n", "-m")
    ('text.go:2:6: can inline add',)

    Args:
        go: one Go file without imports; a function without a body is taken to be one in assembly.
        options: of the compiler; without -m or -m=2 it says nothing.

    Raises:
        UnderglassError: the compiler rejects the text or an option.
    """
    with tempfile.TemporaryDirectory(prefix="underglass-") as name:
        room = Path(name)
        (room / "text.go").write_text(go, encoding="utf-8")
        command = ["tool", "compile", "-p", "main", "-o", "text.o", *options, "text.go"]
        done = find_go().run(command, cwd=room, timeout=_SECONDS)
        said = (done.stdout + done.stderr).replace(f"{room}/", "").splitlines()
    if done.returncode:
        errors = [line for line in said if line.strip() and not _ABOUT.fullmatch(line)]
        first = errors[0] if errors else "it gave no reason"
        raise UnderglassError(
            f"`go tool compile {' '.join(options)}` rejects the text: {first}. Mend the text or the option."
        )
    return tuple(found[1] for line in said if (found := _ABOUT.fullmatch(line)))


def judged(go: str, *options: str) -> dict[str, Verdict]:
    """Return the compiler's verdict on each function of a text, with cost or reason (-m=2).

    >>> judged("package main\\nfunc add(x, y int) int { return x + y }\\n")["add"].cost
    4

    Raises:
        UnderglassError: the compiler rejects the text or an option.
    """
    return {v.name: v for v in read_listing(list(inliner_says(go, "-m=2", *options))).verdicts}
