"""Whole programs: what they print in the machine is what they print natively."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

import underglass
from underglass.errors import LimitExceeded
from underglass.goprogram import GoProgram
from underglass.machine import Limits

PROGRAMS = Path(__file__).parent / "programs"
NAMES = sorted(path.stem for path in PROGRAMS.glob("*.go"))
IS_NATIVE = sys.platform == "linux" and platform.machine() == "x86_64"

# What each prints, for hosts that cannot run it. On linux/amd64 the native run is the oracle.
KNOWN_LAST_LINE = {
    "busy": "runtime error: invalid memory address or nil pointer dereference",
    "clocks": "true",
    "faults": "type true interface conversion: interface {} is string, not int",
}


@pytest.fixture(scope="module")
def programs() -> dict[str, GoProgram]:
    return {name: underglass.build(PROGRAMS / f"{name}.go", keep=False) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_prints_what_the_native_run_prints(programs: dict[str, GoProgram], name: str) -> None:
    program = programs[name]
    ours = program.run()
    assert ours.stdout.splitlines()[-1] == KNOWN_LAST_LINE[name]
    if IS_NATIVE:
        program.program.path.chmod(0o755)
        native = subprocess.run([program.program.path], capture_output=True, text=True, timeout=60)
        assert (ours.stdout, ours.stderr, ours.exit_code) == (native.stdout, native.stderr, native.returncode)


@pytest.mark.parametrize("name", NAMES)
def test_two_runs_are_the_same_to_the_instruction(programs: dict[str, GoProgram], name: str) -> None:
    assert programs[name].run() == programs[name].run()


def test_the_same_trace_in_another_process() -> None:
    code = (
        "import sys, hashlib, underglass\n"
        "p = underglass.build(sys.argv[1])\n"
        "t = p.record('depth', 60, most=60_000)\n"
        "columns = t.registers.tobytes() + t.vectors.tobytes() + t.accesses.tobytes()\n"
        "print(len(t), hashlib.sha256(columns).hexdigest())\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code, PROGRAMS / "busy.go"], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(said) == 1
    assert int(said.pop().split()[0]) > 60


def go(body: str, *imports: str) -> GoProgram:
    lines = "".join(f'import "{name}"\n' for name in imports)
    return underglass.build(f"package main\n{lines}func main() {{ {body} }}\n", keep=False)


def test_arguments_environment_and_input() -> None:
    program = go(
        'line, _ := bufio.NewReader(os.Stdin).ReadString(10); fmt.Print(os.Args[1:], os.Getenv("WHO"), line)',
        "bufio", "fmt", "os",
    )  # fmt: skip
    ran = program.run("a", "b c", stdin=b"first\nsecond\n", environment={"WHO": "me"})
    assert ran.stdout == "[a b c]mefirst\n"
    assert ran.exit_code == 0


def test_the_guest_sees_no_file_of_the_host() -> None:
    program = go('_, err := os.ReadFile("/etc/passwd"); fmt.Print(err)', "fmt", "os")
    assert program.run().stdout == "open /etc/passwd: no such file or directory"


def test_output_comes_as_it_is_written() -> None:
    seen: list[tuple[int, bytes]] = []
    go('print("e"); fmt.Print("o")', "fmt").run(on_output=lambda fd, data: seen.append((fd, data)))
    assert seen == [(2, b"e"), (1, b"o")]


def test_an_uncaught_panic_ends_with_code_2_and_its_traceback() -> None:
    ran = go('panic("no")').run()
    assert ran.exit_code == 2
    assert ran.stderr.startswith("panic: no\n\ngoroutine 1 [running]:\nmain.main()")


def test_go_finds_its_own_deadlock() -> None:
    ran = go("<-make(chan int)").run()
    assert ran.exit_code == 2
    assert ran.stderr.startswith("fatal error: all goroutines are asleep - deadlock!")


@pytest.mark.parametrize(
    ("body", "limits", "limit"),
    [
        ("for {}", Limits(instructions=3_000_000), "instructions"),
        ("for {}", Limits(seconds=0.2), "seconds"),
        ('for { print("x") }', Limits(output=1000), "output"),
        ("var k [][]byte; for { k = append(k, make([]byte, 1<<20)) }", Limits(memory=200 << 20), "memory"),
        ("for { go func() { runtime.LockOSThread(); select {} }() }", Limits(threads=9), "threads"),
    ],
    ids=["instructions", "seconds", "output", "memory", "threads"],
)  # fmt: skip
def test_limits_have_names(body: str, limits: Limits, limit: str) -> None:
    with pytest.raises(LimitExceeded) as caught:
        go(body, *(["runtime"] if "runtime." in body else [])).run(limits=limits)
    assert caught.value.limit == limit
    assert f"`{limit}`" in str(caught.value)


def test_the_instruction_limit_is_kept_closely() -> None:
    with pytest.raises(LimitExceeded, match=r"10,000,000 instructions.*main\.main"):
        go("for {}").run(limits=Limits(instructions=10_000_000))


def test_each_turn_of_a_repeat_counts() -> None:
    program = underglass.build(
        "// func fill(p *byte, n int)\nTEXT ·fill(SB), 4, $0-16\n"
        "\tMOVQ p+0(FP), DI\n\tMOVQ n+8(FP), CX\n\tREP\n\tSTOSB\n\tRET\n",
        "package main\nvar room [64 << 20]byte\nfunc main() { fill(&room[0], len(room)) }\n",
    )
    with pytest.raises(LimitExceeded, match=r"main\.fill"):
        program.run(limits=Limits(instructions=5_000_000))


def test_a_signal_without_handler_ends_the_program() -> None:
    program = go("syscall.Kill(syscall.Getpid(), syscall.SIGKILL); for {}", "syscall")
    assert program.run().exit_code == 137
