"""Texts that turn on the toolchain, or mean to reach files through it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grading_class import RIGHT, answered
from hostile.case import hostile
from hostile.guest import second

_HONEST = 4.0  # for `words` and `second`
_LEFT = 2.0  # for `words`
_RIGHT = "\tMOVQ y+8(FP), AX\n\tMOVQ AX, ret+16(FP)\n\tRET"


def added(text: str) -> Any:
    """Return a submission where `words` and `second` are right, with one more cell."""
    notebook = answered({name: RIGHT[name] for name in ("words", "second")})
    notebook["cells"].insert(2, {"cell_type": "code", "id": "own", "metadata": {}, "source": text})
    return notebook


def instead(text: str) -> Any:
    """Return a submission where `words` is right, and `second` is this."""
    return answered({"words": RIGHT["words"], "second": text})


@hostile(points=_HONEST)
def huge_array(_: Path) -> Any:
    return added("%%go\nvar huge [1 << 40]byte\nfunc init() { huge[1<<39] = 1 }")


@hostile(points=_HONEST)
def huge_data(_: Path) -> Any:
    return added("%%go\nvar huge = [1 << 31]byte{1<<31 - 1: 1}")


@hostile(points=_HONEST)
def giant_constant(_: Path) -> Any:
    return added("%%go\nconst a = 1 << 500\nconst b = a * a * a * a\nvar c = len([b]byte{})")


@hostile(points=_HONEST)
def exponential_type(_: Path) -> Any:
    lines = ["type t0 struct{ a, b int }", *(f"type t{n} struct{{ a, b t{n - 1} }}" for n in range(1, 60))]
    return added("%%go\n" + "\n".join(lines) + "\nvar x t59\nfunc init() { x = t59{} }")


@hostile(points=_HONEST)
def generics_without_end(_: Path) -> Any:
    return added(
        "%%go\ntype pair[A, B any] struct { a A; b B }\n"
        "func grow[T any](n int, x T) { if n > 0 { grow(n-1, pair[T, T]{x, x}) } }\n"
        "func init() { grow(40, 1) }"
    )


@hostile(points=_HONEST)
def exponential_generics(_: Path) -> Any:
    lines = ["type p[A any] struct { a A }", "func f0[T any](x T) {}"]
    for n in range(1, 18):
        lines.append(
            f"func f{n}[T any](x T) {{ f{n - 1}([1]T{{x}}); f{n - 1}(p[T]{{x}}); f{n - 1}([]T{{x}}) }}"
        )
    return added("%%go\n" + "\n".join(lines) + "\nfunc init() { f17(1) }")


@hostile(points=_HONEST)
def deep_parentheses(_: Path) -> Any:
    return added("%%go\nvar deep = " + "(" * 100_000 + "1" + ")" * 100_000)


@hostile(points=_LEFT)
def macro_bomb(_: Path) -> Any:
    macros = ["#define M0 NOP", *(f"#define M{n} M{n - 1}; M{n - 1}; M{n - 1}" for n in range(1, 30))]
    return instead(
        "%%asm\n"
        + "\n".join(macros)
        + "\n// func second(x, y int64) int64\nTEXT ·second(SB), 0, $0-24\n\tM29\n"
        + _RIGHT
    )


@hostile(points=_LEFT)
def macro_that_calls_itself(_: Path) -> Any:
    return instead(
        "%%asm\n#define M M\n// func second(x, y int64) int64\nTEXT ·second(SB), 0, $0-24\n\tM\n" + _RIGHT
    )


@hostile(points=_LEFT)
def padding_bomb(_: Path) -> Any:
    return instead(
        '%%asm\n#include "textflag.h"\nGLOBL ·pad(SB), RODATA, $0x7fffffffff\n'
        "DATA ·pad+0x7ffffffff0(SB)/8, $1\n"
        "// func second(x, y int64) int64\nTEXT ·second(SB), 0, $0-24\n" + _RIGHT
    )


@hostile(points=_LEFT)
def include_of_a_secret(_: Path) -> Any:
    return instead('%%asm\n#include "/etc/passwd"\n' + RIGHT["second"].removeprefix("%%asm\n"))


@hostile(points=_LEFT)
def include_by_a_macro(_: Path) -> Any:
    return instead(
        '%%asm\n#define I \\\n#include "../../../../../../etc/passwd"\nI\n'
        + RIGHT["second"].removeprefix("%%asm\n")
    )


@hostile(points=_HONEST)
def embed(_: Path) -> Any:
    return added('%%go\nimport _ "embed"\n//go:embed go.mod\nvar held string\nfunc init() { panic(held) }')


@hostile(points=_HONEST)
def line_directives(_: Path) -> Any:
    return added("%%go\n//line /etc/passwd:1\nfunc wrong() int { return nothing }\n/*line scale.go:2:1*/")


@hostile(points=_HONEST)
def cgo(_: Path) -> Any:
    return added(
        '%%go\n/*\n#include "/etc/passwd"\n#cgo LDFLAGS: -Wl,-rpath,/tmp\n*/\n'
        'import "C"\nfunc init() { C.f() }'
    )


@hostile(points=_HONEST)
def cgo_directives(_: Path) -> Any:
    return added(
        '%%go\n//go:cgo_import_dynamic libc_system system "libc.so.6"\n'
        '//go:cgo_import_dynamic _ _ "libc.so.6"\n'
        '//go:cgo_ldflag "-o/tmp/underglass-was-here"\nvar held int'
    )


@hostile(points=_HONEST)
def linkname_to_the_labs_function(_: Path) -> Any:
    return added(
        '%%go\nimport _ "unsafe"\n//go:linkname mine main.scale\nfunc mine(v, by int64) int64 { return 7 }'
    )


@hostile(points=_HONEST)
def the_labs_function_by_a_macro(_: Path) -> Any:
    return added(
        '%%asm\n#include "textflag.h"\n#define START TEXT ·scale(SB), DUPOK|NOSPLIT, $0-24\nSTART\n'
        "\tMOVQ $7, ret+16(FP)\n\tRET\n// func other()\nTEXT ·other(SB), 0, $0-0\n\tRET"
    )


@hostile(points=_HONEST)
def the_labs_function_again(_: Path) -> Any:
    return added("%%go\nfunc scale(v, by int64) int64 { return 0 }")


@hostile(points=_LEFT)
def the_labs_function_in_an_answer(_: Path) -> Any:
    return instead(
        RIGHT["second"]
        + "\n// func scale(v, by int64) int64\nTEXT ·scale(SB), 4, $0-24\n\tMOVQ $0, ret+16(FP)\n\tRET"
    )


@hostile(points=_HONEST)
def names_of_files(_: Path) -> Any:
    text = RIGHT["second"].removeprefix("%%asm")
    return answered({"words": RIGHT["words"], "second": "%%asm ../../../tmp/underglass-was-here.s" + text})


@hostile(points=_HONEST)
def the_files_of_the_build(_: Path) -> Any:
    return added("%%go underglass_stubs.go\npackage main\nfunc main() { for { } }")


@hostile(points=_HONEST)
def build_constraints(_: Path) -> Any:
    return added("%%go\n//go:build ignore\n\npackage main\n\nfunc init() { panic(1) }")


@hostile(points=_HONEST)
def debug_settings(_: Path) -> Any:
    return added("%%go\n//go:debug madvdontneed=1\n//go:debug default=go1.21\npackage main\n")


@hostile(points=_HONEST)
def packages_from_the_network(_: Path) -> Any:
    return added('%%go\nimport "example.com/evil"\nfunc init() { evil.Do() }')


@hostile(points=_LEFT)
def zero_bytes(_: Path) -> Any:
    return instead(RIGHT["second"] + "\n\0")


@hostile(points=_HONEST)
def a_flood_of_errors(_: Path) -> Any:
    return added("%%go\n" + "\n".join(f"func f{n}() {{ undefined{n}() }}" for n in range(4000)))


@hostile(points=_LEFT)
def a_goroutine_that_writes_over_results(_: Path) -> Any:
    return second(
        "\tCALL ·race(SB)\n\tMOVQ x+0(FP), AX\n\tMOVQ AX, ret+16(FP)\n\tRET",
        ["%%go\nfunc race() { go func() { for { } }() }"],
    )
