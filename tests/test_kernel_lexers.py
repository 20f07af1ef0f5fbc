from __future__ import annotations

import re
from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Keyword, Name, Number, Text

from underglass.kernel.lexers import CellLexer, Plan9AssemblyLexer

ADD = """\
%%asm
#include "textflag.h"

// func add(x, y int64) int64
TEXT ·add<ABIInternal>(SB), NOSPLIT, $0-24
loop:
\tMOVQ x+0(FP), AX // x
\tADDQ $0x10, R10; RET
\tCALL runtime·mallocgc(SB)
"""


def kinds(text: str) -> dict[str, object]:
    return {value: token for token, value in CellLexer().get_tokens(text)}


@pytest.mark.parametrize(
    ("word", "token"),
    [
        ("%%asm\n", Comment.Special),
        ("TEXT", Keyword.Declaration),
        ("<ABIInternal>", Keyword.Type),
        ("·add", Name),
        ("NOSPLIT", Name.Constant),
        ("loop", Name.Label),
        ("MOVQ", Keyword),
        ("RET", Keyword),
        ("FP", Name.Builtin.Pseudo),
        ("AX", Name.Builtin),
        ("R10", Name.Builtin),
        ("0x10", Number),
        ("// x", Comment.Single),
        ("runtime·mallocgc", Name),
    ],
)
def test_words_of_an_assembly_cell(word: str, token: object) -> None:
    assert kinds(ADD)[word] is token


def test_go_cell_is_go_and_other_cells_are_python() -> None:
    assert kinds("%%go\nfunc f() {}\n")["func"] is Keyword.Declaration
    assert kinds("def f(): pass\n")["def"] is Keyword
    assert kinds("%%go\nfunc f() {}\n")["%%go\n"] is Comment.Special


def test_nothing_is_lost() -> None:
    assert "".join(value for _, value in CellLexer().get_tokens(ADD)) == ADD


def test_runtime_assembly_has_no_unknown_words() -> None:
    from underglass.toolchain import find_go

    source = Path(find_go().root, "src", "runtime", "asm_amd64.s").read_text(encoding="utf-8")
    tokens = list(Plan9AssemblyLexer().get_tokens(source))
    assert "".join(value for _, value in tokens).strip() == source.strip()
    assert not {value for token, value in tokens if token in (Error, Text)}


@pytest.mark.parametrize("name", ["goasm", "underglass"])
def test_pygments_finds_the_lexers_of_the_installed_package(name: str) -> None:
    assert get_lexer_by_name(name).name in ("Go assembly", "Go under glass")


def test_a_macro_is_read_as_assembly_over_its_lines() -> None:
    found = kinds(
        '%%asm\n#define TWICE(r) \\\n\tADDQ r, AX; \\\n\tRET\n#define MANY (1<<4)\nNOP\n#include "go_asm.h"\n'
    )
    assert found["#define"] is found["#include"] is Comment.Preproc
    assert found["TWICE"] is found["MANY"] is Name.Function
    assert found["ADDQ"] is found["RET"] is found["NOP"] is Keyword
    assert found["AX"] is Name.Builtin
    assert found["4"] is Number
    assert found['"go_asm.h"'] is Comment.PreprocFile


def words(pattern: str, *place: str) -> set[str]:
    from underglass.toolchain import find_go

    text = Path(find_go().root, "src", *place).read_text(encoding="utf-8")
    return set(re.findall(pattern, text, re.MULTILINE))


def test_registers_and_flags_are_those_of_the_toolchain() -> None:
    amd64 = words(r'^\t"(\w+)",', "cmd", "internal", "obj", "x86", "list6.go") - {"MAXREG"}
    assert {"AX", "R15B", "BH", "Z31", "K7", "TR7", "TLS"} <= amd64
    arm64 = {
        f"{kind}{n}"
        for kind, most in {"R": 30, "F": 31, "V": 31, "Z": 31, "P": 15}.items()
        for n in range(most + 1)
    }
    flags = words(r"^#define (\w+)", "runtime", "textflag.h")
    assert "ABIWRAPPER" in flags
    for names, kind in ((amd64 - {"SP"} | arm64 | {"RSP", "ZR"}, Name.Builtin), (flags, Name.Constant)):
        found = kinds(f"%%asm\n\tMOVQ {', '.join(sorted(names))}\n")
        assert {name for name in names if found.get(name) is not kind} == set()


@pytest.mark.parametrize(
    "place",
    ["crypto/internal/fips140/sha256/sha256block_amd64.s", "runtime/memmove_arm64.s", "math/exp_amd64.s"],
)
def test_files_of_the_standard_library_have_no_unknown_words(place: str) -> None:
    from underglass.toolchain import find_go

    source = Path(find_go().root, "src", place).read_text(encoding="utf-8")
    tokens = list(Plan9AssemblyLexer(stripnl=False, ensurenl=False).get_tokens(source))
    assert "".join(value for _, value in tokens) == source
    assert not {value for token, value in tokens if token in (Error, Text)}


def test_a_file_s_is_gos_where_its_text_is() -> None:
    assert get_lexer_for_filename("add.s", ADD.partition("\n")[2]).name == "Go assembly"
    assert get_lexer_for_filename("add.s").name == "Go assembly"
    assert get_lexer_for_filename("add.s", ".text\n.globl f\nf:\n\tret\n").name == "GAS"


def test_a_cell_may_stand_below_another_magic() -> None:
    found = kinds(f"%%expect_error no such\n\n{ADD}")
    assert found["MOVQ"] is Keyword
    assert found["%%expect_error no such\n\n%%asm\n"] is Comment.Special
    assert kinds("%%bench\ndef f(): pass\n")["def"] is Keyword


def test_a_cell_may_have_empty_lines_above_its_magic() -> None:
    assert (Keyword, "MOVQ") in set(CellLexer(stripnl=False).get_tokens(f"\n\n{ADD}"))
