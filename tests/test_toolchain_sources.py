"""Taking in sources: what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from underglass.errors import BuildError
from underglass.toolchain import Source, read_files
from underglass.toolchain.sources import GENERATED, check_names


def test_files_become_sources(tmp_path: Path) -> None:
    (tmp_path / "add.s").write_bytes("TEXT ·add(SB), 4, $0\r\n\tRET\r\n".encode())
    (source,) = read_files([tmp_path / "add.s"])
    assert source == Source("add.s", "TEXT ·add(SB), 4, $0\n\tRET\n", str(tmp_path / "add.s"))
    assert source.is_assembly


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("add.asm", b"", r"add\.asm: the suffix '\.asm' is not known\. Go sources end in \.go"),
        ("add.S", b"", r"suffix '\.S' is not known.*small letter"),
        ("add", b"", "the name has no suffix"),
        ("add.go", b"package main\n\n// \xff\n", r"add\.go, line 3: byte 0xff is not UTF-8\. Save"),
        ("none.go", None, r"none\.go: there is no such file\. The path was looked up from "),
        ("_x.go", b"", "'_x.go' is no name for a source"),
        ("a:b.go", b"", "no name for a source"),
        (GENERATED, b"", "a file that the build adds itself"),
    ],
)
def test_a_file_that_cannot_be_a_source(tmp_path: Path, name: str, data: bytes | None, words: str) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(BuildError, match=words) as caught:
        read_files([tmp_path / name])
    assert len(caught.value.diagnostics) == 1
    assert "\n" not in str(caught.value)


def test_a_directory_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="this is a directory"):
        read_files([tmp_path])


def test_two_files_of_one_name(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "main.go").write_text("package main\n", encoding="utf-8")
    with pytest.raises(BuildError, match=r"main\.go is given twice, the other time by .*a.main\.go"):
        read_files([tmp_path / "a" / "main.go", tmp_path / "b" / "main.go"])


def test_names_that_differ_in_case_only_are_one_name() -> None:
    with pytest.raises(BuildError, match="given twice"):
        check_names((Source("Main.go", "", "cell 1"), Source("main.go", "", "cell 2")))


def test_a_path_is_no_name() -> None:
    with pytest.raises(BuildError, match="without sub-packages"):
        check_names((Source("sub/main.go", "", "cell 1"),))
    with pytest.raises(BuildError, match="no name"):
        check_names((Source("../main.go", "", "cell 1"),))


def test_nothing_is_no_program() -> None:
    with pytest.raises(BuildError, match="nothing to build"):
        check_names(())


def test_a_text_that_is_too_long() -> None:
    with pytest.raises(BuildError, match="the limit is"):
        check_names((Source("main.go", "/" * (1 << 20), "cell 1"),))
