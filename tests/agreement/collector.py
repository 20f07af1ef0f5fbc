"""Build the functions of chapter 11 with each release at hand, and say where they end as the chapter says.

    python tests/agreement/collector.py

The releases are those that `underglass go install` got, and the one in use. One line says how many facts were
asked of how many releases, and one more names each that is otherwise.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from underglass import build
from underglass.course import ending
from underglass.errors import BuildError
from underglass.goprogram import GoProgram
from underglass.program.funcdata import PCDATA, pcdata, stack_maps
from underglass.toolchain import go_release, installed_releases

CHAPTER = Path(__file__).parents[2] / "book" / "11_collector.ipynb"
CELLS = (
    "boxes", "keep", "main", "careless", "lend", "fetch", "fetch-told", "fetch-go", "late",
    "only-kept", "mapped", "deep", "by", "grow", "names",
)  # fmt: skip
TABLE = "·onlyKept"
CARRIED = "gclocals·onlyKept"  # a name that every linker takes: 1.24, cmd/link/internal/ld/symtab.go

FACTS: dict[str, tuple[Callable[[GoProgram], object], object]] = {
    "C7 results": (lambda p: (p.call("viaFetch", 7), p.call("viaFetchTold", 7)), (99, 7)),
    "C7 too late": (lambda p: ending(p, "late", 7), "found pointer to free object"),
    "C8 the table": (lambda p: _locals(p, "keep"), (0, ((), ()))),
    "C8 the promise": (lambda p: (p.call("inGo", 7), p.call("keep", 7)), (7, 99)),
    "C8 no table": (lambda p: ending(p, "careless", 7), "missing stackmap"),
    "C9 pcdata": (lambda p: _filled(p, "byLocal"), ["UnsafePoint"]),
    "C9 lines": (lambda p: len(set(_lines(p, "byLocal"))) > 5, True),
    "C9 names": (lambda p: _names(p, "outer"), {"main.inner", "main.outer"}),
    "C10 arguments": (lambda p: p.call("lend", None, 7), 7),
    "C10 copies": (lambda p: p.call("grow", 100), (7, 8)),
    "M6 nine bytes": (lambda p: p.call("mapped", 7), 7),
}


def _locals(program: GoProgram, name: str) -> tuple[int, tuple[tuple[bool, ...], ...]] | None:
    maps = stack_maps(program.program, program.program.function(name, abi="ABI0"), "LocalsPointerMaps")
    return None if maps is None else (maps.words, maps.maps)


def _filled(program: GoProgram, name: str) -> list[str]:
    function = program.program.function(name, abi="ABI0")
    return [table for table in PCDATA if pcdata(program.program, function, table).values]


def _lines(program: GoProgram, name: str) -> list[object]:
    code = program.program.instructions(program.program.function(name, abi="ABI0"))
    return [program.call("lineOf", row.address) for row in code]


def _names(program: GoProgram, name: str) -> set[object]:
    code = program.program.instructions(program.program.function(name))
    return {program.call("nameOf", row.address) for row in code}


def chapter(table: str) -> GoProgram:
    """Return the program that the chapter has at its end, with another name for its table.

    Raises:
        BuildError: the release does not take it.
    """
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(CHAPTER.read_text("utf-8"))["cells"]}
    texts = []
    for name in CELLS:
        magic, _, text = cells[name].replace(TABLE, table).partition("\n")
        texts.append(f"package main\n{text}\n" if magic == "%%go" else f"{text}\n")
    return build(*texts)


def disagreements(release: str) -> list[str]:
    """Return what the functions do otherwise with a release, a line each."""
    with go_release(release) as go:
        wrong = []
        try:
            chapter(TABLE)
            takes = True
        except BuildError as error:
            takes = "bad carrier sym" not in str(error)
        if takes != (tuple(map(int, release.split(".")[:2])) >= (1, 26)):
            wrong.append(f"{go.version}, M6 the table's name: {'taken' if takes else 'refused'}")
        program = chapter(CARRIED)
        for name, (see, said) in FACTS.items():
            if (seen := see(program)) != said:
                wrong.append(f"{go.version}, {name}: {seen!r}, and the chapter has {said!r}")
        return wrong


def main() -> int:
    """Print the counts, and what is otherwise."""
    releases = installed_releases()
    wrong = [line for release in releases for line in disagreements(release)]
    asked = f"{len(FACTS) + 1} facts, {len(releases)} releases"
    print(f"chapter 11: {asked}, {len(wrong)} not as the chapter says")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
