"""Compiled functions as assembly: built again, they return the same; the rest is refused with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import underglass
from agreement import extract as agreement
from underglass.analysis.extract import CannotExtract, extract
from underglass.analysis.extract.verify import assembled
from underglass.cli import main
from underglass.goprogram import GoProgram
from underglass.toolchain import Source, vet

EQUAL = """
addInt addInt8 mulInt32 rotUint16 mixUint64 shiftBy divmod32 between choose gcd fibonacci addFloat32
hypotenuse toFloat maximum product byteAt countByte countRunes isYes lessString middle digit dayName
operate mean element window search insertionSort dot brightness grey move sumArray table localTable
manyArguments find factorial ackermann both contains leading wide histogram zeros callsTwice slice3
sliceTo shifted
""".split()  # noqa: SIM905  # fifty names
REFUSED = {
    "allocates": "allocates memory",
    "appends": "allocates memory",
    "concatenates": "allocates memory",
    "writesPointer": "write barrier",
    "defers": "function value",
    "recovers": "panics with a value",
    "closes.func1": "function literal",
    "callsValue": "function value",
    "callsMethod": "interface",
    "selects": "channel",
    "mapLookup": "map",
    "keepsPointer": "keeps a pointer in its frame",
    "sumOfHashes": "keeps a pointer in its frame",
}


SMALL = """\
package main

type pixel struct {
	R, G, B uint8
	A       uint16
	W       float32
}

var primes = [...]int{2, 3, 5, 7, 11, 13, 17, 19}

func brightness(p pixel) float32 { return float32(p.R+p.G+p.B) * p.W / float32(p.A+1) }

func prime(i int) int { return primes[i] }

func allocates(n int) *pixel { return &pixel{A: uint16(n)} }
"""


@pytest.fixture(scope="module")
def corpus() -> GoProgram:
    return underglass.build(Source("corpus.go", agreement.CORPUS.read_text(encoding="utf-8"), "corpus.go"))


def test_extracted_functions_return_what_the_compiled_ones_do(corpus: GoProgram) -> None:
    program = corpus.program
    tally = agreement.extract_all(program, [program.function(name) for name in EQUAL])
    assert (tally.reasons, tally.crashes) == ({}, [])
    lines, complaints = agreement.compare_corpus(tally, 12)
    assert complaints == []
    assert sorted(line.split()[1] for line in lines if line.startswith("EQUAL")) == sorted(EQUAL)
    assert len(lines) == len(EQUAL) >= 40
    varied = [int(line.split()[2]) for line in lines]
    assert min(varied) > 1, "a function was compared on one outcome only"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_why_and_where(corpus: GoProgram, name: str) -> None:
    with pytest.raises(CannotExtract, match=REFUSED[name]) as refused:
        extract(corpus.program, corpus.program.function(name))
    assert f"main.{name} cannot be extracted: it {refused.value.reason}" in str(refused.value)
    if "literal" not in refused.value.reason:
        assert re.search(r"At corpus.go, line \d+, `\w+ .*` \(\+0x", str(refused.value))


def test_the_bytes_are_those_that_were_compiled(corpus: GoProgram) -> None:
    program = corpus.program
    function = program.function("mixUint64")
    held = extract(program, function)
    assert held.as_compiled == held.instructions - 1  # all but RET
    lines, refused = assembled(held.assembly)
    body = b"".join(lines[n] for n in sorted(lines))
    own = program.bytes_at(function.address, function.size - 1)
    assert refused == {}
    assert own in body


def test_an_executable_without_its_sources_is_enough_for_code_and_constants(corpus: GoProgram) -> None:
    loaded = underglass.load(corpus.program.path).program
    assert "f64_" in extract(loaded, loaded.function("polynomial")).assembly
    with pytest.raises(CannotExtract, match="Give the sources"):
        extract(loaded, loaded.function("dayName"))


def test_functions_of_other_packages_are_extracted_for_these(corpus: GoProgram) -> None:
    program = corpus.program
    function = next(f for n, f in program.functions.items() if n == "unicode/utf8.ValidString")
    held = extract(program, function)
    assert function.package == "unicode/utf8"
    assert held.stub.startswith("package utf8\n")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "small.go").write_text(SMALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_writes_files_that_build_alone(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", "small.go", "main.brightness", "-o", "out"]) == 0
    files = sorted((small / "out").iterdir())
    assert [p.name for p in files] == ["brightness.go", "brightness.s", "brightness_types.go"]
    sources = [Source(p.name, p.read_text(encoding="utf-8"), p.name) for p in files]
    assert vet(sources) == ()
    pixel = {"R": 1, "G": 2, "B": 3, "A": 1, "W": 0.5}
    assert underglass.build(*sources).call("brightness", pixel) == 1.5
    assert main(["extract", "small.go", "prime"]) == 0
    said = capsys.readouterr()
    assert "TEXT ·prime(SB)" in said.out
    assert "The package must have primes" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "no function nowhere"),
        (["allocates"], "allocates memory"),
        (["prime", "--as", "a b"], "no name for a function"),
        (["prime", "-o", "small.go"], "small.go"),
        (["small.go"], "name the function last"),
    ],
)
@pytest.mark.usefixtures("small")
def test_wrong_input_of_the_command_is_answered_in_words(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["extract", "small.go", *words]) == 1
    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said
