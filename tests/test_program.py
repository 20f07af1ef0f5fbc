"""Facts about a program, each held against a second source."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import underglass
from underglass.errors import NotAProgram, UnknownFunction
from underglass.goprogram import GoProgram
from underglass.program import Program
from underglass.toolchain import find_go


def test_the_symbol_table_and_pclntab_name_the_same_functions(add_program: GoProgram) -> None:
    program = add_program.program
    for symbol, function in program.functions.items():
        assert function.address == program.symbol(symbol)[0]
        found = program.function_at(function.address + function.size - 1)
        assert found is not None
        assert found.address == function.address
    assert len(program.functions) > 1000


def test_the_frame_read_off_the_prologue_is_a_depth_of_the_pcsp_table(add_program: GoProgram) -> None:
    framed = [f for f in add_program.program.functions.values() if f.has_saved_bp]
    assert len(framed) > 500
    for function in framed:
        assert function.frame_size + 8 in function.depth.values, function


def test_lines_agree_with_objdump(add_program: GoProgram) -> None:
    program = add_program.program
    names = ["main.main", "main.add.abi0", "runtime.mallocgc"]
    listing = find_go().run(
        ["tool", "objdump", "-s", f"^({'|'.join(map(re.escape, names))})$", str(program.path)]
    )
    rows = re.findall(r"^  \S+?:(\d+)\t+0x([0-9a-f]+)", listing.stdout, re.MULTILINE)
    assert len(rows) > 100
    for line, address in rows:
        function = program.function_at(int(address, 16))
        assert function is not None
        assert function.line_at(int(address, 16)) == int(line)


def test_an_assembly_function_and_its_wrapper(add_program: GoProgram) -> None:
    program = add_program.program
    body, wrapper = program.function("add", "ABI0"), program.function("add")
    assert (body.abi, body.is_assembly, body.is_wrapper) == ("ABI0", True, False)
    assert (wrapper.abi, wrapper.is_assembly, wrapper.is_wrapper) == ("ABIInternal", False, True)
    assert body.args_size == 24
    assert body.file.endswith("add.s")
    assert body.start_line == 4
    assert any(i.target == body.address for i in program.instructions(wrapper))


def test_instructions_cover_the_function_in_both_syntaxes(add_program: GoProgram) -> None:
    program = add_program.program
    body = program.function("add", "ABI0")
    assert [(i.go, i.intel) for i in program.instructions(body)] == [
        ("MOVQ 0x8(SP), AX", "mov rax, qword ptr [rsp + 8]"),
        ("ADDQ 0x10(SP), AX", "add rax, qword ptr [rsp + 0x10]"),
        ("MOVQ AX, 0x18(SP)", "mov qword ptr [rsp + 0x18], rax"),
        ("RET", "ret"),
    ]
    assert b"".join(i.data for i in program.instructions(body)) == program.bytes_at(body.address, 16)


def test_an_unknown_name_lists_the_nearest(add_program: GoProgram) -> None:
    with pytest.raises(UnknownFunction, match="Did you mean add"):
        add_program.program.function("adds")


def test_what_is_no_program_is_refused_in_words(tmp_path: Path, add_program: GoProgram) -> None:
    good = add_program.program.path.read_bytes()
    cases = {
        "text": (b"package main\n", "no ELF file"),
        "empty": (b"", "no ELF file"),
        "cut": (good[:5000], "cut short|damaged"),
        "header": (good[:100], "damaged|no segment"),
        "shared": (good[:16] + b"\x03\x00" + good[18:], "position-independent"),
        "arm": (good[:18] + b"\xb7\x00" + good[20:], "EM_AARCH64"),
    }
    for name, (data, message) in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(NotAProgram, match=message):
            underglass.load(tmp_path / name)
    with pytest.raises(NotAProgram, match="cannot be read"):
        underglass.load(tmp_path / "missing")


def test_a_stripped_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text("package main\nfunc main() {}\n")
    (tmp_path / "go.mod").write_text("module m\n\ngo 1.27\n")
    answer = find_go().run(["build", "-ldflags=-s -w", "-o", "p", "."], cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    with pytest.raises(NotAProgram, match="stripped"):
        underglass.load(tmp_path / "p")


def test_a_c_program_is_refused(tmp_path: Path) -> None:
    python = Path("/bin/sh").resolve()
    if python.read_bytes()[:4] == b"\x7fELF":
        with pytest.raises(NotAProgram):
            underglass.load(python)


@settings(max_examples=150)
@given(data=st.data())
def test_a_damaged_program_gives_only_named_errors(
    add_program: GoProgram, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    raw = bytearray(add_program.program.path.read_bytes())
    zone = data.draw(st.sampled_from([64, 600, len(raw)]), label="zone")
    for _ in range(data.draw(st.integers(1, 8), label="changes")):
        raw[data.draw(st.integers(0, zone - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(raw)
    try:
        program = Program(path)
        assert len(program.functions) >= 0
        program.function_at(program.elf.entry)
    except (NotAProgram, UnknownFunction):
        pass


def test_vet_and_objdump_are_the_reader_s_own_go() -> None:
    go = find_go()
    assert (
        subprocess.run([go.path, "version"], capture_output=True, text=True).stdout.split()[2] == go.version
    )
