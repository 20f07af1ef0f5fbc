"""What a build has against a program, as one line to compare."""

from __future__ import annotations

from underglass.errors import BuildError
from underglass.goprogram import build
from underglass.toolchain import Source

__all__ = ["linker_says"]


def linker_says(*sources: str | Source, any_linkname: bool = False) -> str:
    """Return the toolchain's first sentence against a program; "" if it builds and links.

    >>> jump = "TEXT ·f(SB), 4, $0-0\\n\\tJMP runtime·gogo(SB)\\n"
    >>> linker_says("package main\\nfunc f()\\nfunc main() { f() }\\n", jump)
    'main: invalid reference to runtime.gogo'

    Args:
        sources, any_linkname: as for `build`.
    """
    try:
        build(*sources, any_linkname=any_linkname)
    except BuildError as error:
        return str(error).partition(". ")[0].removesuffix(".")
    return ""
