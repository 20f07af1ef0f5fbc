"""Inspection in cells of assembly and Go: help texts, and that they are true."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import ADD, running_kernel
from test_kernel_complete import ASM, GO, KNOWN, PIECES
from underglass.abi import ROLES
from underglass.kernel.helptext import Help, ordinal
from underglass.kernel.inspect_cell import inspect_cell
from underglass.kernel.inspect_words import directive_help, instruction_help, register_help
from underglass.kernel.known import Known
from underglass.program import Program
from underglass.program.usage import directives, usage
from underglass.toolchain import Source, build, find_go
from underglass.toolchain.forms import registers
from underglass.toolchain.opcodes import opcodes

ROOT = find_go().root
FUNCTION = """%%asm
#include "textflag.h"
#define STEP $8
// func f(x int64, y int32, s string) (n int, ok bool)
TEXT ·f(SB), NOSPLIT, $16-48
again:
"""


def ask(code: str, known: Known = KNOWN) -> Help | None:
    """The answer at the bar that stands for the cursor."""
    cursor = code.index("‸")
    return inspect_cell(code.replace("‸", ""), cursor, known)


def told(code: str, known: Known = KNOWN) -> str:
    found = ask(code, known)
    assert found is not None
    return found.plain


# -- words of the assembler --------------------------------------------------------------------------


def test_every_instruction_of_the_toolchain_has_help_and_many_have_all_of_it():
    full = 0
    for name in opcodes(ROOT):
        if name in directives():
            continue
        found = instruction_help(name, ROOT)
        assert found is not None, name
        if usage(name) is not None:
            full += 1
            assert "Flags: " in found.plain
            assert "Here: " in found.plain
    assert full >= 400


def test_every_directive_has_help_with_its_example():
    for name, known in directives().items():
        found = directive_help(name)
        assert found is not None
        assert known.meaning in found.plain


def test_every_register_has_help_and_those_with_a_role_tell_it():
    for name in registers(ROOT):
        assert register_help(name, ROOT) is not None, name
    for name, role in ROLES.items():
        found = register_help(name, ROOT)
        assert found is not None
        assert f"ABIInternal: {role}." in found.plain
        assert "ABI0: " in found.plain


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (
            "ADD‸Q BX, AX",
            ("ADDQ source, destination", "Flags: sets CF PF AF ZF SF OF.", "AX += BX", "ADDB 1 byte"),
        ),
        ("‸IMULQ BX, AX", ("Flags: sets CF OF; PF AF ZF SF mean nothing afterwards.",)),
        ("MOVQ‸ BX, AX", ("Flags: none changes.", "no flag changes")),
        ("MOVQ ‸ BX, AX", ("MOVQ source, destination",)),
        ("JZ‸ again", ("JZ is another spelling of JEQ.", "JEQ again")),
        ("CMOVQLT‸ BX, AX", ("signed (SF ≠ OF)", "CMOVQLT BX, AX")),
        ("VADDPD.‸Z Z1, Z2, K1, Z3", ("Adds float64 values", "AVX-512")),
        ("REP‸; MOVSB", ("Flags: those of the instruction behind it.",)),
        ("VPGATHERDD‸ X1, K1, X2", ("no sentence for it here", "kreg/mem")),
        ("MOVQ R1‸4, AX", ("the current goroutine", "ABI0: it carries no argument")),
        ("MOVQ S‸P, AX", ("ABI0: the same.",)),
        ("MOVB A‸L, (DI)", ("The low byte of AX.",)),
        ("VMOVUPD Y‸15, (DI)", ("the lowest 16 are X15", "Zero in ABIInternal")),
        ("JMP aga‸in", ("A label of f, line 6.",)),
        ("ADDQ STE‸P, AX", ("#define STEP $8", "A macro of this cell.")),
        ("NO_LOCAL‸_POINTERS", ('#include "funcdata.h" makes the name known.',)),
        ("MOVQ $const_Si‸ze, AX", ("const Size = 4", "go_asm.h")),
        ("JMP 2(P‸C)", ("the second instruction after this one",)),
    ],
)
def test_a_word_of_the_assembler(line, parts):
    shown = told(f"{FUNCTION}\t{line}\n")
    assert all(part in shown for part in parts), shown


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        (FUNCTION.replace("NOSPLIT", "NOS‸PLIT"), ("NOSPLIT = 4", "no stack check")),
        (FUNCTION.replace("$16-48", "$16‸-48"), ("16 bytes of locals", "48 bytes of arguments and results")),
        (FUNCTION.replace("TEXT", "TE‸XT"), ("symbol(SB), flags, $frame-arguments",)),
        (FUNCTION.replace("#include", "#inc‸lude"), ('#include "file"',)),
        (FUNCTION.replace("textflag.h", "textf‸lag.h"), ("NOSPLIT, RODATA", "NEEDCTXT")),
        (
            FUNCTION.replace("// func f", "// func ‸f"),
            ("x in AX; y in BX; s in CX, DI; result n in AX", "$frame-48"),
        ),
        ("%%asm\r\nTEXT ·g(SB), 4, $0‸\r\n\tRET\r\n", ("The size of the arguments is missing",)),
        ("%%asm\nGLOBL ·t(SB), ROD‸ATA, $8\n", ("cannot be written",)),
        ("%%expect_error x\n%%asm\n\tADC‸Q AX, BX\n", ("and CF",)),
    ],
)
def test_directives_flags_and_prototypes(code, parts):
    shown = told(code)
    assert all(part in shown for part in parts), shown


# -- the frame --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operand", "parts"),
    [
        ("x+0(F‸P)", ("The first argument of f: int64, 8 bytes.", "at 8(SP)", "at 32(SP)", "passes x in AX")),
        ("‸y+8(FP)", ("The second argument of f: int32, 4 bytes.", "at 16(SP)", "passes y in BX")),
        ("s_len‸+24(FP)", ("The part len of the third argument of f, string: int, 8 bytes.", "s in CX, DI")),
        ("ok+40(FP‸)", ("The second result of f: bool, 1 byte.", "expects ok in BX")),
        ("y+4(‸FP)", ("Its offset is 8, not 4: write y+8(FP).",)),
        ("z+8(F‸P)", ("f has no z. It has x+0(FP), y+8(FP),",)),
        ("tmp-8(S‸P)", ("With 16 bytes of locals it is 8(SP)",)),
        ("tmp-24(S‸P)", ("Write $24 at least.",)),
        ("8(S‸P)", ("16 bytes of locals",)),
        ("16(S‸P)", ("It is the saved BP.",)),
        ("24(S‸P)", ("It is the return address.",)),
        ("40(S‸P)", ("It is 8(FP)",)),
    ],
)
def test_a_word_of_the_frame(operand, parts):
    shown = told(f"{FUNCTION}\tMOVQ {operand}, AX\n")
    assert all(part in shown for part in parts), shown


def test_the_places_told_are_those_of_the_assembled_code():
    """`x+0(FP)` and `8(SP)` as the disassembler writes them, for frames of three kinds."""
    from underglass.kernel.asmframe import frame_above
    from underglass.kernel.asmtext import read_asm

    bodies = {"leaf": ("$0-16", ""), "caller": ("$0-16", "\tCALL ·leaf(SB)\n"), "big": ("$40-16", "")}
    text = '#include "textflag.h"\n'
    for name, (sizes, extra) in bodies.items():
        text += f"// func {name}(x int64) int64\nTEXT ·{name}(SB), NOSPLIT, {sizes}\n{extra}"
        text += "\tMOVQ x+0(FP), AX\n\tMOVQ AX, ret+8(FP)\n\tRET\n"
    go = "package main\nfunc main() { println(leaf(1), caller(2), big(3)) }\n"
    program = Program(build([Source("f.s", text, "f"), Source("main.go", go, "main")]).elf)
    for function in read_asm(text).functions:
        above = frame_above(function)
        code = [i.go for i in program.instructions(program.function(function.name, "ABI0"))]
        assert f"MOVQ {above:#x}(SP), AX" in code, (function.name, code)


# -- symbols ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("CALL ·hel‸lo(SB)", ("func hello(n int)", "cell 1, line 22", "assembly reaches a wrapper in ABI0")),
        (
            "CALL ·mu‸l(SB)",
            ("func mul(x, y int64) int64", "cell 2, line 3", "ABI0 assembly: 0 bytes of locals, 24 bytes"),
        ),
        ("CALL ·su‸m(SB)", ("func sum(xs []int64) int64", "for an assembly cell to write")),
        (
            "CALL ·f‸(SB)",
            ("this cell, line 5", "16 bytes of locals, 48 bytes of arguments and results, NOSPLIT"),
        ),
        ("LEAQ ·tab‸le(SB), AX", ("var table [4]int", "data")),
        (
            "CALL runtime·memm‸ove(SB)",
            ("func memmove(to, from unsafe.Pointer, n uintptr)", "an entry for each ABI"),
        ),
    ],
)
def test_a_symbol(line, parts):
    shown = told(f"{FUNCTION}\t{line}\n")
    assert all(part in shown for part in parts), shown


def test_functions_on_the_line_of_a_magic():
    assert "func hello(n int)" in told("%%trace hel‸lo(1)")
    assert "func mul(x, y int64) int64" in told("\n%%compare hello mul‸\n")
    assert ask("%%bench nosuch‸()") is None


def test_a_symbol_of_the_built_program():
    sources = (
        Source("add.s", ADD.removeprefix("%%asm\n"), "cell 1"),
        Source("main.go", "package main\nfunc main() { println(add(1, 2)) }\n", "cell 2"),
    )
    program = Program(build(sources).elf)
    known = Known(ROOT, sources, program)
    shown = told("%%asm\n\tCALL ·ad‸d(SB)", known)
    body, wrapper = program.function("add", "ABI0"), program.function("add", "ABIInternal")
    assert f"code of it in ABI0: {body.size} bytes at {body.address:#x}, 0 bytes of locals" in shown
    assert f"a wrapper of it in ABIInternal: {wrapper.size} bytes at {wrapper.address:#x}" in shown
    assert "func add(x, y int64) int64" in told("%%go\nfunc f() { ad‸d(1, 2) }", known)


# -- Go -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        (
            "func f() { fmt.Prin‸tln(1) }",
            ("func Println(a ...any) (n int, err error)", "Println formats using", "fmt/print.go"),
        ),
        ("func f() { fm‸t.Println(1) }", ('import "fmt"', "Println")),
        ("func f() { fmt.Println(1, ‸) }", ("func Println",)),
        (
            "func f() { hel‸lo(1) }",
            ("func hello(n int)", "hello greets.", "cell 1, line 22", "n in AX", "$frame-8"),
        ),
        ("func f() { mu‸l(1, 2) }", ("func mul(x, y int64) int64", "cell 2, line 3")),
        ("func f(größe int) { grö‸ße++ }", ("größe int", "A variable of this function")),
        (
            "func f() { var b strings.Builder; b.Wri‸teString(``) }",
            ("func (b *Builder) WriteString(s string) (int, error)",),
        ),
        ("func f(p *point) { p.na‸me = `` }", ("name string", "cell 1, line 9")),
        ("func f(p *point) { p.sca‸le(1) }", ("func (p *point) scale(by int32)", "cell 1, line 23")),
        ("func f() { app‸end() }", ("func append(slice []Type, elems ...Type) []Type",)),
        ("func f() { fo‸r {} }", ("A keyword of Go.",)),
        ('import "net/ht‸tp"', ('import "net/http"', "ListenAndServe")),
        ("// g gives. More.\nfunc g‸(s string) {}", ("g gives.", "s in AX, BX", "this cell, line 3")),
    ],
)
def test_a_word_of_go(code, parts):
    shown = told(f"%%go\n{code}")
    assert all(part in shown for part in parts), shown


@pytest.mark.parametrize(
    "code",
    ["‸", "zip‸", "%%time\nzi‸p", "%%as‸m", "%%asm\n‸", "%%go\nnosuch‸", "%%asm\nx‸yz", "%%asm\n// a‸"],
)
def test_nothing_is_told_where_nothing_is_known(code):
    assert ask(code) is None


def test_without_a_toolchain_our_own_sentences_are_left():
    assert "AX += BX" in told("%%asm\n\tADDQ‸ BX, AX", Known())
    assert "ABIInternal: integer argument 1." in told("%%asm\n\tADDQ BX, A‸X", Known())


def test_markdown_shows_the_same_words():
    found = ask(FUNCTION + "\tADDQ‸ x+0(FP), AX")
    assert found is not None
    assert found.markdown.startswith("```goasm\nADDQ source, destination\n```\n\n")
    assert "\n\n    ADDQ BX, AX\n\n" in found.markdown
    assert "a\\_b \\<c\\>" in Help("t", "go", ("a_b <c>",)).markdown


def test_ordinals():
    assert [ordinal(n) for n in (1, 10, 11, 12, 13, 21, 22, 23, 101)] == [
        "first", "tenth", "11th", "12th", "13th", "21st", "22nd", "23rd", "101st",
    ]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(("%%asm\n", "%%go\n", "\n \n%%asm x.s\n", "%%asm", "")),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=12).map("".join),
    st.floats(0, 1),
)
def test_whatever_stands_there_it_answers_or_says_nothing(magic: str, body: str, part: float) -> None:
    code = magic + body
    found = inspect_cell(code, round(part * len(code)), Known(ROOT, (GO, ASM, Source("x.s", body, "cell 3"))))
    assert found is None or (found.title and found.plain and found.markdown)


# -- real kernels -----------------------------------------------------------------------------------------


def inspected(kernel: Any, code: str) -> dict[str, Any]:
    """What the kernel answers at the bar."""
    cursor = code.index("‸")
    message = kernel.client.inspect(code.replace("‸", ""), cursor)
    while True:
        reply = kernel.client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == message:
            assert reply["content"]["status"] == "ok"
            content: dict[str, Any] = reply["content"]
            return content


def test_a_kernel_explains_before_anything_has_run_and_knows_the_program_after() -> None:
    with running_kernel() as kernel:
        found = inspected(kernel, ADD.replace("ADDQ", "ADD‸Q"))
        assert found["found"] is True
        assert set(found["data"]) == {"text/plain", "text/markdown"}
        assert "Flags: sets CF" in found["data"]["text/plain"]
        assert (
            "first argument of add: int64"
            in inspected(kernel, ADD.replace("x+0", "x‸+0"))["data"]["text/plain"]
        )
        assert inspected(kernel, "%%asm\n\tnosuch‸")["found"] is False
        assert "iterables" in inspected(kernel, "zi‸p")["data"]["text/plain"]
        assert "%%asm [name.s]" in inspected(kernel, "%%as‸m")["data"]["text/plain"]
        kernel.run(ADD)
        assert (
            "The program has code of it in ABI0"
            in inspected(kernel, "%%asm\n\tCALL ·a‸dd(SB)")["data"]["text/plain"]
        )


EXTENSION = """
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.completer import provisionalcompleter
class Kernel:
    implementation = "ipython"
    def do_inspect(self, code, cursor_pos, detail_level=0): return {"found": "python"}
shell = InteractiveShell()
shell.kernel = Kernel()
shell.display_formatter.mimebundle_formatter
def offers(code):
    with provisionalcompleter():
        return [c.text for c in shell.Completer.completions(code, len(code))]
assert "ADDQ" not in offers("%%asm\\n\\tADD")
shell.run_line_magic("load_ext", "underglass")
shell.run_line_magic("reload_ext", "underglass")
print(len(shell.Completer.custom_matchers))
print(offers("%%asm\\n\\tADDP"), "print" in offers("prin"))
print("x+0(FP)" in offers("%%asm\\n// func f(x int)\\nTEXT ·f(SB), 4, $0-8\\n\\tMOVQ AX, x"))
print(shell.kernel.do_inspect("%%asm\\n\\tADDQ", 9)["data"]["text/plain"].split("\\n")[0])
print(shell.kernel.do_inspect("zip", 3))
shell.run_line_magic("unload_ext", "underglass")
print(len(shell.Completer.custom_matchers), "do_inspect" in vars(shell.kernel))
"""


def test_any_ipython_completes_and_explains_with_the_extension() -> None:
    run = subprocess.run([sys.executable, "-c", EXTENSION], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "1",
        "['ADDPD', 'ADDPS'] True",
        "True",
        "ADDQ source, destination",
        "{'found': 'python'}",
        "0 False",
    ]
