"""From `// func add(x, y int64) int64` above `TEXT ·add(SB)` to Go declarations.

Go's own assembly carries the prototype as a comment directly above the TEXT directive, and a
Go file beside it declares the function.  Here the comment is enough: the declaration is
generated, unless the reader's Go declares the function already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from underglass.toolchain import asmlex, constraints, golex
from underglass.toolchain.prototypes import ABOVE, prototype_above, qualifiers, standard_packages
from underglass.toolchain.records import Diagnostic, Prototype, Source

__all__ = ["Plan", "generate", "plan"]

_SINK = "underglassKeep"


@dataclass(frozen=True)
class Plan:
    """What a program's texts declare, and what the build has to add."""

    prototypes: tuple[Prototype, ...]  # of every function in assembly, generated or written in Go
    generated: tuple[Prototype, ...]  # those of them that need a generated declaration
    functions: tuple[str, ...]  # top-level functions of package main that can be used as values
    needs_main: bool  # nobody wrote func main
    imports: tuple[str, ...]  # import specs for the generated declarations
    problems: tuple[Diagnostic, ...]  # each stops the build
    notes: tuple[Diagnostic, ...]  # none does


def plan(sources: Iterable[Source], language: str, goroot: Path, *, cgo: bool = False) -> Plan:
    """Read the sources and decide what to generate."""
    problems: list[Diagnostic] = []
    notes: list[Diagnostic] = []
    go_files: list[tuple[Source, golex.GoFile]] = []
    assembly: list[Source] = []
    origins: dict[str, str] = {}
    for source in sources:
        origins[source.name] = source.origin
        excluded = constraints.exclusion(source, language, cgo=cgo)
        if excluded is not None:
            line, reason = excluded
            message = f"left out of this linux/amd64 program, since {reason}"
            notes.append(Diagnostic(source.origin, line, None, message))
        elif source.is_assembly:
            assembly.append(source)
        else:
            go_files.append((source, golex.parse(source.text)))
    for source, file in go_files:
        if file.package not in (None, "main"):
            problems.append(
                Diagnostic(
                    source.origin,
                    golex.code_tokens(source.text)[0].line,
                    None,
                    f"package {file.package} is no program",
                    "Write package main, or leave the package clause out.",
                )
            )
    declared = {
        function.name: (source, function)
        for source, file in go_files
        for function in file.functions
        if not function.receiver
    }
    prototypes, generated, in_assembly = _from_assembly(assembly, declared, problems, notes)
    imports = _imports(generated, go_files, goroot, origins, problems)
    values = [
        name
        for name, (_, function) in declared.items()
        if not function.is_generic and (function.has_body or name in in_assembly)
    ]
    values += [prototype.name for prototype in generated]
    functions = tuple(dict.fromkeys(n for n in values if n not in ("main", "init", "_")))
    has_main = "main" in declared or any(p.name == "main" for p in generated)
    return Plan(
        tuple(prototypes),
        tuple(generated),
        functions,
        not has_main,
        imports,
        tuple(problems),
        tuple(notes),
    )


def _from_assembly(
    assembly: list[Source],
    declared: dict[str, tuple[Source, golex.GoFunction]],
    problems: list[Diagnostic],
    notes: list[Diagnostic],
) -> tuple[list[Prototype], list[Prototype], set[str]]:
    """Return all prototypes, those to generate, and the names of package main in assembly."""
    prototypes: list[Prototype] = []
    generated: list[Prototype] = []
    names: set[str] = set()
    for source in assembly:
        lines = source.text.split("\n")
        for text in asmlex.texts(source.text):
            if "." not in text.symbol and not text.is_local:
                notes.append(
                    Diagnostic(
                        source.origin,
                        text.line,
                        None,
                        f"the symbol {text.symbol} belongs to no package",
                        f"Go code cannot call it. Write TEXT ·{text.symbol}(SB), with a centre dot.",
                    )
                )
            if text.is_local or not text.symbol.startswith("main."):
                continue
            name = text.symbol.removeprefix("main.")
            found = prototype_above(source, lines, text.line, name)
            if name in names:
                continue  # declared twice; the assembler or linker says so with both places
            names.add(name)
            if name in declared:
                go_source, function = declared[name]
                if not function.has_body:
                    prototypes.append(_written(go_source, function))
                if isinstance(found, Prototype) and found.text != function.declaration:
                    notes.append(
                        Diagnostic(
                            source.origin,
                            found.line,
                            None,
                            f"the comment says {found.text}, but {go_source.origin} declares "
                            f"{function.declaration}",
                            "The declaration counts: make the comment say the same.",
                        )
                    )
            elif isinstance(found, Prototype):
                prototypes.append(found)
                generated.append(found)
            elif found is not None:
                problems.append(found)
            else:
                notes.append(
                    Diagnostic(
                        source.origin,
                        text.line,
                        None,
                        f"{name} has no prototype, so only assembly can call it",
                        ABOVE.format(name=name),
                    )
                )
    return prototypes, generated, names


def _written(source: Source, function: golex.GoFunction) -> Prototype:
    return Prototype(function.name, function.declaration, source.name, function.line, function.column)


def _imports(
    generated: list[Prototype],
    go_files: list[tuple[Source, golex.GoFile]],
    goroot: Path,
    origins: dict[str, str],
    problems: list[Diagnostic],
) -> tuple[str, ...]:
    """Return the import specs for the packages that generated declarations name."""
    known = {
        name or path.rsplit("/", 1)[-1]: path
        for _, file in go_files
        for name, path, _ in file.imports
        if name not in ("_", ".")
    }
    specs: dict[str, str] = {}
    for prototype in generated:
        for qualifier in qualifiers(prototype.text):
            paths = (
                [known[qualifier]]
                if qualifier in known
                else list(standard_packages(goroot).get(qualifier, ()))
            )
            if len(paths) == 1:
                specs[qualifier] = f'{qualifier} "{paths[0]}"'
                continue
            choice = " or ".join(paths)
            problems.append(
                Diagnostic(
                    origins[prototype.source],
                    prototype.line,
                    prototype.column,
                    f"the prototype names package {qualifier}, which may be {choice}"
                    if paths
                    else f"the prototype names package {qualifier}, which Go's standard library "
                    "does not have",
                    f"Import the one you mean in a Go source, or declare {prototype.name} there."
                    if paths
                    else "A program here uses its own types and the standard library's.",
                )
            )
    return tuple(specs.values())


def generate(plan: Plan, *, keep: bool) -> str | None:
    """Return the text of the generated Go file, or None when nothing needs to be added.

    Each declaration carries a line directive, so that compiler and vet report it where the
    reader wrote it (cmd/compile, "Line directives").
    """
    kept = plan.functions if keep else ()
    if not (plan.generated or plan.needs_main or kept):
        return None
    lines = ["// Code generated by underglass. DO NOT EDIT.", "", "package main", ""]
    lines += [f"import {spec}" for spec in plan.imports]
    if plan.needs_main:
        lines += ["func main() {}", ""]
    if kept:
        # The linker drops what nothing reaches; a call that is not inlined reaches everything.
        lines += ["func init() {", *(f"\t{_SINK}({name})" for name in kept), "}", ""]
        lines += ["//go:noinline", f"func {_SINK}(any) {{}}", ""]
    lines += [f"/*line {p.source}:{p.line}:{p.column}*/{p.text}" for p in plan.generated]
    return "\n".join(lines) + "\n"
