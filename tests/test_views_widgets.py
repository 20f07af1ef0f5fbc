from __future__ import annotations

import pytest

from underglass.trace import Trace
from underglass.views.html import stepper_html
from underglass.views.payload import packed, payload
from underglass.views.text import stepper_text
from underglass.views.widgets import Stepper
from views_traces import output_trace, step_at


def test_the_step_stays_within_the_run():
    trace = output_trace()
    stepper = Stepper(trace, step=10_000)
    assert stepper.step == len(trace)
    stepper.step = -3
    assert stepper.step == 0


def test_only_the_step_and_the_record_are_synced():
    stepper = Stepper(output_trace())
    assert stepper.record == packed(payload(output_trace()))
    assert stepper.trait_metadata("step", "sync")


def test_a_change_runs_the_call_again():
    trace = output_trace()
    step = step_at(trace, "main.add", "ADDQ")
    stepper = Stepper(trace)
    assert stepper.can_change
    stepper.change = {"step": step, "kind": "register", "name": "AX", "value": "64", "count": 1}
    assert stepper.what_if.results == (104,)
    assert stepper.other == packed(payload(stepper.what_if))
    assert (stepper.problem, stepper.answered) == ("", 1)
    stepper.change = {"step": step, "kind": "instruction", "name": "", "value": "SUBQ BX, AX", "count": 2}
    assert stepper.what_if.results == (19,)
    assert stepper.answered == 2


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"step": 3, "kind": "register", "name": "QQ", "value": "1"}, "Nobody knows what 'QQ' is"),
        ({"step": 3, "kind": "instruction", "value": "FOO"}, "unrecognized instruction"),
        ({"step": 99, "kind": "register", "name": "AX", "value": "1"}, "has the steps"),
        ({"step": 3, "kind": "register", "name": "AX", "value": "five"}, "is no number"),
        ({"step": "x"}, "is no number"),
        ({"kind": "word"}, "is no number"),
    ],
)
def test_a_change_that_cannot_be_made_is_answered_too(change, part):
    stepper = Stepper(output_trace())
    stepper.change = change
    assert part in stepper.problem
    assert stepper.answered == 1
    assert stepper.what_if is None


def test_a_recording_from_a_file_offers_no_change(tmp_path):
    trace = output_trace()
    trace.save(tmp_path / "t.npz")
    assert not Stepper(Trace.load(tmp_path / "t.npz", trace.program, trace.layout)).can_change


def test_every_front_end_gets_a_form_it_can_show():
    trace = output_trace()
    data, _ = Stepper(trace)._repr_mimebundle_()
    assert data["text/plain"] == stepper_text(trace)
    assert data["text/html"] == stepper_html(trace, standalone=False)
    assert "application/vnd.jupyter.widget-view+json" in data


def test_its_text_names_no_object():
    assert repr(Stepper(output_trace())) == repr(Stepper(output_trace()))
