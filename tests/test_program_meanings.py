from __future__ import annotations

import re

import pytest

from underglass.abi import ROLES
from underglass.program.meanings import flag_meaning, instruction_meaning, register_meaning
from underglass.toolchain.go import find_go
from underglass.trace import REGISTERS
from underglass.trace.trace import FLAGS


def test_nearly_every_instruction_of_a_linked_program_has_a_sentence(add_program):
    listing = (
        find_go().run(["tool", "objdump", "-s", "^runtime\\.[a-n]", str(add_program.program.path)]).stdout
    )
    texts = re.findall(r"^  \S.*?\t+0x[0-9a-f]+\t+[0-9a-f]+\t+(.*?)\s*$", listing, re.MULTILINE)
    assert len(texts) > 20_000
    unknown = [text for text in texts if not instruction_meaning(text)]
    assert len(unknown) < len(texts) / 100, sorted({text.split()[0] for text in unknown})


def test_every_register_and_flag_of_a_recording_has_a_sentence():
    assert all(register_meaning(name) for name in REGISTERS)
    assert all(register_meaning(name) for name in ROLES)
    assert all(flag_meaning(name) for name in FLAGS)
    assert register_meaning("Z31") == ""


def test_the_ordinals_are_those_of_the_abi():
    words = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
    for name, role in ROLES.items():
        if (found := re.search(r"argument (\d+)", role)) and int(found[1]) <= len(words):
            assert words[int(found[1]) - 1] in register_meaning(name), name


@pytest.mark.parametrize(
    ("go", "part"),
    [
        ("ADDQ BX, AX", "Adds the source to the destination and sets the flags. (8 bytes)"),
        ("MOVL AX, BX", "clears its upper half"),
        ("JBE 0x47de51", "below or equal, unsigned"),
        ("SETEQ AX", "1 if the operands were equal (ZF = 1), else 0"),
        ("CMOVNE AX, BX", "Copies if the operands were not equal"),
        ("LOCK CMPXCHGL CX, 0(BX)", "No other processor"),
        ("REP; MOVSB DS:0(SI), ES:0(DI)", "repeated CX times"),
        ("JMP main.f(SB)", "Jumps."),
    ],
)
def test_the_sentence_of_an_instruction(go, part):
    assert part in instruction_meaning(go)


def test_what_nobody_knows_has_none():
    assert instruction_meaning("?") == ""
    assert instruction_meaning("") == ""
    assert instruction_meaning("JQQ AX") == ""
