"""Each kind of bad input, in a real kernel: one paragraph with place and remedy, and the kernel goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernels import ADD, RunningKernel, running_kernel

TEXT = '#include "textflag.h"\n'


@pytest.fixture(scope="module")
def kernel() -> Iterator[RunningKernel]:
    with running_kernel() as started:
        assert started.run(ADD).status == "ok"
        yield started


BAD = {
    "assembly typo": (
        f"%%asm\n{TEXT}// func typo()\nTEXT ·typo(SB), NOSPLIT, $0-0\n\tMOVX AX, BX\n\tRET\n",
        "BuildError",
        r'^BuildError: cell \d+, line 5: unrecognized instruction "MOVX"',
        r"Did you mean .*\?",
    ),
    "Go compile error": (
        '%%go\nfunc wrong() int {\n\treturn "four"\n}\n',
        "BuildError",
        r"^BuildError: cell \d+, line 3: cannot use \"four\"",
        r"is not taken yet; prog stays the program of cell \d+",
    ),
    "too few arguments": (
        "prog.call('add', 23)",
        "CallError",
        r"^CallError: add takes 2 arguments",
        r"\(x int64, y int64\); 1 ",
    ),
    "an argument of the wrong type": (
        "prog.call('add', 'x', 4)",
        "CallError",
        r"^CallError: argument 1 of add, x: ",
        r"int64",
    ),
    "a name that is not there": (
        "prog.call('ad', 23, 4)",
        "UnknownFunction",
        r"^UnknownFunction: The program has no function ad\.",
        r"\badd\b",
    ),
    "endless loop": (
        "from underglass import Limits\nprog.call('loop', limits=Limits(instructions=1_000_000))",
        "LimitExceeded",
        r"1,000,000 instructions, the limit, and was stopped in main\.loop.*cell \d+, line 4",
        r"raise the limit `instructions`",
    ),
    "a store to address 0": (
        "prog.call('store')",
        "GuestFault",
        r"main\.store.*cell \d+, line 4",
        r"(?i)nothing is mapped|nil",
    ),
    "an instruction that the emulator lacks": (
        "prog.call('wide')",
        "GuestFault",
        r"main\.wide.*cell \d+, line 3",
        r"AVX",
    ),
    "a file that is no ELF": (
        "import underglass\nunderglass.load('notes.txt')",
        "NotAProgram",
        r"^NotAProgram: notes\.txt is no ELF file",
        r"\. \w.*",
    ),
    "a file that is not there": (
        "import underglass\nunderglass.build('nowhere.s')",
        "BuildError",
        r"^BuildError: nowhere\.s: there is no such file",
        r"looked up from",
    ),
    "a name that is no file name": (
        f"%%asm add.go\n{TEXT}",
        "UnderglassError",
        r"^UnderglassError: cell \d+, line 1: %%asm takes one file name that ends in \.s",
        r"Write %%asm",
    ),
    "an empty cell": ("%%go\n\n", "", "", ""),
}
SETUP = {
    "endless loop": "%%asm\n// func loop()\nTEXT ·loop(SB), 4, $0-0\nagain:\tJMP again\n",
    "a store to address 0": "%%asm\n// func store()\nTEXT ·store(SB), 4, $0-0\n\tMOVQ AX, 0\n\tRET\n",
    "an instruction that the emulator lacks": (
        "%%asm\n// func wide()\nTEXT ·wide(SB), 4, $0-0\n\tVPADDQ Y0, Y1, Y2\n\tRET\n".replace(
            "$0-0\n\t", "$0-0; ", 1
        )
    ),
    "a file that is no ELF": "open('notes.txt', 'w').write('no program')",
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_gives_a_paragraph_and_leaves_the_kernel_alive(
    kind: str, kernel: RunningKernel, tmp_path: Path
) -> None:
    code, name, place, remedy = BAD[kind]
    kernel.run(f"import os; os.chdir({str(tmp_path)!r})")
    if kind in SETUP:
        ready = kernel.run(SETUP[kind])
        assert ready.status == "ok", ready.error
    shown = kernel.run(code)
    if name:
        assert (shown.status, shown.error_name) == ("error", name), shown
        assert re.search(place, shown.error), shown.error
        assert re.search(remedy, shown.error), shown.error
        assert "Traceback" not in shown.error
        assert len(shown.error) < 700
    assert kernel.run("1+1").text == "2"
    assert kernel.run("prog.call('add', 23, 4)").text == "27"


def test_missing_prototype_is_said_when_built_and_when_called(kernel: RunningKernel) -> None:
    built = kernel.run(f"%%asm\n{TEXT}TEXT ·bare(SB), NOSPLIT, $0-8\n\tRET\n")
    assert built.status == "ok"
    assert re.search(r"^warning: cell \d+, line 3: bare has no prototype", built.stdout, re.MULTILINE)
    assert built.stdout.count("warning") == 1
    called = kernel.run("prog.call('bare', 1)")
    assert called.error_name == "CallError"
    assert re.search(r"cell \d+, line 3: bare has no prototype.*// func bare", called.error)
    assert kernel.run("1+1").text == "2"


def test_vet_speaks_of_the_cell_that_was_run(kernel: RunningKernel) -> None:
    shown = kernel.run(
        f"%%asm\n{TEXT}// func late(x, y int64) int64\nTEXT ·late(SB), NOSPLIT, $0-24\n"
        "\tMOVQ y+16(FP), AX\n\tMOVQ AX, ret+16(FP)\n\tRET\n"
    )
    assert shown.status == "ok"
    assert re.search(r"^warning: cell \d+, line 5: .*invalid offset y\+16\(FP\)", shown.stdout, re.MULTILINE)
    assert "write y+8(FP)" in shown.stdout
