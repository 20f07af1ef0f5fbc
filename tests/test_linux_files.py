"""The guest's files: what the caller gives, what is refused, and how a snapshot keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import underglass
from underglass.goprogram import GoProgram
from underglass.machine import Limits, Machine

READER = """\
package main

import (
	"fmt"
	"os"
)

func main() {
	for _, path := range os.Args[1:] {
		data, err := os.ReadFile(path)
		fmt.Printf("%q %v\\n", data, err)
	}
}
"""


@pytest.fixture(scope="module")
def reader() -> GoProgram:
    return underglass.build(READER, keep=False)


def read(program: GoProgram, *paths: str, files: Mapping[str, bytes] | None = None,
         mounts: Mapping[str, Path] | None = None, directory: str = "/") -> list[str]:  # fmt: skip
    machine = Machine(program.program, arguments=paths, files=files, mounts=mounts, directory=directory)
    assert machine.run() == 0
    return machine.output.decode().splitlines()


def test_files_of_the_caller(reader: GoProgram) -> None:
    files = {"/a/b": b"one", "/a/c/d": b"two"}
    assert read(reader, "/a/b", "/a/c/d", "../a/c/../b", files=files, directory="/a") == [
        '"one" <nil>',
        '"two" <nil>',
        '"one" <nil>',
    ]


def test_a_mount_is_read_by_its_name_only(reader: GoProgram, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    paths = ["/m/file", "/m/../secret", f"{tmp_path}/secret", "/m/../../secret", "/m"]
    said = read(reader, *paths, mounts={"/m": tmp_path / "in"})
    assert said[0] == '"inside" <nil>'
    assert all("no such file" in line for line in said[1:4])
    assert "is a directory" in said[4]


def test_links_out_of_a_mount_lead_nowhere(reader: GoProgram, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret").write_text("outside")
    (inside / "here").write_text("inside")
    (inside / "absolute").symlink_to(tmp_path / "secret")
    (inside / "up").symlink_to("../secret")
    (inside / "good").symlink_to("here")
    (inside / "folder").symlink_to(tmp_path, target_is_directory=True)
    names = ("absolute", "up", "folder/secret", "good")
    said = read(reader, *(f"/m/{name}" for name in names), mounts={"/m": inside})
    assert all("no such file" in line for line in said[:3])
    assert said[3] == '"inside" <nil>'


def test_a_folder_that_becomes_a_link_is_refused(reader: GoProgram, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    (inside / "d").mkdir(parents=True)
    (inside / "d" / "secret").write_text("inside")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret").write_text("outside")
    machine = Machine(reader.program, arguments=["/m/d/secret"], mounts={"/m": inside})
    assert machine.kernel.vfs.find("/m/d/secret", machine.kernel.vfs.root) is not None
    (inside / "d").rename(inside / "old")
    (inside / "d").symlink_to(tmp_path / "out", target_is_directory=True)
    machine.run()
    assert b"outside" not in machine.output
    assert b"permission denied" in machine.output


def test_a_mount_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("mine")
    program = underglass.build(
        'package main\nimport ("fmt"; "os")\nfunc main() {\n'
        '\tfmt.Println(os.WriteFile("/m/f", nil, 0o600), os.Remove("/m/f"), os.Mkdir("/m/d", 0o700))\n'
        '\tfmt.Println(os.Rename("/m/f", "/tmp/f"), os.Link("/m/f", "/tmp/f"), os.Chmod("/m/f", 0o777))\n}\n',
        keep=False,
    )
    machine = Machine(program.program, mounts={"/m": tmp_path})
    machine.run()
    assert machine.output.count(b"read-only file system") == 4
    assert machine.output.count(b"cross-device link") == 2
    assert (tmp_path / "f").read_text() == "mine"


def test_storage_and_descriptors_are_bounded() -> None:
    program = underglass.build(
        'package main\nimport ("fmt"; "os"; "syscall")\nfunc main() {\n'
        '\tf, _ := os.Create("/tmp/big"); b := make([]byte, 1<<20); n := 0\n'
        "\tfor { m, err := f.Write(b); n += m; if err != nil { fmt.Println(n>>20, err); break } }\n"
        "\tfmt.Println(f.Truncate(1<<40))\n"
        "\tfmt.Println(os.Remove(f.Name()), f.Close(), os.WriteFile(f.Name(), b, 0o600))\n"
        "\tfor i := 0; ; i++ { if _, err := syscall.Dup(1); err != nil { fmt.Println(i, err); break } }\n}\n",
        keep=False,
    )
    machine = Machine(program.program, limits=Limits(storage=8 << 20, files=40))
    machine.run()
    lines = machine.output.decode().splitlines()
    room = (len(program.program.elf.data) >> 20) + 1
    assert lines[0].endswith("no space left on device")
    assert 8 - room - 1 <= int(lines[0].split()[0]) <= 8 - room + 1
    assert lines[1].endswith("file too large")
    assert lines[2] == "<nil> <nil> <nil>"
    assert lines[3].endswith("too many open files")


def test_a_snapshot_keeps_files_and_descriptors() -> None:
    program = underglass.build(
        'package main\nimport "os"\nvar f, _ = os.Create("/tmp/f")\n'
        'func grow(n int64) int64 {\n\tfor range n { f.WriteString("x") }\n'
        "\tst, err := f.Stat(); if err != nil { return -1 }\n\tf.Close()\n\treturn st.Size()\n}\n"
        "func main() { println(grow(1)) }\n",
        keep=False,
    )
    assert [program.call("grow", n) for n in (3, 1, 2)] == [3, 1, 2]


def test_input_starts_anew_with_each_call() -> None:
    program = underglass.build(
        'package main\nimport "syscall"\nfunc first() int64 { '
        "b := make([]byte, 1); n, _ := syscall.Read(0, b); return int64(n) }\n"
        "func main() { println(first()) }\n",
        keep=False,
    )
    assert [program.call("first") for _ in range(2)] == [0, 0]


def test_the_number_of_files_is_bounded() -> None:
    program = underglass.build(
        'package main\nimport ("fmt"; "os")\nfunc main() {\n'
        '\tfor i := 0; ; i++ { if err := os.Symlink("x", fmt.Sprint("/tmp/", i)); err != nil {\n'
        "\t\tfmt.Println(i > 100, i < 3000, err); break } }\n"
        '\tfmt.Println(os.Remove("/tmp/7"), os.Rename("/tmp/8", "/tmp/9"), os.Mkdir("/tmp/d", 0o700))\n}\n',
        keep=False,
    )
    machine = Machine(program.program, limits=Limits(storage=8 << 20))
    machine.run()
    lines = machine.output.decode().splitlines()
    assert lines[0].startswith("true true")
    assert lines[0].endswith("no space left on device")
    assert lines[1] == "<nil> <nil> <nil>"
