"""A compiled Go function as assembly that builds again: an ABI0 body, and its Go declaration.

The class of functions that are handled:

- compiled Go: no closure, no instantiation of a generic function, no wrapper; not assembly;
- leaves, and functions that call others by name: functions of the same package, exported functions of
  packages that may be imported, a few of the runtime's helpers (comparing strings, decoding runes), and the
  panics of bounds checks, of division by zero and of negative shifts;
- that write no pointer to the heap, allocate nothing, defer nothing, use no map, channel or interface method;
- and that keep no pointer in their frame across a call, where only the compiler could map it (`gcmaps`).

Everything else is refused, with the instruction, the line and the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from underglass.abi import Param, Signature
from underglass.abi.dwarf import named_types, signature_of
from underglass.abi.types import BASIC
from underglass.analysis.extract.body import body_of
from underglass.analysis.extract.code import Writer
from underglass.analysis.extract.data import Symbols
from underglass.analysis.extract.frame import FrameMap
from underglass.analysis.extract.refusal import CannotExtract, refuse
from underglass.analysis.extract.types import declarations, plain_name, type_names
from underglass.analysis.extract.verify import settle, written
from underglass.program import Function, Program
from underglass.toolchain import Source
from underglass.toolchain.listing import listing

__all__ = ["CannotExtract", "Extraction", "extract"]

_NAME = re.compile(r"^[A-Za-z_]\w*$")
_REGISTERS = re.compile(r"^([ABCD][LHX]|[SD]I|[SB]P|FP|PC|SB|g|R\d+[BWD]?|[XYZKM]\d+|[CDEFGS]S|TLS)$")


@dataclass(frozen=True)
class Extraction:
    """One function as text."""

    function: Function
    name: str  # in the extracted files
    assembly: str  # NAME.s
    stub: str  # NAME.go: the declaration, and what the assembly calls
    types: str  # NAME_types.go: the package's types, for files that stand alone; "" if it names none
    needs: tuple[str, ...]  # functions, variables and types that the package must have
    instructions: int  # of the compiled body
    as_compiled: int  # of these, written as one line each and assembled to the same bytes or operands


def extract(program: Program, function: Function, name: str | None = None) -> Extraction:
    """Write a compiled function as assembly.

    Args:
        name: what it is called there; its own name if None, with the type's in front for a method.

    Raises:
        CannotExtract: it is outside the class above; `reason` says which condition, for counting.
    """
    package = function.package
    own = function.name[len(package) + 1 :]
    _check_kind(program, function, own)
    signature = _renamed(program, function)
    name = name or re.sub(r"[(*)]", "", own).replace(".", "_")
    if not _NAME.match(name):
        raise CannotExtract(
            f"{name!r} is no name for a function. Give another with --as.", "has no plain name"
        )
    body = body_of(program, function)
    if not body.steps:
        raise refuse(program, function, None, "has no instructions")
    frame = FrameMap(signature)
    sources = [Source(s.name, s.text, s.origin) for s in program.sources]
    listed = listing(sources, package) if sources else None
    symbols = Symbols(program, function, package, listed)
    writer = Writer(program, function, body, frame, symbols, (package, name))
    lines = writer.lines()
    declared = _declaration(signature, name, package)
    size = function.frame_size + writer.room
    head = _head(program, function, writer.calls, symbols.lines)
    text = f"// {declared}\nTEXT ·{name}(SB), ${size}-{frame.args_size}\n"
    text += "\tNO_LOCAL_POINTERS\n" if writer.calls else ""
    lines, same = settle(program, function, head + text, lines)
    named = package == "main" and type_names(signature, package) - set(BASIC)
    types, missing = declarations(signature, package, named_types(program) if named else {})
    targets = {target.name: target for target in writer.targets.values()}
    imports = {i for t in targets.values() if t.helper for i in t.imports}
    helpers = [t.helper for t in targets.values() if t.helper]
    functions = [t.name for t in targets.values() if not t.helper and t.name != name]
    stub = _stub(program, function, package, declared, (imports, symbols.imports), helpers)
    return Extraction(
        function,
        name,
        head + text + "".join(f"{written(line)}\n" for line in lines),
        stub,
        f"package {package.rpartition('/')[2]}\n\n{types}\n" if types else "",
        (*functions, *symbols.variables, *missing),
        len(body.steps),
        same,
    )


def _check_kind(program: Program, function: Function, own: str) -> None:
    if function.is_assembly:
        raise refuse(program, function, None, "is assembly already")
    if function.is_wrapper:
        raise refuse(program, function, None, "is a wrapper that the compiler made")
    if "[" in own:
        raise refuse(
            program, function, None, "is an instantiation of a generic function: it takes a dictionary"
        )
    if re.search(r"\.(func|gowrap|deferwrap)\d|-fm$|-range\d|^(init|map\.init)\b|\.\.", own):
        raise refuse(program, function, None, "is a function literal or made by the compiler")


def _renamed(program: Program, function: Function) -> Signature:
    """The signature, with parameters renamed whose names assembly reads as registers."""
    found = signature_of(program, function)
    if found is None:
        raise refuse(program, function, None, "has no signature in DWARF", "Build without -ldflags=-w.")

    def plain(params: tuple[Param, ...]) -> tuple[Param, ...]:
        return tuple(replace(p, name=f"{p.name}_") if _REGISTERS.match(p.name) else p for p in params)

    return Signature(found.name, plain(found.params), plain(found.results))


def _declaration(signature: Signature, name: str, package: str) -> str:
    params = ", ".join(f"{p.name} {plain_name(p.type.name, package)}" for p in signature.params)
    unnamed = all(re.match(r"^ret\d*$", p.name) for p in signature.results)
    results = ", ".join(
        plain_name(p.type.name, package) if unnamed else f"{p.name} {plain_name(p.type.name, package)}"
        for p in signature.results
    )
    several = len(signature.results) > 1 or not unnamed
    return f"func {name}({params})" + (f" ({results})" if several else f" {results}").rstrip()


def _head(program: Program, function: Function, calls: bool, data: list[str]) -> str:
    where = f"{function.file.rpartition('/')[2]}:{function.start_line}"
    told = f"// {function.name} of {where} as {program.go_version} compiled it, from ABIInternal to ABI0.\n\n"
    include = '#include "textflag.h"\n' + ('#include "funcdata.h"\n' if calls else "")
    return told + include + "\n" + "".join(f"{line}\n" for line in data)


def _stub(
    program: Program,
    function: Function,
    package: str,
    declared: str,
    imports: tuple[set[str], set[str]],
    helpers: list[str],
) -> str:
    used = set(imports[0]) | ({"unsafe"} if "unsafe." in declared else set())
    rows = [f'import "{path}"' for path in sorted(used)]
    rows += [f'import _ "{path}"' for path in sorted(imports[1] - used)]
    parts = [f"package {package.rpartition('/')[2]}", "\n".join(rows), declared, *helpers]
    return "\n\n".join(part for part in parts if part) + "\n"
