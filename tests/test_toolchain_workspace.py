"""Building: the cache, the workspace, limits, interrupts, two at once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import underglass
from underglass.errors import BuildError, UnderglassError
from underglass.toolchain import Source, build, find_go, workspace

native = pytest.mark.xfail(sys.platform != "linux", reason="the programs are for linux/amd64", run=False)
posix_only = pytest.mark.xfail(sys.platform == "win32", reason="POSIX signals", run=False)

ADD = """\
#include "textflag.h"

// func add(x, y int64) int64
TEXT ·add(SB), NOSPLIT, $0-24
\tMOVQ x+0(FP), AX
\tADDQ y+8(FP), AX
\tMOVQ AX, ret+16(FP)
\tRET
"""
MAIN = "package main\n\nfunc main() { println(add(23, 4)) }\n"


def run(elf: Path) -> str:
    return subprocess.run([elf], capture_output=True, text=True, check=True, timeout=60).stderr


def test_a_build_has_all_that_the_next_layer_needs() -> None:
    sources = (Source("add.s", ADD, "cell 1"), Source("main.go", MAIN, "cell 2"))
    built = build(sources)
    assert built.elf.read_bytes()[:4] == b"\x7fELF"
    assert built.sources == sources
    assert built.go_version == find_go().version
    (prototype,) = built.prototypes
    assert (prototype.name, prototype.text) == ("add", "func add(x, y int64) int64")
    assert (prototype.source, prototype.line, prototype.column) == ("add.s", 3, 4)
    assert built.notes == ()


@native
@pytest.mark.parametrize("keep", [True, False])
def test_the_program_runs(keep: bool) -> None:
    built = build([Source("add.s", ADD, "cell 1"), Source("main.go", MAIN, "cell 2")], keep=keep)
    assert run(built.elf) == "27\n"


@native
def test_go_without_a_package_clause_and_assembly_without_a_last_line_end() -> None:
    built = build([Source("a.s", ADD.rstrip(), "cell 1"), Source("m.go", MAIN.split("\n", 2)[2], "cell 2")])
    assert run(built.elf) == "27\n"


def test_keep_decides_what_is_in_the_program() -> None:
    text = "package main\n\nfunc unused(x int) int { return x + 4711 }\n\nfunc main() {}\n"
    kept = build([Source("main.go", text, "cell 1")])
    bare = build([Source("main.go", text, "cell 1")], keep=False)
    assert b"main.unused" in kept.elf.read_bytes()
    assert b"main.unused" not in bare.elf.read_bytes()
    assert b"underglassKeep" not in bare.elf.read_bytes()


def test_known_text_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = build([Source("add.s", ADD, "cell 1")])
    monkeypatch.setattr(workspace, "_go_build", None)
    second = build([Source("add.s", ADD, "cell 9")])
    assert second.elf == first.elf
    assert second.sources[0].origin == "cell 9"


def test_the_same_text_gives_the_same_program_in_any_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = build([Source("add.s", ADD, "cell 1")]).elf.read_bytes()
    monkeypatch.setenv("UNDERGLASS_CACHE", str(tmp_path / "another"))
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    told: list[str] = []
    assert build([Source("add.s", ADD, "cell 1")], progress=told.append).elf.read_bytes() == first
    assert told == ["first build: compiling the runtime, once"]
    build([Source("add.s", ADD + "\n", "cell 1")], progress=told.append)
    assert len(told) == 1


def test_the_workspace_holds_the_program_and_nothing_else() -> None:
    go = find_go()
    for sources in (
        [Source("add.s", ADD, "cell 1"), Source("extra.go", "package main\n", "cell 2")],
        [Source("add.s", ADD, "cell 1")],
    ):
        names = {source.name for source in sources}
        with workspace.filled(go, sources, None) as directory:
            (directory / "left").mkdir()
            (directory / "left" / "over.go").write_text("x", encoding="utf-8")
            (directory / "over.go").write_text("x", encoding="utf-8")
            assert {path.name for path in directory.glob("*.[gs]*") if path.name != "over.go"} == names
    with workspace.filled(go, [Source("add.s", ADD, "cell 1")], None) as directory:
        assert {path.name for path in directory.iterdir()} == {"add.s", "go.mod", ".tmp"}


@native
def test_the_linker_refuses_a_linkname_that_nobody_offers_unless_told_not_to() -> None:
    text = (
        'import (\n\t_ "fmt"\n\t_ "unsafe"\n)\n'
        "//go:linkname println fmt.Println\nfunc println(a ...any) (n int, err error)\n"
        "func main() { println(42) }\n"
    )
    sources = [Source("main.go", text, "cell 1")]
    with pytest.raises(BuildError, match=r"invalid reference to fmt\.Println"):
        build(sources)
    assert subprocess.run([build(sources, any_linkname=True).elf], capture_output=True).stdout == b"42\n"


def test_threads_build_at_once() -> None:
    texts = [ADD.replace("ADDQ", f"ADDQ ${number}, AX\n\tADDQ") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        built = list(pool.map(lambda text: build([Source("add.s", text, "cell 1")]), texts))
    assert len({one.elf.read_bytes() for one in built}) == 4


def test_the_time_limit_is_a_build_error() -> None:
    text = ADD + f"// {time.time_ns()}\n"
    with pytest.raises(BuildError, match=r"stopped after 0\.001 seconds"):
        build([Source("add.s", text, "cell 1")], timeout=0.001)
    assert build([Source("add.s", text, "cell 1")]).elf.is_file()


@posix_only
def test_an_interrupt_leaves_the_workspace_usable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNDERGLASS_CACHE", str(tmp_path))  # a cold cache: the build takes seconds
    started = threading.Event()

    def interrupt() -> None:
        started.wait(60)
        time.sleep(0.5)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        build([Source("add.s", ADD, "cell 1")], progress=lambda _: started.set())
    thread.join()
    assert not list((tmp_path / "elf").iterdir())
    assert build([Source("add.s", ADD, "cell 1")]).elf.is_file()


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.elf").write_bytes(b"")
        os.utime(tmp_path / f"{number}.elf", (number, number))
    monkeypatch.setattr(workspace, "_KEPT", 3)
    workspace._prune(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.elf", "3.elf", "4.elf"]


def test_a_memory_bomb_is_a_build_error() -> None:
    text = "package main\n\nvar x = [1 << 28]int{1<<28 - 1: 3}\n\nfunc main() { println(x[4]) }\n"
    with pytest.raises(BuildError, match=r"out of memory\. The sources need more memory|too large"):
        build([Source("main.go", text, "cell 1")])


PIECES = [
    *ADD.split(" "),
    "\n",
    "TEXT ·f(SB), 4, $0\n",
    "#define X",
    "func",
    "(",
    ")",
    "·",
    "\\",
    '"',
    "\0",
    "é",
]
mutated = st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)


@settings(max_examples=25)
@given(mutated, st.integers(0, len(ADD)), st.integers(0, 20))
def test_mutated_assembly_builds_or_says_why(piece: str, at: int, cut: int) -> None:
    text = ADD[:at] + piece + ADD[at + cut :]
    with contextlib.suppress(UnderglassError):  # the kit's own errors, and no others
        build([Source("add.s", text, "cell 1")])


GO_TEXT = 'package main\n\nimport "os"\n\nfunc f(x int) int { return x }\n\nfunc main() { os.Exit(f(0)) }\n'
go_pieces = st.lists(
    st.sampled_from(["func ", "{", "}", "(", ")", '"', "`", "\n", "import ", "//", "/*", "\udc80", "x"])
)


@settings(max_examples=25)
@given(go_pieces.map("".join), st.integers(0, len(GO_TEXT)), st.integers(0, 20))
def test_mutated_go_builds_or_says_why(piece: str, at: int, cut: int) -> None:
    text = GO_TEXT[:at] + piece + GO_TEXT[at + cut :]
    with contextlib.suppress(UnderglassError):  # the kit's own errors, and no others
        build([Source("main.go", text, "cell 1")])


def test_a_program_for_a_level_that_the_machine_has_not_says_so_and_ends() -> None:
    source = "package main\n\nfunc main() { println(1) }\n"
    run = underglass.build(source, goamd64="v3").run()
    assert run.exit_code == 1
    assert "with v3 microarchitecture support" in run.stderr
    with pytest.raises(UnderglassError, match=r"no level 'v9'\. Take one of v1, v2, v3, v4"):
        underglass.build(source, goamd64="v9")
