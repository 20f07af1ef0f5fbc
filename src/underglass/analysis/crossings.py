"""Where a package crosses from one ABI to the other: its wrappers, its calls, the addresses it takes."""

from __future__ import annotations

from dataclasses import dataclass

from underglass.analysis.callcases import Indirect, indirect_calls
from underglass.analysis.callgraph import Edge, edges_of
from underglass.analysis.references import How, Reference, references
from underglass.analysis.wrappers import Made, Wrapper, is_keeper, is_kept, made_as, wrappers
from underglass.errors import UnderglassError
from underglass.program import Program

__all__ = ["Crossings", "crossings", "referred_to"]


@dataclass(frozen=True)
class Crossings:
    """What the machine code of one package shows."""

    package: str  # import path
    wrappers: tuple[Wrapper, ...]  # ABI wrappers of the package's functions
    edges: tuple[Edge, ...]  # direct calls that the package's functions and their wrappers make
    indirect: tuple[tuple[str, Indirect], ...]  # (caller's symbol, call without a target in the code)
    addresses: tuple[Reference, ...]  # what takes the address of one of the package's functions


def crossings(program: Program, package: str = "main") -> Crossings:
    """Report a package: which case each of its calls is, and what each address taken refers to.

    Raises:
        UnderglassError: the program has no function of that package.
    """
    own = [f for f in program.functions.values() if f.package == package]
    own = sorted((f for f in own if not is_keeper(f)), key=lambda f: f.address)
    if not own:
        has = sorted({f.package for f in program.functions.values()} - {"", "_"})
        raise UnderglassError(
            f"The program has no function of package {package}. It has {len(has)} packages, as "
            f"{', '.join(has[:6])}. Name one by its import path."
        )
    program.prefetch(own)
    held = tuple(w for w in wrappers(program) if w.function.package == package)
    taken = tuple(
        reference
        for reference in references(program, own)
        if reference.how not in (How.CALL, How.JUMP) and not is_kept(program, reference)
    )
    indirect = tuple((f.symbol, call) for f in own for call in indirect_calls(program, f))
    return Crossings(package, held, edges_of(program, own), indirect, taken)


def referred_to(program: Program, reference: Reference) -> str:
    """What an address that is taken leads to, in words."""
    function = reference.function
    if made_as(program, function) is Made.ABI_WRAPPER:
        return f"{function.symbol}, the wrapper around {'Go' if function.abi == 'ABI0' else 'assembly'}"
    if function.is_assembly:
        return f"{function.symbol}, the assembly body"
    return f"{function.symbol}, {made.value if (made := made_as(program, function)) else 'Go'}"
