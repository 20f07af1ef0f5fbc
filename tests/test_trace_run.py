"""Windows of a whole run, made again from checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import underglass
from underglass.errors import UnderglassError
from underglass.goprogram import GoProgram
from underglass.machine.cpu import LONGEST_BLOCK
from underglass.trace import Run
from underglass.trace import run as run_module

BUSY = Path(__file__).parent / "programs" / "busy.go"


@pytest.fixture(scope="module")
def busy() -> GoProgram:
    return underglass.build(BUSY, keep=False)


@pytest.fixture(scope="module")
def whole(busy: GoProgram) -> Run:
    return busy.record_run()


def test_it_is_the_run_that_run_makes(busy: GoProgram, whole: Run) -> None:
    ran = busy.run()
    assert (whole.instructions, whole.exit_code) == (ran.instructions, ran.exit_code)
    assert whole.stdout.decode() == ran.stdout
    assert whole.instructions > 1_000_000


def test_windows_are_pieces_of_one_run(whole: Run) -> None:
    """Two windows that overlap say the same of what both hold, in whatever order they are made."""
    middle = whole.instructions // 2
    late, early = whole.window(middle + 1500, 1000), whole.window(middle, 4000)
    rows = {row.tobytes() for row in early.registers}
    shared = sum(row.tobytes() in rows for row in late.registers)
    assert shared == len(late.registers)
    assert whole.window(middle, 4000).registers.tobytes() == early.registers.tobytes()


def test_a_window_begins_where_it_says(whole: Run) -> None:
    trace = whole.window(1_000_000, 100)
    (start,) = (int(word.replace(",", "")) for word in trace.title.split() if word[0].isdigit())
    assert 1_000_000 - LONGEST_BLOCK <= start <= 1_000_000
    assert len(trace) >= 100


def test_an_activation_ends_with_its_return(whole: Run) -> None:
    trace = whole.around("caught")
    first, last = trace.function_at(0), trace.function_at(len(trace))
    assert first is not None
    assert last is not None
    assert (first.name, last.name) == ("main.caught", "main.main")
    assert trace.register(len(trace), "SP") == trace.register(0, "SP") + 8
    assert any(int(pc) == trace.program.function("runtime.sigpanic").address for pc in trace.registers[:, 16])


def test_a_deep_activation_returns_to_its_own_caller(whole: Run) -> None:
    """The 9,990th activation of a recursion calls ten more, all of which return to the same address."""
    trace = whole.around("depth", occurrence=9_990)
    entries = np.count_nonzero(trace.registers[:, 16] == np.uint64(trace.program.function("depth").address))
    assert entries == 12
    assert trace.frames(len(trace))[0].function.name == "main.depth"


def test_checkpoints_do_not_change_what_is_seen(
    busy: GoProgram, whole: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = whole.instructions - 30_000
    plain = whole.window(start, 500)
    monkeypatch.setattr(run_module, "_SPACING", 1_000_000)
    assert busy.record_run().window(start, 500).registers.tobytes() == plain.registers.tobytes()


def test_what_the_run_does_not_have_is_named(whole: Run) -> None:
    with pytest.raises(UnderglassError, match="there is no 99,999,999,999"):
        whole.window(99_999_999_999)
    with pytest.raises(UnderglassError, match=r"main\.caught runs 1 times"):
        whole.around("caught", occurrence=2)
