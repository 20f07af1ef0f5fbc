"""The assembly lexer: TEXT directives as the assembler sees them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from underglass.toolchain import find_go
from underglass.toolchain.asmlex import Text, statements, texts, tokens


def test_the_ways_to_write_text() -> None:
    source = """\
#include "textflag.h"
// TEXT ·no1(SB), 4, $0
/* TEXT ·no2(SB), 4, $0
*/
TEXT ·add(SB), NOSPLIT, $0-24
\tRET; TEXT main·sub(SB), 4, $0
TEXT ·local<>(SB), 4, $0
TEXT ·inner<ABIInternal>(SB), 4, $0
  TEXT runtime·f+0(SB), 4, $0
TEXT internal∕abi·g(SB), 4, $0
TEXT plain(SB), 4, $0
label: TEXT ·after(SB), 4, $0
MOVQ $"TEXT ·no3(SB)", AX
"""
    assert list(texts(source)) == [
        Text("main.add", "ABI0", False, 5),
        Text("main.sub", "ABI0", False, 6),
        Text("main.local", "ABI0", True, 7),
        Text("main.inner", "ABIInternal", False, 8),
        Text("runtime.f", "ABI0", False, 9),
        Text("internal/abi.g", "ABI0", False, 10),
        Text("plain", "ABI0", False, 11),
        Text("main.after", "ABI0", False, 12),
    ]


def test_a_statement_ends_at_a_semicolon_and_at_a_line_end() -> None:
    words = [[token.text for token in statement] for statement in statements("NOP; RET // ; x\n\nRET")]
    assert words == [["NOP"], ["RET"], ["RET"]]


def test_agrees_with_the_runtimes_assembly() -> None:
    path = find_go().root / "src" / "runtime" / "asm_amd64.s"
    text = path.read_text(encoding="utf-8")
    simple = re.findall(r"^TEXT\s+(\S+?)(?:<[^>]*>)?(?:\+0)?\(SB\)", text, re.MULTILINE)
    expected = [name.replace("·", ".").replace("∕", "/") for name in simple]
    found = [item.symbol for item in texts(text)]
    assert len(found) > 50
    assert found == [f"main{name}" if name.startswith(".") else name for name in expected]


asm_like = st.lists(
    st.one_of(
        st.sampled_from(
            ["TEXT ", "·f", "(SB)", "<>", "#include ", "//", "/*", "*/", '"', "'", "\\", "\n", ";"]
        ),
        st.text(max_size=3),
    )
)


@given(asm_like)
def test_any_text_is_read_without_an_exception(pieces: list[str]) -> None:
    text = "".join(pieces)
    list(texts(text))
    for token in tokens(text):
        assert text.startswith(token.text, token.start)
        assert token.line == text.count("\n", 0, token.start) + 1
