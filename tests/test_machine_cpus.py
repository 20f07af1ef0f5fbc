"""Two processors on one memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underglass.errors import UnderglassError
from underglass.machine.cpus import Atomicity, Cpus

CODE, DATA = 0x1000, 0x8000
INCREMENT = bytes.fromhex("488b07 48ffc0 488907")  # MOVQ (DI), AX; INCQ AX; MOVQ AX, (DI)
LOCKED = bytes.fromhex("f048ff07")  # LOCK; INCQ (DI)
STORE = bytes.fromhex("48890f")  # MOVQ CX, (DI)
LOAD = bytes.fromhex("488b17")  # MOVQ (DI), DX


def pair(first: bytes, second: bytes, address: int = DATA, atomic: Atomicity = "line") -> Cpus:
    cpus = Cpus(2, {CODE: first, CODE + 0x800: second, DATA: bytes(256)}, atomic=atomic)
    cpus.start(0, CODE, DI=address, CX=0x1122334455667788)
    cpus.start(1, CODE + 0x800, DI=address)
    return cpus


def count(cpus: Cpus) -> int:
    return int.from_bytes(cpus.read(DATA, 8), "little")


def test_an_increment_is_lost_in_one_order_and_kept_in_another() -> None:
    one_after_the_other, at_once = pair(INCREMENT, INCREMENT), pair(INCREMENT, INCREMENT)
    one_after_the_other.run([0, 0, 0, 1, 1, 1])
    at_once.run([0, 1, 0, 1, 0, 1])
    assert (count(one_after_the_other), count(at_once)) == (2, 1)


@given(st.integers(0, 2**32))
def test_a_locked_increment_is_never_lost(seed: int) -> None:
    cpus = pair(LOCKED, LOCKED)
    order = [move.cpu for move in cpus.shuffle(seed, 1)]
    cpus.run([1 - order[0]])
    assert count(cpus) == 2


def test_a_seed_gives_the_same_moves_again() -> None:
    first, second = (pair(INCREMENT * 20, INCREMENT * 20).shuffle(7, 40) for _ in range(2))
    assert first == second
    assert {move.cpu for move in first} == {0, 1}


@pytest.mark.parametrize(
    ("offset", "atomic", "seen"),
    [
        (0, "line", 0x1122334455667788),
        (61, "line", 0x667788),  # three bytes in this line, five in the next
        (61, "whole", 0x1122334455667788),
        (4, "line", 0x1122334455667788),
        (4, "aligned", 0x55667788),
    ],
)
def test_a_store_is_torn_where_the_hardware_may_tear_it(offset: int, atomic: Atomicity, seen: int) -> None:
    cpus = pair(STORE, LOAD, DATA + offset, atomic)
    cpus.run([0, 1])
    assert cpus[1]["DX"] == seen
    cpus.run([0] if seen != 0x1122334455667788 else [])
    assert cpus.read(DATA + offset, 8) == (0x1122334455667788).to_bytes(8, "little")


def test_code_patched_by_one_is_run_by_the_other() -> None:
    loop = bytes.fromhex("48ffc0 ebfb")  # INCQ AX; JMP back
    cpus = Cpus(2, {CODE: STORE, 0x2000: loop + bytes(8), DATA: bytes(16)})
    cpus.start(0, CODE, DI=0x2000, CX=int.from_bytes(bytes.fromhex("48ffc3ebfb000000"), "little"))  # INCQ BX
    cpus.start(1, 0x2000, AX=0, BX=0)
    cpus.run([1, 1, 0, 1, 1])
    assert (cpus[1]["AX"], cpus[1]["BX"]) == (1, 1)
    assert [m.text for m in cpus.history if m.cpu == 1] == [
        "inc rax", "jmp 0x2000", "inc rbx", "jmp 0x2000",
    ]  # fmt: skip


def test_a_torn_instruction_can_be_caught_half_way() -> None:
    """A five-byte call across a cache line, rewritten: the other processor meets half of it."""
    at = 0x2000 + 62
    old, new = bytes.fromhex("e8f9000000"), bytes.fromhex("e8f4010000")
    cpus = Cpus(2, {CODE: STORE, 0x2000: bytes(0x400), 0x3000: bytes(0x1000)})
    cpus.write(at, old + b"\x90\x90\x90")
    cpus.start(0, CODE, DI=at, CX=int.from_bytes(new + b"\x90\x90\x90", "little"))
    cpus.start(1, at, SP=0x3800)
    cpus.run([0, 1])
    assert cpus.pc(1) == at + 5 + int.from_bytes(new[1:2] + old[2:], "little")  # neither the old nor the new


def test_a_fault_is_a_move_and_wrong_numbers_have_words() -> None:
    cpus = pair(bytes.fromhex("488b0425f0ffffff"), LOAD)
    assert cpus.move(0).kind == "fault"
    with pytest.raises(UnderglassError, match="no processor 2"):
        cpus.move(2)


def test_int3_enters_a_handler_and_iretq_goes_on_behind_it() -> None:
    cpus = Cpus(2, {CODE: bytes.fromhex("cc48ffc0"), 0x2000: bytes.fromhex("48ffc348cf"), DATA: bytes(4096)})
    cpus.on_breakpoint(0x2000, (DATA + 0x400, DATA + 0x800), gdt=0x5000)
    cpus.start(1, CODE, SP=DATA + 0xF00, AX=0, BX=0)
    moves = cpus.run([1, 1, 1, 1])
    assert [move.text for move in moves] == ["int3", "inc rbx", "iretq", "inc rax"]
    assert (cpus[1]["AX"], cpus[1]["BX"], cpus[1]["SP"]) == (1, 1, DATA + 0xF00)
    ((at, frame),) = moves[0].stores
    assert at + len(frame) == DATA + 0x800  # on the second processor's own stack
    assert int.from_bytes(frame[:8], "little") == CODE + 1


def test_int3_without_a_handler_is_a_fault_and_each_processor_needs_a_stack() -> None:
    cpus = Cpus(2, {CODE: b"\xcc", DATA: bytes(64)})
    cpus.start(0, CODE)
    assert cpus.move(0).kind == "fault"
    with pytest.raises(UnderglassError, match="1 stacks"):
        cpus.on_breakpoint(CODE, (DATA,), gdt=DATA)
