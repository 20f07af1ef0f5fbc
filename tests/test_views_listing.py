"""A listing has every instruction of every function once, and blames the assembler for its own alone."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

import underglass
from underglass.analysis.prologue import check_code, prologue_of
from underglass.goprogram import GoProgram
from underglass.toolchain import Diagnostic, Source, asmlex
from underglass.views.listing import Listing, listing, listing_html, listing_text

ASSEMBLY = """\
#include "textflag.h"
#define TWICE(r) ADDQ r, r; ADDQ r, r

// func leaf(x int64) int64
TEXT ·leaf(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), AX
	MOVQ AX, ret+8(FP)
	RET

// func framed(x int64) int64
TEXT ·framed(SB), 0, $32-16
	MOVQ x+0(FP), AX
	MOVQ AX, tmp-8(SP)
	CMPQ AX, $0
	JEQ zero
	MOVQ AX, 0(SP); CALL ·leaf(SB)
	MOVQ 8(SP), AX
	TWICE(AX)
	MOVQ AX, ret+8(FP)
	RET
zero: MOVQ $0, ret+8(FP)
	RET

// func wide()
TEXT ·wide(SB), NOSPLIT, $128-0
	RET

// func ownframe()
TEXT ·ownframe(SB), NOSPLIT|NOFRAME, $0-0
	PUSHQ BP
	MOVQ SP, BP
	SUBQ $16, SP
	ADDQ $16, SP; POPQ BP; RET

TEXT same<>(SB), NOSPLIT, $0-0
	NOP
	RET

DATA ·n+0(SB)/8, $1
GLOBL ·n(SB), NOPTR, $8
"""
OTHER = '#include "textflag.h"\nTEXT same<>(SB), NOSPLIT, $0-0\n\tXORL AX, AX\n\tRET\n'
USES = "// func uses()\nTEXT ·uses(SB), 4, $0-0\n\tCALL same<>(SB)\n\tRET\n"


@pytest.fixture(scope="module")
def prog() -> GoProgram:
    return underglass.build(
        Source("a.s", ASSEMBLY + USES, "cell 1"), Source("b.s", OTHER + USES.replace("uses", "too"), "cell 2")
    )


@pytest.fixture(scope="module")
def shown(prog: GoProgram) -> Listing:
    return listing(prog.program, prog.program.sources[0])  # type: ignore[arg-type]


def test_every_byte_of_every_function_is_there_once(prog: GoProgram, shown: Listing) -> None:
    program = prog.program
    own = [f for f in program.all_functions if f.is_assembly and program.source_of(f) == program.sources[0]]
    assert len(own) == len(list(asmlex.texts(ASSEMBLY + USES))) == 6
    listed = [one.data for line in shown.lines for one in line.made]
    assert sorted(listed) == sorted(i.data for f in own for i in program.instructions(f))
    assert sum(map(len, listed)) == sum(len(i.data) for f in own for i in program.instructions(f))


def test_what_is_added_is_the_check_the_frame_and_nothing_that_was_written(
    prog: GoProgram, shown: Listing
) -> None:
    function = prog.program.function("framed", "ABI0")
    check = check_code(prog.program, prologue_of(prog.program, function))
    start = next(n for n, line in enumerate(shown.lines) if "·framed" in line.text)
    end = next(n for n, line in enumerate(shown.lines) if "func wide" in line.text)
    added = [(one.added, one.go) for line in shown.lines[start:end] for one in line.made if one.added]
    assert [kind for kind, _ in added].count("stack check") + [k for k, _ in added].count(
        "more stack"
    ) == len(check)
    assert [go for kind, go in added if kind == "frame"] == ["PUSHQ BP", "MOVQ SP, BP", "SUBQ $0x20, SP"]
    assert [go for kind, go in added if kind == "frame end"] == ["ADDQ $0x20, SP", "POPQ BP"] * 2


def test_each_written_instruction_stands_beside_its_line(shown: Listing) -> None:
    for line in shown.lines:
        written = [one for one in line.made if not one.added]
        code = re.sub(r"//.*|^\s*\w+:", "", line.text).strip()
        if not code or code.startswith(("#", "TEXT", "DATA", "GLOBL", "NOP")):
            assert not written, line
        else:
            assert len(written) == (2 if "TWICE" in code else code.count(";") + 1), line


def test_pseudo_registers_are_resolved_and_jumps_stay_inside(shown: Listing) -> None:
    made = {line.text.strip(): [one.go for one in line.made] for line in shown.lines}
    assert made["MOVQ AX, tmp-8(SP)"] == ["MOVQ AX, 0x18(SP)"]
    assert "MOVQ 0x30(SP), AX" in made["MOVQ x+0(FP), AX"]  # of framed: 32 locals, BP, return address
    offsets = {f"+{one.offset:#x}" for line in shown.lines for one in line.made}
    (jump,) = made["JEQ zero"]
    assert jump.split()[0] == "JE"
    assert jump.split()[1] in offsets


def test_a_frame_of_128_bytes_and_one_of_the_authors(shown: Listing) -> None:
    lines = [line for line in shown.lines if line.made]
    wide = next(n for n, line in enumerate(lines) if "·wide" in line.text)
    assert [one.go for one in lines[wide + 1].made] == ["SUBQ $-0x80, SP", "POPQ BP", "RET"]
    assert [one.added for one in lines[wide + 1].made] == ["frame end", "frame end", ""]
    own = next(line for line in shown.lines if line.text.strip() == "ADDQ $16, SP; POPQ BP; RET")
    assert [one.added for one in own.made] == ["", "", ""]


def test_two_files_have_each_their_own_static_function(prog: GoProgram) -> None:
    other = listing(prog.program, prog.program.sources[1])  # type: ignore[arg-type]
    assert any(one.go == "XORL AX, AX" for line in other.lines for one in line.made)


def test_findings_stand_below_their_line_in_both_forms(prog: GoProgram) -> None:
    source = prog.program.sources[0]
    found = [Diagnostic("cell 1", 6, None, "a < b", "Write b."), Diagnostic("cell 9", 6, None, "not here")]
    told = listing(prog.program, source, found)  # type: ignore[arg-type]
    text = listing_text(told).splitlines()
    assert "^ a < b. Write b." in text[next(n for n, row in enumerate(text) if "MOVQ x+0" in row) + 1]
    page = listing_html(told)
    assert "vet, line 6: a &lt; b. Write b." in page
    assert "not here" not in page + "\n".join(text)


def test_the_page_is_well_formed_and_has_all_that_the_text_has(shown: Listing) -> None:
    open_tags: list[str] = []

    class Checked(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Checked().feed(shown._repr_html_())
    assert not open_tags
    rows = shown._repr_html_().count('<td class="code">')
    assert rows == sum(len(line.made) for line in shown.lines)
    assert shown.callable == (
        "leaf(x int64) int64", "framed(x int64) int64", "wide()", "ownframe()", "uses()",
    )  # fmt: skip
    # No address that another build would change; FS:0xfffffff8 is g's place in thread-local storage.
    assert set(re.findall(r"0x[0-9a-f]{5,}", listing_text(shown))) == {"0xfffffff8"}


def test_an_empty_text_has_an_empty_listing(prog: GoProgram) -> None:
    nothing = listing(prog.program, Source("c.s", "\n\n", "cell 3"))
    assert (nothing.lines, repr(nothing)) == ((), "cell 3: 0 instructions, 0 bytes")
