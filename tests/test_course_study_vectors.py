"""The case studies of chapter 18: strings in order, a byte found, and a block hashed, by SSE2."""

from __future__ import annotations

import hashlib

import pytest

from underglass import GoProgram
from underglass.course import case_study, find_step

WORDS = (
    "",
    "a",
    "b",
    "ab",
    "gopher",
    "gophers",
    "\x7f",
    "\u0080",
    "x" * 16,
    "x" * 16 + "y",
    "x" * 40,
    "x" * 39 + "z",
)


@pytest.fixture(scope="module")
def compare() -> GoProgram:
    return case_study("cmpstring")


@pytest.fixture(scope="module")
def index_byte() -> GoProgram:
    return case_study("index_byte")


@pytest.fixture(scope="module")
def sha256() -> GoProgram:
    return case_study("sha256_block")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cmpstring", "324 pairs, 0 wrong\n"),
        ("index_byte", "lengths 0 to 69 at the end of a page: 0 wrong\n"),
        ("sha256_block", "lengths 0 to 199: 0 wrong\n"),
    ],
)
def test_a_study_agrees_with_go(name: str, said: str) -> None:
    run = case_study(name).run()
    assert (run.exit_code, run.stderr) == (0, said)


def test_order_is_that_of_the_bytes(compare: GoProgram) -> None:
    for a in WORDS:
        for b in WORDS:
            left, right = a.encode(), b.encode()
            assert compare.call("order", a, b) == (left > right) - (left < right), (a, b)


def test_the_first_differing_byte_is_found_in_the_chunk(compare: GoProgram) -> None:
    trace = compare.record("order", "sixteen bytes...", "sixteen bytes..?")
    step = find_step(trace, "BSFL", "order")
    assert trace.register(step, "AX") == 1 << 15
    assert trace.results == (-1,)


def test_a_chunk_is_never_read_across_the_end_of_the_page(index_byte: GoProgram) -> None:
    assert index_byte.call("carefulAtEnd", 5) == 0
    fault = index_byte.record("greedyAtEnd", 5).fault
    assert fault is not None
    assert "in main.find16" in fault
    assert index_byte.call("greedyAtEnd", 16) == 0


def test_the_loop_costs_five_instructions_a_byte_and_the_chunks_eight_for_sixteen(
    index_byte: GoProgram,
) -> None:
    def more(name: str) -> int:
        return index_byte.count(name, [0] * 320, 7) - index_byte.count(name, [0] * 160, 7)

    assert (more("indexLoop"), more("indexChunks"), more("index")) == (5 * 160, 9 * 10, 8 * 10)


@pytest.mark.parametrize("length", [0, 3, 55, 56, 63, 64, 65, 128])
def test_the_digest_is_hashlibs(sha256: GoProgram, length: int) -> None:
    data = bytes(range(length))
    assert sha256.call("sum", list(data)) == list(hashlib.sha256(data).digest())


def test_the_recording_has_64_rounds(sha256: GoProgram) -> None:
    trace = sha256.record("oneBlock", sha256.call("padded", list(b"abc"), 3))
    adds = [
        s for s in range(len(trace)) if getattr(trace.instruction(s), "go", "") == "ADDL 0(SP)(R15*4), R11"
    ]
    assert [trace.register(step, "R15") for step in adds] == list(range(64))
    (state,) = trace.results or ((),)
    assert isinstance(state, list)
    assert b"".join(word.to_bytes(4) for word in state) == hashlib.sha256(b"abc").digest()
