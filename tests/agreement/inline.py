"""Compare the inlining report with three other accounts, package by package.

    python tests/agreement/inline.py                    ten packages
    python tests/agreement/inline.py strings sort …     these

1. Text: the lines made again from the report, against those of `go build -gcflags=-m=2`, a run of its own, as
   multisets; so each function, verdict, cost, reason and inlined call is in the report exactly once.
2. Parts: what the statements of a function cost adds up to the cost that the compiler says.
3. ELF: each call in the linker's inline tree of each function of the package that a program has, which calls
   every exported function, is in the report, in the same body, at the same line.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass

from underglass import toolchain
from underglass.analysis.inlining import FunctionInlining, Inlined, InliningReport, report
from underglass.program import Program
from underglass.program.inltree import inline_tree
from underglass.toolchain import Source, find_go
from underglass.toolchain.inlining import package_inlining

TEN = (
    "bytes",
    "bufio",
    "container/list",
    "errors",
    "io",
    "math/bits",
    "path",
    "sort",
    "strings",
    "unicode/utf8",
)
Path = tuple[tuple[str, str, int], ...]  # callee, file and line of each call, from the outermost in
_LINE = re.compile(
    r"(?P<path>[^\n]*?):(?P<rest>\d+(?::\d+)?: (?:can inline |cannot inline |inlining call to )[^\n]*)"
)


@dataclass(frozen=True)
class Result:
    """What was compared for one package, and each disagreement in words."""

    package: str
    can: int  # functions
    cannot: int
    inlined: int  # calls
    summed: int  # functions whose parts add up to the compiler's cost
    linked: int  # calls in the ELF's inline trees
    wrong: tuple[str, ...]


def check(package: str) -> Result:
    """Compare one package."""
    made = report(package_inlining(package))
    wrong = [*_text(package, made)]
    summed = 0
    for function in made.functions:
        if function.unattributed == 0:
            summed += 1
        elif function.unattributed is not None:
            wrong.append(f"{function.name}: {function.unattributed} of its cost are not attributed")
    linked, differences = _elf(package, made)
    verdicts = [f.verdict for f in made.functions if f.verdict is not None]
    return Result(
        package,
        sum(v.can for v in verdicts),
        sum(not v.can for v in verdicts),
        sum(1 for f in made.functions for c in f.inlined for _ in c.every()),
        summed,
        linked,
        (*wrong, *differences),
    )


def _text(package: str, made: InliningReport) -> list[str]:
    go = find_go()
    answer = go.run(["build", "-gcflags=-m=2", package], cwd=go.cache)
    said = Counter(_short(line) for line in answer.stderr.split("\n"))
    told = Counter(_short(line) for line in made.lines())
    said.pop("", None)
    told.pop("", None)
    only = [f"the compiler alone says: {line}" for line in (said - told).elements()]
    return only + [f"the report alone says: {line}" for line in (told - said).elements()]


def _short(line: str) -> str:
    """A line about inlining with the file's base name; "" for any other line."""
    found = None if line.startswith((" ", "\t")) else _LINE.fullmatch(line)
    return f"{found['path'].rpartition('/')[2]}:{found['rest']}" if found else ""


def _elf(package: str, made: InliningReport) -> tuple[int, list[str]]:
    name = made.asked.package.name
    exported = [f.name for f in made.functions if re.fullmatch(r"[A-Z]\w*", f.name)]
    calls = "\n".join(f"\tkeep({name}.{function})" for function in exported)
    text = f'package main\n\nimport "{package}"\n\n//go:noinline\nfunc keep(any) {{}}\n\n'
    text += f"func main() {{\n{calls}\n}}\n"
    built = toolchain.build([Source("main.go", text, "main.go")], keep=False)
    program = Program(built.elf)
    imports = frozenset(p.name for p in made.asked.imports)
    count, wrong = 0, []
    for function in made.functions:
        linked = program.functions.get(f"{package}.{function.name}")
        if linked is None:
            continue
        known = set(_paths(function, name, imports))
        frames = inline_tree(program, linked)
        for frame in frames:
            path, at = [], frame
            while True:
                path.append((at.name.rpartition("/")[2], at.file.rpartition("/")[2], at.line))
                if at.parent is None:
                    break
                at = frames[at.parent]
            count += 1
            if tuple(reversed(path)) not in known:
                wrong.append(f"{function.name}: the ELF alone has {tuple(reversed(path))}")
    return count, wrong


def _paths(function: FunctionInlining, package: str, imports: frozenset[str]) -> list[Path]:
    """Each inlined call as the way to it."""
    found: list[Path] = []

    def add(call: Inlined, above: Path) -> None:
        place = call.call.places[-1]
        name = call.call.name
        qualifier, dot, _ = name.partition(".")
        full = name if dot and qualifier in imports else f"{package}.{name}"
        path = (*above, (full, place.file, place.line))
        found.append(path)
        for inner in call.calls:
            add(inner, path)

    for call in function.inlined:
        add(call, ())
    return found


def main(packages: list[str]) -> int:
    """Print a line for each package; 1 if one of them disagrees."""
    results = [check(package) for package in packages or TEN]
    for result in results:
        print(
            f"{result.package:<16} {result.can + result.cannot:>4} functions: {result.can} can be inlined, "
            f"{result.cannot} cannot; {result.inlined} inlined calls; parts add up in {result.summed}; "
            f"{result.linked} calls in the ELF; {len(result.wrong)} disagreements"
        )
        for words in result.wrong[:20]:
            print(f"    {words}")
    wrong = sum(len(r.wrong) for r in results)
    print(
        f"inline: {len(results)} packages, {sum(r.can + r.cannot for r in results)} functions, "
        f"{sum(r.inlined for r in results)} inlined calls, {sum(r.summed for r in results)} sums, "
        f"{sum(r.linked for r in results)} calls in the ELF: {wrong} disagreements"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
