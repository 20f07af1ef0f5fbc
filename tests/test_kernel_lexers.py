from __future__ import annotations

from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name
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
        ("NOSPLIT", Name),
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
