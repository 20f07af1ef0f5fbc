"""A window of a run could not begin at its first instructions, where there is no g yet: BadAddress."""

from __future__ import annotations

from underglass.views.payload import payload
from views_traces import program


def test_a_window_may_begin_at_the_first_instruction():
    window = program().record_run().window(0, 40)
    assert len(window) >= 40
    assert window.function_at(0).name.startswith("_rt0_amd64")
    assert payload(window)["total"] == len(window)
