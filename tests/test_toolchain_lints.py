"""Mistakes that are seen in the text of assembly, and silence about Go's own."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from underglass.toolchain import Source, find_go, vet
from underglass.toolchain.constraints import exclusion
from underglass.toolchain.lints import LINTS, lint

HEAD = "// func f(x, y int64) (sum int64)\nTEXT ·f(SB), {}\n"
BODY = "\tMOVQ x+0(FP), AX\n\tADDQ y+8(FP), AX\n\tMOVQ AX, sum+16(FP)\n"
G = "\n// func g(x, y int64) int64\nTEXT ·g(SB), 4, $0-24\n\tRET\n"

WRONG = {
    "argument-name": ("4, $0-24", "\tMOVQ z+0(FP), AX\n\tRET\n", 3, "has no z", "It has sum, x, y"),
    "two-sps": (
        "0, $16-24",
        "\tMOVQ AX, t-8(SP)\n\tMOVQ 8(SP), BX\n\tRET\n",
        4,
        "8(SP) is the same word as t-8(SP)",
        "Use the name",
    ),
    "no-argument-size": ("0, $16", BODY + "\tRET\n", 2, "says $16, and not the size", "Write $16-n"),
    "outside-frame": ("0, $8-24", "\tMOVQ AX, t-16(SP)\n\tRET\n", 3, "t-16(SP) lies below", "Declare $16"),
    "below-sp": ("4, $0-24", "\tMOVQ AX, -8(SP)\n\tRET\n", 3, "-8(SP) lies below SP", "x-8(SP)"),
    "no-end": ("4, $0-24", BODY, 5, "MOVQ is its last instruction", "RET"),
    "no-room": ("0, $8-24", "\tCALL ·g(SB)\n\tRET\n" + G, 3, "g takes 24 bytes", "Declare $24"),
}  # fmt: skip

RIGHT = [
    ("4, $0-24", BODY + "\tRET\n"),
    ("4, $0", BODY + "\tRET\n"),
    ("0, $24-24", "\tMOVQ AX, t-8(SP)\n\tRET\n"),
    ("0, $32-24", "\tMOVQ AX, t-8(SP)\n\tMOVQ AX, 0(SP)\n\tMOVQ AX, 8(SP)\n\tCALL ·g(SB)\n\tRET\n" + G),
    ("4, $0-24", BODY + "\tJMP ·g(SB)\n" + G),
    ("4, $0-24", BODY + "\tIRETL\n"),
    ("4, $0-24", "#define TWICE \\\n\tMOVQ AX, z-8(SP) \\\n\tADDQ AX, AX\n\tTWICE\n\tRET\n"),
    ("4, $0-24", "\tLEAQ -8(SP), AX\nend:\n\tRET\n"),
]


def found(flags: str, body: str) -> list[str]:
    return [str(d) for d in lint([Source("f.s", HEAD.format(flags) + body, "cell 3")])]


def test_every_lint_is_tried() -> None:
    assert set(WRONG) == set(LINTS)


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_named(name: str) -> None:
    flags, body, line, message, advice = WRONG[name]
    (said,) = found(flags, body)
    assert said.startswith(f"cell 3, line {line}: f: ")
    assert message in said
    assert f"({name})" in said
    assert advice in said


@pytest.mark.parametrize(("flags", "body"), RIGHT)
def test_right_functions(flags: str, body: str) -> None:
    assert found(flags, body) == []


def test_a_local_beside_the_links() -> None:
    (said,) = found("0, $8-24", "\tMOVQ AX, t+0(SP)\n\tRET\n")
    assert "t+0(SP) is no local" in said


def test_vet_brings_the_lints_and_says_nothing_twice() -> None:
    text = HEAD.format("4, $0-24") + BODY.replace("x+0", "z+0") + "\tMOVQ AX, t-8(SP)\n\tRET\n"
    said = [str(d) for d in vet([Source("f.s", text, "cell 3")])]
    assert [("(asmdecl)" in s, "(argument-name)" in s) for s in said if "line 3" in s] == [(True, False)]
    assert any("(outside-frame)" in s for s in said)


@pytest.mark.parametrize(
    "text", ["", "TEXT", "TEXT ·f(SB)", "TEXT ·f(SB), $", "TEXT\n;;;\nx:", "TEXT ·f(SB), 4, $x-y\nRET"]
)
def test_broken_texts(text: str) -> None:
    assert lint([Source("f.s", text, "cell 1")]) == ()


@functools.cache
def declarations(directory: Path) -> Source:
    """The functions without a body that a package declares for linux/amd64."""
    found: list[str] = []
    for path in directory.glob("*.go"):
        if exclusion(Source(path.name, "", path.name), find_go().language) is None:
            text = path.read_text(encoding="utf-8")
            if exclusion(Source(path.name, text, path.name), find_go().language) is None:
                found += re.findall(r"^func \w+\([^{\n]*$", text, re.MULTILINE)
    return Source("declared.go", "package p\n" + "\n".join(found) + "\n", "declared.go")


def test_no_lint_speaks_of_the_standard_librarys_assembly() -> None:
    root = find_go().root / "src"
    files = functions = 0
    for path in sorted(root.rglob("*.s")):
        parts = path.relative_to(root).parts
        source = Source(path.name, path.read_text(encoding="utf-8"), "/".join(parts))
        if parts[0] == "cmd" or "testdata" in parts or exclusion(source, find_go().language):
            continue
        assert [str(d) for d in lint([source, declarations(path.parent)])] == []
        files, functions = files + 1, functions + source.text.count("\nTEXT ")
    assert files >= 40
    assert functions >= 250
