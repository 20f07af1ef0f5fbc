"""Programs with C in them: built by a C compiler that links statically, and run as natively."""

from __future__ import annotations

import itertools
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import underglass
from cgo_programs import EXPORTS, MAIN
from underglass.errors import BuildError, NotAProgram, ToolchainMissing
from underglass.goprogram import GoProgram
from underglass.toolchain import Source, build, find_go
from underglass.toolchain.ccompiler import find_c_compiler

STACK = 1 << 20  # bytes: goroutines here have less, and lie in another part of memory than a thread's stack


ON_LINUX = sys.platform == "linux" and platform.machine() == "x86_64"


@pytest.fixture(scope="module", autouse=True)
def _compiler() -> Iterator[None]:
    """musl-gcc where it is at hand, since zig builds a C library first; else whatever is found."""
    with pytest.MonkeyPatch.context() as patch:
        if ON_LINUX and "UNDERGLASS_CC" not in os.environ and shutil.which("musl-gcc"):
            patch.setenv("UNDERGLASS_CC", "musl-gcc")
        try:
            find_c_compiler(find_go())
        except ToolchainMissing as error:
            pytest.skip(str(error))
        yield


@pytest.fixture(scope="module")
def program() -> GoProgram:
    return underglass.build(
        Source("main.go", MAIN, "cell 1"), Source("exports.go", EXPORTS, "cell 2"), cgo=True
    )


def rejected(*texts: str) -> list[tuple[str, int | None, str]]:
    sources = [Source(f"c{n}.go", text, f"cell {n}") for n, text in enumerate(texts, 1)]
    with pytest.raises(BuildError) as error:
        build(sources, cgo=True)
    return [(d.source, d.line, str(d)) for d in error.value.diagnostics]


def test_it_runs_as_natively(program: GoProgram) -> None:
    run = program.run()
    assert run.stdout.splitlines() == [
        "C says a word of Go, 12 characters",
        "a word of Go a word [97 32 119]",
        "7 3.25",
        "numerical argument out of domain 6 7",
        "Go hears words of C",
        "recovered: past C",
        "42 41 4 1.4142135623730951 60",
    ]
    assert (run.stderr, run.exit_code) == ("1920\n", 3)
    if ON_LINUX:
        native = subprocess.run([program.program.path], capture_output=True, text=True, timeout=60)
        # Each C library has its own words for an errno; Go has the words here.
        assert (native.stdout, native.stderr, native.returncode) == (run.stdout, run.stderr, run.exit_code)


def test_another_seed_another_order_the_same_words(program: GoProgram) -> None:
    first = program.run()
    for seed in (2, 3, 4):
        run = program.run(seed=seed)
        assert (run.stdout, run.stderr, run.exit_code) == (first.stdout, first.stderr, first.exit_code)


def test_calls_go_through_c(program: GoProgram) -> None:
    assert program.call("viaC", 21) == 42
    assert program.call("viaBoth", -7) == -69
    assert program.call("length", "fünf") == 5
    assert program.call("root", 2.25) == 1.5
    assert program.call("viaC", 4) == 8


def test_c_runs_on_the_thread_s_stack_and_go_on_its_own(program: GoProgram) -> None:
    trace = program.record("viaC", 21)
    assert trace.results == (42,)
    sp = [trace.register(step, "SP") for step in range(len(trace) + 1)]
    on_goroutine = [abs(value - sp[0]) < STACK for value in sp]
    changes = [step for step in range(len(trace)) if on_goroutine[step] != on_goroutine[step + 1]]
    assert len(changes) == 2
    leaves, returns = changes
    for step in changes:
        function = trace.function_at(step)
        assert function is not None
        assert function.name == "runtime.asmcgocall"
    assert on_goroutine[-1]
    # C has no entry in pclntab, but a symbol; all of it lies between the two changes.
    in_c = [step for step in range(len(trace)) if (f := trace.function_at(step)) and f.abi == "C"]
    names = {f.name for f in trace.functions if f.abi == "C"}
    assert len(names) == 1
    assert names.pop().endswith("_Cfunc_twice")
    assert all(trace.function_at(step) and trace.instruction(step) for step in range(len(trace)))
    assert leaves < in_c[0] <= in_c[-1] < returns
    assert all(trace.frames(step) == () for step in in_c)
    address, size = program.program.symbol("_cgo_topofstack")  # Go's: in pclntab
    assert size
    assert program.program.function_at(address) is not None


def test_a_callback_is_on_the_goroutine_s_stack(program: GoProgram) -> None:
    trace = program.record("viaBoth", 4)
    sp = [trace.register(step, "SP") for step in range(len(trace) + 1)]
    inside = [s for s in range(len(trace)) if (f := trace.function_at(s)) and f.name.endswith("_goTenfold")]
    assert inside
    assert all(abs(sp[step] - sp[0]) < STACK for step in inside)
    on_goroutine = [abs(value - sp[0]) < STACK for value in sp]
    assert sum(a != b for a, b in itertools.pairwise(on_goroutine)) == 4


def test_go_code_and_c_code_as_facts(program: GoProgram) -> None:
    facts = program.program
    function = facts.function("viaC")
    assert (
        function.start_line
        == MAIN.split("\n").index("func viaC(n int) int { return int(C.twice(C.int(n))) }") + 1
    )
    assert any("_Cfunc_twice" in i.go for i in facts.instructions(function))
    assert facts.origin(function, function.address).startswith("cell 1, line ")
    c = facts.function_at(facts.symbol("malloc")[0])
    assert c is not None
    assert (c.abi, c.file, c.sp_delta(c.address)) == ("C", "", None)
    assert str(program.signature("viaC").params[0].type.name) == "int"


def test_the_cache_knows_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'package main\n\nimport "C"\n\nfunc main() {}\n'
    elf = build([Source("a.go", text, "a.go")], cgo=True).elf
    assert build([Source("a.go", text, "a.go")], cgo=True).elf == elf
    monkeypatch.setenv("UNDERGLASS_CC", "no-such-compiler -x")
    with pytest.raises(
        ToolchainMissing, match=r"UNDERGLASS_CC, no-such-compiler -x, does not run.*underglass\[cgo\]"
    ):
        build([Source("a.go", text, "a.go")], cgo=True)
    build([Source("a.go", text.replace('import "C"', ""), "a.go")], cgo=True)  # without C, without a compiler


def test_a_pie_is_refused_with_words(program: GoProgram, tmp_path: Path) -> None:
    data = bytearray(program.program.path.read_bytes())
    data[16:18] = b"\x03\x00"
    (tmp_path / "pie").write_bytes(data)
    with pytest.raises(NotAProgram, match="position-independent"):
        underglass.load(tmp_path / "pie")


@pytest.mark.parametrize("clause", ["package main\n\n", ""])
def test_c_errors_have_the_reader_s_place(clause: str) -> None:
    shift = clause.count("\n")
    ((source, line, words),) = rejected(
        f'{clause}/*\nstatic char *f(int n) {{\n\treturn m;\n}}\n*/\nimport "C"\n\nfunc main() {{ C.f(1) }}\n'
    )
    # cgo asks the compiler what f is first, and hears only that something is wrong.
    assert (source, line) in {("cell 1", 3 + shift), ("cell 1", 8 + shift)}
    assert "error of its own" in words or "m" in words


def test_errors_of_cgo_and_of_the_linker() -> None:
    header = 'package main\n\n/*\n{}\n*/\nimport "C"\n\nfunc main() {{ {} }}\n'
    ((_, line, words),) = rejected(header.format("#include <nope.h>", "C.f()"))
    assert (line, "nope.h" in words) == (4, True)
    ((_, line, words),) = rejected(header.format("int f(void);", "C.f()"))
    assert (line, "nothing defines it" in words) == (8, True), words
    ((_, line, words),) = rejected(header.format("static int f(int n) { return n; }", 'C.f("x")'))
    assert (line, "C.int" in words) == (8, True), words
    double = 'package main\n\n/*\nint f(void) { return 1; }\n*/\nimport "C"\n\n'
    found = rejected(
        double + "func main() { C.f() }\n",
        'package main\n\nimport "C"\n\n//export g\nfunc g() C.int { return 1 }\n',
        double + "//export h\nfunc h() { C.f() }\n",
    )
    assert any("defined twice" in words and "static" in words for _, _, words in found), found


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(MAIN, encoding="utf-8")
    (tmp_path / "exports.go").write_text(EXPORTS, encoding="utf-8")
    command = [sys.executable, "-m", "underglass", "run"]
    files = ["main.go", "exports.go"]
    run = subprocess.run(
        [*command, "--cgo", *files], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert (run.returncode, run.stderr) == (3, "1920\n")
    assert "C says" in run.stdout
    for name in ("call", "trace"):
        options = ["--text"] if name == "trace" else []
        run = subprocess.run(
            [*command[:3], name, *options, "--cgo", "viaC(21)", *files],
            cwd=tmp_path, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        assert ("_Cfunc_twice" in run.stdout) if name == "trace" else run.stdout.endswith("42\n")
    run = subprocess.run([*command, *files], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert run.returncode != 0
    assert "--cgo" in run.stderr


IN_CELLS = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
shell.run_line_magic("load_ext", "underglass")
cell = '/*\\nstatic int twice(int n) { return 2 * n; }\\n*/\\nimport "C"\\n\\n'
cell = "%%go\\n" + cell + "func viaC(n int) int { return int(C.twice(C.int(n))) }\\n"
shell.run_cell(cell)
shell.run_cell("%program cgo on")
shell.run_cell(cell)
shell.run_cell("print(prog.call('viaC', 21))")
shell.run_cell("%program cgo off")
shell.run_cell(cell)
shell.run_cell("%program cgo perhaps")
"""


def test_cells_may_have_c_when_that_is_asked_for() -> None:
    run = subprocess.run([sys.executable, "-c", IN_CELLS], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    refused = [line for line in lines if "`%program cgo on`" in line]
    assert len(refused) == 2, run.stdout
    assert lines.index(refused[0]) < lines.index("prog: viaC(n int) int") < lines.index("42")
    assert "this is 'cgo perhaps'" in lines[-1]
