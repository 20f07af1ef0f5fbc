"""What is told of instructions and directives, against the toolchain's tables and against the machine."""

from __future__ import annotations

import random
import re

import pytest

from underglass.machine.bare import BareMachine
from underglass.program import Program
from underglass.program.meanings import instruction_meaning
from underglass.program.usage import directive, directives, text_flag_meaning, usage, usages
from underglass.toolchain import Source, build, find_go
from underglass.toolchain.forms import forms
from underglass.toolchain.opcodes import opcodes

ROOT = find_go().root
CONDITIONS = ("EQ", "NE", "LT", "LE", "GT", "GE", "HI", "CC", "CS", "LS", "MI", "PL", "OS", "OC", "PS", "PC")
BITS = {"CF": 0, "PF": 2, "AF": 4, "ZF": 6, "SF": 7, "DF": 10, "OF": 11}
SCRATCH, STACK, SIZE = 0x20_0000, 0x30_0000, 4096
# Not run: they leave the code, or ask the system.
PREFIXES = {"LOCK", "REP", "REPN"}  # the flags are those of the instruction behind them
LEAVES = {"CALL", "RET", "JMP", "SYSCALL", "INT", "UD2", "UNDEF", "HLT"}


def examples() -> dict[str, str]:
    """Name → its example, conditional instructions written out."""
    found = {n: u.example for n, u in usages().items() if "{C}" not in u.example}
    for condition in CONDITIONS:
        for stem in ("J", "SET", "CMOVQ", "CMOVL", "CMOVW"):
            told = usage(stem + condition)
            assert told is not None
            found[stem + condition] = told.example
    return found


@pytest.fixture(scope="module")
def assembled(tmp_path_factory) -> Program:
    """A program with a function for each example."""
    text = ['#include "textflag.h"']
    for number, example in enumerate(examples().values()):
        text += [f"TEXT ·t{number}(SB), NOSPLIT, $0", "again:", f"\t{example}", "\tUNDEF"]
    text += ["TEXT ·f(SB), NOSPLIT, $0", "\tRET", "TEXT ·all(SB), NOSPLIT, $0"]
    text += [f"\tCALL ·t{number}(SB)" for number in range(len(examples()))]
    text += ["\tRET"]
    go = "package main\nfunc all()\nfunc main() { all() }\n"
    built = build([Source("all.s", "\n".join(text) + "\n", "all"), Source("main.go", go, "main")])
    return Program(built.elf)


def test_there_are_enough_of_them_and_each_has_a_sentence():
    told = [n for n in examples() if n in opcodes(ROOT) or n + "Q" in opcodes(ROOT)]
    assert len(usages()) >= 200
    assert len(told) >= 250
    assert [n for n in told if not (instruction_meaning(n) or instruction_meaning(n + "Q"))] == []


def test_every_name_is_one_that_the_toolchain_knows():
    known = opcodes(ROOT)
    for name, example in examples().items():
        mnemonic = example.split(";")[0].split()[0]
        assert mnemonic in known, name
        assert mnemonic in (name, *(name + w for w in "BWLQ")) or name in PREFIXES, name


def test_the_operands_are_as_many_as_the_toolchain_takes():
    for name, example in examples().items():
        mnemonic, _, operands = example.partition(" ")
        given = len(re.findall(r",(?![^()]*\))", operands)) + 1 if operands else 0
        told = usage(name)
        assert told is not None
        if name in PREFIXES:
            continue
        assert len(told.operands.split(", ") if told.operands else []) == given, name
        counts = {len(form) for form in forms(ROOT)[mnemonic]} if mnemonic in forms(ROOT) else {given}
        assert given in counts or mnemonic in ("RET", "NOP", "UNDEF"), name


def test_every_example_assembles(assembled):
    assert "main.all.abi0" in assembled.functions
    assert all(f"main.t{n}" in assembled.functions for n in range(len(examples())))


def bytes_of(program: Program, number: int, name: str) -> bytes:
    """The example's machine code: the function without the UD2 behind it. (RET asks for a level stack.)"""
    function = program.function(f"t{number}")
    return program.bytes_at(function.address, function.size).rpartition(b"\x0f\x0b")[0]


def run_once(machine: BareMachine, at: int, size: int, chooser: random.Random, flags: int) -> int:
    """The flags after the code, from random registers; operands in memory lie in the scratch page."""
    cpu = machine.cpu
    for register in ("AX", "BX", "CX", "R8", "R10"):
        cpu[register] = chooser.choice((0, 1, 3, 1 << 63, (1 << 64) - 1, chooser.getrandbits(64)))
    cpu["DX"] = 0
    cpu["SI"], cpu["DI"] = SCRATCH + 512, SCRATCH + 1024
    cpu["SP"] = STACK + SIZE // 2
    fill = chooser.choice((bytes(64), b"\xff" * 64, chooser.randbytes(64)))
    machine.write(SCRATCH + 512, fill)
    machine.write(SCRATCH + 1024, chooser.choice((fill, chooser.randbytes(64))))
    machine.write(STACK + SIZE // 2, chooser.getrandbits(12).to_bytes(8, "little"))
    cpu["FLAGS"] = flags | 2
    stop = machine.run(at, until=at + size, instructions=10_000)
    return cpu["FLAGS"] if stop.reason == "until" else -1


def test_the_flags_told_are_those_that_the_machine_changes(assembled):
    """Every flag named is written in some run; no other is in any, but those told to be undefined."""
    machine = BareMachine(sse=True)
    machine.write(SCRATCH, b"", room=SIZE)
    machine.write(STACK, b"", room=SIZE)
    chooser, wrong, ran = random.Random(7), [], 0
    for number, name in enumerate(examples()):
        told = usage(name)
        assert told is not None
        code = bytes_of(assembled, number, name)
        if name in LEAVES or name.startswith(("J", "LOOP")):
            continue
        at = 0x10_0000 + number * 64
        machine.write(at, code + b"\x90" * 8)
        changed, finished = 0, 0
        for trial in range(60):
            before = 0x8D5 if trial % 2 else 0
            if name == "CLD":
                before |= 1 << BITS["DF"]
            after = run_once(machine, at, len(code), chooser, before)
            if after >= 0:
                finished += 1
                changed |= after ^ (before | 2)
        if not finished:
            continue
        ran += 1
        seen = {flag for flag, bit in BITS.items() if changed >> bit & 1}
        repeated = usage(told.example.split("; ")[1].split()[0]) if name in PREFIXES else None
        sets = set((repeated or told).sets)
        if not sets <= seen or not seen <= sets | set(told.undefined):
            wrong.append((name, sorted(seen), told.sets, told.undefined))
    assert not wrong, wrong[0]
    assert ran >= 260


def test_every_directive_of_the_assembler_is_told():
    source = (ROOT / "src/cmd/asm/internal/asm/parse.go").read_text(encoding="utf-8")
    pseudo = source.partition("func (p *Parser) pseudo(")[2].partition("\n}")[0]
    words = set(re.findall(r'case "([A-Z]+)"', pseudo))
    hashes = (ROOT / "src/cmd/asm/internal/lex/input.go").read_text(encoding="utf-8")
    words |= {f"#{w}" for w in re.findall(r'case "([a-z]+)":\n\t\tin\.', hashes)}
    assert {"TEXT", "GLOBL", "#include", "#define"} <= words
    assert words | {"BYTE", "WORD", "LONG", "QUAD"} <= set(directives())
    general = (ROOT / "src/cmd/internal/obj/util.go").read_text(encoding="utf-8")
    names = set(re.findall(r'^\t"([A-Z]+)",$', general, re.MULTILINE)) - {"XXX"}
    assert [n for n in names if directive(n) is None and usage(n) is None] == []


def test_the_examples_of_directives_assemble():
    elsewhere = ("END", "GETCALLERPC", "TEXT", "GLOBL", "DATA", "DUFFCOPY", "DUFFZERO")
    inside = [d.example for n, d in directives().items() if n not in elsewhere and n[0] != "#"]
    text = "\n".join(
        [
            '#include "textflag.h"',
            '#include "funcdata.h"',
            directives()["#define"].example,
            directives()["#ifndef"].example,
            "broken",
            "#else",
            directives()["DATA"].example,
            "#endif",
            "#undef SIZE",
            directives()["#ifdef"].example,
            "#endif",
            directives()["GLOBL"].example,
            "// func add(x, y int64) int64",
            directives()["TEXT"].example,
            *(e for e in inside if not e.startswith("ADJSP")),
            "\tADJSP $8",
            "\tADJSP $-8",
            "\tRET",
            "END",
        ]
    )
    built = build([Source("all.s", text, "all"), Source("main.go", "package main\nfunc main() {}\n", "main")])
    assert [p.text for p in built.prototypes] == ["func add(x, y int64) int64"]


def test_every_flag_of_the_header_has_a_sentence():
    header = (ROOT / "pkg/include/textflag.h").read_text(encoding="utf-8")
    names = re.findall(r"^#define (\w+)", header, re.MULTILINE)
    assert len(names) >= 12
    assert [n for n in names if not text_flag_meaning(n)] == []


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("ADDL", "ADDL BX, AX"),
        ("JLT", "JLT again"),
        ("CMOVWNE", "CMOVWNE BX, AX"),
        ("XADDL", "XADDL AX, (DI)"),
    ],
)
def test_an_example_has_the_width_that_was_asked_for(name, example):
    found = usage(name)
    assert found is not None
    assert found.example == example


def test_what_nobody_tells_has_none():
    assert usage("NOTHING") is None
    assert usage("") is None
    assert directive("MOVQ") is None
