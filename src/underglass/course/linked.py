"""What a build, and go vet, have against a program, as lines to compare."""

from __future__ import annotations

from underglass.errors import BuildError
from underglass.goprogram import as_source, build
from underglass.toolchain import Source, vet

__all__ = ["linker_says", "vet_says"]


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


def vet_says(*sources: str | Source) -> tuple[str, ...]:
    """Return what `go vet`, and the kit's lints after it, find in sources: "line 2: …" each.

    >>> go = "package main\\n\\nfunc f(x int64)\\n\\nfunc main() { f(1) }\\n"
    >>> vet_says(go, "TEXT ·f(SB), 4, $0-0\\n\\tRET\\n")
    ('line 1: f: wrong argument size 0; expected $...-8 (asmdecl)',)

    Raises:
        BuildError: the sources do not compile.
    """
    given = tuple(as_source(source, number) for number, source in enumerate(sources, 1))
    return tuple(f"line {found.line}: {found.message}" for found in vet(given))
