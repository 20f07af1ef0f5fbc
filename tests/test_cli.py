"""The command `underglass`, run as a reader runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from underglass import Pointer
from underglass.cli.expression import read_call
from underglass.errors import CallError

LOOP = "// func loop()\nTEXT ·loop(SB), 4, $0-0\nagain:\tJMP again\n"


def underglass(
    *words: str, cwd: Path | None = None, stdin: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "underglass", *words],
        cwd=cwd,
        input=stdin,
        env={**os.environ, **(env or {})},
        capture_output=True,
        check=False,
    )


def said(run: subprocess.CompletedProcess[bytes]) -> str:
    """The error of a run: one paragraph that begins with the command's name."""
    text = run.stderr.decode()
    assert text.startswith("underglass: ")
    assert "Traceback" not in text
    assert len(text.splitlines()) == 1
    return text.removeprefix("underglass: ")


@pytest.fixture
def folder(tmp_path: Path, add_files: tuple[Path, Path]) -> Path:
    for file in add_files:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_help_is_quick_and_every_command_has_examples() -> None:
    begun = time.monotonic()
    top = underglass("--help").stdout.decode()
    elapsed = time.monotonic() - begun
    commands = ("run", "call", "trace", "release", "doctor", "kernel")
    assert all(f"    {name} " in top for name in commands)
    for name in commands:
        text = underglass(name, "--help").stdout.decode()
        assert f"  underglass {name}" in text.partition("examples:")[2]
    loaded = subprocess.check_output(
        [
            sys.executable,
            "-c",
            "import sys, underglass.cli; print({'numpy', 'unicorn', 'jupyter_client'} & set(sys.modules))",
        ]
    )
    assert loaded.strip() == b"set()"
    assert elapsed < 2.0  # of a machine that may be busy; alone it takes 0.1 s


def test_run_passes_on_everything(folder: Path) -> None:
    (folder / "echo.go").write_text(
        """\
package main

import ("io"; "os")

func main() {
	data, _ := io.ReadAll(os.Stdin)
	os.Stdout.Write(data)
	os.Stderr.WriteString(os.Args[1] + os.Args[2])
	os.Exit(41)
}
""",
        encoding="utf-8",
    )
    raw = bytes(range(256)) + b"\r\n"
    run = underglass("run", "echo.go", "--", "--help", "é", cwd=folder, stdin=raw)
    assert (run.stdout, run.stderr.decode(), run.returncode) == (raw, "--helpé", 41)


def test_run_of_an_executable(add_build: object) -> None:
    run = underglass("run", str(add_build.elf))  # type: ignore[attr-defined]
    assert (run.stdout, run.stderr, run.returncode) == (b"", b"27\n", 0)


def test_output_appears_while_the_program_runs(folder: Path) -> None:
    (folder / "wait.go").write_text(
        'package main\n\nimport ("fmt"; "os")\n\nfunc main() { fmt.Print("?"); '
        "b := make([]byte, 1); os.Stdin.Read(b); fmt.Print(string(b)) }\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "underglass", "run", "wait.go"]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.read(1) == b"?"  # before it has read anything
        process.stdin.write(b"!")
        process.stdin.close()
        assert process.stdout.read() == b"!"
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal to one process there")
def test_interrupt_gives_130(folder: Path) -> None:
    (folder / "loop.go").write_text('package main\n\nfunc main() { print("on"); for {} }\n', encoding="utf-8")
    command = [sys.executable, "-m", "underglass", "run", "loop.go"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.read(2) == b"on"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr.read() == b""


def test_limits_are_options(folder: Path) -> None:
    (folder / "loop.go").write_text("package main\n\nfunc main() { for {} }\n", encoding="utf-8")
    run = underglass("run", "--instructions", "10_000_000", "loop.go", cwd=folder)
    assert run.returncode == 1
    assert "10,000,000 instructions, the limit" in said(run)
    assert "main.main" in said(run)
    assert "loop.go, line 3" in said(run)
    assert "0.2 s, the limit" in said(underglass("run", "--seconds", "0.2", "loop.go", cwd=folder))
    assert underglass("run", "--seconds", "-1", "loop.go", cwd=folder).returncode == 2


@pytest.mark.parametrize(
    ("call", "output"),
    [
        ("add(23, 4)", "27\n"),
        ("main.add(-1, 0x10)", "15\n"),
        ("divmod(-23, 4)", "-5\n-3\n"),
        ("nothing()", ""),
        ('join(["a", "b"], true)', "'a-b'\n"),
        ("half(3)", "1.5\n"),
    ],
)
def test_call_prints_python_literals(call: str, output: str, folder: Path) -> None:
    (folder / "more.go").write_text(
        """\
package main

import "strings"

func divmod(a, b int) (int, int) { return a / b, a % b }
func nothing()                   {}
func half(x float64) float64     { return x / 2 }

func join(words []string, dash bool) string {
	if dash {
		return strings.Join(words, "-")
	}
	return strings.Join(words, "")
}
""",
        encoding="utf-8",
    )
    run = underglass("call", call, "more.go", "add.s", cwd=folder)
    assert (run.stdout.decode(), run.returncode) == (output, 0), run.stderr.decode()


def test_call_with_pointers_and_errors(folder: Path) -> None:
    (folder / "list.go").write_text(
        """\
package main

import "errors"

type node struct {
	val  int
	next *node
}

func push(p *node, v int8) *node { return &node{int(v), p} }
func div(a, b int) (int, error) {
	if b == 0 {
		return 0, errors.New("division by zero")
	}
	return a / b, nil
}
func main() {}
""",
        encoding="utf-8",
    )

    def call(text: str) -> subprocess.CompletedProcess[bytes]:
        return underglass("call", text, "list.go", cwd=folder)

    assert call("div(7, 0)").stdout == b"0\n<*errors.errorString: division by zero>\n"
    assert call("div(7, 2)").stdout == b"3\nNone\n"
    printed = call('push(Pointer({"val": 1, "next": nil}), 2)').stdout.decode().strip()
    assert printed.startswith("Pointer({'val': 2, 'next': Pointer({'val': 1, 'next': None}, '*node', 0x")
    assert call(f"push({printed}, 3)").stdout.startswith(b"Pointer({'val': 3, 'next': Pointer({'val': 2")
    assert said(call("push(nil, 300)")) == "argument 2 of push, v: 300 does not fit in int8 (-128 to 127).\n"


def test_call_into_the_body_of_an_assembly_function(folder: Path) -> None:
    assert underglass("call", "--abi", "ABI0", "add(23, 4)", "add.s", cwd=folder).stdout == b"27\n"


def test_call_of_an_endless_function_ends(folder: Path) -> None:
    (folder / "loop.s").write_text(LOOP, encoding="utf-8")
    run = underglass("call", "--instructions", "1000000", "loop()", "loop.s", cwd=folder)
    assert run.returncode == 1
    assert "loop.s, line 3" in said(run)


def test_trace_writes_one_page_or_a_table(folder: Path) -> None:
    run = underglass("trace", "add(23, 4)", "add.s", "-o", "out.html", cwd=folder)
    assert (run.stdout, run.stderr, run.returncode) == (b"", b"", 0)
    page = (folder / "out.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page
    table = underglass("trace", "add(23, 4)", "add.s", "--text", cwd=folder).stdout.decode()
    assert table.startswith("add(23, 4): ")
    assert "RET" in table
    assert "more" not in table


def test_trace_of_a_fault_is_a_page_and_a_word(folder: Path) -> None:
    (folder / "store.s").write_text(
        "// func store()\nTEXT ·store(SB), 4, $0-0\n\tMOVQ AX, 0\n\tRET\n", encoding="utf-8"
    )
    run = underglass("trace", "store()", "store.s", "-o", "out.html", cwd=folder)
    assert run.returncode == 0
    assert "store.s, line 3" in said(run)
    assert (folder / "out.html").exists()


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["run", "no.go"], 1, "no.go: there is no such file"),
        (["run", "no"], 1, "no: there is no such file"),
        (["run", "text"], 1, "text is no ELF file"),
        (["run", "bad.s"], 1, "bad.s, line 2: unrecognized instruction"),
        (["run", "add.s", "text"], 1, "the name has no suffix"),
        (["call", "add(1)", "add.s"], 1, "add takes 2 arguments"),
        (["call", "ad(1)", "add.s"], 1, "The program has no function ad"),
        (["call", "add(", "add.s"], 1, "cannot be read"),
        (["trace", "add(1, 2)", "add.s", "-o", "no/out.html"], 1, "There is no directory"),
        (["trace", "add(1, 2)", "add.s", "-o", "."], 1, "Check the path"),
    ],
)
def test_an_error_is_one_paragraph(words: list[str], code: int, part: str, folder: Path) -> None:
    (folder / "text").write_text("no program", encoding="utf-8")
    (folder / "bad.s").write_text("TEXT ·f(SB), 4, $0\n\tMOVX AX, BX\n", encoding="utf-8")
    run = underglass(*words, cwd=folder)
    assert run.returncode == code
    assert part in said(run)


@pytest.mark.parametrize(
    "words", [[], ["run"], ["walk"], ["call", "add(1, 2)"], ["trace", "add(1, 2)", "add.s"]]
)
def test_wrong_usage_gives_2(words: list[str], folder: Path) -> None:
    run = underglass(*words, cwd=folder)
    assert (run.returncode, run.stdout) == (2, b"")
    assert b"underglass" in run.stderr


def test_a_reader_of_our_output_may_go(folder: Path) -> None:
    (folder / "much.go").write_text(
        'package main\n\nimport "fmt"\n\nfunc main() { for i := range 100000 { fmt.Println(i) } }\n',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "underglass", "run", "much.go"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"0\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_doctor_finds_what_is_there() -> None:
    run = underglass("doctor")
    text = run.stdout.decode()
    assert run.returncode == 0, text
    for what in ("Python", "Go ", "Unicorn", "Capstone", "Graphviz", "JupyterLab", "kernel", "cache"):
        assert any(line.startswith(what) and " ok " in line for line in text.splitlines()), what
    assert "add(23, 4) = 27" in text


def test_doctor_says_what_is_missing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    run = underglass("doctor", env={"UNDERGLASS_CACHE": str(blocked / "cache")})
    text = run.stdout.decode()
    assert run.returncode == 1
    assert any(
        line.startswith("cache") and "MISSING" in line and "UNDERGLASS_CACHE" in line
        for line in text.splitlines()
    )
    run = underglass("doctor", env={"UNDERGLASS_GO": "/nowhere/go"})
    assert any("UNDERGLASS_GO" in line and "MISSING" in line for line in run.stdout.decode().splitlines())
    assert run.returncode == 1


def test_kernel_install_writes_a_spec_that_starts_this_python(tmp_path: Path) -> None:
    run = underglass("kernel", "install", "--prefix", str(tmp_path))
    assert run.returncode == 0, run.stderr.decode()
    folder = tmp_path / "share" / "jupyter" / "kernels" / "underglass"
    spec = json.loads((folder / "kernel.json").read_text(encoding="utf-8"))
    assert spec["argv"] == [sys.executable, "-m", "underglass.kernel", "-f", "{connection_file}"]
    packaged = json.loads(
        Path(__file__).parent.parent.joinpath("kernelspec", "kernel.json").read_text("utf-8")
    )
    assert {**spec, "argv": packaged["argv"]} == packaged
    assert {p.name for p in folder.iterdir()} >= {"logo-svg.svg", "logo-32x32.png", "logo-64x64.png"}


def test_kernel_uninstall_takes_away_what_install_has_put_there(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for where, folder, env in (
        (("--prefix", str(tmp_path / "p")), tmp_path / "p" / "share" / "jupyter", {}),
        (("--user",), data, {"JUPYTER_DATA_DIR": str(data)}),
    ):
        assert underglass("kernel", "install", *where, env=env).returncode == 0
        other = folder / "kernels" / "other" / "kernel.json"
        other.parent.mkdir()
        other.touch()
        gone = underglass("kernel", "uninstall", *where, env=env)
        place = folder / "kernels" / "underglass"
        assert (gone.returncode, gone.stdout.decode()) == (0, f"The kernel is no longer in {place}.\n")
        assert not place.exists()
        assert other.exists()
        assert "there is no kernel here" in said(underglass("kernel", "uninstall", *where, env=env))


def test_kernel_install_says_why_a_place_will_not_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "has no name" in said(underglass("kernel", "install", "--prefix", ""))
    assert "file" in said(underglass("kernel", "install", "--prefix", str(tmp_path / "file")))
    assert underglass("kernel", "install", "--user", "--prefix", "x").returncode == 2
    assert underglass("kernel").returncode == 2


def test_a_build_says_nothing_where_nobody_watches(folder: Path) -> None:
    assert underglass("call", "add(1, 2)", "add.s", cwd=folder).stderr == b""


def test_release_writes_labs_and_says_where(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent
    run = underglass("release", "05_frames", "--out", str(tmp_path), cwd=root)
    assert (run.stdout.decode(), run.returncode) == (f"{tmp_path / '05_frames.ipynb'}\n", 0)
    made = (tmp_path / "05_frames.ipynb").read_text(encoding="utf-8")
    assert made == (root / "labs" / "05_frames.ipynb").read_text(encoding="utf-8")
    assert "There is no notebook" in said(underglass("release", "99_none", "--out", str(tmp_path), cwd=root))
    (tmp_path / "solutions").mkdir()
    assert "holds no notebook" in said(underglass("release", "--out", "out", cwd=tmp_path))


def test_release_of_a_wrong_name_says_what_there_is(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent
    wrong = said(underglass("release", "5_frames", "--out", str(tmp_path), cwd=root))
    assert "There is no notebook solutions/5_frames.ipynb. Did you mean 05_frames" in wrong
    named = said(underglass("release", "99", "--out", str(tmp_path), cwd=root))
    assert "solutions has 01_registers, 02_pseudo_registers, " in named
    absent = said(underglass("release", "05_frames", "--from", "none", "--out", "out", cwd=tmp_path))
    assert "none holds no notebook: name the folder of the solutions" in absent
    (tmp_path / "file").write_text("")
    assert "file is a file. Name a folder" in said(underglass("release", "--out", "file", cwd=tmp_path))


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("add(23, 4)", "add", (23, 4)),
        (" main.f ( ) ", "main.f", ()),
        ("f(-1, +2.5, 1_000, 0x10)", "f", (-1, 2.5, 1000, 16)),
        ('f("a", \'b\', b"c")', "f", ("a", "b", b"c")),
        ("f(true, false, nil, True, None)", "f", (True, False, None, True, None)),
        ('f([1, [2]], (3,), {"X": -1})', "f", ([1, [2]], (3,), {"X": -1})),
        ("f(1+2j, -1-2j, -inf)", "f", (1 + 2j, -1 - 2j, float("-inf"))),
        ("f(Pointer({'a': Pointer(1, '*int', 0xc0)}))", "f", (Pointer({"a": Pointer(1)}),)),
    ],
)
def test_a_call_is_read(text: str, name: str, values: tuple[object, ...]) -> None:
    assert read_call(text) == (name, values)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "cannot be read"),
        ("add", "is no call"),
        ("add(1", "cannot be read"),
        ("add(x)", "The argument x is no literal"),
        ("add(1 + 2)", "The argument 1 + 2 is no literal"),
        ("add(x=1)", "names an argument"),
        ("add(*a)", "is no literal"),
        ("add(Pointer())", "has 0 values. Write Pointer(5)"),
        ("add(Pointer(...))", "is no literal"),
        ("add({1: 2})", "is no literal"),
        ('add({"a": f()})', "f() is no literal"),
        ("add(__import__('os').system('true'))", "is no literal"),
        ("(lambda: 1)()", "not a name that is called"),
        ("add(-true)", "is no literal"),
        ("add(" + "[" * 5000, "cannot be read"),
    ],
)
def test_what_is_no_call_is_refused(text: str, part: str) -> None:
    with pytest.raises(CallError) as caught:
        read_call(text)
    assert part in str(caught.value)


def test_a_recording_that_was_kept_gives_the_same_page(folder: Path) -> None:
    assert underglass("trace", "add(23, 4)", "add.s", "-o", "add.ugt", cwd=folder).returncode == 0
    assert underglass("trace", "add.ugt", "-o", "kept.html", cwd=folder).returncode == 0
    assert underglass("trace", "add(23, 4)", "add.s", "-o", "made.html", cwd=folder).returncode == 0
    assert (folder / "kept.html").read_bytes() == (folder / "made.html").read_bytes()
    for words, part in ((["nope.ugt"], b"cannot be read"), (["add(1, 2)"], b"Say which program")):
        run = underglass("trace", *words, "-o", "x.html", cwd=folder)
        assert run.returncode == 1
        assert part in run.stderr
        assert b"Traceback" not in run.stderr
