"""Which calls lie across two cache lines: against Capstone's own reading of the bytes, and in the picture."""

from __future__ import annotations

import pytest
from capstone import CS_ARCH_X86, CS_MODE_64, Cs

import underglass
from underglass.analysis.cachelines import LINE, call_sites, crossing_share
from underglass.program import Program
from underglass.views.cachelines import cache_line_picture


@pytest.fixture(scope="module")
def program() -> Program:
    return underglass.build('package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(1) }\n').program


def test_the_calls_are_those_that_capstone_finds(program: Program) -> None:
    engine = Cs(CS_ARCH_X86, CS_MODE_64)
    assembly = [f for f in program.functions.values() if f.name.startswith("runtime.call") and f.is_assembly]
    assert len(assembly) > 20
    for function in [*assembly, program.function("main"), program.function("fmt.Fprintln")]:
        code = program.bytes_at(function.address, function.size)
        lines = {
            address: {(address + n) // LINE for n in range(1, 5)}
            for address, size, mnemonic, _ in engine.disasm_lite(code, function.address)
            if mnemonic == "call" and size == 5
        }
        found = {site.address: site.crosses for site in call_sites(program, function)}
        assert found == {address: len(touched) > 1 for address, touched in lines.items()}


def test_only_hand_written_assembly_crosses(program: Program) -> None:
    """Go's assembler pads calls of compiled code away from each 32-byte border (asm6.go, padJump)."""
    functions = program.functions.values()
    crossing, compiled = crossing_share(program, [f for f in functions if not f.is_assembly])
    assert (crossing, compiled > 5000) == (0, True)
    crossing, written = crossing_share(program, [f for f in functions if f.is_assembly])
    assert 0 < crossing < written


def test_the_picture_says_which_calls_cross(program: Program) -> None:
    crossing = next(
        f for f in program.functions.values() if any(site.crosses for site in call_sites(program, f))
    )
    picture = cache_line_picture(program, crossing)
    assert "crosses into the next line" in repr(picture)
    assert "a call crosses" in picture.svg
    assert repr(cache_line_picture(program, crossing)) == repr(picture)
    plain = cache_line_picture(program, program.function("main"))
    assert "in one line" in repr(plain)
    assert "a call crosses" not in plain.svg
