"""Completion in cells of assembly and Go, before anything has been run."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import ADD, running_kernel
from underglass.kernel.asmsymbols import package_symbols, packages
from underglass.kernel.complete_cell import complete_cell
from underglass.kernel.completions import Completions
from underglass.kernel.headers import definitions
from underglass.kernel.known import Known, cell_text
from underglass.toolchain import Source, build, find_go
from underglass.toolchain.forms import registers
from underglass.toolchain.opcodes import opcodes

ROOT = find_go().root
GO = Source(
    "cell1.go",
    """
package main

import (
	"fmt"
	"os"
)

type point struct {
	x, y int32
	name string
}

const Size = 4

var table, other [4]int

func sum(xs []int64) int64
func dist(p point) (d float64, err error)

// hello greets.
func hello(n int) { fmt.Println(n, os.Args) }
func (p *point) scale(by int32) { p.x *= by }
func main() {}
""",
    "cell 1",
)
ASM = Source("cell2.s", "\n// func mul(x, y int64) int64\nTEXT ·mul(SB), 4, $0-24\n\tRET\n", "cell 2")
KNOWN = Known(ROOT, (GO, ASM))
DOCS = {
    "%%asm": "Take this cell as Go assembly.\n\n%%asm [name.s]",
    "%%go": "Take this cell as Go.\n\n%%go [name.go]",
    "%%trace": "Record a call.\n\n%%trace add(23, 4)",
    "%program": "Show.\n\n%program              cells\n%program drop 7       x\n%program cgo on|off   y",
}
FUNCTION = """%%asm
#include "textflag.h"
// func f(x int64, y int32, s string) (n int, ok bool)
TEXT ·f(SB), NOSPLIT, $16-48
again:
	MOVQ AX, tmp-8(SP)
"""


def complete(code: str, known: Known = KNOWN) -> Completions | None:
    """The answer at the bar that stands for the cursor."""
    cursor = code.index("‸")
    return complete_cell(code.replace("‸", ""), cursor, known, DOCS)


def texts(code: str, known: Known = KNOWN) -> list[str]:
    found = complete(code, known)
    assert found is not None
    return [m.text for m in found.matches]


def signature(code: str, text: str) -> str:
    found = complete(code)
    assert found is not None
    return next(m.signature for m in found.matches if m.text == text)


# -- assembly ----------------------------------------------------------------------------------------


def test_every_instruction_of_the_toolchain_is_offered_at_the_start_of_a_line():
    assert opcodes(ROOT) <= set(texts("%%asm\n‸"))


@pytest.mark.parametrize(
    ("typed", "name", "told"),
    [
        ("ADD", "ADDQ", "imm/reg/mem, reg/mem · 8 bytes"),
        ("add", "ADDL", "imm/reg/mem, reg/mem · 4 bytes"),
        ("VADDP", "VADDPD", "xreg/yreg/zreg/mem, xreg/yreg/zreg, xreg/yreg/zreg | "),
        ("CQ", "CQO", "no operand"),
        ("again: REP; MOVS", "MOVSB", "no operand"),
    ],
)
def test_an_instruction_has_its_operands_and_its_width(typed, name, told):
    assert signature(f"%%asm\n\t{typed}‸", name).startswith(told)


def test_the_arguments_have_the_prototypes_names_and_the_right_offsets():
    every = ["x+0(FP)", "y+8(FP)", "s_base+16(FP)", "s_len+24(FP)", "s+16(FP)", "n+32(FP)", "ok+40(FP)"]
    assert texts(FUNCTION + "\tMOVQ (FP)‸") == every
    assert texts(FUNCTION + "\tMOVQ (F‸") == every
    assert texts(FUNCTION + "\tMOVQ x‸")[0] == "x+0(FP)"
    assert texts(FUNCTION + "\tMOVQ AX, n‸")[0] == "n+32(FP)"
    assert texts(FUNCTION + "\tMOVQ s_‸") == ["s_base+16(FP)", "s_len+24(FP)"]
    assert texts(FUNCTION + "\tMOVQ x+0(F‸") == ["x+0(FP)"]
    assert texts(FUNCTION + "\tLEAQ tmp-‸") == ["tmp-8(SP)"]


def test_the_offsets_are_those_that_go_vet_accepts():
    """A function that reads every word offered is built without a note, and vet has nothing against it."""
    from underglass.toolchain import vet

    prototype = (
        "func g(a int8, p point, c complex64, e any, xs []byte, z [2]int16, f func(), _ bool) (r, q string)"
    )
    head = f"%%asm\n// {prototype}\nTEXT ·g(SB), 4, $0-"
    sized = texts(head.replace("TEXT ·g(SB), 4, $0-", "TEXT ·g‸"))
    args = texts(head.partition("TEXT")[0] + "TE‸")[0].rpartition("-")[2]
    words = texts(f"{head}{args}\n\tMOVQ (FP)‸")
    assert sized[0] == "·g(SB)"
    assert {"a+0(FP)", "p_x+8(FP)", "p_name_len+24(FP)", "c_imag+36(FP)", "e_type+40(FP)"} <= set(words)
    assert {"xs_cap+72(FP)", "z_1+82(FP)", "f+88(FP)", "r_base+104(FP)", "q_len+128(FP)"} <= set(words)
    reads = "\n".join(f"\tLEAQ {word}, AX" for word in words)
    text = f"// {prototype}\nTEXT ·g(SB), 4, $0-{args}\n{reads}\n\tRET\n"
    sources = [
        Source("g.s", text, "g"),
        Source("main.go", GO.text.replace("func sum", "//").replace("func dist", "//"), "main"),
    ]
    assert build(sources).notes == ()
    assert [f.message for f in vet(sources) if "RET without writing" not in f.message] == []


@pytest.mark.parametrize(
    ("line", "some", "none"),
    [
        ("ADDQ AX, ‸", {"BX", "R15"}, {"X0", "K1", "Z0"}),
        ("ADDSD X1, ‸", {"X0", "X15"}, {"AX", "Y0"}),
        ("VADDPD Y1, Y2, ‸", {"Y0", "Z31", "X0"}, {"AX"}),
        ("KMOVB ‸", {"K0", "K7"}, {"X0"}),
        ("SETEQ ‸", {"AL", "R8B", "AX"}, {"X0"}),
        ("MOVQ (‸", {"AX", "SP"}, {"X0", "K1"}),
        ("MOVQ (AX)(‸", {"BX"}, {"X0"}),
        ("MOVQ 8(AX)(B‸", {"BX", "BP"}, {"AX", "X0"}),
        ("JNE ‸", {"again"}, {"AX"}),
        ("JMP ‸", {"again", "·hello(SB)", "AX"}, {"X0"}),
        ("MOVQ AX, ‸", {"x+0(FP)", "tmp-8(SP)", "CR0"}, {"Y0"}),
    ],
)
def test_registers_go_by_the_place_of_the_operand(line, some, none):
    found = set(texts(f"{FUNCTION}\t{line}"))
    assert some <= found
    assert not none & found
    plain = {t for t in found if re.fullmatch(r"[A-Z]+\d*[BHL]?", t)} - {"FP", "SB"}
    assert plain <= set(registers(ROOT)) | set(definitions(ROOT, "textflag.h"))


def test_the_scale_of_an_index():
    assert texts(f"{FUNCTION}\tMOVQ 8(AX)(BX*‸") == ["1", "2", "4", "8"]


def test_symbols_of_the_program_and_of_packages():
    assert texts("%%asm\nTEXT ·f(SB), 4, $0\n\tCALL ·‸") == [
        "·f(SB)", "·mul(SB)", "·sum(SB)", "·dist(SB)", "·hello(SB)", "·main(SB)", "·table(SB)", "·other(SB)",
    ]  # fmt: skip
    assert texts("%%asm\n\tCALL he‸") == ["·hello(SB)"]
    assert texts("%%asm\n\tCALL .he‸") == ["·hello(SB)"]
    assert texts("%%asm\n\tLEAQ ·ta‸") == ["·table(SB)"]
    assert texts("%%asm\n\tMOVQ $·ta‸") == ["·table(SB)"]
    assert "runtime·" in texts("%%asm\n\tCALL run‸")
    assert texts("%%asm\n\tCALL runtime·memm‸") == ["runtime·memmove(SB)"]


def test_every_function_offered_of_a_package_links():
    """CALL of each in one program: the linker knows them all in ABI0."""
    calls = []
    for package in (*packages(KNOWN), "sync∕atomic", "math∕big"):
        offered = package_symbols(package.replace("∕", "/"), KNOWN)
        calls += [s.text for s in offered if s.kind == "function"]
    assert len(calls) > 100
    text = "TEXT ·all(SB), 4, $0\n" + "\n".join(f"\tJMP {c}" for c in calls) + "\n\tRET\n"
    imports = 'import (_ "fmt"; _ "os"; _ "sync/atomic"; _ "math/big")'
    go = f"package main\n{imports}\nfunc all()\nfunc main() {{ all() }}\n"
    assert build([Source("all.s", text, "all"), Source("main.go", go, "main")]).elf.exists()


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("%%asm\n// func add(x, y int64) int64\nTE‸", "TEXT ·add(SB), 4, $0-24"),
        (
            '%%asm\n#include "textflag.h"\n// func add(x, y int64) int64\nTEXT‸',
            "TEXT ·add(SB), NOSPLIT, $0-24",
        ),
        ("%%asm\r\n// func add(x, y int64) int64\r\nTE‸", "TEXT ·add(SB), 4, $0-24"),
        ("\n\n%%asm\n// func ä(s string) (é bool)\n‸", "TEXT ·ä(SB), 4, $0-24"),
        ("%%asm\nTEXT ·s‸", "·sum(SB)"),
        ("%%asm\nTEXT ·sum(SB), NOSPLIT, ‸", "$0-32"),
        ("%%asm\nTEXT ·sum(SB), NOS‸", "NOSPLIT"),
        ("%%asm\nTEXT ·sum(SB), NOSPLIT|NOF‸", "NOFRAME"),
        ("%%asm\nGLOBL ·tab(SB), RO‸", "RODATA"),
        ("%%asm\nGLOBL ·tab(SB), 8, $8\nDATA ·t‸", "·tab+0(SB)"),
        ("%%asm\nFUNCDATA $‸", "$FUNCDATA_ArgsPointerMaps"),
        ("%%asm\nPCDATA $PCDATA_S‸", "$PCDATA_StackMapIndex"),
        ('%%asm\n#include "‸', "textflag.h"),
        ('%%asm\n#include "go‸"', "go_asm.h"),
        ("%%asm\n#in‸", "#include"),
        ("%%asm\n#define SIZE $64\n\tMOVQ SI‸", "SI"),
        ("%%asm\n#define SIZE $64\n\tMOVQ SIZ‸", "SIZE"),
        ('%%asm\n#include "funcdata.h"\n\tNO_L‸', "NO_LOCAL_POINTERS"),
        ("%%asm\n\tMOVQ $const_‸", "const_Size"),
        ("%%asm\n\tMOVL point_y‸", "point_y"),
        ("%%asm\n// func s‸", "// func sum(xs []int64) int64"),
        ("%%asm\nBY‸", "BYTE"),
        ("%%asm\nPCA‸", "PCALIGN"),
    ],
)
def test_the_first_offer(code, first):
    assert texts(code)[0] == first


def test_whole_text_lines_assemble():
    offered = texts("%%asm\n// func ä(s string) (é bool)\nTEXT‸")
    assert offered[0] == "TEXT ·ä(SB), 4, $0-24"
    text = f"// func ä(s string) (é bool)\n{offered[0]}\n\tRET\n"
    assert (
        build([Source("a.s", text, "a"), Source("m.go", "package main\nfunc main() {}\n", "m")]).notes == ()
    )


@pytest.mark.parametrize(
    "code", ["%%asm\n// what‸", "%%asm\n/* MOV‸ */", '%%asm\nMOVQ $"ab‸', "%%go\n// fm‸", '%%go\nx := "fm‸"']
)
def test_nothing_inside_comments_and_strings(code):
    assert texts(code) == []


def test_types_and_functions_of_the_built_program_are_known():
    text = 'package main\nimport "time"\nvar d time.Time\nfunc main() { println(d.String()) }\n'
    built = build([Source("m.go", text, "m")])
    from underglass.program import Program

    known = Known(ROOT, (), Program(built.elf))
    head = "%%asm\n// func wait(d time.{}, n int)\nTEXT ·wait(SB), 4, $0-16\n\tMOVQ (FP)‸"
    assert texts(head.format("Duration"), Known(ROOT)) == ["d+0(FP)", "n+8(FP)"]
    assert {"d_wall+0(FP)", "d_ext+8(FP)", "n+24(FP)"} <= set(texts(head.format("Time"), known))
    assert texts(head.format("Time"), Known(ROOT)) == []


def test_without_a_toolchain_what_is_ours_is_left():
    assert {"ADD", "TEXT"} <= set(texts("%%asm\n‸", Known()))
    assert "x+0(FP)" in texts("%%asm\n// func f(x int)\nTEXT ·f(SB), 4, $0-8\n\tMOVQ x‸", Known())
    assert "func" in texts("%%go\nfu‸", Known())


# -- Go ------------------------------------------------------------------------------------------------


def test_exported_names_of_packages():
    assert texts("%%go\nfunc f() { fmt.Pri‸ }") == ["Print", "Printf", "Println"]
    assert (
        signature("%%go\nfunc f() { fmt.Pri‸ }", "Printf")
        == "func Printf(format string, a ...any) (n int, err error)"
    )
    assert texts("%%go\nfunc f() { os.Getp‸") == ["Getpagesize", "Getpid", "Getppid"]
    assert texts('%%go\nimport r "math/rand/v2"\nfunc f() { r.IntN‸') == ["IntN"]


@pytest.mark.parametrize(
    ("code", "some"),
    [
        ("%%go\nfu‸", {"func"}),
        ("%%go\nfunc f(alpha int, beta, gam string) (res error) {\n\tfor idx, v := range beta {\n\t\t‸",
         {"alpha", "beta", "gam", "res", "idx", "v", "f", "hello", "mul", "Size", "append", "strings"}),
        ('%%go\nimport "net/h‸', {"net/http", "net/http/httptest"}),
        ('%%go\nimport (\n\t"os"\n\tx "strc‸', {"strconv"}),
        ("%%go\nfunc f(p *point) { p.‸", {"x", "y", "name", "scale"}),
        ("%%go\nfunc f() { var sb strings.Builder; sb.Wri‸", {"Write", "WriteString", "WriteByte"}),
        ("%%go\nfunc f() { r := bufio.NewReader(nil); r.ReadS‸", {"ReadSlice", "ReadString"}),
        ("%%go\nvar größe int\nfunc f() { grö‸", {"größe"}),
        ("%%go\r\nfunc f() {\r\n\tfmt.Println‸\r\n}", {"Println"}),
    ],
)  # fmt: skip
def test_go_names(code, some):
    assert some <= set(texts(code))


# -- the magic's line, and Python -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("%%a‸", ["%%asm"]),
        ("%%asm ‸", ["cell2.s", "name.s"]),
        ("%%go c‸\nfunc", ["cell1.go"]),
        ("%program ‸", ["drop", "cgo"]),
        ("x = 1\n%program cgo o‸", ["on", "off"]),
        ("%program drop ‸", ["1", "2"]),
        ("%%trace he‸", ["hello"]),
        ("%%expect_error\n%%asm\nADCX‸", ["ADCXL", "ADCXQ"]),
    ],
)
def test_the_line_of_a_magic(code, found):
    assert texts(code) == found


@pytest.mark.parametrize(
    "code", ["‸", "pri‸", "x = '%%asm'\nx.‸", "%%time\nx‸", "%‸", "%%trace add(x‸", "a % b‸"]
)
def test_python_is_left_to_python(code):
    assert complete(code) is None


# -- anything ----------------------------------------------------------------------------------------------

PIECES = (
    "TEXT ·f(SB), NOSPLIT, $0-8\n", "// func f(x int) int\n", "\tMOVQ ", "x+0(FP)", ", AX\n", "(", ")",
    "(BX*8)", "·", "∕", "<>", "#define A ", '#include "', '"', "'", "/*", "*/", "$", "|", ":", ";", "\r\n",
    "\t", " ",
    "func f(a, b int) {", "}", "fmt.", ":=", "var x T", "type T struct { a int }", "import (",
    "]", "`", ".", "[", "é", "\0", "😀", "GLOBL ·t(SB), 8, $8", "DATA", "JMP ", "loop:", "%%asm", "%%go",
    "\n", "\x0b", "\u2028",
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(
        ("%%asm\n", "%%go\n", "\n \n%%asm x.s\n", "%%asm", "%program ", "%%expect_error\n%%go\n", "")
    ),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=12).map("".join),
    st.floats(0, 1),
)
def test_whatever_stands_there_it_answers_about_the_cursor(magic: str, body: str, part: float) -> None:
    code = magic + body
    cursor = round(part * len(code))
    found = complete_cell(code, cursor, KNOWN, DOCS)
    if found is not None:
        assert 0 <= found.start <= cursor <= found.end <= len(code)
        assert len({m.text for m in found.matches}) == len(found.matches)
    cell = cell_text(code)
    assert cell is None or (len(cell.text) == len(code) and cell.text.count("\n") == code.count("\n"))


# -- a real kernel -----------------------------------------------------------------------------------------


def matches(kernel, code: str) -> tuple[Sequence[str], dict]:
    """What the kernel answers at the end of a cell."""
    message = kernel.client.complete(code, len(code))
    while True:
        reply = kernel.client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == message:
            assert reply["content"]["status"] == "ok"
            return reply["content"]["matches"], reply["content"]


def test_a_kernel_answers_before_anything_has_run_and_knows_the_program_after() -> None:
    with running_kernel() as kernel:
        names, content = matches(kernel, "%%asm\n\tADD")
        kinds = content["metadata"]["_jupyter_types_experimental"]
        assert "ADDQ" in names
        assert (content["cursor_start"], content["cursor_end"]) == (7, 10)
        assert {"text": "ADDQ", "type": "instruction", "start": 7, "end": 10}.items() <= next(
            k for k in kinds if k["text"] == "ADDQ"
        ).items()
        assert matches(kernel, ADD + "\tMOVQ (FP)")[0] == ["x+0(FP)", "y+8(FP)", "ret+16(FP)"]
        assert matches(kernel, "%%go\nfunc f() { fmt.Printl")[0] == ["Println"]
        assert "zip" in matches(kernel, "zi")[0]
        assert "%%asm" in matches(kernel, "%%as")[0]
        kernel.run(ADD)
        assert matches(kernel, "%%asm\n\tCALL ·a")[0] == ["·add(SB)"]
        assert "add" in matches(kernel, "%%go\nfunc main() { ad")[0]
        assert "call" in matches(kernel, "prog.ca")[0]
