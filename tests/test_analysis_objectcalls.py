"""Direct calls of C objects, by cache lines."""

from __future__ import annotations

import io
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from underglass.analysis.objectcalls import object_calls
from underglass.course import gnu_object
from underglass.errors import NotAProgram, UnderglassError
from underglass.toolchain import find_go


def text_of(data: bytes) -> bytes:
    return bytes(ELFFile(io.BytesIO(data)).get_section_by_name(".text").data())


def test_three_of_64_places_put_a_displacement_into_two_lines() -> None:
    plain = object_calls(gnu_object("plain"))
    assert (plain.calls, plain.crossing) == (64, 3)  # E8 at bytes 60, 61 and 62
    assert plain.padding == 4 + 3 + 2 + 1  # a bundle holds the whole instruction, E8 too
    assert plain.qualifying == 61 / 64


def test_bundles_leave_none() -> None:
    bundled = object_calls(gnu_object("bundled"))
    assert (bundled.calls, bundled.crossing, bundled.padding, bundled.qualifying) == (64, 0, 0, 1)


@pytest.mark.parametrize(("name", "flags"), [("bundled", []), ("plain", ["--defsym", "PLAIN=1"])])
def test_the_objects_are_what_gnu_as_makes_of_the_source(name: str, flags: list[str], tmp_path: Path) -> None:
    shipped = text_of(gnu_object(name))
    assert shipped.count(b"\xe8") >= 64
    gnu = shutil.which("x86_64-linux-gnu-as") or shutil.which("as")
    if gnu is None or b"GNU assembler" not in subprocess.run([gnu, "--version"], capture_output=True).stdout:
        return  # the counts above hold all the same
    source = Path(str(files("underglass.course").joinpath("objects/bundled.s")))
    made = tmp_path / "made.o"
    done = subprocess.run([gnu, "--64", *flags, "-o", str(made), str(source)], capture_output=True)
    assert done.returncode or text_of(made.read_bytes()) == shipped  # GNU as for arm64 knows no --64


def test_compilers_of_c_leave_it_to_chance() -> None:
    race = find_go().root / "src/runtime/race/internal/amd64v1/race_linux.syso"
    found = object_calls(race.read_bytes())
    assert found.calls > 2000
    assert 0.92 < found.qualifying < 0.98
    assert found.padding < found.code / 100


def test_what_is_no_object_for_amd64_is_refused() -> None:
    with pytest.raises(NotAProgram, match="no ELF object"):
        object_calls(b"nothing")
    arm = find_go().root / "src/runtime/race/race_linux_arm64.syso"
    with pytest.raises(NotAProgram, match="EM_AARCH64"):
        object_calls(arm.read_bytes())
    with pytest.raises(UnderglassError, match="bundled, plain"):
        gnu_object("other")
