"""Go's own commands on one program: what each lists of a Go and of an assembly function."""

from __future__ import annotations

import pytest

from underglass import GoProgram, UnderglassError, build, load
from underglass.course import remarks, shown_by
from underglass.course.listings import COMMANDS
from underglass.toolchain.assemble import assemble

GO = "package main\n\n//go:noinline\nfunc add(x, y int64) int64 { return x + y }\n"
ASM = """
// func sub(x, y int64) int64
TEXT ·sub(SB), 4, $8-24
\tMOVQ x+0(FP), AX
\tSUBQ y+8(FP), AX
\tMOVQ AX, kept-8(SP)
\tMOVQ AX, ret+16(FP)
\tRET
"""


@pytest.fixture(scope="module")
def prog() -> GoProgram:
    return build(GO, ASM)


@pytest.mark.parametrize("command", ["go tool compile -S", "go build -gcflags=-S", "go tool objdump"])
def test_a_go_function_is_the_same_in_all_three(prog: GoProgram, command: str) -> None:
    assert shown_by(command, prog, "add").code == ("ADDQ BX, AX", "RET")


@pytest.mark.parametrize("command", ["go tool asm -S", "go build -asmflags=-S"])
def test_the_assembler_lists_names_with_offsets_from_the_hardware_sp(prog: GoProgram, command: str) -> None:
    shown = shown_by(command, prog, "sub")
    assert "SUBQ y+32(FP), AX" in shown
    assert shown.code[-1] == "RET"
    assert "workspaces" not in repr(shown)


def test_the_compiler_lists_of_assembly_the_wrapper_at_most(prog: GoProgram) -> None:
    assert repr(shown_by("go tool compile -S", prog, "sub")) == "(nothing)"
    assert "CALL main.sub(SB)" in shown_by("go build -gcflags=-S", prog, "sub").code
    assert "ABIWRAPPER" in shown_by("go build -gcflags=-S", prog, "sub")


def test_the_disassembly_has_no_name_of_the_stack(prog: GoProgram) -> None:
    code = shown_by("go tool objdump", prog, "sub", abi="ABI0").code
    assert code.count("RET") == 1
    assert "SUBQ 0x20(SP), AX" in code
    assert not any("FP" in text or "kept" in text for text in code)


def test_what_cannot_be_asked_is_told(prog: GoProgram) -> None:
    with pytest.raises(UnderglassError, match="go tool objdump"):
        shown_by("objdump", prog, "add")
    with pytest.raises(UnderglassError, match="no function"):
        shown_by(COMMANDS[0], prog, "nothing")
    with pytest.raises(UnderglassError, match="opened as an executable"):
        shown_by(COMMANDS[0], load(prog.program.path), "add")
    imports = build('package main\n\nimport "os"\n\nfunc f() bool { return os.Args == nil }\n')
    with pytest.raises(UnderglassError, match="rejects the program"):
        shown_by(COMMANDS[0], imports, "f")


@pytest.mark.parametrize(("system", "prefix", "register"), [("linux", 0x64, "FS"), ("darwin", 0x65, "GS")])
def test_tls_is_relative_to_a_segment_of_the_system(system: str, prefix: int, register: str) -> None:
    ((data, text),) = assemble("MOVQ (TLS), AX", system=system)
    assert (data[0], text) == (prefix, f"MOVQ {register}:0, AX")


def test_the_compilers_remarks_are_of_the_readers_files(prog: GoProgram) -> None:
    plain, reasons = remarks(prog), remarks(prog, 2)
    assert any(line.endswith("cannot inline add: marked go:noinline") for line in reasons.lines)
    assert not any("go:noinline" in line for line in plain.lines)
    assert all(line.startswith("underglass/text") for line in (*plain.lines, *reasons.lines))
