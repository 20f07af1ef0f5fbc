"""The picture of a program that does not link, since a chain of NOSPLIT functions is too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underglass.errors import BuildError, UnderglassError
from underglass.goprogram import build

if TYPE_CHECKING:
    from underglass.views.svg import Picture

__all__ = ["chain_over"]


def chain_over(*sources: str) -> Picture:
    """Build Go and assembly whose NOSPLIT chain is over the linker's limit, and return the chain's picture.

    The chain is read from the linker's own report (Go 1.27, cmd/link/internal/ld/stackcheck.go, report).

    Args:
        sources: texts, as `build` takes them.

    Raises:
        UnderglassError: the program links.
        BuildError: it does not, for another reason.
    """
    from underglass.views.nosplit import chain_picture

    try:
        build(*sources)
    except BuildError as error:
        for diagnostic in error.diagnostics:
            for chain in getattr(diagnostic, "chains", ()):
                return chain_picture(chain)
        raise
    raise UnderglassError(
        "The program links: no chain of NOSPLIT functions is too long. Make a frame larger."
    )
